//! Files that are there whole or not at all.
//!
//! Knows only files. Plain `std`, so that the attempt's process can use it as it is.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

use crate::store::StoreError;

/// Replaces a file: a temporary file in the same folder, fsync, rename, fsync of the folder.
///
/// After a crash at any instant the file holds either the old bytes or the new ones. A temporary file
/// may stay behind; its name begins with a dot and nobody reads it.
///
/// # Errors
/// When any of the steps fails; the file is unchanged unless only the last one did.
pub fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let folder = folder_of(path);
    let (temporary, mut file) = create_beside(path)?;
    let written = file
        .write_all(bytes)
        .and_then(|()| file.sync_all())
        .and_then(|()| fs::rename(&temporary, path));
    if let Err(error) = written {
        // The failure to report is the first one.
        let _ = fs::remove_file(&temporary);
        return Err(error);
    }
    sync_folder(folder)
}

/// Makes names in a folder (new files, renames) last.
///
/// # Errors
/// When the folder cannot be opened or synced.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

/// Keeps bytes in a new file of a folder, synced; makes the folder when it is missing. A number is put
/// behind the name when it is taken. Gives the file's path.
///
/// # Errors
/// When it cannot be written or synced.
pub fn keep(folder: &Path, name: &str, bytes: &[u8]) -> Result<PathBuf, StoreError> {
    fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
    for n in 1..=u32::MAX {
        let path = folder.join(match n {
            1 => name.to_owned(),
            n => format!("{name}.{n}"),
        });
        match OpenOptions::new().write(true).create_new(true).open(&path) {
            Ok(mut file) => {
                file.write_all(bytes)
                    .and_then(|()| file.sync_all())
                    .and_then(|()| sync_folder(folder))
                    .map_err(StoreError::io("write", &path))?;
                return Ok(path);
            }
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(StoreError::io("create", &path)(error)),
        }
    }
    Err(StoreError::io("create", folder)(
        io::ErrorKind::AlreadyExists.into(),
    ))
}

fn folder_of(path: &Path) -> &Path {
    match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn create_beside(path: &Path) -> io::Result<(PathBuf, File)> {
    static COUNT: AtomicU32 = AtomicU32::new(0);
    let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
    let count = COUNT.fetch_add(1, Ordering::Relaxed);
    let temporary = folder_of(path).join(format!(
        ".{}.{}-{count}.tmp",
        name.to_string_lossy(),
        std::process::id()
    ));
    let create = || {
        OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&temporary)
    };
    let file = match create() {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            // Left by a process of this number that died; nobody alive uses the name.
            fs::remove_file(&temporary)?;
            create()?
        }
        other => other?,
    };
    Ok((temporary, file))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_nothing_else_behind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("a.json");
        replace(&path, b"one").unwrap();
        replace(&path, b"two").unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"two");
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
        assert!(replace(&dir.path().join("no/such/folder"), b"").is_err());
    }

    #[test]
    fn a_failed_replacement_leaves_the_old_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("taken");
        fs::create_dir(&path).unwrap();
        fs::write(path.join("inside"), b"x").unwrap();
        assert!(replace(&path, b"two").is_err());
        assert_eq!(fs::read_dir(dir.path()).unwrap().count(), 1);
    }

    #[test]
    fn kept_files_never_replace_each_other() {
        let dir = tempfile::tempdir().unwrap();
        let folder = dir.path().join("q");
        let first = keep(&folder, "x", b"1").unwrap();
        let second = keep(&folder, "x", b"2").unwrap();
        assert_ne!(first, second);
        assert_eq!(fs::read(first).unwrap(), b"1");
        assert_eq!(fs::read(second).unwrap(), b"2");
    }
}
