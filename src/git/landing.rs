//! Brings an orchestration's branch onto the user's: only a fast-forward, and only over nothing of theirs.
//!
//! The one place that moves a branch of the user's or writes into their working tree.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use crate::git::{Git, GitError, checkpoint, lock, refs, repository};

/// What to land where. Branches without `refs/heads/`.
#[derive(Debug)]
pub struct Flight<'a> {
    pub common: &'a Path,
    pub branch: &'a str,
    pub onto: &'a str,
    /// Held meanwhile, so that two of runr's own do not land at once.
    pub lock: &'a Path,
}

/// What became of a landing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Landing {
    /// The user's branch had everything already.
    Nothing,
    Landed {
        commits: u32,
        /// The branch was made.
        new: Made,
    },
    /// The user's branch has commits of its own.
    Diverged,
    /// These files are modified, staged or untracked where the branch is checked out.
    Dirty { files: Vec<String>, tree: PathBuf },
    /// The working tree that has the branch checked out is in the middle of something.
    Refused { said: String },
}

/// Is the branch new?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Made {
    New,
    Advanced,
}

/// Lands, if that is possible without asking anybody.
///
/// # Errors
/// When git cannot be asked. What speaks against landing is no error.
pub fn land(flight: &Flight<'_>) -> Result<Landing, GitError> {
    let git = Git::of(flight.common);
    let Some(to) = repository::tip(&git, flight.branch)? else {
        return Ok(Landing::Nothing);
    };
    let _lock = lock::take(flight.lock)?;
    let onto = format!("refs/heads/{}", flight.onto);
    let Some(from) = repository::tip(&git, flight.onto)? else {
        let commits = count(&git, &to, None)?;
        // Nothing but "it must not be there yet" as the old value.
        refs::update(&git, flight.common, &format!("create {onto} {to}\n"))?;
        lock::sync(flight.common)?;
        return Ok(Landing::Landed {
            commits,
            new: Made::New,
        });
    };
    if repository::contains(&git, &from, &to)? {
        return Ok(Landing::Nothing);
    }
    if !repository::contains(&git, &to, &from)? {
        return Ok(Landing::Diverged);
    }
    let commits = count(&git, &to, Some(&from))?;
    match checked_out(&git, &onto)? {
        None => {
            refs::update(&git, flight.common, &format!("update {onto} {to} {from}\n"))?;
        }
        Some(tree) => {
            let changed = checkpoint::changes(&git, &from, &to)?;
            let changed: Vec<String> = changed.into_iter().map(|change| change.path).collect();
            let files = in_the_way(&tree, &changed)?;
            if !files.is_empty() {
                return Ok(Landing::Dirty { files, tree });
            }
            let answer = Git::at(&tree).ask(&[
                "merge",
                "--ff-only",
                "--quiet",
                "--no-stat",
                "--no-autostash",
                "--no-verify-signatures",
                &to,
            ])?;
            if answer.code != Some(0) {
                let said = match answer.code {
                    Some(_) => answer.said,
                    None => "git was killed meanwhile; look with `git status`".to_owned(),
                };
                return Ok(Landing::Refused { said });
            }
        }
    }
    lock::sync(flight.common)?;
    Ok(Landing::Landed {
        commits,
        new: Made::Advanced,
    })
}

fn count(git: &Git, to: &str, from: Option<&str>) -> Result<u32, GitError> {
    let not = from.map(|from| format!("^{from}"));
    let mut args = vec!["rev-list", "--count", to];
    args.extend(not.as_deref());
    let text = git.run(&args)?.text()?;
    text.parse().map_err(|_| GitError::Unreadable {
        command: "git rev-list --count".to_owned(),
        answer: text,
    })
}

/// The working tree that has a branch checked out.
fn checked_out(git: &Git, branch: &str) -> Result<Option<PathBuf>, GitError> {
    let answer = git.run(&["worktree", "list", "--porcelain", "-z"])?;
    let text = String::from_utf8_lossy(&answer.out).into_owned();
    // An empty field ends the fields of one working tree.
    let found = text.split("\0\0").find_map(|entry| {
        let mut fields = entry.split('\0');
        let tree = fields.find_map(|field| field.strip_prefix("worktree "))?;
        let mut rest = entry.split('\0');
        let bare = entry.split('\0').any(|field| field == "bare");
        rest.any(|field| field.strip_prefix("branch ") == Some(branch))
            .then(|| PathBuf::from(tree))
            .filter(|_| !bare)
    });
    Ok(found)
}

