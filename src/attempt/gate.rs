//! `runr attempt --gate DIR`: what the Stop hook of a session runs. The checks of the attempt, and when one fails, its
//! output for the agent.
//!
//! Knows the specification of the run. Runs inside the agent's own process tree: it ends with it, and what it says
//! counts for nothing afterwards.

use std::fs::{self, File};
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, kill_process_group, pidfd_open};

use crate::attempt::mend::tail;
use crate::attempt::redacting::Redacting;
use crate::attempt::verify::inside;
use crate::model::{Adapter, AgentSpec, CommandLine, RunSpec, VerifyPolicy};
use crate::worker::{self, Secrets};

/// The word after `attempt` that asks for it.
pub const FLAG: &str = "--gate";

/// The shell text that a session is told to run, for programs that have such a hook and tasks that have checks.
#[must_use]
pub fn command(spec: &AgentSpec, verify: &VerifyPolicy, dir: &Path) -> Option<String> {
    if spec.adapter != Adapter::ClaudeCode || verify.commands.is_empty() || spec.send_backs == 0 {
        return None;
    }
    // Without its own path there is no hook; the checks are run afterwards all the same.
    let exe = std::env::current_exe().ok()?;
    Some(format!("{} attempt {FLAG} {}", quoted(&exe)?, quoted(dir)?))
}

fn quoted(path: &Path) -> Option<String> {
    Some(format!("'{}'", path.to_str()?.replace('\'', "'\\''")))
}

/// How the hook ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Gate {
    Open,
    /// The agent is to go on; this is what it is told.
    Closed(String),
}

/// Runs the checks.
///
/// # Errors
/// When the run's files cannot be read or written. The agent may stop then.
pub fn pass(dir: &Path, spec: &RunSpec) -> io::Result<Gate> {
    let most = spec.agent.as_deref().map_or(0, |agent| agent.send_backs);
    let Some(folder) = inside(&spec.tree, spec.verify.cwd.as_deref()) else {
        return Ok(Gate::Open);
    };
    let round = round(dir)?;
    // It has been told often enough; runr's own verification has the last word.
    if round > most {
        return Ok(Gate::Open);
    }
    let secrets = Arc::new(Secrets::of(&spec.env));
    for command in &spec.verify.commands {
        let log = dir.join(format!("gate-{round}.log"));
        let check = Check {
            command,
            folder: &folder,
            limit: spec.verify.timeout,
            log: &log,
            secrets: &secrets,
        };
        if let Some(why) = fails(check)? {
            let told = worker::send_back(&format!("`{command}` {why}\n\n{}", tail(&log)?));
            return Ok(Gate::Closed(told));
        }
        fs::remove_file(&log)?;
    }
    Ok(Gate::Open)
}

/// Which time it is, from 1. The logs of the earlier ones are there.
fn round(dir: &Path) -> io::Result<u32> {
    let mut round = 1;
    while dir.join(format!("gate-{round}.log")).try_exists()? {
        round += 1;
    }
    Ok(round)
}

/// One check to run.
#[derive(Debug, Clone, Copy)]
struct Check<'a> {
    command: &'a CommandLine,
    folder: &'a Path,
    limit: Option<Duration>,
    log: &'a Path,
    secrets: &'a Arc<Secrets>,
}

/// `None`: it passes.
fn fails(check: Check<'_>) -> io::Result<Option<String>> {
    let (redacting, out) = Redacting::start(check.secrets, File::create(check.log)?)?;
    let why = run(check, out);
    redacting.finish()?;
    why
}

fn run(check: Check<'_>, out: OwnedFd) -> io::Result<Option<String>> {
    let words = worker::invocation(check.command);
    let Some((program, arguments)) = words.split_first() else {
        return Ok(Some("is empty".to_owned()));
    };
    let child = Command::new(program)
        .args(arguments)
        .current_dir(check.folder)
        .stdin(Stdio::null())
        .stdout(out.try_clone()?)
        .stderr(out)
        .process_group(0)
        .spawn();
    let mut child = match child {
        Ok(child) => child,
        Err(error) => return Ok(Some(format!("could not be run: {error}"))),
    };
    let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw);
    if let (Some(limit), Some(pid)) = (check.limit, pid) {
        let handle = pidfd_open(pid, PidfdFlags::empty())?;
        let timeout = Timespec {
            tv_sec: i64::try_from(limit.as_secs()).unwrap_or(i64::MAX),
            tv_nsec: limit.subsec_nanos().into(),
        };
        let mut fds = [PollFd::new(&handle, PollFlags::IN)];
        if poll(&mut fds, Some(&timeout))? == 0 {
            kill_process_group(pid, Signal::KILL)?;
            child.wait()?;
            let limit = crate::model::show_duration(limit);
            return Ok(Some(format!("did not end within {limit}")));
        }
    }
    let status = child.wait()?;
    Ok((!status.success()).then(|| format!("failed: {status}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_quoted_for_a_shell() {
        let quote = |path: &str| quoted(Path::new(path)).unwrap();
        assert_eq!(quote("/a b"), "'/a b'");
        assert_eq!(quote("/it's $(id)"), "'/it'\\''s $(id)'");
    }

    #[test]
    fn checks_pass_fail_or_take_too_long() {
        let dir = tempfile::tempdir().unwrap();
        let log = dir.path().join("log");
        let secrets = Arc::new(Secrets::of(&[("API_TOKEN".into(), "s3cr3t-s3cr3t".into())]));
        let check = |command: CommandLine, limit| {
            let check = Check {
                command: &command,
                folder: dir.path(),
                limit,
                log: &log,
                secrets: &secrets,
            };
            super::fails(check).unwrap()
        };
        let fails = |text: &str, limit| check(CommandLine::Shell(text.to_owned()), limit);
        assert_eq!(fails("true", None), None);
        assert_eq!(fails("true", Some(Duration::from_secs(60))), None);
        let why = fails("echo no s3cr3t-s3cr3t; exit 3", None).unwrap();
        assert!(why.contains("exit status: 3"), "{why}");
        assert_eq!(
            fs::read_to_string(&log).unwrap(),
            "no [API_TOKEN redacted]\n"
        );
        let why = fails("sleep 600", Some(Duration::from_millis(10))).unwrap();
        assert!(why.starts_with("did not end within"), "{why}");
        let missing = CommandLine::Argv(vec!["no-such-program".to_owned()]);
        let why = check(missing, None);
        assert!(why.is_some_and(|why| why.starts_with("could not be run")));
    }
}
