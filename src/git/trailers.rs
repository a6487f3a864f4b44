//! What runr writes into commit messages, and what messages say about tasks.
//!
//! Knows text only. Whether a commit counts, and which of several does, is decided elsewhere.
//!
//! Whole messages are read, not only trailers: `git merge --squash` indents the messages that it puts
//! together, and git's own trailer parser then finds none. A line that is not understood is passed over:
//! anybody may write anything into a commit.

use std::fmt::Write as _;

use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, Remark, RunId, Settled, TaskId};

const TASKS: &str = ".runr/tasks/";
/// Of a note in a message, in characters.
const NOTE: usize = 500;
const REVERT: &str = "This reverts commit ";

/// What a checkpoint's message says below its title.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trailers<'a> {
    /// The project's folder from the top of the repository, with `/` between and none at the ends; empty:
    /// the top itself. Two projects in one repository may have tasks of the same name.
    pub folder: &'a str,
    pub task: &'a TaskId,
    pub run: &'a RunId,
    pub fingerprint: Fingerprint,
    pub worker: &'a str,
    /// `tier1 cargo test`; `None`: nothing was verified.
    pub verified: Option<&'a str>,
}

impl Trailers<'_> {
    /// The block, each line ended.
    #[must_use]
    pub fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |key: &str, value: &str| {
            let _ = writeln!(text, "Runr-{key}: {}", one_line(value));
        };
        line("Task", &task_path(self.folder, self.task));
        line("Run-Id", self.run.as_str());
        line("Fingerprint", &self.fingerprint.to_string());
        line("Worker", self.worker);
        if let Some(verified) = self.verified {
            line("Verified", verified);
        }
        text
    }
}

/// The same for a task that a person has done: there was no run.
#[derive(Debug)]
pub struct ByHand<'a> {
    pub folder: &'a str,
    pub task: &'a TaskId,
    pub fingerprint: Fingerprint,
    /// `tier1 cargo test`; `None`: nothing was verified.
    pub verified: Option<&'a str>,
    pub said: &'a Remark,
}

impl ByHand<'_> {
    /// The block, each line ended.
    #[must_use]
    pub fn text(&self) -> String {
        let task = one_line(&task_path(self.folder, self.task));
        let mut text = format!(
            "Runr-Task: {task}\nRunr-Fingerprint: {}\n",
            self.fingerprint
        );
        if let Some(verified) = self.verified {
            let _ = writeln!(text, "Runr-Verified: {}", one_line(verified));
        }
        text.push_str(&remarks(std::slice::from_ref(self.said)));
        text
    }
}

/// What people said, for the end of a message: who and why. None of it makes a task completed.
#[must_use]
pub fn remarks(all: &[Remark]) -> String {
    let mut text = String::new();
    for remark in all {
        let key = match remark.settled {
            Settled::Approved => "Approved",
            Settled::Completed => "Completed",
            Settled::Rejected => "Rejected",
            Settled::Reset => "Reset",
        };
        let _ = writeln!(text, "Runr-{key}-By: {}", one_line(&remark.by));
        if let Some(note) = &remark.note {
            let _ = writeln!(text, "Runr-Note: {}", cut(&one_line(note)));
        }
    }
    text
}

/// A note is a line of a message, not a page.
fn cut(note: &str) -> String {
    match note.char_indices().nth(NOTE) {
        Some((end, _)) => format!("{}…", &note[..end]),
        None => note.to_owned(),
    }
}

/// The path of a task as `Runr-Task` names it, from the top of the repository.
#[must_use]
pub fn task_path(folder: &str, task: &TaskId) -> String {
    if folder.is_empty() {
        task.status_key()
    } else {
        format!("{folder}/{}", task.status_key())
    }
}

/// A value may not begin a line of its own.
fn one_line(value: &str) -> String {
    let words: Vec<&str> = value
        .split(|c: char| c.is_control())
        .map(str::trim)
        .filter(|part| !part.is_empty())
        .collect();
    words.join(" ")
}

/// A worker's text without any line that [`read`] would take for one of runr's.
#[must_use]
pub fn strip(text: &str) -> String {
    text.split_inclusive('\n')
        .filter(|line| {
            !line
                .split(['\r', '\u{b}', '\u{c}'])
                .any(|part| key_and_value(part).is_some())
        })
        .collect()
}

/// What one group of lines says: a `Runr-Task` line and those that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// As in [`Trailers::folder`].
    pub folder: String,
    pub task: TaskId,
    pub run: Option<RunId>,
    pub fingerprint: Option<Fingerprint>,
    pub worker: Option<String>,
    pub verified: Option<String>,
}

