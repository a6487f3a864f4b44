//! What runr makes with its first write: folders, `.runr/.gitignore`, the reserve file.

use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};

use crate::store::{Layout, StoreError};

/// Keeps everything of runr's out of the user's `git status`, this file included.
const IGNORE: &str = "\
# Written by runr. What it keeps here is its own; tasks and configuration are yours.
/*
!/tasks/
!/config.yaml
!/runr.config.json
!/orchestration.yaml
";

/// How much room the last events get on a full disk.
const RESERVE: u64 = 64 * 1024;

/// Makes `.runr/`, its `.gitignore` and `.runr/locks/` where they are missing. What is there stays.
///
/// # Errors
/// When one of them cannot be made.
pub fn prepare(layout: &Layout) -> Result<(), StoreError> {
    let locks = layout.locks();
    fs::create_dir_all(&locks).map_err(StoreError::io("create", &locks))?;
    let ignore = layout.dir().join(".gitignore");
    match OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&ignore)
    {
        Ok(mut file) => file
            .write_all(IGNORE.as_bytes())
            .map_err(StoreError::io("write", &ignore)),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(StoreError::io("create", &ignore)(error)),
    }
}

/// Sets the reserve aside when it is not there. Best effort: without it a full disk only loses the
/// convenience of ending in good order.
pub fn fill_reserve(layout: &Layout) {
    let path = layout.reserve();
    let Ok(file) = OpenOptions::new()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
    else {
        return;
    };
    if file.metadata().is_ok_and(|meta| meta.len() >= RESERVE) {
        return;
    }
    if allocate(&file).is_err() {
        // A part of it would not be room for a whole line.
        let _ = file.set_len(0);
    }
}

#[cfg(target_os = "linux")]
fn allocate(file: &fs::File) -> io::Result<()> {
    Ok(rustix::fs::fallocate(
        file,
        rustix::fs::FallocateFlags::empty(),
        0,
        RESERVE,
    )?)
}

#[cfg(not(target_os = "linux"))]
fn allocate(mut file: &fs::File) -> io::Result<()> {
    file.write_all(&[0; RESERVE as usize])
}
