//! Which paths commits changed.
//!
//! Knows paths from the project's root; what is outside of it is left out.

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