/// What one message says, or one of those that `git merge --squash` put together.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(default)]
pub struct Section {
    /// The squashed commit, in full; `None`: the message's own part.
    pub squashed: Option<String>,
    pub groups: Vec<Group>,
    /// Runs that are named outside any group.
    pub runs: Vec<RunId>,
    /// What it says it reverts.
    pub reverts: Vec<Reverted>,
}

/// A commit that a message says it reverts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reverted {
    /// In full or abbreviated.
    pub commit: String,
    /// Of a merge, the parent that was kept: everything that the merge brought beside it is undone.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kept: Option<String>,
}

impl Section {
    fn is_silent(&self) -> bool {
        self.groups.is_empty() && self.runs.is_empty() && self.reverts.is_empty()
    }
}

/// Reads a whole message. Sections that say nothing about tasks are left out, in order of the text.
#[must_use]
pub fn read(message: &str) -> Vec<Section> {
    let mut sections = Vec::new();
    let mut section = Section::default();
    // The lines that follow a `Runr-Task` which names no task belong to nothing.
    let mut lost = false;
    for line in message.lines() {
        if let Some(commit) = line.strip_prefix("commit ").and_then(full_name) {
            let next = Section {
                squashed: Some(commit.to_owned()),
                ..Section::default()
            };
            sections.push(std::mem::replace(&mut section, next));
            lost = false;
        } else if let Some(commit) = reverted(line) {
            section.reverts.push(Reverted {
                commit: commit.to_owned(),
                kept: None,
            });
        } else if let (Some(kept), Some(last)) = (kept_parent(line), section.reverts.last_mut()) {
            last.kept = last.kept.take().or(Some(kept.to_owned()));
        } else if let Some((key, value)) = key_and_value(line) {
            if key.eq_ignore_ascii_case("task") {
                let group = task(value);
                lost = group.is_none();
                section.groups.extend(group);
            } else if !lost {
                section.take(key, value);
            }
        }
    }
    sections.push(section);
    sections.retain(|section| !section.is_silent());
    sections
}

impl Section {
    fn take(&mut self, key: &str, value: &str) {
        let group = self.groups.last_mut();
        if key.eq_ignore_ascii_case("run-id") {
            let Ok(run) = RunId::parse(value) else {
                return;
            };
            match group {
                Some(group) if group.run.is_none() => group.run = Some(run),
                // A second one is of another commit, squashed into this one.
                _ => self.runs.push(run),
            }
        } else if let Some(group) = group {
            let text = || (!value.is_empty()).then(|| value.to_owned());
            if key.eq_ignore_ascii_case("fingerprint") {
                group.fingerprint = group.fingerprint.or_else(|| Fingerprint::parse(value));
            } else if key.eq_ignore_ascii_case("worker") {
                group.worker = group.worker.take().or_else(text);
            } else if key.eq_ignore_ascii_case("verified") {
                group.verified = group.verified.take().or_else(text);
            }
        }
    }
}

/// `Task` and the value of `  Runr-Task: value`.
fn key_and_value(line: &str) -> Option<(&str, &str)> {
    let line = line.trim_start();
    let (name, value) = line.split_once(':')?;
    let (prefix, key) = name.split_at_checked(5)?;
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let key = key.trim_end();
    (prefix.eq_ignore_ascii_case("runr-") && !key.is_empty() && key.chars().all(is_word))
        .then(|| (key, value.trim()))
}

fn task(value: &str) -> Option<Group> {
    let (folder, name) = match value.split_once(TASKS) {
        Some((folder, name)) => (folder, name),
        None => ("", value),
    };
    let folder = match folder.strip_suffix('/') {
        Some(folder) if TaskId::parse(folder).is_ok() => folder,
        None if folder.is_empty() => folder,
        _ => return None,
    };
    Some(Group {
        folder: folder.to_owned(),
        task: TaskId::parse(name).ok()?,
        run: None,
        fingerprint: None,
        worker: None,
        verified: None,
    })
}

fn reverted(line: &str) -> Option<&str> {
    let rest = line.trim_start().strip_prefix(REVERT)?;
    let end = rest.bytes().position(|b| !is_hex(b)).unwrap_or(rest.len());
    let after = rest[end..].chars().next();
    let ends = after.is_none_or(|c| matches!(c, '.' | ',' | ' ' | '\r'));
    ((7..=64).contains(&end) && ends).then(|| &rest[..end])
}

/// The second line of what git says about a reverted merge.
fn kept_parent(line: &str) -> Option<&str> {
    full_name(
        line.trim()
            .strip_prefix("changes made to ")?
            .trim_end_matches('.'),
    )
}

