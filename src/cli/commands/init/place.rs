//! Puts new files into a folder, never over one that is there.
//!
//! Knows the file system. Does not know what the files hold or what is told about them.

use std::fs::OpenOptions;
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::Failure;
use crate::cli::commands::init::next;
use crate::scaffold::NewFile;

/// Are files written, or is it only said which ones would be?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Write,
    Pretend,
}

/// What became of one file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Placed {
    Created,
    /// Something of that name was there and stays as it was.
    Kept,
}

/// A folder that files are put into.
#[derive(Debug)]
pub struct Folder {
    dir: PathBuf,
}

impl Folder {
    /// A folder that may hold anything.
    pub fn existing(dir: &Path) -> Self {
        Self { dir: dir.into() }
    }

    /// A folder that is not there yet, or holds nothing.
    ///
    /// # Errors
    /// When it holds something or is no folder: exit code 2 with the remedy.
    pub fn empty(dir: &Path) -> anyhow::Result<Self> {
        let shown = next::shown_path(dir);
        match std::fs::read_dir(dir).map(|mut entries| entries.next().transpose()) {
            Ok(Ok(None)) => {}
            Ok(Ok(Some(_))) => {
                return Err(Failure::usage(format!("the folder `{shown}` is not empty"))
                    .help("runr demo OTHER-DIR    makes the sample project somewhere else")
                    .help(format!(
                        "rm -r {}    removes it, if it is an old demo",
                        next::quoted(dir)
                    ))
                    .into());
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) if error.kind() == ErrorKind::NotADirectory => {
                return Err(Failure::usage(format!("`{shown}` is not a folder"))
                    .help("runr demo OTHER-DIR    makes the sample project somewhere else")
                    .into());
            }
            Err(error) | Ok(Err(error)) => {
                return Err(error).context(format!("cannot read the folder `{shown}`"));
            }
        }
        Ok(Self::existing(dir))
    }

    /// Puts one file there, with the folders above it. What is there already is kept, whatever it is.
    ///
    /// # Errors
    /// When the file or a folder cannot be made; a file where a folder is needed is a usage error.
    pub fn place(&self, file: &NewFile, mode: Mode) -> anyhow::Result<Placed> {
        let path = self.dir.join(file.path);
        self.parents_are_folders(file)?;
        if mode == Mode::Pretend {
            return Ok(if is_there(&path)? {
                Placed::Kept
            } else {
                Placed::Created
            });
        }
        let write = || -> io::Result<Placed> {
            if let Some(parent) = path.parent() {
                std::fs::create_dir_all(parent)?;
            }
            let mut made = match OpenOptions::new().write(true).create_new(true).open(&path) {
                Ok(made) => made,
                Err(error) if error.kind() == ErrorKind::AlreadyExists => return Ok(Placed::Kept),
                Err(error) => return Err(error),
            };
            made.write_all(file.text.as_bytes())?;
            Ok(Placed::Created)
        };
        write().with_context(|| format!("cannot write `{}`", next::shown_path(&path)))
    }

    /// Looks for a file where `file` needs a folder, before anything is made.
    fn parents_are_folders(&self, file: &NewFile) -> anyhow::Result<()> {
        let path = self.dir.join(file.path);
        for parent in path.ancestors().skip(1) {
            match std::fs::metadata(parent) {
                Ok(found) if !found.is_dir() => {
                    return Err(Failure::usage(format!(
                        "`{}` is a file, and a folder is needed there",
                        next::shown_path(parent)
                    ))
                    .help("move it away, then type the command again")
                    .into());
                }
                Ok(_) => return Ok(()),
                // Not there yet, or below a file: the next folder upwards tells.
                Err(_) => {}
            }
        }
        Ok(())
    }
}

/// Is there anything of that name, a broken link included?
///
/// # Errors
/// When that cannot be found out.
pub fn is_there(path: &Path) -> anyhow::Result<bool> {
    match std::fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            Ok(false)
        }
        Err(error) => {
            Err(error).with_context(|| format!("cannot look at `{}`", next::shown_path(path)))
        }
    }
}

/// The first task file below a folder by name, if there is one. Follows no links.
///
/// # Errors
/// When a folder cannot be read.
pub fn any_task(dir: &Path) -> anyhow::Result<Option<String>> {
    let list = || -> io::Result<Vec<std::fs::DirEntry>> {
        let mut entries = std::fs::read_dir(dir)?.collect::<io::Result<Vec<_>>>()?;
        entries.sort_by_key(std::fs::DirEntry::file_name);
        Ok(entries)
    };
    let entries = match list() {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(None);
        }
        Err(error) => {
            return Err(error).with_context(|| format!("cannot read `{}`", next::shown_path(dir)));
        }
    };
    for entry in entries {
        let name = entry.file_name().to_string_lossy().into_owned();
        if entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            if let Some(below) = any_task(&entry.path())? {
                return Ok(Some(format!("{name}/{below}")));
            }
        } else if name.ends_with(".md") {
            return Ok(Some(name));
        }
    }
    Ok(None)
}
