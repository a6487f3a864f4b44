//! What runr writes below the title of a commit message.

use std::fmt::Write as _;

use crate::model::{Fingerprint, Remark, RunId, Settled, TaskId};

/// Of a note in a message, in characters.
const NOTE: usize = 500;

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
