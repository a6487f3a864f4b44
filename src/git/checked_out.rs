//! What is checked out in a folder, found by reading git's own small files: no process is started for it.
//!
//! Knows `HEAD`, loose and packed references, and linked working trees. What stands there in another way (a
//! reference that leads to a reference, a repository that keeps them in tables) is left to git.

use std::fs;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, Head, is_object, repository};

/// Which repository a folder is in, and what is checked out there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckedOut {
    /// The directory that all working trees share, without links.
    pub common: PathBuf,
    /// The branch, without `refs/heads/`. `None`: HEAD is detached.
    pub branch: Option<String>,
    /// `None`: the branch has no commit yet.
    pub commit: Option<String>,
}

/// Looks from a folder upwards. `None`: it is in no working tree of a repository.
///
/// # Errors
/// When only git can tell, and it refuses.
pub fn checked_out(folder: &Path) -> Result<Option<CheckedOut>, GitError> {
    let Some((own, common)) = folder.ancestors().find_map(directories) else {
        return Ok(None);
    };
    match by_files(&own, &common) {
        Some((branch, commit)) => Ok(Some(CheckedOut {
            common,
            branch,
            commit: Some(commit),
        })),
        None => {
            let (branch, commit) = match repository::head(&Git::at(folder))? {
                Head::Branch { name, commit } => (Some(name), Some(commit)),
                Head::Detached { commit } => (None, Some(commit)),
                Head::Unborn { name } => (Some(name), None),
            };
            Ok(Some(CheckedOut {
                common,
                branch,
                commit,
            }))
        }
    }
}

/// The directory of the working tree at `top`, and the one that it shares with others.
fn directories(top: &Path) -> Option<(PathBuf, PathBuf)> {
    let path = top.join(".git");
    let own = if path.is_dir() {
        path
    } else {
        let text = fs::read_to_string(&path).ok()?;
        top.join(text.strip_prefix("gitdir:")?.trim())
    };
    let common = match fs::read_to_string(own.join("commondir")) {
        Ok(common) => own.join(common.trim()),
        Err(_) => own.clone(),
    };
    let common = common.canonicalize().ok()?;
    own.join("HEAD").is_file().then_some((own, common))
}

fn by_files(own: &Path, common: &Path) -> Option<(Option<String>, String)> {
    let head = fs::read_to_string(own.join("HEAD")).ok()?;
    let head = head.trim_end();
    let Some(name) = head.strip_prefix("ref: ") else {
        return is_object(head).then(|| (None, head.to_owned()));
    };
    let branch = name.strip_prefix("refs/heads/")?;
    let commit = match fs::read_to_string(common.join(name)) {
        Ok(loose) => Some(loose.trim_end().to_owned()),
        Err(_) => packed(common, name),
    };
    let commit = commit.filter(|commit| is_object(commit))?;
    Some((Some(branch.to_owned()), commit))
}

fn packed(common: &Path, name: &str) -> Option<String> {
    let text = fs::read_to_string(common.join("packed-refs")).ok()?;
    text.lines().find_map(|line| {
        let (commit, named) = line.split_once(' ')?;
        (named == name).then(|| commit.to_owned())
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn files_tell_what_git_tells() {
        let sample = Sample::new();
        let seen = |folder: &Path| {
            let seen = checked_out(folder).unwrap().unwrap();
            (seen.branch, seen.commit)
        };
        let main = || Some("main".to_owned());
        assert_eq!(seen(&sample.root()), (main(), None));
        let first = sample.commit("a.txt", "a");
        assert_eq!(seen(&sample.root()), (main(), Some(first.clone())));
        sample.git(&["pack-refs", "--all"]);
        let (own, common) = directories(&sample.root()).unwrap();
        assert_eq!(by_files(&own, &common), Some((main(), first.clone())));
        sample.git(&["worktree", "add", "-q", "-b", "a/side", "linked"]);
        let linked = checked_out(&sample.root().join("linked")).unwrap().unwrap();
        assert_eq!(linked.branch.as_deref(), Some("a/side"));
        assert_eq!(linked.commit, Some(first.clone()));
        assert_eq!(linked.common, common);
        sample.git(&["checkout", "-q", "--detach"]);
        assert_eq!(seen(&sample.root()), (None, Some(first.clone())));
        // A reference that leads to another is git's to follow.
        sample.git(&["symbolic-ref", "refs/heads/alias", "refs/heads/main"]);
        sample.git(&["symbolic-ref", "HEAD", "refs/heads/alias"]);
        assert_eq!(by_files(&own, &common), None);
        assert_eq!(seen(&sample.root()).1, Some(first));
        let none = tempfile::tempdir().unwrap();
        assert_eq!(checked_out(none.path()).unwrap(), None);
    }
}
