//! Files as they are going to be, so that a whole project can be checked before any of them is written; and their
//! writing.
//!
//! Knows paths and bytes. Does not know what stands in a file.

use std::collections::BTreeMap;
use std::fs::{self, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;
use std::sync::Arc;

use crate::project::read::{self, ReadError};
use crate::spec::MAX_BYTES;

/// New texts of files, by path from the root.
#[derive(Debug, Clone, Default)]
pub struct Edits {
    files: BTreeMap<Arc<str>, String>,
}

/// A file that could not be written. Those before it have been taken back.
#[derive(Debug, thiserror::Error)]
#[error("cannot write `{file}`: {source}")]
pub struct NotWritten {
    pub file: Arc<str>,
    pub source: io::Error,
}

impl Edits {
    /// A file is to hold this text.
    pub fn put(&mut self, file: impl Into<Arc<str>>, text: impl Into<String>) {
        self.files.insert(file.into(), text.into());
    }

    /// The text that a file is to hold; `None`: it stays as it is.
    #[must_use]
    pub fn get(&self, file: &str) -> Option<&str> {
        self.files.get(file).map(String::as_str)
    }

    /// All files, sorted by path.
    pub fn files(&self) -> impl Iterator<Item = (&Arc<str>, &str)> {
        self.files.iter().map(|(file, text)| (file, text.as_str()))
    }

    /// Makes these files, with the folders above them. Never replaces one, and goes through no link
    /// that leads out.
    ///
    /// # Errors
    /// The first that cannot be made, because it is there or below such a link for instance; the others that were made are removed again.
    pub fn create(&self, root: &Path) -> Result<(), NotWritten> {
        let mut made: Vec<std::path::PathBuf> = Vec::new();
        for (file, text) in &self.files {
            let path = root.join(&**file);
            if let Err(source) = folders(root, file).and_then(|()| create(&path, text)) {
                for path in &made {
                    // What is left behind is a task that was asked for; the error that counts is the first.
                    let _ = fs::remove_file(path);
                }
                return Err(NotWritten {
                    file: file.clone(),
                    source,
                });
            }
            made.push(path);
        }
        Ok(())
    }
}

/// Why a file was not changed.
#[derive(Debug, thiserror::Error)]
pub enum NotRewritten {
    #[error("`{0}` was changed by somebody else meanwhile")]
    Meanwhile(Arc<str>),
    #[error("cannot change `{file}`: {source}")]
    Read { file: Arc<str>, source: ReadError },
    #[error("cannot change `{file}`: {source}")]
    Write { file: Arc<str>, source: io::Error },
}

/// Reads a file of the project as text, at most 16 MiB. `None`: it is not there.
///
/// # Errors
/// When it is no regular file inside the project, cannot be read, or is not UTF-8.
pub fn read_text(root: &Path, file: &str) -> Result<Option<String>, ReadError> {
    let Some(bytes) = read::whole(root, &root.join(file), 16 * MAX_BYTES)? else {
        return Ok(None);
    };
    match String::from_utf8(bytes) {
        Ok(text) => Ok(Some(text)),
        Err(error) => Err(io::Error::new(io::ErrorKind::InvalidData, error).into()),
    }
}

/// Changes a file that still holds `before`: the file holds the one or the other at any instant, and keeps its
/// permissions. Where a link leads inside the project, the file at its end is changed.
///
/// # Errors
/// When it holds something else by now, or cannot be replaced.
pub fn rewrite(root: &Path, file: &str, before: &str, after: &str) -> Result<(), NotRewritten> {
    let name: Arc<str> = file.into();
    let cannot_read = |source| NotRewritten::Read {
        file: name.clone(),
        source,
    };
    if read_text(root, file).map_err(cannot_read)?.as_deref() != Some(before) {
        return Err(NotRewritten::Meanwhile(name));
    }
    let path = read::inside(root, &root.join(file)).map_err(cannot_read)?;
    replace(&path, after).map_err(|source| NotRewritten::Write { file: name, source })
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    let folder = path.parent().ok_or(io::ErrorKind::InvalidInput)?;
    let mut new = tempfile::Builder::new()
        .prefix(".runr-")
        .tempfile_in(folder)?;
    new.write_all(text.as_bytes())?;
    new.as_file()
        .set_permissions(fs::metadata(path)?.permissions())?;
    new.as_file().sync_all()?;
    new.persist(path)?;
    fs::File::open(folder)?.sync_all()
}

/// Makes the folders above a file. A link among them must not lead out of the root.
fn folders(root: &Path, file: &str) -> io::Result<()> {
    let mut at = root.to_owned();
    let (above, _) = file.rsplit_once('/').unwrap_or_default();
    for part in above.split('/').filter(|part| !part.is_empty()) {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_dir() => {}
            Ok(found) if found.is_symlink() && leads_inside(root, &at)? => {}
            Ok(_) => {
                let why = format!("`{}` is no folder of the project", at.display());
                return Err(io::Error::new(io::ErrorKind::NotADirectory, why));
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => fs::create_dir(&at)?,
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

fn leads_inside(root: &Path, link: &Path) -> io::Result<bool> {
    let end = fs::canonicalize(link)?;
    Ok(end.is_dir() && end.starts_with(fs::canonicalize(root)?))
}

fn create(path: &Path, text: &str) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    let written = file
        .write_all(text.as_bytes())
        .and_then(|()| file.sync_all());
    if written.is_err() {
        // Half a task is worse than none.
        let _ = fs::remove_file(path);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_replaced_and_all_are_made_or_none() {
        let dir = tempfile::tempdir().unwrap();
        fs::write(dir.path().join("b.md"), "mine").unwrap();
        let mut edits = Edits::default();
        edits.put("a/new.md", "new");
        edits.put("b.md", "theirs");
        let error = edits.create(dir.path()).unwrap_err();
        assert_eq!(&*error.file, "b.md");
        assert_eq!(error.source.kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(dir.path().join("b.md")).unwrap(), b"mine");
        assert!(!dir.path().join("a/new.md").exists());
    }

    #[test]
    fn a_link_is_not_followed_out() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().join("root");
        fs::create_dir_all(root.join("tasks")).unwrap();
        fs::create_dir(dir.path().join("outside")).unwrap();
        std::os::unix::fs::symlink(dir.path().join("outside"), root.join("tasks/net")).unwrap();
        std::os::unix::fs::symlink("tasks", root.join("same")).unwrap();
        let mut inside = Edits::default();
        inside.put("same/b.md", "new");
        inside.create(&root).unwrap();
        assert_eq!(fs::read(root.join("tasks/b.md")).unwrap(), b"new");
        for file in ["tasks/net/a.md", "tasks/net/deep/a.md"] {
            let mut edits = Edits::default();
            edits.put(file, "new");
            let error = edits.create(&root).unwrap_err();
            assert_eq!(error.source.kind(), io::ErrorKind::NotADirectory, "{file}");
        }
        assert_eq!(fs::read_dir(dir.path().join("outside")).unwrap().count(), 0);
    }

    #[test]
    fn a_file_changes_only_from_what_was_seen_and_keeps_its_rights() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::write(root.join("real.md"), "one").unwrap();
        fs::set_permissions(root.join("real.md"), fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink("real.md", root.join("link.md")).unwrap();
        rewrite(&root, "link.md", "one", "two").unwrap();
        assert_eq!(fs::read(root.join("real.md")).unwrap(), b"two");
        let mode = fs::metadata(root.join("real.md"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o640);
        assert!(root.join("link.md").is_symlink());
        assert!(matches!(
            rewrite(&root, "real.md", "one", "three"),
            Err(NotRewritten::Meanwhile(_))
        ));
        assert_eq!(fs::read_dir(&root).unwrap().count(), 2);
    }
}