fn full_name(text: &str) -> Option<&str> {
    let text = text.trim_end();
    (matches!(text.len(), 40 | 64) && text.bytes().all(is_hex)).then_some(text)
}

fn is_hex(byte: u8) -> bool {
    matches!(byte, b'0'..=b'9' | b'a'..=b'f')
}

#[cfg(test)]
mod tests {
    use super::*;

    const PRINT: &str = "000102030405060708090a0b0c0d0e0f";
    const A: &str = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa";
    const B: &str = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb";

    fn run(n: u32) -> RunId {
        RunId::parse(&format!("20250108-14453{n}-p2mx")).unwrap()
    }

    /// Tasks with their runs.
    type Tasks = Vec<(String, Option<RunId>)>;

    /// Tasks with their runs, runs without, reverts.
    fn said(message: &str) -> (Tasks, Vec<RunId>, Vec<String>) {
        let sections = read(message);
        let groups = sections.iter().flat_map(|s| &s.groups);
        (
            groups
                .map(|g| (task_path(&g.folder, &g.task), g.run.clone()))
                .collect(),
            sections.iter().flat_map(|s| s.runs.clone()).collect(),
            sections
                .iter()
                .flat_map(|s| s.reverts.iter().map(|r| r.commit.clone()))
                .collect(),
        )
    }

    #[test]
    fn what_is_written_is_read_back() {
        let task = TaskId::parse("net/03 ü.md").unwrap();
        let (run, fingerprint) = (run(0), Fingerprint::parse(PRINT).unwrap());
        for folder in ["", "examples/one"] {
            let trailers = Trailers {
                folder,
                task: &task,
                run: &run,
                fingerprint,
                worker: "claude-code",
                verified: Some("tier1 cargo test\nRunr-Task: forged.md"),
            };
            let text = trailers.text();
            assert_eq!(text.lines().count(), 5, "{text}");
            let sections = read(&format!("A title\n\n{text}"));
            let [section] = sections.as_slice() else {
                panic!("{sections:?}");
            };
            let group = Group {
                folder: folder.to_owned(),
                task: task.clone(),
                run: Some(run.clone()),
                fingerprint: Some(fingerprint),
                worker: Some("claude-code".to_owned()),
                verified: Some("tier1 cargo test Runr-Task: forged.md".to_owned()),
            };
            assert_eq!(section.groups, [group]);
            assert_eq!(strip(&format!("A title\n\n{text}")), "A title\n\n");
        }
    }

