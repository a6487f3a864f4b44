//! The working trees of attempts: made, and taken away without losing anything.
//!
//! Knows paths, branches and locks. Does not know tasks.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, lock, refs};
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
    // The index too: an empty one makes `git fsck` and `git gc` of the user's fail.
    let git = git
        .clone()
        .setting("core.fsync", "reference,loose-object,index");
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
    refs::update(git, common, &format!("update {branch} {commit}\n"))?;
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
            refs::update(&git, left.common, &format!("update {name} {commit}\n"))?;
            lock::sync(left.common)?;
            rescued = Some(name);
        }
    }
    let _lock = lock::take(left.git_lock)?;
    take_away(left.common, left.worktree)?;
    Ok(rescued.map_or(Removed::Clean, Removed::Rescued))
}

/// What stands before the name of a working tree that is going.
const GOING: &str = ".going-";

/// Takes a working tree and what git knows of it away. The caller holds the git lock.
///
/// Not by `git worktree remove`: killed halfway, that leaves what neither git nor anybody else can tell from work. Here
/// one rename decides, and [`finish_removals`] does what was not come to.
fn take_away(common: &Path, worktree: &Path) -> Result<(), GitError> {
    let (Some(folder), Some(name)) = (worktree.parent(), worktree.file_name()) else {
        return Ok(());
    };
    let mut going = std::ffi::OsString::from(GOING);
    going.push(name);
    let going = folder.join(going);
    fs::rename(worktree, &going).map_err(GitError::io("remove", worktree))?;
    forget(common, name)?;
    fs::remove_dir_all(&going).map_err(GitError::io("remove", &going))
}

/// Removes what git knows of a working tree.
fn forget(common: &Path, name: &std::ffi::OsStr) -> Result<(), GitError> {
    let known = common.join("worktrees").join(name);
    match fs::remove_dir_all(&known) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(GitError::io("remove", &known)(error))
        }
        _ => Ok(()),
    }
}

/// Finishes the removals whose process died in the middle. `folder` is the one of all working trees.
///
/// # Errors
/// When something cannot be removed.
pub fn finish_removals(common: &Path, git_lock: &Path, folder: &Path) -> Result<(), GitError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(GitError::io("read", folder)(error)),
    };
    let mut going = Vec::new();
    for entry in entries {
        let path = entry.map_err(GitError::io("read", folder))?.path();
        let name = path.file_name().and_then(|name| name.to_str());
        if let Some(name) = name.and_then(|name| name.strip_prefix(GOING)) {
            going.push((name.to_owned(), path));
        }
    }
    if going.is_empty() {
        return Ok(());
    }
    let _lock = lock::take(git_lock)?;
    for (name, path) in going {
        // Somebody may have been at it until now.
        if path.is_dir() {
            forget(common, name.as_ref())?;
            fs::remove_dir_all(&path).map_err(GitError::io("remove", &path))?;
        }
    }
    Ok(())
}

/// Takes away what a `worktree add` left that did not come to its end. Nobody has worked there.
///
/// # Errors
/// When git refuses or something cannot be removed.
pub fn discard(git: &Git, common: &Path, git_lock: &Path, worktree: &Path) -> Result<(), GitError> {
    let Some(name) = worktree.file_name() else {
        return Ok(());
    };
    let _lock = lock::take(git_lock)?;
    if worktree.is_dir() {
        take_away(common, worktree)?;
    }
    forget(common, name)?;
    let branch = format!("refs/heads/runr/{}", name.to_string_lossy());
    let there = git.ask(&["show-ref", "--verify", "--quiet", &branch])?;
    match there.code {
        Some(0) => refs::update(git, common, &format!("delete {branch}\n")),
        _ => Ok(()),
    }
}

/// The names of all working trees that git knows of, sorted.
///
/// # Errors
/// When the folder cannot be read.
pub fn known(common: &Path) -> Result<Vec<String>, GitError> {
    let folder = common.join("worktrees");
    let entries = match fs::read_dir(&folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(GitError::io("read", &folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(GitError::io("read", &folder))?.file_name();
        names.extend(name.into_string());
    }
    names.sort();
    Ok(names)
}
