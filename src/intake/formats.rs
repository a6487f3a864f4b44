//! Which tools' files are understood, where they lie, and which one a file is of.

use std::sync::Arc;

use serde::de::IgnoredAny;

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

/// Where a tool keeps its settings, from the folder that is named; those next to a folder of tasks, or to one task,
/// come last.
#[must_use]
pub fn settings(format: Format) -> &'static [&'static str] {
    match format {
        Format::Backlog => &[
            "backlog/config.yml",
            ".backlog/config.yml",
            "backlog.config.yml",
            "config.yml",
            "../config.yml",
        ],
        Format::Taskmaster | Format::Beads | Format::Checklist => &[],
    }
}

/// Why a file that begins as JSON is no tool's: the place where it is no JSON. `None`: it is none, or nothing is wrong
/// with it.
#[must_use]
pub fn broken_json(given: &Given) -> Option<IntakeError> {
    let text = given.text.strip_prefix('\u{feff}').unwrap_or(&given.text);
    if !text.trim_start().starts_with(['{', '[']) {
        return None;
    }
    let wrong = |text: &str| serde_json::from_str::<IgnoredAny>(text).err();
    let whole = wrong(text)?;
    let mut lines = text
        .lines()
        .enumerate()
        .filter(|(_, line)| !line.trim().is_empty());
    // One object a line: what is wrong is wrong in a line, and not that another follows.
    let by_line = lines
        .clone()
        .next()
        .is_some_and(|(_, line)| wrong(line).is_none());
    let (above, error) = match by_line {
        true => lines.find_map(|(at, line)| Some((at, wrong(line)?)))?,
        false => (0, whole),
    };
    Some(IntakeError::Json {
        file: given.file.clone(),
        line: above + error.line(),
        column: error.column(),
        why: taskmaster::words(&error),
    })
}

/// Reads the tasks of some files of one tool, whose settings may say what its words mean.
///
/// # Errors
/// The first place that cannot be understood; or that there is no task at all.
pub fn read(
    format: Format,
    given: &[Given],
    settings: Option<&Given>,
) -> Result<Batch, IntakeError> {
    let statuses = match (format, settings) {
        (Format::Backlog, Some(settings)) => backlog::Statuses::read(
            &settings.file,
            settings
                .text
                .strip_prefix('\u{feff}')
                .unwrap_or(&settings.text),
        )?,
        _ => backlog::Statuses::default(),
    };
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
            Format::Backlog => backlog::read(&one.file, text, &statuses)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_json_is_said_with_its_place() {
        for (text, place) in [
            (
                "{\"tasks\": [\n  {\"id\": 1, \"title\": \"a\"},\n  {\"id\": 2,, }\n]}",
                Some((3, 12)),
            ),
            ("{\"tasks\": [\n  {\"id\": 1", Some((2, 10))),
            ("\u{feff}[1, 2", Some((1, 5))),
            ("{\"id\": \"a\"}\n\n{\"id\": }\n", Some((3, 8))),
            ("{\"id\": \"a\"}\n{\"id\": \"b\"}\n", None),
            ("{\"a\": 1}", None),
            ("# words", None),
        ] {
            let given = Given {
                file: "x.json".into(),
                text: text.to_owned(),
            };
            let found = broken_json(&given).map(|error| match error {
                IntakeError::Json { line, column, .. } => (line, column),
                other => panic!("{other}"),
            });
            assert_eq!(found, place, "{text}");
        }
    }
}
