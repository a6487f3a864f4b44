//! Everything that an attempt waits for, in one `poll`: the end of a child, a request to end, output,
//! a deadline.
//!
//! Knows signals, pipes and the reaping of children. Does not know which child is the worker or what
//! a deadline means. There is no polling interval: it sleeps until something happens.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::pipe::{PipeFlags, pipe_with};
use rustix::process::{Pid, WaitOptions, WaitStatus, wait};
use signal_hook::consts::{SIGCHLD, SIGHUP, SIGINT, SIGTERM};

/// The signals of this process as pipes. One for each process; it must be single-threaded, as the
/// reaping takes every child there is.
#[derive(Debug)]
pub struct Watch {
    /// One byte for each TERM or INT.
    end: OwnedFd,
    /// Bytes when a child has ended.
    children: OwnedFd,
    asked: u32,
}

/// The children that have ended, and whether there are others.
#[derive(Debug, Default)]
pub struct Reaped {
    pub ended: Vec<(Pid, WaitStatus)>,
    pub others: Others,
}

/// Is any child of this process left?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Others {
    #[default]
    None,
    Alive,
}

impl Watch {
    /// Takes over TERM, INT, HUP and CHLD. A worker gets their default actions back when it is started.
    pub fn install() -> io::Result<Self> {
        let flags = PipeFlags::CLOEXEC | PipeFlags::NONBLOCK;
        let (end, end_in) = pipe_with(flags)?;
        let (children, children_in) = pipe_with(flags)?;
        signal_hook::low_level::pipe::register(SIGINT, end_in.try_clone()?)?;
        signal_hook::low_level::pipe::register(SIGTERM, end_in)?;
        signal_hook::low_level::pipe::register(SIGCHLD, children_in)?;
        // Caught, so that it does nothing here, and not ignored, which workers would inherit.
        signal_hook::flag::register(SIGHUP, Arc::new(AtomicBool::new(false)))?;
        Ok(Self {
            end,
            children,
            asked: 0,
        })
    }

    /// How often this process was asked to end, up to now. Two requests mean: at once.
    pub fn asked(&mut self) -> io::Result<u32> {
        self.asked = self.asked.saturating_add(drain(&self.end)?);
        Ok(self.asked)
    }

    /// Sleeps until a child ends, a request to end comes, `also` can be read, or the time has come.
    /// May return early; the caller looks at everything again.
    pub fn wait(&mut self, until: Option<Instant>, also: Option<BorrowedFd<'_>>) -> io::Result<()> {
        let timeout = until.map(|until| timespec(until.saturating_duration_since(Instant::now())));
        let readable = |fd| PollFd::from_borrowed_fd(fd, PollFlags::IN);
        let mut fds = vec![readable(self.end.as_fd()), readable(self.children.as_fd())];
        fds.extend(also.map(readable));
        match poll(&mut fds, timeout.as_ref()) {
            Ok(_) | Err(Errno::INTR) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    /// Takes the status of every child that has ended, also of those that were only inherited.
    pub fn reap(&mut self) -> io::Result<Reaped> {
        // The pipe first: a child that ends after this leaves a new byte in it.
        drain(&self.children)?;
        let mut reaped = Reaped::default();
        loop {
            match wait(WaitOptions::NOHANG) {
                Ok(Some(ended)) => reaped.ended.push(ended),
                Ok(None) => {
                    reaped.others = Others::Alive;
                    return Ok(reaped);
                }
                Err(Errno::CHILD) => return Ok(reaped),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
}

/// Empties a pipe; gives the number of bytes.
fn drain(fd: &OwnedFd) -> io::Result<u32> {
    let mut buffer = [0; 64];
    let mut count = 0_u32;
    loop {
        match rustix::io::read(fd, &mut buffer) {
            Ok(0) | Err(Errno::AGAIN) => return Ok(count),
            // At most the buffer's 64.
            Ok(read) => count = count.saturating_add(read as u32),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn timespec(duration: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(duration.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: duration.subsec_nanos().into(),
    }
}
