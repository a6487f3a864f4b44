//! Starts one command of the attempt and brings it to its end.
//!
//! Knows how a command is started (where, with what environment, output and lock) and the limits on
//! it. Does not know whether it is the worker or a check, or what its end means for the task.

use std::fs::File;
use std::io;
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Instant;

use rustix::io::{FdFlags, fcntl_setfd};
use rustix::process::{Pid, WaitStatus, chdir};

use crate::attempt::limits::{Limit, Limits};
use crate::attempt::output::Output;
use crate::attempt::program;
use crate::attempt::redacting::Redacting;
use crate::attempt::tree::{Ending, Tree};
use crate::attempt::watch::Watch;
use crate::worker::Secrets;

/// One command to run.
#[derive(Debug)]
pub struct Job<'a> {
    /// The program and its arguments.
    pub words: &'a [String],
    pub folder: &'a Path,
    /// Its whole environment.
    pub env: &'a [(String, String)],
    /// Where its output goes, at the end of what is there: straight, so that no pipe can be held by an
    /// escaped descendant, unless there are secrets to be taken out on the way.
    pub log: &'a Path,
    pub secrets: &'a Arc<Secrets>,
    /// Inherited, so that the lock is held for as long as anything of the command lives.
    pub lock: &'a File,
}

/// What else a command is connected to than its log.
#[derive(Debug, Clone, Copy, Default)]
pub struct Streams<'a> {
    /// What its standard input is read from; `None`: it is empty.
    pub input: Option<&'a Path>,
    /// Where its standard output goes, if not to the log.
    pub output: Option<&'a Path>,
}

/// Told when there is output, with the limits that it may move.
pub type Heard<'a> = &'a mut dyn FnMut(&mut Limits) -> io::Result<()>;

/// Why a command never ran.
#[derive(Debug, thiserror::Error)]
pub enum CannotStart {
    #[error("there is no program `{0}`")]
    Missing(String),
    #[error("the program `{}` cannot be started: {source}", .program.display())]
    Unusable { program: PathBuf, source: io::Error },
    #[error("the folder `{}` cannot be entered: {source}", .folder.display())]
    Folder { folder: PathBuf, source: io::Error },
    #[error("`{}` cannot be written: {source}", .log.display())]
    Log { log: PathBuf, source: io::Error },
    #[error("no process can be started: {0}")]
    System(io::Error),
}

/// How a command ended, with everything that it had started.
#[derive(Debug)]
pub struct Finish {
    pub how: How,
    pub ending: Ending,
}

/// What ended a command.
#[derive(Debug, Clone, Copy)]
pub enum How {
    /// It ended by itself.
    Exited(WaitStatus),
    /// The attempt was asked to end.
    Asked,
    Passed(Limit),
}

/// A command at work.
#[derive(Debug)]
pub struct Running {
    pid: Pid,
    redacting: Vec<Redacting>,
}

/// Starts a command in a process group of its own. Its input is empty.
pub fn spawn(job: &Job<'_>) -> Result<Running, CannotStart> {
    spawn_with(job, Streams::default())
}

