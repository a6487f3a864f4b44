//! Which paths commits changed.
//!
//! Knows paths from the project's root; what is outside of it is left out.

use std::collections::{HashMap, HashSet};
use std::path::Path;

use crate::git::GitError;
use crate::git::reading::each_piece;

/// One commit and what it changed.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Change {
    pub commit: String,
    pub parents: Vec<String>,
    pub subject: String,
    /// From the project's root, with `/`.
    pub paths: Vec<String>,
}

/// What single commits changed against their first parents.
///
/// # Errors
/// When git cannot tell.
pub fn of_commits(root: &Path, commits: &[String]) -> Result<Vec<Change>, GitError> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let mut args = vec![
        "--no-walk=unsorted",
        "--ignore-missing",
        "--diff-merges=first-parent",
    ];
    args.extend(commits.iter().map(String::as_str));
    log(root, &args)
}

/// The commits that HEAD has since the last common ancestor of it and all of these. A merge has no paths: what it
/// brings is in the commits that it merges. The newest first.
///
/// # Errors
/// When git cannot tell.
pub fn since(root: &Path, commits: &[String]) -> Result<Vec<Change>, GitError> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let mut args = vec!["merge-base", "--octopus", "HEAD"];
    args.extend(commits.iter().map(String::as_str));
    let mut base = String::new();
    let found = each_piece(root, &args, |piece| {
        base = String::from_utf8_lossy(piece).trim().to_owned();
    });
    let not = match found {
        Ok(()) if !base.is_empty() => Some(format!("^{base}")),
        // No common ancestor: everything is later than something.
        Ok(()) | Err(GitError::Failed { .. }) => None,
        Err(error) => return Err(error),
    };
    let mut args = vec!["--diff-merges=off", "HEAD"];
    args.extend(not.as_deref());
    log(root, &args)
}

fn log(root: &Path, what: &[&str]) -> Result<Vec<Change>, GitError> {
    let mut args = vec![
        "log",
        "-z",
        "--no-decorate",
        "--no-color",
        "--no-mailmap",
        "--encoding=UTF-8",
        "--name-only",
        "--no-renames",
        "--no-ext-diff",
        "--relative",
        "--format=%x01%H %P%n%s",
    ];
    args.extend(what);
    args.push("--");
    let mut changes: Vec<Change> = Vec::new();
    each_piece(root, &args, |piece| {
        // Between a header and its first path git puts a newline.
        let piece = piece.strip_prefix(b"\n").unwrap_or(piece);
        if let Some(header) = piece.strip_prefix(b"\x01") {
            changes.push(change(&String::from_utf8_lossy(header)));
        } else if let (Some(last), false) = (changes.last_mut(), piece.is_empty()) {
            last.paths.push(String::from_utf8_lossy(piece).into_owned());
        }
    })?;
    Ok(changes)
}

fn change(header: &str) -> Change {
    let (names, subject) = header.split_once('\n').unwrap_or((header, ""));
    let mut names = names.split_ascii_whitespace().map(str::to_owned);
    Change {
        commit: names.next().unwrap_or_default(),
        parents: names.collect(),
        subject: subject.trim().to_owned(),
        paths: Vec::new(),
    }
}

/// Of `changes`, those that are no ancestors of `commit` and not the commit itself, in their order. `changes` reaches
/// back to an ancestor of `commit`.
#[must_use]
pub fn later<'a>(changes: &'a [Change], commit: &str) -> Vec<&'a Change> {
    let by_name: HashMap<&str, &Change> = changes
        .iter()
        .map(|change| (change.commit.as_str(), change))
        .collect();
    let mut earlier = HashSet::from([commit]);
    let mut stack = vec![commit];
    while let Some(name) = stack.pop() {
        for parent in by_name.get(name).into_iter().flat_map(|c| &c.parents) {
            if earlier.insert(parent) {
                stack.push(parent);
            }
        }
    }
    changes
        .iter()
        .filter(|change| !earlier.contains(change.commit.as_str()))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn later_means_not_an_ancestor() {
        let changes: Vec<Change> = ["e d", "d b", "c b", "b a"]
            .map(|header| change(&format!("{header}\nx")))
            .into();
        for (commit, expected) in [
            ("b", vec!["e", "d", "c"]),
            ("d", vec!["e", "c"]),
            ("e", vec!["c"]),
            ("z", vec!["e", "d", "c", "b"]),
        ] {
            let found: Vec<&str> = later(&changes, commit)
                .iter()
                .map(|change| change.commit.as_str())
                .collect();
            assert_eq!(found, expected, "after {commit}");
        }
    }
}
