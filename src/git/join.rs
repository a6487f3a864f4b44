//! Brings commits of a person's onto an orchestration's branch, as they are.
//!
//! A merge, not copies: the person's branch can then still be landed on by a fast-forward. In the object store
//! alone: no working tree is touched.

use std::path::Path;

use crate::git::checkpoint::{self, Merged};
use crate::git::{Git, GitError, lock, repository};

/// What to bring where.
#[derive(Debug)]
pub struct Join<'a> {
    pub common: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    pub commit: &'a str,
    /// Held meanwhile.
    pub lock: &'a Path,
    /// Of the commit that joins the two, when one is needed.
    pub message: &'a str,
}

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Joined {
    /// The branch had everything already, or is not there.
    Nothing,
    /// So many commits are on it now.
    Brought(u32),
    /// These files changed on both sides; the branch is as it was.
    Conflict(Vec<String>),
}

/// Brings a commit and everything before it onto the branch. On disk when this returns.
///
/// # Errors
/// When git or the disk refuses; the branch is as it was.
pub fn join(join: &Join<'_>) -> Result<Joined, GitError> {
    let git = Git::of(join.common);
    let _lock = lock::take(join.lock)?;
    let Some(tip) = repository::tip(&git, join.branch)? else {
        return Ok(Joined::Nothing);
    };
    if repository::contains(&git, &tip, join.commit)? {
        return Ok(Joined::Nothing);
    }
    let to = if repository::contains(&git, join.commit, &tip)? {
        join.commit.to_owned()
    } else {
        let base = git.run(&["merge-base", &tip, join.commit])?.object()?;
        match checkpoint::merge(&git, &base, &tip, join.commit)? {
            Merged::Conflict(conflict) => return Ok(Joined::Conflict(conflict.files)),
            Merged::Tree(tree) => {
                let args = [
                    "commit-tree",
                    &tree,
                    "-p",
                    &tip,
                    "-p",
                    join.commit,
                    "-F",
                    "-",
                ];
                git.run_with(&args, join.message.as_bytes())?.object()?
            }
        }
    };
    let not = format!("^{tip}");
    let count = git
        .run(&["rev-list", "--count", join.commit, &not, "--"])?
        .text()?;
    lock::sync(join.common)?;
    let name = format!("refs/heads/{}", join.branch);
    git.run(&["update-ref", &name, &to, &tip])?;
    lock::sync(join.common)?;
    Ok(Joined::Brought(count.parse().unwrap_or(1)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn what_goes_together_is_joined_and_what_does_not_is_told() {
        let sample = Sample::new();
        let base = sample.commit("a.txt", "1");
        sample.git(&["branch", "runr/x", &base]);
        let common = sample.root().join(".git");
        let lock = sample.root().join(".git/x-lock");
        let bring = |commit: &str| {
            join(&Join {
                common: &common,
                branch: "runr/x",
                commit,
                lock: &lock,
                message: "Join\n",
            })
            .unwrap()
        };
        assert_eq!(bring(&base), Joined::Nothing);
        let theirs = sample.commit("b.txt", "1");
        assert_eq!(bring(&theirs), Joined::Brought(1));
        assert_eq!(sample.git(&["rev-parse", "runr/x"]), theirs);
        sample.git(&["checkout", "-q", "runr/x"]);
        sample.commit("c.txt", "1");
        sample.git(&["checkout", "-q", "main"]);
        let theirs = sample.commit("d.txt", "1");
        assert_eq!(bring(&theirs), Joined::Brought(1));
        assert_eq!(
            sample.git(&["rev-parse", "runr/x^2"]),
            theirs,
            "their commit is there as it is"
        );
        let before = sample.git(&["rev-parse", "runr/x"]);
        let theirs = sample.commit("c.txt", "2");
        assert_eq!(bring(&theirs), Joined::Conflict(vec!["c.txt".to_owned()]));
        assert_eq!(sample.git(&["rev-parse", "runr/x"]), before);
        let git = Git::of(&common);
        sample.git(&["update-ref", "-d", "refs/heads/runr/x"]);
        assert_eq!(bring(&theirs), Joined::Nothing);
        assert_eq!(repository::tip(&git, "runr/x").unwrap(), None);
    }
}
