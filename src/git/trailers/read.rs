//! What a commit message says about tasks, whoever wrote it.
//!
//! Whole messages are read, not only trailers: `git merge --squash` indents the messages that it puts
//! together, and git's own trailer parser then finds none. A line that is not understood is passed over:
//! anybody may write anything into a commit.

use serde::{Deserialize, Serialize};

use crate::model::{Fingerprint, RunId, TaskId};

const TASKS: &str = ".runr/tasks/";
const REVERT: &str = "This reverts commit ";

/// What one group of lines says: a `Runr-Task` line and those that follow it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Group {
    /// As in [`Trailers::folder`](crate::git::trailers::Trailers::folder).
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
