//! The first thing that `main` asks: is this process an attempt?
//!
//! Knows the arguments of `runr attempt DIR` and its exit codes. Does not know the command line parser:
//! it must not be paid for here.

use std::ffi::OsString;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::attempt::gate::{self, Gate};
use crate::attempt::handshake::{self, NotStarted, Order};
use crate::attempt::perform;
use crate::model::{Outcome, RunSpec, RunState};
use crate::store::replace;
use crate::worker::SENT_BACK;

/// How an attempt's process leaves. The verdict on the work is in `state.json`, never here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum AttemptExit {
    /// `state.json` is on disk.
    Written = 0,
    /// Wrong arguments, or `spec.json` cannot be used; nothing was started.
    Unusable = 2,
    /// Its orchestrator left, or gave it up, before it said go; nothing was started.
    NoGo = 3,
    /// The work is over and everything has ended, but `state.json` could not be written.
    NotWritten = 4,
    /// Another attempt at the task holds the task's lock; nothing was started.
    Locked = 75,
}

impl From<AttemptExit> for ExitCode {
    fn from(exit: AttemptExit) -> Self {
        Self::from(exit as u8)
    }
}

/// Is this process an attempt (`runr attempt DIR`)? Then it does its work here and gives its exit code.
pub fn early_main(mut args: impl Iterator<Item = OsString>) -> Option<ExitCode> {
    let _program = args.next();
    if args.next()? != "attempt" {
        return None;
    }
    let exit = match (args.next(), args.next()) {
        (Some(flag), Some(dir)) if flag == gate::FLAG => return Some(stop_gate(Path::new(&dir))),
        (Some(dir), None) => attempt(Path::new(&dir)),
        _ => {
            say("usage: `runr attempt DIR`");
            AttemptExit::Unusable
        }
    };
    Some(exit.into())
}

/// One line on stderr, which the orchestrator keeps as `attempt.log`.
fn say(line: &str) {
    // When even stderr is gone there is nobody left to tell.
    let _ = writeln!(io::stderr(), "runr attempt: {line}");
}

/// The Stop hook of an agent's session. Anything but a failed check lets the agent stop: runr verifies afterwards.
fn stop_gate(dir: &Path) -> ExitCode {
    let passed = read_spec(dir)
        .and_then(|(dir, spec)| gate::pass(&dir, &spec).map_err(|error| error.to_string()));
    match passed {
        Ok(Gate::Open) => ExitCode::SUCCESS,
        Ok(Gate::Closed(told)) => match io::stderr().write_all(told.as_bytes()) {
            Ok(()) => ExitCode::from(SENT_BACK),
            // Nobody hears what it is sent back with.
            Err(_) => ExitCode::FAILURE,
        },
        Err(why) => {
            say(&why);
            ExitCode::FAILURE
        }
    }
}

/// From the specification to the written verdict.
fn attempt(dir: &Path) -> AttemptExit {
    let (dir, spec) = match read_spec(dir) {
        Ok(read) => read,
        Err(why) => {
            say(&why);
            return AttemptExit::Unusable;
        }
    };
    let mut go = match handshake::wait_for_go(&spec.lock) {
        Ok(go) => go,
        Err(why) => {
            if let Some(line) = why.line() {
                say(&line);
            }
            return match why {
                NotStarted::Abandoned => AttemptExit::NoGo,
                NotStarted::Locked(_) => AttemptExit::Locked,
                NotStarted::System { .. } => AttemptExit::Unusable,
            };
        }
    };
    let (state, path) = match go.order {
        Order::Work => (
            perform::perform(&dir, &spec, &mut go),
            dir.join("state.json"),
        ),
        Order::Integrate => match integrate(&dir, &spec, &mut go) {
            Ok(done) => done,
            Err(why) => {
                say(&why);
                return AttemptExit::Unusable;
            }
        },
    };
    let written = serde_json::to_vec(&state)
        .map_err(io::Error::from)
        .and_then(|bytes| replace(&path, &bytes));
    // Only what is written may be looked for: the lock is let go after it.
    drop(go);
    match written {
        Ok(()) => AttemptExit::Written,
        Err(error) => {
            say(&format!("cannot write `{}`: {error}", path.display()));
            AttemptExit::NotWritten
        }
    }
}

/// Brings approved work onto its branch. What that gives goes into `state.json` when it succeeded; else that
/// stays as it is, and the reason goes beside it.
fn integrate(
    dir: &Path,
    spec: &RunSpec,
    go: &mut handshake::Go,
) -> Result<(RunState, PathBuf), String> {
    let path = dir.join("state.json");
    let text = std::fs::read(&path)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let earlier: RunState = serde_json::from_slice(&text)
        .map_err(|error| format!("cannot use `{}`: {error}", path.display()))?;
    let state = perform::integrate(dir, spec, go, earlier);
    let path = match state.outcome {
        Outcome::Succeeded => path,
        Outcome::Ended(_) => dir.join(REFUSED),
    };
    Ok((state, path))
}

/// Why approved work could not be brought onto its branch, in the run folder.
pub const REFUSED: &str = "integration.json";

/// Reads `DIR/spec.json`, and the values that must not stand there; gives the folder's absolute path with
/// it.
fn read_spec(dir: &Path) -> Result<(PathBuf, RunSpec), String> {
    let dir = std::path::absolute(dir)
        .map_err(|error| format!("cannot use `{}`: {error}", dir.display()))?;
    let path = dir.join("spec.json");
    let text = std::fs::read(&path)
        .map_err(|error| format!("cannot read `{}`: {error}", path.display()))?;
    let mut spec: RunSpec = serde_json::from_slice(&text)
        .map_err(|error| format!("cannot use `{}`: {error}", path.display()))?;
    if spec.schema_version > SPEC_VERSION {
        return Err(format!(
            "`{}` was written by a newer runr (schema {})",
            path.display(),
            spec.schema_version
        ));
    }
    for name in &spec.secrets {
        if let Ok(value) = std::env::var(name) {
            spec.env.push((name.clone(), value));
        }
    }
    Ok((dir, spec))
}

/// The newest `schema_version` of `spec.json` that this program understands.
const SPEC_VERSION: u32 = 1;
