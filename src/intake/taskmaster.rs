//! Taskmaster's `tasks.json`: tasks with subtasks, in tags or (older) without.
//!
//! A subtask's prerequisite that is a number below 100 is a sibling, as that tool reads it; `"3.2"` is a subtask of task 3.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::intake::{Batch, IntakeError, Label, Outside, State};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item<'a> {
    id: Value,
    #[serde(default)]
    title: Option<String>,
    #[serde(default)]
    description: Option<String>,
    #[serde(default)]
    details: Option<String>,
    #[serde(default)]
    test_strategy: Option<String>,
    #[serde(default)]
    acceptance_criteria: Option<Criteria>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    priority: Option<String>,
    #[serde(default)]
    dependencies: Option<Vec<Value>>,
    #[serde(default, borrow)]
    subtasks: Option<Vec<&'a RawValue>>,
    #[serde(default)]
    updated_at: Option<String>,
}

/// Text or a list of it, as whoever wrote the file liked.
#[derive(Deserialize)]
#[serde(untagged)]
enum Criteria {
    Text(String),
    List(Vec<String>),
}

impl Criteria {
    fn text(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::List(list) => list.iter().map(|one| format!("- {one}\n")).collect(),
        }
    }
}

#[derive(Deserialize)]
struct Tag<'a> {
    #[serde(borrow)]
    tasks: Vec<&'a RawValue>,
}

/// Is it one?
pub fn is(text: &str) -> bool {
    text.starts_with('{')
        && tags(text).is_ok_and(|tags| {
            let tasks = tags.iter().flat_map(|(_, tasks)| tasks);
            tasks.take(1).any(|raw| raw.get().contains("\"title\""))
        })
}

/// Reads all tags. In another tag than `master` a task is called `TAG:3`.
pub fn read(file: &Arc<str>, text: &str) -> Result<Batch, IntakeError> {
    let place = Place {
        file,
        text,
        starts: text.match_indices('\n').map(|(at, _)| at + 1).collect(),
    };
    let tags = tags(text).map_err(|error| IntakeError::Json {
        file: file.clone(),
        line: error.line(),
        column: error.column(),
        why: words(&error),
    })?;
    let mut batch = Batch::default();
    for (tag, tasks) in tags {
        let prefix = match tag.as_str() {
            "" | "master" => String::new(),
            other => format!("{other}:"),
        };
        for raw in tasks {
            place.task(raw, &prefix, &mut batch)?;
        }
    }
    Ok(batch)
}

/// The tasks of each tag; those of a file without tags under the empty one.
fn tags(text: &str) -> Result<Vec<(String, Vec<&RawValue>)>, serde_json::Error> {
    let top: BTreeMap<String, &RawValue> = serde_json::from_str(text)?;
    if let Some(tasks) = top
        .get("tasks")
        .filter(|tasks| tasks.get().starts_with('['))
    {
        return Ok(vec![(String::new(), serde_json::from_str(tasks.get())?)]);
    }
    let mut tags = Vec::new();
    for (name, value) in top {
        // `metadata` and the like have no tasks.
        if let Ok(tag) = serde_json::from_str::<Tag<'_>>(value.get()) {
            tags.push((name, tag.tasks));
        }
    }
    Ok(tags)
}

/// Finds the line of a part of the text.
struct Place<'a> {
    file: &'a Arc<str>,
    text: &'a str,
    starts: Vec<usize>,
}

impl<'a> Place<'a> {
    fn line(&self, part: &str) -> usize {
        let offset = (part.as_ptr() as usize).saturating_sub(self.text.as_ptr() as usize);
        self.starts.partition_point(|start| *start <= offset) + 1
    }

