//! A git process: listened to until it ends, and ended with its group when it does not.
//!
//! Knows processes and pipes. Does not know git.

use std::io;
use std::os::fd::AsFd;
use std::process::Child;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};

/// What came on stdout and on stderr.
type Heard = (Vec<u8>, Vec<u8>);

/// Takes what a child says until it ends. Its end counts, not that of its pipes: whatever it left
/// behind may hold these for ever. `None`: the time was up.
pub fn hear(
    child: &mut Child,
    patience: Duration,
    listen: &mut dyn FnMut(&mut Vec<u8>),
) -> io::Result<Option<Heard>> {
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the child has no pipes"));
    };
    for pipe in [out.as_fd(), err.as_fd()] {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    let pid = pid_of(child)?;
    let end = pidfd_open(pid, PidfdFlags::empty())?;
    let until = Instant::now() + patience;
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut fds = vec![PollFd::new(&end, PollFlags::IN)];
        if out_open {
            fds.push(PollFd::new(&out, PollFlags::IN));
        }
        if err_open {
            fds.push(PollFd::new(&err, PollFlags::IN));
        }
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Looked at before the pipes are emptied: what it said before its end is in them.
        let ended = !fds[0].revents().is_empty();
        out_open = out_open && take(&out, &mut said)?;
        err_open = err_open && take(&err, &mut wrong)?;
        listen(&mut said);
        if ended {
            return Ok(Some((said, wrong)));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
    }
}

/// Empties a pipe; `false`: it was closed.
fn take(pipe: &impl AsFd, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 65536];
    loop {
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(Errno::AGAIN) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn pid_of(child: &Child) -> io::Result<Pid> {
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the process number is out of range"))
}

/// Did a signal end it? Looked at without reaping it, so that its group's number stays its own.
pub fn was_killed(child: &Child) -> bool {
    let Ok(pid) = pid_of(child) else {
        return false;
    };
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(pid), how), Ok(Some(status)) if status.killed() || status.dumped())
}

/// Ends a child that was not reaped yet, with everything in its group.
pub fn end_group(child: &Child) {
    if let Ok(pid) = pid_of(child) {
        // It is not reaped yet, so that the number is its own. Gone already: nothing to end.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}
