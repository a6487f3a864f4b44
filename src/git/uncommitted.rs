//! What of a user's working tree is not in a commit, and a commit of a part of it.
//!
//! Knows paths from the top of the repository. The rest of the tree and of the index stays as it is.

use std::path::Path;

use crate::git::checkpoint::{Change, What};
use crate::git::{Git, GitError, Repository, lock};
use crate::model::CommitRules;

/// What differs from HEAD, ignored files left out, sorted by path.
///
/// # Errors
/// When git refuses.
pub fn uncommitted(top: &Path) -> Result<Vec<Change>, GitError> {
    let answer = Git::at(top).run(&[
        "status",
        "--porcelain=v1",
        "-z",
        "--no-renames",
        "--untracked-files=all",
    ])?;
    let mut found: Vec<Change> = answer.records().filter_map(|line| change(&line)).collect();
    found.sort();
    Ok(found)
}

/// `XY path`, X of the index and Y of the working tree.
fn change(line: &str) -> Option<Change> {
    let (letters, path) = (line.get(..2)?, line.get(3..)?);
    let what = match letters {
        // Only a repository of its own is not looked into.
        "??" if path.ends_with('/') => What::Repository,
        "??" => What::Added,
        letters if letters.ends_with('D') || letters == "D " => What::Deleted,
        letters if letters.starts_with('A') => What::Added,
        _ => What::Changed,
    };
    Some(Change {
        path: path.trim_end_matches('/').to_owned(),
        what,
    })
}

/// A part of the tree to commit.
#[derive(Debug)]
pub struct Part<'a> {
    pub changes: &'a [Change],
    pub message: &'a str,
    pub rules: CommitRules,
}

/// Commits these changes as they are in the working tree onto HEAD, in the user's name; without any it is an empty
/// commit. Gives the commit, which is on disk then.
///
/// # Errors
/// When git or a hook refuses, as in the middle of a merge.
pub fn commit(top: &Path, part: &Part<'_>) -> Result<String, GitError> {
    let git = Git::at(top).env("GIT_LITERAL_PATHSPECS", "1");
    let names = |wanted: &dyn Fn(&Change) -> bool| -> Vec<u8> {
        let mut bytes = Vec::new();
        for change in part.changes.iter().filter(|change| wanted(change)) {
            bytes.extend_from_slice(change.path.as_bytes());
            bytes.push(0);
        }
        bytes
    };
    let listed = ["--pathspec-from-file=-", "--pathspec-file-nul"];
    // A name that git has not heard of is no part of a commit.
    let new = names(&|change| change.what == What::Added);
    if !new.is_empty() {
        git.run_with(&[&["add"], &listed[..]].concat(), &new)?;
    }
    let git = match part.rules.hooks {
        true => git.with_hooks(),
        false => git,
    };
    let mut args = vec![
        "commit",
        "--quiet",
        "--only",
        "--allow-empty",
        "--cleanup=verbatim",
        if part.rules.sign {
            "--gpg-sign"
        } else {
            "--no-gpg-sign"
        },
        "-m",
        part.message,
    ];
    let all = names(&|_| true);
    if !all.is_empty() {
        args.extend(listed);
    }
    git.run_with(&args, &all)?;
    let repository = Repository::at(top)?;
    lock::sync(&repository.common)?;
    match repository.head.commit() {
        Some(commit) => Ok(commit.to_owned()),
        None => Err(GitError::Unreadable {
            command: "git commit".to_owned(),
            answer: "HEAD has no commit afterwards".to_owned(),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn a_part_is_committed_and_the_rest_stays_as_it_is() {
        let sample = Sample::new();
        for name in ["kept.txt", "gone.txt", "[x].txt", "staged.txt"] {
            sample.commit(name, "1");
        }
        let root = sample.root();
        let put = |name: &str, text: &str| std::fs::write(root.join(name), text).unwrap();
        put("kept.txt", "2");
        put("staged.txt", "2");
        sample.git(&["add", "staged.txt"]);
        put("[x].txt", "2");
        put("x.txt", "a name that the pattern would match");
        put("new.txt", "1");
        std::fs::remove_file(root.join("gone.txt")).unwrap();
        let own = root.join("own");
        std::fs::create_dir(&own).unwrap();
        sample.git(&["init", "-q", own.to_str().unwrap()]);
        let found = uncommitted(&root).unwrap();
        let told: Vec<(&str, What)> = found.iter().map(|c| (c.path.as_str(), c.what)).collect();
        assert_eq!(
            told,
            [
                ("[x].txt", What::Changed),
                ("gone.txt", What::Deleted),
                ("kept.txt", What::Changed),
                ("new.txt", What::Added),
                ("own", What::Repository),
                ("staged.txt", What::Changed),
                ("x.txt", What::Added),
            ]
        );
        let wanted: Vec<Change> = found
            .into_iter()
            .filter(|c| ["[x].txt", "gone.txt", "new.txt"].contains(&c.path.as_str()))
            .collect();
        let made = commit(
            &root,
            &Part {
                changes: &wanted,
                message: "Some\n\nRunr-Task: x\n",
                rules: CommitRules::default(),
            },
        )
        .unwrap();
        assert_eq!(sample.git(&["rev-parse", "HEAD"]), made);
        let changed = sample.git(&["show", "--format=", "--name-only", "--no-renames", "HEAD"]);
        assert_eq!(changed, "[x].txt\ngone.txt\nnew.txt");
        let left = sample.git(&["status", "--porcelain"]);
        let left: Vec<&str> = left.lines().map(str::trim).collect();
        assert_eq!(
            left,
            ["M kept.txt", "M  staged.txt", "?? own/", "?? x.txt"],
            "the index too"
        );
    }

    #[test]
    fn nothing_to_commit_is_an_empty_commit() {
        let sample = Sample::new();
        let before = sample.commit("a.txt", "1");
        let part = Part {
            changes: &[],
            message: "Nothing\n",
            rules: CommitRules::default(),
        };
        let made = commit(&sample.root(), &part).unwrap();
        assert_ne!(made, before);
        assert_eq!(sample.git(&["diff", "--name-only", &before, &made]), "");
    }
}