/// Starts a command in a process group of its own.
pub fn spawn_with(job: &Job<'_>, streams: Streams<'_>) -> Result<Running, CannotStart> {
    let Some(name) = job.words.first() else {
        return Err(CannotStart::Missing(String::new()));
    };
    // This process goes there itself: asking the spawn to do so may cost a fork.
    chdir(job.folder).map_err(|error| CannotStart::Folder {
        folder: job.folder.to_owned(),
        source: error.into(),
    })?;
    let path = job.env.iter().find(|(name, _)| name == "PATH");
    let path = path.map(|(_, value)| value.as_str());
    let program =
        program::find(name, path, job.folder).ok_or_else(|| CannotStart::Missing(name.clone()))?;
    let mut redacting = Vec::new();
    let err = sink(job, job.log, &mut redacting)?;
    let out = match streams.output {
        Some(path) => sink(job, path, &mut redacting)?,
        None => err.try_clone().map_err(CannotStart::System)?,
    };
    let input = match streams.input {
        Some(path) => Stdio::from(File::open(path).map_err(|source| CannotStart::Log {
            log: path.to_owned(),
            source,
        })?),
        None => Stdio::null(),
    };
    let lock = job.lock.try_clone().map_err(CannotStart::System)?;
    // Nothing else is started meanwhile: only this thread starts processes.
    fcntl_setfd(&lock, FdFlags::empty()).map_err(|error| CannotStart::System(error.into()))?;
    let child = Command::new(&program)
        .arg0(name)
        .args(&job.words[1..])
        .env_clear()
        .envs(job.env.iter().map(|(name, value)| (name, value)))
        .stdin(input)
        .stdout(out)
        .stderr(err)
        .process_group(0)
        .spawn();
    match child {
        // Its end is taken by the watch, like that of every other child.
        Ok(child) => {
            let pid = pid_of(child.id()).map_err(CannotStart::System)?;
            Ok(Running { pid, redacting })
        }
        Err(source) => Err(match source.kind() {
            io::ErrorKind::WouldBlock | io::ErrorKind::OutOfMemory => CannotStart::System(source),
            _ => CannotStart::Unusable { program, source },
        }),
    }
}

/// What a command writes to, so that it ends up in a file without secrets.
fn sink(
    job: &Job<'_>,
    path: &Path,
    redacting: &mut Vec<Redacting>,
) -> Result<OwnedFd, CannotStart> {
    let log = File::options()
        .create(true)
        .append(true)
        .open(path)
        .map_err(|source| CannotStart::Log {
            log: path.to_owned(),
            source,
        })?;
    if job.secrets.is_empty() {
        return Ok(OwnedFd::from(log));
    }
    let (filter, to) = Redacting::start(job.secrets, log).map_err(CannotStart::System)?;
    redacting.push(filter);
    Ok(to)
}

/// Waits for a command's end, or brings it about, and then ends whatever it left behind.
pub fn finish(
    running: Running,
    limits: Limits,
    output: Option<Output>,
    watch: &mut Watch,
    tree: &Tree,
) -> io::Result<Finish> {
    let ears = Ears {
        limits,
        output,
        heard: &mut |_| Ok(()),
    };
    finish_with(running, ears, watch, tree)
}

/// The limits on a command, and who is told of its output.
pub struct Ears<'a> {
    pub limits: Limits,
    pub output: Option<Output>,
    pub heard: Heard<'a>,
}

/// As [`finish`], for somebody who wants to read the output as it comes.
pub fn finish_with(
    running: Running,
    ears: Ears<'_>,
    watch: &mut Watch,
    tree: &Tree,
) -> io::Result<Finish> {
    let Ears {
        mut limits,
        mut output,
        heard,
    } = ears;
    let Running { pid, redacting } = running;
    let how = loop {
        let reaped = watch.reap()?;
        if let Some((_, status)) = reaped.ended.iter().find(|(ended, _)| *ended == pid) {
            break How::Exited(*status);
        }
        if watch.asked()? > 0 {
            break How::Asked;
        }
        if let Some(output) = &mut output
            && output.heard()?
        {
            limits.heard(Instant::now());
            heard(&mut limits)?;
        }
        if let Some(limit) = limits.passed(Instant::now()) {
            break How::Passed(limit);
        }
        watch.wait(limits.next(), output.as_ref().and_then(Output::fd))?;
    };
    let ending = match how {
        How::Exited(_) => tree.end_leftovers(watch)?,
        How::Asked | How::Passed(_) => tree.end_all(pid, watch)?,
    };
    for redacting in redacting {
        redacting.finish()?;
    }
    Ok(Finish { how, ending })
}

fn pid_of(id: u32) -> io::Result<Pid> {
    i32::try_from(id)
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the process number is out of range"))
}
