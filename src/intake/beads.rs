//! The JSONL export of beads: one issue a line.
//!
//! `blocks` is a prerequisite, `parent-child` a part of an epic; of the other kinds of links only those order work that
//! keep an issue from being ready there. Memories and the like, which newer exports hold too, are no tasks.

use std::sync::Arc;

use serde::Deserialize;

use crate::intake::{Batch, IntakeError, Label, Outside, State};

#[derive(Deserialize)]
struct Issue {
    id: String,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    design: Option<String>,
    #[serde(default)]
    acceptance_criteria: Option<String>,
    #[serde(default)]
    notes: Option<String>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    priority: Option<i32>,
    #[serde(default)]
    issue_type: Option<String>,
    #[serde(default)]
    labels: Option<Vec<String>>,
    #[serde(default)]
    dependencies: Option<Vec<Need>>,
    #[serde(default)]
    closed_at: Option<String>,
}

/// The export writes links; people and scripts that write such files by hand only ids.
#[derive(Deserialize)]
#[serde(untagged)]
enum Need {
    Id(String),
    Link(Link),
}

#[derive(Deserialize)]
struct Link {
    /// Other programs that write this format leave out what stands around it.
    #[serde(default)]
    issue_id: Option<String>,
    depends_on_id: String,
    #[serde(default, rename = "type")]
    kind: Option<String>,
}

/// What a line says that it is; no word is an issue.
#[derive(Deserialize)]
struct Record {
    #[serde(default, rename = "_type")]
    kind: Option<String>,
}

impl Record {
    fn is_issue(line: &str) -> bool {
        let record: Result<Self, _> = serde_json::from_str(line);
        record.is_ok_and(|record| record.kind.is_none_or(|kind| kind == "issue"))
    }
}

/// Is it one? The first line of an issue tells.
pub fn is(text: &str) -> bool {
    let mut lines = text
        .lines()
        .take(FIRST)
        .filter(|line| Record::is_issue(line));
    let first = lines.next().unwrap_or_default();
    first.starts_with('{')
        && serde_json::from_str::<Issue>(first).is_ok_and(|issue| issue.title.is_some())
}

/// How many lines are looked at to tell.
const FIRST: usize = 100;

pub fn read(file: &Arc<str>, text: &str) -> Result<Batch, IntakeError> {
    let mut batch = Batch::default();
    let mut others = 0;
    for (line, number) in text.lines().zip(1_u32..) {
        if line.trim().is_empty() {
            continue;
        }
        let record: Record =
            serde_json::from_str(line).map_err(|error| json(&error, file, number))?;
        if record.kind.is_some_and(|kind| kind != "issue") {
            others += 1;
            continue;
        }
        let issue: Issue =
            serde_json::from_str(line).map_err(|error| json(&error, file, number))?;
        batch.tasks.push(outside(issue, file, number)?);
    }
    if others > 0 {
        batch.notes.push(format!(
            "{file}: {others} records that are no issues, left out"
        ));
    }
    Ok(batch)
}

fn json(error: &serde_json::Error, file: &Arc<str>, line: u32) -> IntakeError {
    let why = error.to_string();
    let why = why.rsplit_once(" at line ").map_or(&*why, |(why, _)| why);
    IntakeError::Json {
        file: file.clone(),
        line: line as usize,
        column: error.column(),
        why: why.to_owned(),
    }
}

