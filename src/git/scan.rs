//! Reads the log, once and then only what is new.
//!
//! One git process reads all messages. Its cost is that of `git log`: most messages are passed over after one look
//! at each line. The tips known before are read again and their parents left out, so that a tip that is not there
//! shows that history was rewritten, and everything is read anew.

use std::collections::HashSet;
use std::path::Path;

use crate::git::GitError;
use crate::git::history::{History, Record, Scan};
use crate::git::reading::each_piece;
use crate::git::trailers;

/// Brings a history up to date with HEAD, the landing branches (short or full names; those that are not there are
/// passed over) and the branches of all orchestrations. Branches of single runs hold unfinished work and are not
/// read. `true`: something changed.
///
/// # Errors
/// When git cannot tell.
pub fn update(root: &Path, landing: &[String], history: &mut History) -> Result<Changed, GitError> {
    let scan = read(root, landing, history.tips())?;
    let same = scan.tips.len() == history.tips().len() && {
        let mut tips = scan.tips.clone();
        tips.sort();
        tips == history.tips()
    };
    if !same && !history.advance(scan) {
        history.restart();
        let scan = read(root, landing, &[])?;
        // With no tips before there is nothing to miss.
        let _taken = history.advance(scan);
    }
    let merges = history.unknown_merges();
    let changed = if same && merges.is_empty() {
        Changed::No
    } else {
        Changed::Yes
    };
    for (merge, kept) in merges {
        let brought = brought(root, &merge, &kept)?;
        history.learn_merge(&merge, &kept, &brought);
    }
    Ok(changed)
}

/// Is there anything to keep?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Yes,
    No,
}

fn read(root: &Path, landing: &[String], known: &[String]) -> Result<Scan, GitError> {
    let mut args: Vec<String> = [
        "log",
        "-z",
        "--no-decorate",
        "--no-color",
        "--no-mailmap",
        "--no-patch",
        "--encoding=UTF-8",
        "--ignore-missing",
        "--format=%H %P%n%ct%n%B",
        "HEAD",
    ]
    .map(str::to_owned)
    .into();
    args.extend(landing.iter().filter(|name| is_plain(name)).cloned());
    args.push("--glob=refs/heads/runr/orch-*".to_owned());
    if !known.is_empty() {
        args.push("--not".to_owned());
        args.extend(known.iter().map(|tip| format!("{tip}^@")));
    }
    args.push("--".to_owned());
    let mut reader = LogReader::new(known);
    each_piece(root, &args, |piece| reader.take(piece))?;
    Ok(reader.done())
}

/// Not an option and not an expression.
fn is_plain(name: &str) -> bool {
    !name.is_empty()
        && !name.starts_with('-')
        && !name.contains(|c: char| c.is_whitespace() || "^:~?*[\\".contains(c))
        && !name.contains("..")
        && !name.contains("@{")
}

/// Takes in the log piece by piece.
struct LogReader<'a> {
    scan: Scan,
    known: HashSet<&'a str>,
    /// Parents that have not been read themselves yet.
    awaited: HashSet<String>,
    /// Read before any child of theirs.
    tips: HashSet<String>,
}

impl<'a> LogReader<'a> {
    fn new(known: &'a [String]) -> Self {
        Self {
            scan: Scan::default(),
            known: known.iter().map(String::as_str).collect(),
            awaited: HashSet::new(),
            tips: HashSet::new(),
        }
    }

    /// `COMMIT PARENT…`, the time, the message.
    fn take(&mut self, piece: &[u8]) {
        let mut lines = piece.splitn(3, |byte| *byte == b'\n');
        let (Some(names), Some(time)) = (lines.next(), lines.next()) else {
            return;
        };
        let message = lines.next().unwrap_or_default();
        let (Ok(names), Ok(time)) = (std::str::from_utf8(names), std::str::from_utf8(time)) else {
            return;
        };
        let mut names = names.split_ascii_whitespace();
        let Some(commit) = names.next() else {
            return;
        };
        if !self.awaited.remove(commit) {
            self.tips.insert(commit.to_owned());
        }
        for parent in names {
            // The clock may have put a parent before its child.
            self.tips.remove(parent);
            self.awaited.insert(parent.to_owned());
        }
        if self.known.contains(commit) {
            self.scan.seen.insert(commit.to_owned());
        }
        if !may_speak(message) {
            return;
        }
        let sections = trailers::read(&String::from_utf8_lossy(message));
        if !sections.is_empty() {
            self.scan.records.push(Record {
                commit: commit.to_owned(),
                at: time.trim().parse().unwrap_or(0),
                sections,
            });
        }
    }

    fn done(mut self) -> Scan {
        self.scan.tips = self.tips.into_iter().collect();
        self.scan.tips.sort();
        self.scan
    }
}

/// A quick look: does any line begin as those that matter do?
fn may_speak(message: &[u8]) -> bool {
    message.split(|byte| *byte == b'\n').any(|line| {
        let start = line
            .iter()
            .position(|byte| !byte.is_ascii_whitespace() && byte.is_ascii())
            .unwrap_or(0);
        let line = &line[start..];
        line.get(..5)
            .is_some_and(|head| head.eq_ignore_ascii_case(b"runr-"))
            || line.starts_with(b"This reverts commit ")
    })
}

/// The commits that a merge added to one of its parents.
fn brought(root: &Path, merge: &str, kept: &str) -> Result<HashSet<String>, GitError> {
    let mut brought = HashSet::new();
    let not = format!("^{kept}");
    // `log`, for `rev-list` ends its lines with newlines only.
    let args = [
        "log",
        "-z",
        "--format=%H",
        "--ignore-missing",
        merge,
        &not,
        "--",
    ];
    each_piece(root, &args, |piece| {
        brought.insert(String::from_utf8_lossy(piece).into_owned());
    })?;
    Ok(brought)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tips_are_commits_without_a_child_whatever_the_order() {
        for order in [["d b", "c b", "b a", "a"], ["b a", "d b", "a", "c b"]] {
            let known = ["b".to_owned(), "x".to_owned()];
            let mut reader = LogReader::new(&known);
            for names in order {
                reader.take(format!("{names}\n1\nm").as_bytes());
            }
            let scan = reader.done();
            assert_eq!(scan.tips, ["c", "d"], "{order:?}");
            assert_eq!(scan.seen, ["b".to_owned()].into());
        }
    }

    #[test]
    fn the_quick_look_misses_nothing() {
        for (line, speaks) in [
            ("Runr-Task: a.md", true),
            ("    runr-Run-Id: x", true),
            ("\u{a0}Runr-Task: a.md", true),
            (" This reverts commit x", true),
            ("a Runr-Task: a.md", false),
            ("", false),
        ] {
            assert_eq!(
                may_speak(format!("x\n{line}\ny").as_bytes()),
                speaks,
                "{line:?}"
            );
        }
    }

    #[test]
    fn names_of_branches_are_no_options_and_no_expressions() {
        for (name, plain) in [
            ("main", true),
            ("refs/heads/a-b", true),
            ("--all", false),
            ("a..b", false),
            ("main^@", false),
            ("", false),
        ] {
            assert_eq!(is_plain(name), plain, "{name}");
        }
    }
}
