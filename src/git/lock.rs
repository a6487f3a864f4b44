//! Locks between runr's own processes: one for adding and removing working trees, one for each branch.
//!
//! The files are made by whoever comes first and never removed.

use std::fs::{File, OpenOptions, TryLockError};
use std::path::Path;

use crate::git::GitError;

/// Held until dropped, or until the process ends.
#[derive(Debug)]
#[must_use]
pub struct Lock {
    file: File,
}

impl Drop for Lock {
    fn drop(&mut self) {
        // Closing alone would leave it to a child that is just being started. Ends with the process at the latest.
        let _ = self.file.unlock();
    }
}

/// Waits for a lock and takes it.
///
/// # Errors
/// When the file cannot be made or locked.
pub fn take(path: &Path) -> Result<Lock, GitError> {
    let file = open(path)?;
    file.lock().map_err(GitError::io("lock", path))?;
    Ok(Lock { file })
}

/// Takes a lock without waiting. `None`: somebody holds it.
///
/// # Errors
/// As for [`take`].
pub fn try_take(path: &Path) -> Result<Option<Lock>, GitError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(Lock { file })),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(GitError::io("lock", path)(error)),
    }
}

fn open(path: &Path) -> Result<File, GitError> {
    OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(GitError::io("open", path))
}

/// Makes everything of the file system that this folder is on last.
///
/// git itself syncs nothing that a power cut could not take back.
///
/// # Errors
/// When the folder cannot be opened or the disk refuses.
pub fn sync(folder: &Path) -> Result<(), GitError> {
    let file = File::open(folder).map_err(GitError::io("open", folder))?;
    rustix::fs::syncfs(&file).map_err(|error| GitError::io("sync", folder)(error.into()))
}
