//! Waits until something is true, woken by the file system. Never by sleeping and looking again.

use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, WatchFlags};

use super::Proc;

/// A test that waits longer than this has found something that hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// What came first.
#[derive(Debug, PartialEq, Eq)]
pub enum Came<T> {
    Found(T),
    Ended,
    /// Within a minute: something hangs.
    Neither,
}

/// Is told of every change in some folders. Made before the first look, so that nothing is missed.
#[derive(Debug)]
pub struct Watch(OwnedFd);

impl Watch {
    pub fn new(folders: &[&Path]) -> Self {
        let fd = inotify::init(CreateFlags::CLOEXEC | CreateFlags::NONBLOCK).unwrap();
        let changes = WatchFlags::MODIFY
            | WatchFlags::CREATE
            | WatchFlags::MOVED_TO
            | WatchFlags::DELETE
            | WatchFlags::CLOSE_WRITE;
        for folder in folders {
            inotify::add_watch(&fd, *folder, changes).unwrap();
        }
        Self(fd)
    }

    /// Waits until `look` gives something.
    ///
    /// # Panics
    /// After a minute: what was waited for never came.
    #[track_caller]
    pub fn until<T>(&self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Some(found) = look() {
                return found;
            }
            assert!(self.changed(deadline, None), "waited in vain until {what}");
        }
    }

    /// Waits until `look` gives something or the process has ended.
    pub fn until_or_ended<T>(
        &self,
        process: &Proc,
        mut look: impl FnMut() -> Option<T>,
    ) -> Came<T> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            let ended = process.ends_within(Duration::ZERO);
            if let Some(found) = look() {
                return Came::Found(found);
            }
            if ended {
                return Came::Ended;
            }
            if !self.changed(deadline, Some(process)) {
                return Came::Neither;
            }
        }
    }

    /// Waits for a change, or the process's end; `false`: none came before the deadline.
    fn changed(&self, deadline: Instant, process: Option<&Proc>) -> bool {
        let left = deadline.saturating_duration_since(Instant::now());
        let left = Timespec::try_from(left).unwrap();
        let mut fds = vec![PollFd::new(&self.0, PollFlags::IN)];
        fds.extend(process.map(|process| PollFd::new(process, PollFlags::IN)));
        if poll(&mut fds, Some(&left)).unwrap_or(0) == 0 {
            return Instant::now() < deadline;
        }
        let mut buffer = [MaybeUninit::uninit(); 4096];
        let mut reader = inotify::Reader::new(&self.0, &mut buffer);
        while reader.next().is_ok() {}
        true
    }
}
