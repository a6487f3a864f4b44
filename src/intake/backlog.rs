//! Backlog.md: a Markdown file a task, `task-12 - Title.md`, with a frontmatter of its own.

use std::sync::Arc;

use jiff::Timestamp;
use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;

use crate::intake::{Batch, IntakeError, Label, Outside, State};
use crate::spec::{Foreign, ForeignError, read_foreign};

/// Is it one?
pub fn is(text: &str) -> bool {
    text.starts_with("---")
        && read_foreign(text).is_ok_and(|found| {
            found.text("id").is_some()
                && found.text("title").is_some()
                && found.text("status").is_some()
        })
}

/// The statuses that a project has given itself, in order: to that tool a task in the last one is done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Statuses(Vec<String>);

impl Statuses {
    /// Reads the tool's `config.yml`.
    pub fn read(file: &Arc<str>, text: &str) -> Result<Self, IntakeError> {
        let framed = format!("---\n{}\n---\n", text.trim_start_matches("---\n"));
        let file = file.clone();
        let found = read_foreign(&framed).map_err(|error| match error {
            ForeignError::Yaml { line, why } => IntakeError::Yaml {
                file,
                line: line.saturating_sub(1),
                why,
            },
            _ => IntakeError::NoMap { file },
        })?;
        let statuses = found.texts("statuses").iter();
        Ok(Self(
            statuses.map(|text| text.trim().to_lowercase()).collect(),
        ))
    }

    /// Where a task in this status stands.
    fn meaning(&self, status: &str) -> Meaning {
        match self.0.as_slice() {
            [.., last] if status == last => Meaning::Done,
            [first, _, ..] if status == first => Meaning::Open,
            // Its words are its own: `done` may be what waits for a release.
            [_, ..] if self.0.iter().any(|own| own == status) => Meaning::Between,
            _ => match status {
                "done" | "complete" | "completed" | "closed" => Meaning::Done,
                "to do" | "todo" | "open" | "" => Meaning::Open,
                _ => Meaning::Between,
            },
        }
    }
}

/// What a status says about the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Meaning {
    Open,
    /// Worth a tag.
    Between,
    Done,
}

pub fn read(file: &Arc<str>, text: &str, statuses: &Statuses) -> Result<Batch, IntakeError> {
    let found = read_foreign(text).map_err(|source| IntakeError::Frontmatter {
        file: file.clone(),
        source,
    })?;
    let mut batch = Batch::default();
    match (found.text("id"), found.text("title")) {
        (Some(id), Some(title)) => {
            let mut task = outside(&found, id, title, file);
            stand(&mut task, &found, statuses);
            batch.tasks.push(task);
        }
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
    task
}

/// What is in the folder of completed tasks is done whatever it says.
fn stand(task: &mut Outside, found: &Foreign, statuses: &Statuses) {
    let file = &task.file;
    let completed = file.contains("/completed/") || file.starts_with("completed/");
    let status = found.text("status").unwrap_or_default().to_lowercase();
    match statuses.meaning(&status) {
        _ if completed => task.state = State::Done(done_at(found)),
        Meaning::Done => task.state = State::Done(done_at(found)),
        Meaning::Open => {}
        Meaning::Between => task.tag(&status.replace(' ', "-")),
    }
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
        let batch = read(
            &"backlog/tasks/task-4.1 - Add-it.md".into(),
            text,
            &Statuses::default(),
        )
        .unwrap();
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
        let read = |text| read(&file, text, &Statuses::default());
        assert_eq!(read("# Readme\n").unwrap().notes.len(), 1);
        assert!(matches!(
            read("---\nid: a\n---\n"),
            Err(IntakeError::Shape { .. })
        ));
        assert!(matches!(
            read("---\n- a\n---\n"),
            Err(IntakeError::Frontmatter { .. })
        ));
    }

    #[test]
    fn the_last_of_a_projects_own_statuses_is_its_done() {
        let file: Arc<str> = "backlog/config.yml".into();
        let own = "project_name: x\nstatuses: [\"Idea\", In Progress, Done, Shipped]\n";
        let own = Statuses::read(&file, own).unwrap();
        let usual = Statuses::read(&file, "project_name: x\n").unwrap();
        for (status, with_own, without) in [
            ("idea", Meaning::Open, Meaning::Between),
            ("in progress", Meaning::Between, Meaning::Between),
            ("done", Meaning::Between, Meaning::Done),
            ("shipped", Meaning::Done, Meaning::Between),
            ("closed", Meaning::Done, Meaning::Done),
            ("", Meaning::Open, Meaning::Open),
        ] {
            assert_eq!(own.meaning(status), with_own, "{status}");
            assert_eq!(usual.meaning(status), without, "{status}");
        }
        let broken = Statuses::read(&file, "statuses: [a\n")
            .unwrap_err()
            .to_string();
        assert!(
            broken.starts_with("backlog/config.yml:1: not valid YAML"),
            "{broken}"
        );
    }
}
