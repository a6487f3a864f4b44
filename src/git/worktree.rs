//! The working trees of attempts: made, and taken away without losing anything.
//!
//! Knows paths, branches and locks. Does not know tasks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, lock};
use crate::model::{GitSpec, RunId};

/// The branch of one run.
#[must_use]
pub fn branch_of(run: &RunId) -> String {
    format!("runr/{run}")
}

/// Makes the working tree of a run on a branch of its own, at `base`.
///
/// Without tracking: with a remote start point, adding several at once fails on the configuration's lock.
///
/// # Errors
/// When git refuses, or the folder around it cannot be made.
pub fn add(git: &Git, spec: &GitSpec, run: &RunId, base: &str) -> Result<(), GitError> {
    prepare(&spec.worktree)?;
    let _lock = lock::take(&spec.git_lock)?;
    git.run(&[
        "worktree".as_ref(),
        "add".as_ref(),
        "--quiet".as_ref(),
        "--no-track".as_ref(),
        "--lock".as_ref(),
        "-b".as_ref(),
        std::ffi::OsStr::new(&branch_of(run)),
        "--".as_ref(),
        spec.worktree.as_os_str(),
        std::ffi::OsStr::new(base),
    ])
    .map(drop)
}

/// Makes the folder of all working trees, which the user's own git never sees.
fn prepare(worktree: &Path) -> Result<(), GitError> {
    let Some(folder) = worktree.parent() else {
        return Ok(());
    };
    fs::create_dir_all(folder).map_err(GitError::io("create", folder))?;
    let ignore = folder.join(".gitignore");
    match fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&ignore)
    {
        Ok(mut file) => {
            io::Write::write_all(&mut file, b"*\n").map_err(GitError::io("write", &ignore))
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Ok(()),
        Err(error) => Err(GitError::io("create", &ignore)(error)),
    }
}

/// A copy of the index as `worktree add` wrote it, for runr's own use: the worker can neither mark
/// files in it as unchanged nor leave it locked.
///
/// It keeps the time of the original, by which git tells entries that may have changed in the same instant.
///
/// # Errors
/// When it cannot be copied.
pub fn private_index(spec: &GitSpec, run: &RunId, to: &Path) -> Result<(), GitError> {
    let from = spec
        .common
        .join("worktrees")
        .join(run.as_str())
        .join("index");
    let copy = || {
        fs::copy(&from, to)?;
        let time = fs::metadata(&from)?.modified()?;
        fs::File::options().write(true).open(to)?.set_modified(time)
    };
    copy().map_err(GitError::io("copy", &from))
}

/// Gives the working tree and the branch of one run to another, which goes on with its work.
///
/// # Errors
/// When git refuses, as when they are not there.
pub fn hand_over(git: &Git, spec: &GitSpec, from: &RunId, to: &RunId) -> Result<(), GitError> {
    let _lock = lock::take(&spec.git_lock)?;
    let (from, to) = (branch_of(from), branch_of(to));
    git.run(&["branch", "--quiet", "-m", &from, &to]).map(drop)
}

/// Puts a commit onto the branch of its run, on disk: the work is kept there whatever becomes of the working tree.
///
/// # Errors
/// When git or the disk refuses.
pub fn keep(git: &Git, common: &Path, run: &RunId, commit: &str) -> Result<(), GitError> {
    lock::sync(common)?;
    let branch = format!("refs/heads/{}", branch_of(run));
    git.run(&["update-ref", &branch, commit])?;
    lock::sync(common)
}

/// What became of a working tree that is not needed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Removed {
    /// It is gone, and everything in it is in the commit.
    Clean,
    /// It is gone; what was in it besides is kept under this reference.
    Rescued(String),
    /// It was not there.
    Absent,
}

/// A working tree whose work is in a commit.
#[derive(Debug)]
pub struct Leftover<'a> {
    pub common: &'a Path,
    pub git_lock: &'a Path,
    pub worktree: &'a Path,
    pub run: &'a RunId,
    /// Its work, as it was committed.
    pub checkpoint: &'a str,
    /// Its private index; made anew when it is not there.
    pub index: PathBuf,
    /// Names that are ignored in it.
    pub excludes: Option<PathBuf>,
}

/// Takes a working tree away. Whatever in it is not in its commit, untracked files included, is first
/// kept under `refs/runr/rescue/<run id>`.
///
/// # Errors
/// When git refuses; the working tree is still there then.
pub fn remove(left: &Leftover<'_>) -> Result<Removed, GitError> {
    if !left.worktree.is_dir() {
        return Ok(Removed::Absent);
    }
    let mut git = Git::of(left.common);
    if let Some(excludes) = &left.excludes {
        git = git.setting("core.excludesFile", &excludes.to_string_lossy());
    }
    let inside = git.clone().tree(left.worktree).index(&left.index);
    let changed = || -> Result<bool, GitError> {
        if !left.index.is_file() {
            inside.run(&["read-tree", left.checkpoint])?;
        }
        let changes = inside.run(&[
            "ls-files",
            "-z",
            "--modified",
            "--others",
            "--exclude-standard",
        ])?;
        Ok(!changes.out.is_empty())
    };
    let mut rescued = None;
    if changed()? {
        inside.run(&["add", "--all"])?;
        let tree = inside.run(&["write-tree"])?.object()?;
        let there = format!("{}^{{tree}}", left.checkpoint);
        // Only touched, as by a tool that writes the same bytes again.
        if git.run(&["rev-parse", &there])?.object()? != tree {
            let message = format!("Left in the working tree of {}", left.run);
            let commit = git
                .run(&["commit-tree", &tree, "-p", left.checkpoint, "-m", &message])?
                .object()?;
            let name = format!("refs/runr/rescue/{}", left.run);
            git.run(&["update-ref", &name, &commit])?;
            lock::sync(left.common)?;
            rescued = Some(name);
        }
    }
    let _lock = lock::take(left.git_lock)?;
    git.run(&[
        "worktree".as_ref(),
        "remove".as_ref(),
        // Twice: it is locked.
        "--force".as_ref(),
        "--force".as_ref(),
        "--".as_ref(),
        left.worktree.as_os_str(),
    ])?;
    Ok(rescued.map_or(Removed::Clean, Removed::Rescued))
}
