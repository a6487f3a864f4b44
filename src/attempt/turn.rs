//! Waits for a lock that another attempt may hold for as long as its checks take, and listens meanwhile.
//!
//! Knows locks, deadlines and requests to end. Does not know what the lock is for.

use std::io;
use std::os::fd::AsFd;
use std::path::Path;
use std::sync::mpsc;
use std::time::Instant;

use rustix::pipe::{PipeFlags, pipe_with};

use crate::attempt::limits::{Limit, Limits};
use crate::attempt::watch::Watch;
use crate::git::GitError;
use crate::git::lock::{self, Lock};

/// How the waiting ended.
#[derive(Debug)]
pub enum Turn {
    Ours(Lock),
    /// The attempt was asked to end.
    Asked,
    Passed(Limit),
}

/// Waits until the lock is ours, the attempt is asked to end, or its time is up.
///
/// # Errors
/// When the lock cannot be made or taken, or the system refuses.
pub fn wait(path: &Path, limits: &Limits, watch: &mut Watch) -> Result<Turn, GitError> {
    if let Some(lock) = lock::try_take(path)? {
        return Ok(Turn::Ours(lock));
    }
    let system = |source: io::Error| GitError::io("wait for", path)(source);
    let (ready, done) = pipe_with(PipeFlags::CLOEXEC).map_err(|error| system(error.into()))?;
    let (give, taken) = mpsc::channel();
    let wanted = path.to_owned();
    // The only other thread there ever is. It starts nothing, and when the wait is given up it ends with
    // the process.
    std::thread::spawn(move || {
        // Nobody listens any more: the lock goes with the answer.
        let _ = give.send(lock::take(&wanted));
        drop(done);
    });
    loop {
        match taken.try_recv() {
            Ok(lock) => return lock.map(Turn::Ours),
            Err(mpsc::TryRecvError::Empty) => {}
            Err(mpsc::TryRecvError::Disconnected) => {
                return Err(system(io::Error::other("the waiting thread is gone")));
            }
        }
        if watch.asked().map_err(system)? > 0 {
            return Ok(Turn::Asked);
        }
        if let Some(limit) = limits.passed(Instant::now()) {
            return Ok(Turn::Passed(limit));
        }
        watch
            .wait(limits.next(), Some(ready.as_fd()))
            .map_err(system)?;
    }
}