/// Those of the changed files that are modified, staged or untracked (ignored ones too: they would be
/// overwritten just the same), or stand where a folder has to be, or hold such.
fn in_the_way(tree: &Path, changed: &[String]) -> Result<Vec<String>, GitError> {
    let answer = Git::at(tree).run(&[
        "status",
        "--porcelain",
        "-z",
        "--untracked-files=all",
        "--ignored=matching",
        "--no-renames",
    ])?;
    let theirs: BTreeSet<String> = answer
        .records()
        .filter_map(|record| {
            record
                .get(3..)
                .map(|path| path.trim_end_matches('/').to_owned())
        })
        .collect();
    let changed: BTreeSet<&str> = changed.iter().map(String::as_str).collect();
    let above = |path: &str, other: &str| {
        other
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    Ok(theirs
        .into_iter()
        .filter(|own| {
            changed
                .iter()
                .any(|path| above(own, path) && !is_folder(tree, own, path) || above(path, own))
        })
        .collect())
}

/// An ignored folder in which a changed path lies is in the way only if that path is there.
fn is_folder(tree: &Path, own: &str, path: &str) -> bool {
    own != path && tree.join(own).is_dir() && tree.join(path).symlink_metadata().is_err()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    /// `main` at its first commit and checked out; `runr/x` one ahead, with `new/b.txt` and a new `a.txt`.
    fn sample() -> (Sample, PathBuf) {
        let sample = Sample::new();
        sample.write("kept.txt", "1");
        sample.commit("a.txt", "1");
        sample.git(&["checkout", "-q", "-b", "runr/x"]);
        sample.write("new/b.txt", "1");
        sample.commit("a.txt", "2");
        sample.git(&["checkout", "-q", "main"]);
        let lock = sample.outside().join("lock");
        (sample, lock)
    }

    fn go(sample: &Sample, lock: &Path, onto: &str) -> Landing {
        land(&Flight {
            common: &sample.root().join(".git"),
            branch: "runr/x",
            onto,
            lock,
        })
        .unwrap()
    }

    #[test]
    fn a_fast_forward_over_nothing_of_the_users_lands() {
        let (sample, lock) = sample();
        sample.write("kept.txt", "theirs");
        sample.write("unrelated.txt", "theirs");
        sample.git(&["add", "unrelated.txt"]);
        let landed = Landing::Landed {
            commits: 1,
            new: Made::Advanced,
        };
        assert_eq!(go(&sample, &lock, "main"), landed);
        assert_eq!(
            sample.git(&["rev-parse", "main"]),
            sample.git(&["rev-parse", "runr/x"])
        );
        assert_eq!(
            sample.git(&["status", "--porcelain"]),
            " M kept.txt\nA  unrelated.txt"
        );
        assert_eq!(go(&sample, &lock, "main"), Landing::Nothing);
    }

    #[test]
    fn what_is_theirs_is_in_the_way() {
        for (path, text, stage, expected) in [
            ("a.txt", "theirs", false, "a.txt"),
            ("a.txt", "theirs", true, "a.txt"),
            ("new/b.txt", "theirs", false, "new/b.txt"),
            ("new", "a file", false, "new"),
            ("new/b.txt/c.txt", "theirs", false, "new/b.txt/c.txt"),
        ] {
            let (sample, lock) = sample();
            sample.write(path, text);
            if stage {
                sample.git(&["add", "-A"]);
            }
            let before = sample.git(&["rev-parse", "main"]);
            let landing = go(&sample, &lock, "main");
            assert!(
                matches!(&landing, Landing::Dirty { files, .. } if files == &[expected]),
                "{path}: {landing:?}"
            );
            assert_eq!(sample.git(&["rev-parse", "main"]), before);
        }
    }

    #[test]
    fn an_ignored_file_is_not_overwritten() {
        let (sample, lock) = sample();
        sample.write(".git/info/exclude", "new/\n");
        sample.write("new/other.txt", "theirs");
        assert!(matches!(go(&sample, &lock, "main"), Landing::Landed { .. }));
        let (sample, lock) = self::sample();
        sample.write(".git/info/exclude", "new/\n");
        sample.write("new/b.txt", "theirs");
        let landing = go(&sample, &lock, "main");
        assert!(matches!(landing, Landing::Dirty { .. }), "{landing:?}");
        assert_eq!(
            std::fs::read_to_string(sample.root().join("new/b.txt")).unwrap(),
            "theirs"
        );
    }

    #[test]
    fn other_branches_are_moved_or_made() {
        let (sample, lock) = sample();
        sample.git(&["branch", "release"]);
        assert!(matches!(
            go(&sample, &lock, "release"),
            Landing::Landed {
                commits: 1,
                new: Made::Advanced
            }
        ));
        assert!(matches!(
            go(&sample, &lock, "fresh"),
            Landing::Landed {
                commits: 2,
                new: Made::New
            }
        ));
        assert_eq!(
            sample.git(&["rev-parse", "fresh"]),
            sample.git(&["rev-parse", "runr/x"])
        );
        sample.commit("c.txt", "theirs");
        assert_eq!(go(&sample, &lock, "main"), Landing::Diverged);
    }
}
