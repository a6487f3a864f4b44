//! Which tools' files are understood, where they lie, and which one a file is of.

use std::sync::Arc;

use crate::intake::{Batch, IntakeError, backlog, beads, checklist, taskmaster};

/// The size of a file that is read.
pub const MAX_FILE: u64 = 16 * 1024 * 1024;

/// Whose files they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// `tasks.json`, with or without tags.
    Taskmaster,
    /// A folder of Markdown files with frontmatter.
    Backlog,
    /// One JSON object a line.
    Beads,
    /// Markdown with `- [ ]`.
    Checklist,
}

impl Format {
    pub const ALL: [Self; 4] = [
        Self::Taskmaster,
        Self::Backlog,
        Self::Beads,
        Self::Checklist,
    ];

    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Taskmaster => "taskmaster",
            Self::Backlog => "backlog",
            Self::Beads => "beads",
            Self::Checklist => "checklist",
        }
    }
}

/// A file of another tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// As it is called in messages.
    pub file: Arc<str>,
    pub text: String,
}

/// Where a tool's files lie below a folder that is named: the file itself, or, where the path ends in `/`, all `.md` files
/// of that folder. In the order in which they are looked for; all folders of the first that is there belong together.
#[must_use]
pub fn places(format: Format) -> &'static [&'static [&'static str]] {
    match format {
        Format::Taskmaster => &[
            &[".taskmaster/tasks/tasks.json"],
            &["tasks/tasks.json"],
            &["tasks.json"],
        ],
        Format::Backlog => &[
            &["backlog/tasks/", "backlog/completed/"],
            &[".backlog/tasks/", ".backlog/completed/"],
            &["tasks/", "completed/"],
            &["./"],
        ],
        // `beads.jsonl` is the older name.
        Format::Beads => &[
            &[".beads/issues.jsonl"],
            &[".beads/beads.jsonl"],
            &["issues.jsonl"],
            &["beads.jsonl"],
        ],
        Format::Checklist => &[&["tasks.md"], &["TODO.md"]],
    }
}

/// Which tool wrote a file, by what stands in it.
#[must_use]
pub fn detect(given: &Given) -> Option<Format> {
    let text = given.text.trim_start_matches('\u{feff}').trim_start();
    if taskmaster::is(text) {
        Some(Format::Taskmaster)
    } else if beads::is(text) {
        Some(Format::Beads)
    } else if backlog::is(text) {
        Some(Format::Backlog)
    } else if checklist::is(text) {
        Some(Format::Checklist)
    } else {
        None
    }
}

/// Reads the tasks of some files of one tool.
///
/// # Errors
/// The first place that cannot be understood; or that there is no task at all.
pub fn read(format: Format, given: &[Given]) -> Result<Batch, IntakeError> {
    let mut batch = Batch::default();
    for one in given {
        if one.text.len() as u64 > MAX_FILE {
            return Err(IntakeError::TooLarge {
                file: one.file.clone(),
                max: MAX_FILE / (1024 * 1024),
            });
        }
        let text = one.text.strip_prefix('\u{feff}').unwrap_or(&one.text);
        let mut found = match format {
            Format::Taskmaster => taskmaster::read(&one.file, text)?,
            Format::Backlog => backlog::read(&one.file, text)?,
            Format::Beads => beads::read(&one.file, text)?,
            Format::Checklist => checklist::read(&one.file, text)?,
        };
        batch.tasks.append(&mut found.tasks);
        batch.notes.append(&mut found.notes);
    }
    if batch.tasks.is_empty() {
        let names: Vec<&str> = given.iter().map(|one| &*one.file).take(3).collect();
        return Err(IntakeError::Empty {
            file: names.join(", ").into(),
        });
    }
    Ok(batch)
}