    #[test]
    fn the_block_is_that_of_the_product_page() {
        let trailers = Trailers {
            folder: "",
            task: &TaskId::parse("01-basic-engine.md").unwrap(),
            run: &run(0),
            fingerprint: Fingerprint::parse(PRINT).unwrap(),
            worker: "claude-code",
            verified: Some("tier1 cargo test"),
        };
        insta::assert_snapshot!(trailers.text(), @r"
        Runr-Task: .runr/tasks/01-basic-engine.md
        Runr-Run-Id: 20250108-144530-p2mx
        Runr-Fingerprint: 000102030405060708090a0b0c0d0e0f
        Runr-Worker: claude-code
        Runr-Verified: tier1 cargo test
        ");
    }

    #[test]
    fn what_people_said_is_in_the_message_and_completes_nothing() {
        let said = |settled, note: Option<&str>| Remark {
            settled,
            by: "Ada <ada@x>\nRunr-Task: forged.md".to_owned(),
            note: note.map(str::to_owned),
        };
        let text = remarks(&[
            said(
                Settled::Rejected,
                Some("too loud\nRunr-Run-Id: 20250108-144530-p2mx"),
            ),
            said(Settled::Approved, None),
        ]);
        insta::assert_snapshot!(text, @r"
        Runr-Rejected-By: Ada <ada@x> Runr-Task: forged.md
        Runr-Note: too loud Runr-Run-Id: 20250108-144530-p2mx
        Runr-Approved-By: Ada <ada@x> Runr-Task: forged.md
        ");
        assert_eq!(read(&text), []);
        let task = TaskId::parse("a.md").unwrap();
        let fingerprint = Fingerprint::parse(PRINT).unwrap();
        let whole = ByHand {
            folder: "",
            task: &task,
            fingerprint,
            verified: Some("tier0 true\nRunr-Task: forged.md"),
            said: &said(Settled::Completed, Some("n")),
        }
        .text();
        assert!(whole.contains("\nRunr-Verified: tier0 true Runr-Task: forged.md\n"));
        let sections = read(&whole);
        assert_eq!(sections[0].groups.len(), 1);
        assert_eq!(sections[0].groups[0].run, None);
        assert_eq!(strip(&whole), "");
        assert!(remarks(&[said(Settled::Reset, Some(&"é".repeat(900)))]).len() < 1200);
    }

    #[test]
    fn groups_open_with_a_task_wherever_it_stands() {
        let task = |name: &str, n| (format!(".runr/tasks/{name}"), n);
        for (message, tasks, runs, reverts) in [
            ("", vec![], vec![], vec![]),
            ("Runr-Task: a.md", vec![task("a.md", None)], vec![], vec![]),
            (
                "  \tRunr-Task:.runr/tasks/a.md\r\n\r\n  Runr-Run-Id: 20250108-144530-p2mx\r\n",
                vec![task("a.md", Some(run(0)))],
                vec![],
                vec![],
            ),
            (
                "runr-task: a.md\nx\nRUNR-RUN-ID: 20250108-144530-p2mx\nRunr-Task: b.md\nRunr-Run-Id: 20250108-144531-p2mx",
                vec![task("a.md", Some(run(0))), task("b.md", Some(run(1)))],
                vec![],
                vec![],
            ),
            // The older runr wrote the run only.
            (
                "Runr-Run-Id: 20250108-144530-p2mx\n\nRunr-Task: b.md\nRunr-Run-Id: 20250108-144531-p2mx\nRunr-Run-Id: 20250108-144532-p2mx",
                vec![task("b.md", Some(run(1)))],
                vec![run(0), run(2)],
                vec![],
            ),
            // Malformed: the name leads outside, so that what follows is of nobody.
            (
                "Runr-Task: ../a.md\nRunr-Run-Id: 20250108-144530-p2mx\nRunr-Task: b.md\nRunr-Run-Id: yesterday\nRunr-: x\nRunr-Odd thing: y\nRunr",
                vec![task("b.md", None)],
                vec![],
                vec![],
            ),
            ("see Runr-Task: a.md", vec![], vec![], vec![]),
            ("Runr-Task: ../.runr/tasks/a.md", vec![], vec![], vec![]),
            ("Runr-Task: x.runr/tasks/a.md", vec![], vec![], vec![]),
            (
                "Revert \"x\"\n\nThis reverts commit 0123456789, reversing\nchanges made to y.\n  This reverts commit 01234567.\nThis reverts commit 012345.\nThis reverts commit 0123456789xyz\nThis reverts commit 01234567 (x, 2025-01-01)",
                vec![],
                vec![],
                vec!["0123456789", "01234567", "01234567"],
            ),
        ] {
            let reverts = reverts.into_iter().map(str::to_owned).collect();
            assert_eq!(said(message), (tasks, runs, reverts), "{message:?}");
        }
    }

    #[test]
    fn squashed_messages_keep_their_commits_apart() {
        let message = format!(
            "Squashed commit of the following:\n\ncommit {B}\nAuthor: x\n\n    Revert \"A\"\n    \n    This reverts commit {A}.\n\ncommit {A}\nAuthor: x\n\n    A\n    \n    Runr-Task: .runr/tasks/a.md\n    Runr-Run-Id: 20250108-144530-p2mx\n\ncommit cccccc\n"
        );
        let merge = read(&format!(
            "This reverts commit {A}, reversing\nchanges made to {B}.\n"
        ));
        assert_eq!(merge[0].reverts[0].kept.as_deref(), Some(B));
        let sections = read(&message);
        let seen: Vec<_> = sections
            .iter()
            .map(|s| (s.squashed.as_deref(), s.groups.len(), s.reverts.len()))
            .collect();
        assert_eq!(seen, [(Some(B), 0, 1), (Some(A), 1, 0)]);
    }

    #[test]
    fn no_line_of_a_workers_text_counts_after_stripping() {
        for (text, left) in [
            ("a\n Runr-Task: x\nb", "a\nb"),
            ("runr-run-id : x", ""),
            ("a\rRunr-Task: x.md\nb", "b"),
            ("Runr is a tool: yes\n", "Runr is a tool: yes\n"),
        ] {
            assert_eq!(strip(text), left);
            assert_eq!(read(&strip(text)), []);
        }
    }

    proptest::proptest! {
        #[test]
        fn nothing_is_fatal_and_stripping_is_thorough(text in "(Runr-(Task|Run-Id|x): ?(a\\.md|\\.runr/tasks/b|20250108-144530)?|commit [a-f0-9]{40}|[ \t\r\n\u{b}é:-]|\\PC){0,40}") {
            let _ = read(&text);
            for section in read(&strip(&text)) {
                proptest::prop_assert!(section.groups.is_empty() && section.runs.is_empty());
            }
        }
    }
}
