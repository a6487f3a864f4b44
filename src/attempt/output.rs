//! Notices that a worker has written something, without being between it and its log.
//!
//! Knows the log file. Does not read it: its content means nothing here. Where the kernel cannot tell
//! (or has no watch left to give), the file's size is compared when a deadline comes: a silent worker
//! is then found after at most twice its limit.

use std::fs::File;
use std::io;
use std::os::fd::BorrowedFd;
use std::path::Path;

use crate::attempt::os;

/// A log being listened to.
#[derive(Debug)]
pub struct Output {
    log: File,
    size: u64,
    watch: Option<os::FileWatch>,
}

impl Output {
    /// Begins to listen; before the worker starts, so that nothing is missed. Makes the log if need be.
    pub fn listen(path: &Path) -> io::Result<Self> {
        let log = File::options().create(true).append(true).open(path)?;
        let size = log.metadata()?.len();
        Ok(Self {
            log,
            size,
            watch: os::FileWatch::new(path).ok(),
        })
    }
    /// Readable when something was written.
    #[must_use]
    pub fn fd(&self) -> Option<BorrowedFd<'_>> {
        self.watch.as_ref().map(os::FileWatch::fd)
    }
    /// Was something written since the last call?
    pub fn heard(&mut self) -> io::Result<bool> {
        if let Some(watch) = &self.watch {
            watch.drain()?;
        }
        let size = self.log.metadata()?.len();
        // A worker may also cut its log off; that is a sign of life too.
        Ok(std::mem::replace(&mut self.size, size) != size)
    }
}