fn outside(issue: Issue, file: &Arc<str>, line: u32) -> Result<Outside, IntakeError> {
    let deleted = issue.status.as_deref() == Some("tombstone");
    let title = issue.title.as_deref().unwrap_or_default();
    if title.trim().is_empty() && !deleted {
        return Err(IntakeError::Shape {
            file: file.clone(),
            line,
            what: "the issue has no `title`",
        });
    }
    let mut task = Outside::new(issue.id.clone(), title, file, line);
    task.label = Label::Word(issue.id.clone());
    for (heading, text) in [
        ("", issue.description),
        ("Design", issue.design),
        ("Acceptance criteria", issue.acceptance_criteria),
        ("Notes", issue.notes),
    ] {
        task.say(heading, text.as_deref().unwrap_or_default());
    }
    // 0 is the most urgent, 2 the usual.
    task.priority = (2 - issue.priority.unwrap_or(2).clamp(0, 4)) * 10;
    for label in issue.labels.iter().flatten() {
        task.tag(label);
    }
    if let Some(kind) = issue.issue_type.as_deref().filter(|kind| *kind != "task") {
        task.tag(kind);
    }
    match issue.status.as_deref() {
        Some("closed" | "done") => {
            let at = issue.closed_at.as_deref().and_then(|at| at.parse().ok());
            task.state = State::Done(at);
        }
        Some("tombstone") => task.state = State::Dropped,
        Some("open") | None => {}
        Some(other) => task.tag(other),
    }
    for need in issue.dependencies.into_iter().flatten() {
        let link = match need {
            Need::Id(id) => {
                task.needs.push(id);
                continue;
            }
            Need::Link(link) => link,
        };
        // Links are exported with the issue that has them.
        if link.issue_id.is_some_and(|id| id != issue.id) {
            continue;
        }
        match link.kind.as_deref() {
            Some("blocks" | "conditional-blocks" | "waits-for") | None => {
                task.needs.push(link.depends_on_id);
            }
            Some("parent-child") => task.parents.push(link.depends_on_id),
            Some(_) => {}
        }
    }
    Ok(task)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_that_order_work_are_kept() {
        let text = concat!(
            r#"{"id":"bd-1","title":"Epic","status":"open","priority":1,"issue_type":"epic"}"#,
            "\n\n",
            r#"{"id":"bd-2","title":"A","status":"closed","closed_at":"2025-10-16T20:46:08.97-07:00","priority":2,"issue_type":"task","labels":["x"],"dependencies":[{"issue_id":"bd-2","depends_on_id":"bd-1","type":"parent-child"},{"issue_id":"bd-2","depends_on_id":"bd-3","type":"blocks"},{"issue_id":"bd-2","depends_on_id":"bd-4","type":"related"}]}"#,
            "\n",
            r#"{"id":"bd-3","title":"","status":"tombstone"}"#,
            "\n",
        );
        assert!(is(text));
        let found = read(&"issues.jsonl".into(), text).unwrap().tasks;
        assert_eq!(
            (found[0].priority, &found[0].tags[..]),
            (10, &["epic".to_owned()][..])
        );
        assert_eq!(found[1].needs, ["bd-3"]);
        assert_eq!(found[1].parents, ["bd-1"]);
        assert_eq!(found[1].line, 3);
        assert_eq!(
            found[1].state,
            State::Done(Some("2025-10-17T03:46:08.97Z".parse().unwrap()))
        );
        assert_eq!(found[2].state, State::Dropped);
    }

    #[test]
    fn what_is_no_issue_is_left_out_and_said() {
        let text = concat!(
            r#"{"_type":"memory","key":"k","value":"v"}"#,
            "\n",
            r#"{"_type":"issue","id":"n-1","title":"First","status":"done"}"#,
            "\n",
            r#"{"id":"n-2","title":"Second","dependencies":["n-1"]}"#,
            "\n",
            r#"{"id":"n-3","title":"Third","dependencies":[{"issue_id":"n-3","depends_on_id":"n-1","type":"parent-child"},{"issue_id":"n-3","depends_on_id":"n-2","type":"parent-child"},{"depends_on_id":"n-4","type":"waits-for"},{"issue_id":"n-9","depends_on_id":"n-5"}]}"#,
            "\n",
        );
        assert!(is(text));
        let found = read(&"beads.jsonl".into(), text).unwrap();
        assert_eq!(
            found.notes,
            ["beads.jsonl: 1 records that are no issues, left out"]
        );
        assert_eq!(found.tasks[0].state, State::Done(None));
        assert_eq!(found.tasks[1].needs, ["n-1"]);
        assert_eq!(found.tasks[2].parents, ["n-1", "n-2"]);
        assert_eq!(found.tasks[2].needs, ["n-4"]);
    }

    #[test]
    fn problems_have_places() {
        let file: Arc<str> = "i.jsonl".into();
        let bad = "{\"id\":\"a\",\"title\":\"x\"}\n{\"id\":3}\n";
        assert!(matches!(
            read(&file, bad),
            Err(IntakeError::Json { line: 2, .. })
        ));
        let bad = "{\"id\":\"a\",\"title\":\" \"}\n";
        assert!(matches!(
            read(&file, bad),
            Err(IntakeError::Shape { line: 1, .. })
        ));
    }
}