    fn item(&self, raw: &'a RawValue) -> Result<Item<'a>, IntakeError> {
        let line = self.line(raw.get());
        serde_json::from_str(raw.get()).map_err(|error| IntakeError::Json {
            file: self.file.clone(),
            line: line + error.line().saturating_sub(1),
            column: error.column(),
            why: words(&error),
        })
    }

    fn task(&self, raw: &'a RawValue, prefix: &str, batch: &mut Batch) -> Result<(), IntakeError> {
        let item = self.item(raw)?;
        let id = self.id(&item.id, raw)?;
        let parent = format!("{prefix}{id}");
        let mut task = self.outside(&item, parent.clone(), raw)?;
        task.label = label(&[&id]);
        task.tag(prefix.trim_end_matches(':'));
        for need in item.dependencies.iter().flatten() {
            task.needs
                .extend(text(need).map(|need| format!("{prefix}{need}")));
        }
        batch.tasks.push(task);
        let mut parts = Vec::new();
        for raw in item.subtasks.into_iter().flatten() {
            let part = self.item(raw)?;
            let id = self.id(&part.id, raw)?;
            parts.push((id, part, raw));
        }
        let siblings: Vec<String> = parts.iter().map(|(id, ..)| id.clone()).collect();
        for (sub, part, raw) in &parts {
            // Some files write `3.2` where others write `2`.
            let own = sub.strip_prefix(&format!("{id}.")).unwrap_or(sub);
            let mut task = self.outside(part, format!("{parent}.{own}"), raw)?;
            task.label = label(&[&id, own]);
            task.parents = vec![parent.clone()];
            task.tag(prefix.trim_end_matches(':'));
            for need in part.dependencies.iter().flatten() {
                let sibling =
                    matches!(need, Value::Number(n) if n.as_u64().is_some_and(|n| n < 100));
                let Some(need) = text(need) else { continue };
                let known = sibling && siblings.contains(&need);
                task.needs.push(match known {
                    true => format!("{parent}.{need}"),
                    false => format!("{prefix}{need}"),
                });
            }
            batch.tasks.push(task);
        }
        Ok(())
    }

    fn id(&self, id: &Value, raw: &RawValue) -> Result<String, IntakeError> {
        text(id).ok_or_else(|| IntakeError::Shape {
            file: self.file.clone(),
            line: number(self.line(raw.get())),
            what: "the `id` is neither a number nor a text",
        })
    }

    fn outside(
        &self,
        item: &Item<'_>,
        key: String,
        raw: &RawValue,
    ) -> Result<Outside, IntakeError> {
        let line = number(self.line(raw.get()));
        let title = item.title.as_deref().unwrap_or_default();
        if title.trim().is_empty() {
            return Err(IntakeError::Shape {
                file: self.file.clone(),
                line,
                what: "the task has no `title`",
            });
        }
        let mut task = Outside::new(key, title, self.file, line);
        task.say("", item.description.as_deref().unwrap_or_default());
        task.say("Details", item.details.as_deref().unwrap_or_default());
        task.say(
            "Test strategy",
            item.test_strategy.as_deref().unwrap_or_default(),
        );
        if let Some(criteria) = &item.acceptance_criteria {
            task.say("Acceptance criteria", &criteria.text());
        }
        task.priority = match item.priority.as_deref() {
            Some("critical") => 20,
            Some("high") => 10,
            Some("low") => -10,
            _ => 0,
        };
        match item.status.as_deref() {
            Some("done" | "completed") => {
                let at = item.updated_at.as_deref().and_then(|at| at.parse().ok());
                task.state = State::Done(at);
            }
            Some("cancelled" | "canceled") => task.state = State::Dropped,
            Some("pending" | "") | None => {}
            Some(other) => task.tag(other),
        }
        Ok(task)
    }
}

fn number(line: usize) -> u32 {
    u32::try_from(line).unwrap_or(u32::MAX)
}

/// Without the place, which is counted from the wrong line.
pub(super) fn words(error: &serde_json::Error) -> String {
    let text = error.to_string();
    match text.rsplit_once(" at line ") {
        Some((words, _)) => words.to_owned(),
        None => text,
    }
}

/// A number or a text that is not empty.
fn text(value: &Value) -> Option<String> {
    match value {
        Value::Number(n) => Some(n.to_string()),
        Value::String(text) if !text.trim().is_empty() => Some(text.trim().to_owned()),
        _ => None,
    }
}

fn label(parts: &[&str]) -> Label {
    let numbers: Option<Vec<u32>> = parts.iter().map(|part| part.parse().ok()).collect();
    numbers.map_or_else(|| Label::Word(parts.join("-")), Label::Number)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tasks(text: &str) -> Result<Vec<Outside>, IntakeError> {
        read(&"tasks.json".into(), text).map(|batch| batch.tasks)
    }

    #[test]
    fn subtasks_and_tags_have_keys_of_their_own() {
        let text = r#"{
  "master": {"tasks": [
    {"id": 1, "title": "One", "status": "done", "updatedAt": "2025-07-01T10:00:00.000Z", "dependencies": [],
     "subtasks": [
       {"id": 1, "title": "A", "dependencies": []},
       {"id": 2, "title": "B", "dependencies": [1, "2", "1.1"], "testStrategy": null, "acceptanceCriteria": "- It works"}]},
    {"id": "2", "title": "Two", "priority": "high", "status": "review", "dependencies": [1]}],
   "metadata": {"created": "x"}},
  "api": {"tasks": [{"id": 1, "title": "Other", "status": "cancelled"}]}
}"#;
        assert!(is(text));
        let found = tasks(text).unwrap();
        let keys: Vec<(&str, &[String], u32)> = found
            .iter()
            .map(|task| (task.key.as_str(), task.needs.as_slice(), task.line))
            .collect();
        assert_eq!(
            keys,
            [
                ("api:1", &[][..], 9),
                ("1", &[], 3),
                ("1.1", &[], 5),
                ("1.2", &["1.1".into(), "2".into(), "1.1".into()], 6),
                ("2", &["1".into()], 7),
            ]
        );
        assert_eq!(found[3].body, "## Acceptance criteria\n\n- It works\n");
        assert_eq!(found[0].state, State::Dropped);
        assert!(matches!(found[1].state, State::Done(Some(_))));
        assert_eq!(
            (found[4].priority, &found[4].tags[..]),
            (10, &["review".to_owned()][..])
        );
        let older = r#"{"tasks": [{"id": 7, "title": "T"}]}"#;
        assert_eq!(tasks(older).unwrap()[0].label, Label::Number(vec![7]));
    }

    #[test]
    fn problems_have_places() {
        for (text, place) in [
            (
                "{\n \"tasks\": [\n {\"id\": 1}]}",
                "tasks.json:3: the task has no `title`",
            ),
            (
                "{\"tasks\": [\n {\"id\": 1,\n \"title\": 3}]}",
                "tasks.json:3:11: invalid type: integer `3`, expected a string",
            ),
            (
                "{\"tasks\": [{\"id\": {}, \"title\": \"x\"}]}",
                "tasks.json:1: the `id` is neither a number nor a text",
            ),
        ] {
            assert_eq!(tasks(text).unwrap_err().to_string(), place);
        }
        assert!(matches!(tasks("{"), Err(IntakeError::Json { line: 1, .. })));
        assert!(tasks(&"[".repeat(100_000)).is_err());
    }
}
