//! A running attempt, seen from an orchestrator: waits for its end, asks it to end.
//!
//! Knows the attempt's process, never its worker's: the attempt ends those itself. Dropping it
//! changes nothing for the attempt.

use std::io;

use rustix::process::Signal;
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;
use tokio::process::Child;

use crate::attempt::os::Handle;
use crate::attempt::process_ref::this_boot;
use crate::model::ProcessRef;

/// An attempt's process that has been told to go.
#[derive(Debug)]
pub struct Live {
    process: ProcessRef,
    how: How,
}

#[derive(Debug)]
enum How {
    /// Started by this process, which has to reap it.
    Own { child: Child, handle: Handle },
    /// Started by an orchestrator that is gone.
    Adopted(AsyncFd<Handle>),
}

impl Live {
    pub(super) fn own(process: ProcessRef, child: Child) -> io::Result<Self> {
        let handle = open(&process)?.ok_or_else(gone)?;
        Ok(Self {
            process,
            how: How::Own { child, handle },
        })
    }

    /// Watches an attempt that another orchestrator started. `None`: it is gone, also when its number
    /// now belongs to another process or the machine was started anew.
    ///
    /// # Errors
    /// When the system does not tell; the attempt may then well be alive.
    pub fn adopt(process: ProcessRef) -> io::Result<Option<Self>> {
        if process.boot_id != this_boot()? {
            return Ok(None);
        }
        let Some(handle) = open(&process)? else {
            return Ok(None);
        };
        let handle = watched(handle)?;
        Ok(Some(Self {
            process,
            how: How::Adopted(handle),
        }))
    }

    #[must_use]
    pub fn process(&self) -> &ProcessRef {
        &self.process
    }

    /// Waits until the process has ended; its verdict, if it left one, is then on disk. Cancel safe, and
    /// may be called again.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn ended(&mut self) -> io::Result<()> {
        match &mut self.how {
            How::Own { child, .. } => child.wait().await.map(drop),
            How::Adopted(handle) => handle.readable().await.map(drop),
        }
    }

    /// Asks the attempt to end: the first time with grace, the second time at once. One that has ended
    /// needs no asking.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn terminate(&self) -> io::Result<()> {
        self.handle().signal(Signal::TERM)
    }

    /// Asks the attempt to end at once, without grace.
    ///
    /// # Errors
    /// When the signal cannot be sent.
    pub fn kill(&self) -> io::Result<()> {
        // Two requests mean "at once". Two signals of one kind could become one on the way.
        self.handle().signal(Signal::TERM)?;
        self.handle().signal(Signal::INT)
    }

    fn handle(&self) -> &Handle {
        match &self.how {
            How::Own { handle, .. } => handle,
            How::Adopted(handle) => handle.get_ref(),
        }
    }
}

#[expect(
    deprecated,
    reason = "its successor is the same function marked `unsafe`; what that asks for holds: the handle owns \
              its descriptor, always names the same one, and is never taken out"
)]
fn watched(handle: Handle) -> io::Result<AsyncFd<Handle>> {
    AsyncFd::with_interest(handle, Interest::READABLE)
}

fn open(process: &ProcessRef) -> io::Result<Option<Handle>> {
    let pid = i32::try_from(process.pid).map_err(|_| gone())?;
    Handle::open(pid, process.start_ticks)
}

fn gone() -> io::Error {
    io::Error::new(io::ErrorKind::NotFound, "the attempt's process is gone")
}
