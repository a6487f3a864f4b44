//! Stands between a command and its log when the command knows secrets: what it writes goes through a
//! pipe, and the secrets are taken out before anything reaches the disk.
//!
//! Knows a pipe, a log and the filter. Does not know the command: its end is told by whoever watches it.
//! A thread of its own, because the attempt has to wait for signals and children meanwhile. The pipe is
//! never awaited to its end: a descendant that escaped could hold it for ever.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::OwnedFd;
use std::sync::Arc;
use std::thread::{self, JoinHandle};

use rustix::event::{PollFd, PollFlags, poll};
use rustix::io::{Errno, ioctl_fionread, read};
use rustix::pipe::{PipeFlags, pipe_with};

use crate::worker::{Filter, Secrets};

/// How much is read at once: as much as a pipe holds.
const CHUNK: usize = 64 * 1024;

/// The filter at work.
#[derive(Debug)]
pub struct Redacting {
    thread: JoinHandle<io::Result<()>>,
    /// Closing it tells the thread that the command is over.
    running: OwnedFd,
}

impl Redacting {
    /// Starts the filter; gives what the command is to write to.
    pub fn start(secrets: &Arc<Secrets>, log: File) -> io::Result<(Self, OwnedFd)> {
        let (from, to) = pipe_with(PipeFlags::CLOEXEC)?;
        let (over, running) = pipe_with(PipeFlags::CLOEXEC)?;
        let secrets = Arc::clone(secrets);
        let copy = move || copy(&secrets, &from, &over, log);
        let thread = thread::Builder::new()
            .name("redacting".to_owned())
            .spawn(copy)?;
        Ok((Self { thread, running }, to))
    }

    /// Waits until everything that was written so far is in the log. Called when nothing of the command
    /// is alive; whoever escaped and still holds the pipe is not waited for.
    ///
    /// # Errors
    /// When the log could not be written. The command was cut off from its output then, as a full disk
    /// would have done.
    pub fn finish(self) -> io::Result<()> {
        drop(self.running);
        match self.thread.join() {
            Ok(done) => done.map_err(|error| {
                io::Error::new(error.kind(), format!("cannot write its log: {error}"))
            }),
            // A panic in the thread is a defect of ours; show it where it is seen.
            Err(panic) => std::panic::resume_unwind(panic),
        }
    }
}

/// Copies until all writers have closed the pipe, or the command is over and what it left is copied.
fn copy(secrets: &Secrets, from: &OwnedFd, over: &OwnedFd, mut log: File) -> io::Result<()> {
    let mut filter = Filter::new(secrets);
    let mut chunk = vec![0; CHUNK];
    let mut out = Vec::with_capacity(CHUNK);
    // How much may still be read once the command is over: what it had written by then.
    let mut left: Option<u64> = None;
    while left != Some(0) {
        let mut fds = [
            PollFd::new(from, PollFlags::IN),
            PollFd::new(over, PollFlags::IN),
        ];
        match poll(&mut fds, None) {
            Ok(_) => {}
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        }
        if left.is_none() && !fds[1].revents().is_empty() {
            left = Some(ioctl_fionread(from)?);
            continue;
        }
        let most = left.map_or(CHUNK, |left| {
            usize::try_from(left).unwrap_or(CHUNK).min(CHUNK)
        });
        let n = match read(from, &mut chunk[..most]) {
            Ok(0) => break,
            Ok(n) => n,
            Err(Errno::INTR) => continue,
            Err(error) => return Err(error.into()),
        };
        left = left.map(|left| left.saturating_sub(n as u64));
        filter.take(&chunk[..n], &mut out);
        log.write_all(&out)?;
        out.clear();
    }
    filter.finish(&mut out);
    log.write_all(&out)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secrets() -> Arc<Secrets> {
        let env = [("API_TOKEN".to_owned(), "s3cr3t-s3cr3t".to_owned())];
        Arc::new(Secrets::of(&env))
    }

    #[test]
    fn a_secret_in_two_writes_does_not_reach_the_log() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (redacting, to) = Redacting::start(&secrets(), log.reopen().unwrap()).unwrap();
        let mut to = File::from(to);
        to.write_all(b"before s3cr3t-").unwrap();
        to.write_all(b"s3cr3t after s3cr").unwrap();
        drop(to);
        redacting.finish().unwrap();
        let text = std::fs::read_to_string(log.path()).unwrap();
        assert_eq!(text, "before [API_TOKEN redacted] after s3cr");
    }

    #[test]
    fn the_end_comes_though_somebody_holds_the_pipe() {
        let log = tempfile::NamedTempFile::new().unwrap();
        let (redacting, to) = Redacting::start(&secrets(), log.reopen().unwrap()).unwrap();
        let mut held = File::from(to);
        held.write_all(b"all of it").unwrap();
        redacting.finish().unwrap();
        assert_eq!(std::fs::read(log.path()).unwrap(), b"all of it");
        assert!(held.write_all(b"too late").is_err());
    }

    #[test]
    fn a_log_that_cannot_be_written_is_told_and_the_writer_feels_it() {
        let full = File::options().write(true).open("/dev/full").unwrap();
        let (redacting, to) = Redacting::start(&secrets(), full).unwrap();
        let mut to = File::from(to);
        // More than the pipe holds: it ends only because the other end was closed.
        assert!(to.write_all(&vec![b'x'; 1 << 20]).is_err());
        let error = redacting.finish().unwrap_err();
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}
