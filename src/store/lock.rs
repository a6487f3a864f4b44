//! Locks that end with the process which holds them, however it ends.
//!
//! Advisory whole-file locks (`flock`) on files below `.runr/locks/`. The files are never removed: a
//! lock on a file that has lost its name locks nothing. Every descriptor is close-on-exec, so that no
//! child keeps a lock by accident.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::path::Path;

use crate::model::{OrchId, TaskId};
use crate::store::{Layout, StoreError, file_system, first_write};

/// Shows that this process owns an orchestration. Held until dropped, or until the process ends.
#[derive(Debug)]
#[must_use]
pub struct OwnerLock {
    file: File,
}

impl Drop for OwnerLock {
    fn drop(&mut self) {
        // Closing alone would leave the lock to a child that is just being started and has not yet let go
        // of its copy. A failure changes nothing: the lock ends with the process at the latest.
        let _ = self.file.unlock();
    }
}

impl OwnerLock {
    /// Takes the owner lock of an orchestration without waiting. `None`: another process lives and has it.
    ///
    /// # Errors
    /// When the lock file cannot be made or locked, or lies on a network file system, where nobody could
    /// rely on it.
    pub fn try_take(layout: &Layout, orch: &OrchId) -> Result<Option<Self>, StoreError> {
        first_write::prepare(layout)?;
        file_system::refuse_network(&layout.locks())?;
        Ok(try_take(&layout.owner_lock(orch))?.map(|file| Self { file }))
    }
}

/// Whether somebody holds a lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Held {
    Yes,
    No,
}

/// Takes a lock without waiting. `None`: another holds it. The lock lives as long as the file, and as
/// every duplicate of its descriptor.
///
/// # Errors
/// When the file cannot be made or locked.
pub fn try_take(path: &Path) -> Result<Option<File>, StoreError> {
    let file = open(path)?;
    match file.try_lock() {
        Ok(()) => Ok(Some(file)),
        Err(TryLockError::WouldBlock) => Ok(None),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error)),
    }
}

/// Opens a lock file, which is made where it is missing, without locking it.
///
/// # Errors
/// When the file cannot be made or opened.
pub fn open(path: &Path) -> Result<File, StoreError> {
    OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(path)
        .map_err(StoreError::io("open", path))
}

/// Does an attempt at the task hold its lock?
///
/// The test itself holds a shared lock for an instant, and so it belongs to recovery only, which alone
/// looks at a run that nobody else may touch.
///
/// # Errors
/// When the lock file is there and cannot be tested.
pub fn task_lock(layout: &Layout, task: &TaskId) -> Result<Held, StoreError> {
    held(&layout.task_lock(task))
}

/// Does the owner of an orchestration live?
///
/// # Errors
/// When the lock file is there and cannot be tested.
pub fn owner_lock(layout: &Layout, orch: &OrchId) -> Result<Held, StoreError> {
    held(&layout.owner_lock(orch))
}

/// Waits until nobody holds the task's lock.
///
/// # Errors
/// When the lock file is there and cannot be locked.
pub fn wait_for_task_lock(layout: &Layout, task: &TaskId) -> Result<(), StoreError> {
    wait_for(&layout.task_lock(task))
}

/// Waits until nobody owns the orchestration.
///
/// # Errors
/// When the lock file is there and cannot be locked.
pub fn wait_for_owner_lock(layout: &Layout, orch: &OrchId) -> Result<(), StoreError> {
    wait_for(&layout.owner_lock(orch))
}

fn wait_for(path: &Path) -> Result<(), StoreError> {
    match File::open(path) {
        Ok(file) => file.lock_shared().map_err(StoreError::io("lock", path)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(StoreError::io("open", path)(error)),
    }
}

fn held(path: &Path) -> Result<Held, StoreError> {
    let file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Held::No),
        Err(error) => return Err(StoreError::io("open", path)(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(Held::No),
        Err(TryLockError::WouldBlock) => Ok(Held::Yes),
        Err(TryLockError::Error(error)) => Err(StoreError::io("lock", path)(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_orchestration_has_one_owner_at_a_time() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let orch = OrchId::parse("orch-20260102-030405-aaaa").unwrap();
        assert_eq!(owner_lock(&layout, &orch).unwrap(), Held::No);
        let owner = OwnerLock::try_take(&layout, &orch).unwrap();
        assert!(owner.is_some());
        assert!(OwnerLock::try_take(&layout, &orch).unwrap().is_none());
        assert_eq!(owner_lock(&layout, &orch).unwrap(), Held::Yes);
        drop(owner);
        assert_eq!(owner_lock(&layout, &orch).unwrap(), Held::No);
        assert!(OwnerLock::try_take(&layout, &orch).unwrap().is_some());
    }

    #[test]
    fn lock_files_stay_and_are_not_inherited() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let orch = OrchId::parse("orch-20260102-030405-aaaa").unwrap();
        let owner = OwnerLock::try_take(&layout, &orch).unwrap().unwrap();
        let flags = rustix::io::fcntl_getfd(&owner.file).unwrap();
        assert!(flags.contains(rustix::io::FdFlags::CLOEXEC));
        drop(owner);
        assert!(layout.owner_lock(&orch).exists());
    }

    #[test]
    fn a_task_lock_is_seen_and_waited_for() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        let task = TaskId::parse("net/a.md").unwrap();
        assert_eq!(task_lock(&layout, &task).unwrap(), Held::No);
        wait_for_task_lock(&layout, &task).unwrap();
        first_write::prepare(&layout).unwrap();
        let lock = try_take(&layout.task_lock(&task)).unwrap();
        assert!(lock.is_some());
        assert_eq!(task_lock(&layout, &task).unwrap(), Held::Yes);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| wait_for_task_lock(&layout, &task));
            drop(lock);
            waiting.join().unwrap().unwrap();
        });
    }
}
