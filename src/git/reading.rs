//! How git is asked by commands that only read, and where in a repository a project lies.
//!
//! Knows the settings that make git's output the same everywhere. Does not know what is read.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError};

/// Runs git in a folder and hands over each piece of its output that NUL ends, without the NUL.
///
/// # Errors
/// When git cannot be started or read, or does not end with exit code 0.
pub fn each_piece<S: AsRef<OsStr>>(
    folder: &Path,
    args: &[S],
    take: impl FnMut(&[u8]),
) -> Result<(), GitError> {
    Git::at(folder)
        .setting("core.quotePath", "false")
        // History as it is, not as somebody would have it seen.
        .env("GIT_NO_REPLACE_OBJECTS", "1")
        .each_record(args, take)
}

/// Where in its repository a project is, found without running git.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// As in [`Trailers::folder`](crate::git::trailers::Trailers::folder).
    pub folder: String,
    /// Tells states of a shallow repository apart; empty when it is whole.
    pub shallow: String,
}

impl Site {
    /// Looks from the project's root upwards. `None`: this is no repository.
    #[must_use]
    pub fn find(root: &Path) -> Option<Self> {
        let top = root.ancestors().find(|top| top.join(".git").exists())?;
        let folder = root.strip_prefix(top).ok()?.to_str()?.to_owned();
        let shallow = std::fs::read(common(&top.join(".git"))?.join("shallow"))
            .map(|bytes| blake3::hash(&bytes).to_hex().to_string())
            .unwrap_or_default();
        Some(Self { folder, shallow })
    }
}

fn common(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = std::fs::read_to_string(git).ok()?;
    let own = git.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    match std::fs::read_to_string(own.join("commondir")) {
        Ok(common) => Some(own.join(common.trim())),
        Err(_) => Some(own),
    }
}
