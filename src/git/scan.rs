//! Reads the log, once and then only what is new.
//!
//! One git process reads all messages. Its cost is that of `git log`: most messages are passed over after one look
//! at each line. The tips known before are read again and their parents left out, so that a tip that is not there
//! shows that history was rewritten, and everything is read anew.

use std::collections::HashSet;
use std::path::Path;

use crate::git::history::{History, Record, Scan};
use crate::git::log::{self, Header, Paths, Piece};
use crate::git::reading::each_piece;
use crate::git::trailers;
use crate::git::walk::Walk;
use crate::git::{Git, GitError};

/// What is read.
#[derive(Debug, Clone, Copy)]
pub struct Wanted<'a> {
    pub root: &'a Path,
    /// Branches beside HEAD and those of all orchestrations: short or full names; those that are not there are
    /// passed over. Branches of single runs hold unfinished work and are not read.
    pub landing: &'a [String],
    /// What is told of a history that is read as a whole.
    pub paths: &'a Paths,
}

/// What one reading found, beside what the history remembers.
#[derive(Debug)]
pub struct Update {
    pub changed: Changed,
    /// `None` before the first commit, and where no paths are wanted.
    pub head: Option<String>,
    /// All commits, if everything was read and paths are wanted.
    pub whole: Option<Walk>,
}

/// Is there anything to keep?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Yes,
    No,
}

/// Brings a history up to date.
///
/// # Errors
/// When git cannot tell.
pub fn update(wanted: Wanted<'_>, history: &mut History) -> Result<Update, GitError> {
    let mut read = Read::new(wanted, history.tips())?;
    let same = read.scan.tips.len() == history.tips().len() && {
        let mut tips = read.scan.tips.clone();
        tips.sort();
        tips == history.tips()
    };
    if !same && !history.advance(std::mem::take(&mut read.scan)) {
        history.restart();
        read = Read::new(wanted, &[])?;
        // With no tips before there is nothing to miss.
        let _taken = history.advance(std::mem::take(&mut read.scan));
    }
    let merges = history.unknown_merges();
    let changed = if same && merges.is_empty() {
        Changed::No
    } else {
        Changed::Yes
    };
    for (merge, kept) in merges {
        let brought = brought(wanted.root, &merge, &kept)?;
        history.learn_merge(&merge, &kept, &brought);
    }
    let head = match read.head {
        _ if *wanted.paths == Paths::None => None,
        // It was left out, being an ancestor of a tip that is known; or it is not there.
        None => head(wanted.root)?,
        head => head,
    };
    Ok(Update {
        changed,
        head,
        whole: read.walk,
    })
}

/// One reading of the log.
struct Read {
    scan: Scan,
    head: Option<String>,
    walk: Option<Walk>,
}

impl Read {
    fn new(wanted: Wanted<'_>, known: &[String]) -> Result<Self, GitError> {
        let mut what = vec!["HEAD".to_owned()];
        what.extend(wanted.landing.iter().filter(|name| is_plain(name)).cloned());
        what.push("--glob=refs/heads/runr/orch-*".to_owned());
        if !known.is_empty() {
            what.push("--not".to_owned());
            what.extend(known.iter().map(|tip| format!("{tip}^@")));
        }
        let whole = known.is_empty() && *wanted.paths != Paths::None;
        let mut walk = whole.then(Walk::default);
        let mut reader = LogReader::new(known);
        let paths = if whole { wanted.paths } else { &Paths::None };
        log::each(wanted.root, &what, paths, |piece| {
            if let Some(walk) = &mut walk {
                walk.take(&piece);
            }
            if let Piece::Commit(header) = &piece {
                reader.take(header);
            }
        })?;
        let (scan, head) = reader.done();
        Ok(Self { scan, head, walk })
    }
}

fn head(root: &Path) -> Result<Option<String>, GitError> {
    let answer = Git::at(root).ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    match answer.code {
        Some(0) => answer.object().map(Some),
        _ => Ok(None),
    }
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
    /// The first that was reached by the name of HEAD, which was the first name.
    head: Option<String>,
}

impl<'a> LogReader<'a> {
    fn new(known: &'a [String]) -> Self {
        Self {
            scan: Scan::default(),
            known: known.iter().map(String::as_str).collect(),
            awaited: HashSet::new(),
            tips: HashSet::new(),
            head: None,
        }
    }

    fn take(&mut self, header: &Header<'_>) {
        let commit = header.commit;
        if self.head.is_none() && header.source == "HEAD" {
            self.head = Some(commit.to_owned());
        }
        if !self.awaited.remove(commit) {
            self.tips.insert(commit.to_owned());
        }
        for parent in header.parents() {
            // The clock may have put a parent before its child.
            self.tips.remove(parent);
            self.awaited.insert(parent.to_owned());
        }
        if self.known.contains(commit) {
            self.scan.seen.insert(commit.to_owned());
        }
        if !may_speak(header.message) {
            return;
        }
        let sections = trailers::read(&String::from_utf8_lossy(header.message));
        if !sections.is_empty() {
            self.scan.records.push(Record {
                commit: commit.to_owned(),
                at: header.at,
                sections,
            });
        }
    }

    fn done(mut self) -> (Scan, Option<String>) {
        self.scan.tips = self.tips.into_iter().collect();
        self.scan.tips.sort();
        (self.scan, self.head)
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
                let (commit, parents) = names.split_once(' ').unwrap_or((names, ""));
                reader.take(&Header::new(commit, parents, "m"));
            }
            let (scan, _) = reader.done();
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
