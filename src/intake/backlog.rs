//! Backlog.md: a Markdown file a task, `task-12 - Title.md`, with a frontmatter of its own.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::intake::{Batch, IntakeError, Label, Outside, State};
use crate::spec::{Foreign, read_foreign};

/// Is it one?
pub fn is(text: &str) -> bool {
    text.starts_with("---")
        && read_foreign(text).is_ok_and(|found| {
            found.text("id").is_some()
                && found.text("title").is_some()
                && found.text("status").is_some()
        })
}

pub fn read(file: &Arc<str>, text: &str) -> Result<Batch, IntakeError> {
    let found = read_foreign(text).map_err(|source| IntakeError::Frontmatter {
        file: file.clone(),
        source,
    })?;
    let mut batch = Batch::default();
    match (found.text("id"), found.text("title")) {
        (Some(id), Some(title)) => batch.tasks.push(outside(&found, id, title, file)),
        // A readme among them is no task.
        (None, None) => batch
            .notes
            .push(format!("{file}: no task of Backlog.md, left out")),
        (Some(_), None) | (None, Some(_)) => {
            return Err(IntakeError::Shape {
                file: file.clone(),
                line: 1,
                what: "the frontmatter has not both `id` and `title`",
            });
        }
    }
    Ok(batch)
}

/// Ids are compared without regard to case, as that tool does.
fn key(id: &str) -> String {
    id.trim().to_lowercase()
}

fn outside(found: &Foreign, id: &str, title: &str, file: &Arc<str>) -> Outside {
    let mut task = Outside::new(key(id), title, file, found.line("id"));
    let digits = id.rsplit('-').next().unwrap_or_default();
    let numbers: Option<Vec<u32>> = digits.split('.').map(|part| part.parse().ok()).collect();
    task.label = numbers.map_or_else(|| Label::Word(id.to_owned()), Label::Number);
    task.say("", &without_marks(&found.body));
    task.needs = found
        .texts("dependencies")
        .iter()
        .map(|id| key(id))
        .collect();
    let parent = found
        .text("parent_task_id")
        .or_else(|| found.text("parent"));
    task.parents = parent.map(key).into_iter().collect();
    for label in found.texts("labels") {
        task.tag(label);
    }
    if let Some(milestone) = found.text("milestone") {
        task.tag(milestone);
    }
    task.priority = match found.text("priority").map(str::to_lowercase).as_deref() {
        Some("high") => 10,
        Some("low") => -10,
        _ => 0,
    };
    let completed = file.contains("/completed/") || file.starts_with("completed/");
    match found.text("status").map(str::to_lowercase).as_deref() {
        _ if completed => task.state = State::Done(done_at(found)),
        Some("done" | "complete" | "completed" | "closed") => {
            task.state = State::Done(done_at(found))
        }
        Some("to do" | "todo" | "open" | "") | None => {}
        Some(other) => task.tag(&other.replace(' ', "-")),
    }
    task
}

/// The time of the last change: the tool keeps no other.
fn done_at(found: &Foreign) -> Option<Timestamp> {
    let text = found
        .text("updated_date")
        .or_else(|| found.text("created_date"))?;
    let date_time = || DateTime::strptime("%Y-%m-%d %H:%M", text).ok();
    let date = || text.parse::<Date>().ok().map(|date| date.at(0, 0, 0, 0));
    let at = date_time().or_else(date)?;
    Some(at.to_zoned(TimeZone::UTC).ok()?.timestamp())
}

/// The tool marks its sections with comments that nobody else needs.
fn without_marks(body: &str) -> String {
    let mark = |line: &str| {
        let line = line.trim();
        line.starts_with("<!-- ") && (line.ends_with(":BEGIN -->") || line.ends_with(":END -->"))
    };
    let kept: Vec<&str> = body.lines().filter(|line| !mark(line)).collect();
    kept.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_a_task() {
        let text = "---\nid: TASK-4.1\ntitle: 'Add: it'\nstatus: Done\nassignee: []\ncreated_date: '2025-07-07'\nupdated_date: '2025-07-08 10:30'\nlabels:\n  - cli\ndependencies:\n  - task-3\nparent_task_id: task-4\npriority: high\n---\n\n## Description\n\n<!-- SECTION:DESCRIPTION:BEGIN -->\nText\n<!-- SECTION:DESCRIPTION:END -->\n";
        assert!(is(text));
        let batch = read(&"backlog/tasks/task-4.1 - Add-it.md".into(), text).unwrap();
        let task = &batch.tasks[0];
        assert_eq!(
            (task.key.as_str(), task.title.as_str(), task.line),
            ("task-4.1", "Add: it", 2)
        );
        assert_eq!(task.label, Label::Number(vec![4, 1]));
        assert_eq!(
            (task.needs.as_slice(), task.parents.as_slice()),
            (&["task-3".to_owned()][..], &["task-4".to_owned()][..])
        );
        assert_eq!(
            task.state,
            State::Done(Some("2025-07-08T10:30:00Z".parse().unwrap()))
        );
        assert_eq!(task.body, "## Description\n\nText\n");
    }

    #[test]
    fn what_is_no_task_is_said() {
        let file: Arc<str> = "x.md".into();
        assert_eq!(read(&file, "# Readme\n").unwrap().notes.len(), 1);
        assert!(matches!(
            read(&file, "---\nid: a\n---\n"),
            Err(IntakeError::Shape { .. })
        ));
        assert!(matches!(
            read(&file, "---\n- a\n---\n"),
            Err(IntakeError::Frontmatter { .. })
        ));
    }
}
