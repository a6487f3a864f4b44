//! The arguments of the tools, read strictly: an unknown field, a wrong type or a value out of bounds is
//! refused and named.
//!
//! A schema and the type that reads it stand side by side; a test holds them equal.

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::{Map, Value, json};

/// A JSON object.
pub type Object = Map<String, Value>;

/// Why arguments were refused: one line.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("invalid arguments: {0}")]
pub struct BadInput(pub String);

/// Reads the arguments of a call; none are an empty object.
///
/// # Errors
/// The first thing that is wrong with them.
pub fn read<T: DeserializeOwned>(arguments: Option<Object>) -> Result<T, BadInput> {
    serde_json::from_value(Value::Object(arguments.unwrap_or_default()))
        .map_err(|error| BadInput(error.to_string()))
}

/// No arguments.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Nothing {}

/// Which tasks are listed.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct List {
    pub status: Option<ListStatus>,
    pub tag: Option<Name>,
    pub offset: Option<u32>,
    pub limit: Option<Limit<200>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ListStatus {
    Pending,
    InProgress,
    Completed,
    Failed,
    Stopped,
    Skipped,
    AwaitingApproval,
    Ready,
    Blocked,
}

/// A task, as a person would name it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTask {
    pub task: Name,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OneTaskNote {
    pub task: Name,
    pub note: Option<Text<1000>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Complete {
    pub task: Name,
    pub note: Option<Text<1000>>,
    #[serde(default)]
    pub commit: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Graph {
    pub focus: Option<Name>,
    pub format: Option<GraphFormat>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum GraphFormat {
    Text,
    Mermaid,
    Json,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Logs {
    pub of: Name,
    pub lines: Option<Limit<500>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Add {
    pub name: Name,
    pub title: Text<200>,
    pub body: Text<65_536>,
    #[serde(default)]
    pub depends_on: Names,
    pub r#type: Option<AddType>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddType {
    Automated,
    Manual,
    Hybrid,
}

/// A number from 1 to `MAX`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(try_from = "u64")]
pub struct Limit<const MAX: u64>(pub usize);

impl<const MAX: u64> TryFrom<u64> for Limit<MAX> {
    type Error = String;
    fn try_from(n: u64) -> Result<Self, String> {
        match usize::try_from(n) {
            Ok(fits) if (1..=MAX).contains(&n) => Ok(Self(fits)),
            _ => Err(format!("{n} is not from 1 to {MAX}")),
        }
    }
}

/// A text of at most `MAX` bytes that is not blank.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub struct Text<const MAX: usize>(pub String);

impl<const MAX: usize> TryFrom<String> for Text<MAX> {
    type Error = String;
    fn try_from(text: String) -> Result<Self, String> {
        if text.trim().is_empty() {
            return Err("a text is empty".to_owned());
        }
        match text.len() {
            n if n <= MAX => Ok(Self(text)),
            n => Err(format!("a text of {n} bytes is longer than {MAX}")),
        }
    }
}

/// The name of something: short.
pub type Name = Text<255>;

/// At most a hundred names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(try_from = "Vec<Name>")]
pub struct Names(pub Vec<Name>);

impl TryFrom<Vec<Name>> for Names {
    type Error = String;
    fn try_from(names: Vec<Name>) -> Result<Self, String> {
        match names.len() {
            0..=100 => Ok(Self(names)),
            n => Err(format!("{n} names are more than 100")),
        }
    }
}

/// One field of a schema.
struct Field(&'static str, Value, Needed);

#[derive(Clone, Copy, PartialEq, Eq)]
enum Needed {
    Yes,
    No,
}

fn object(fields: Vec<Field>) -> Object {
    let required: Vec<&str> = fields
        .iter()
        .filter(|field| field.2 == Needed::Yes)
        .map(|field| field.0)
        .collect();
    let required = json!(required);
    let properties: Object = fields
        .into_iter()
        .map(|Field(name, schema, _)| (name.to_owned(), schema))
        .collect();
    let mut whole = Object::new();
    whole.insert("type".to_owned(), json!("object"));
    whole.insert("properties".to_owned(), Value::Object(properties));
    whole.insert("required".to_owned(), required);
    whole.insert("additionalProperties".to_owned(), json!(false));
    whole
}

fn text(what: &str, max: usize) -> Value {
    json!({ "type": "string", "minLength": 1, "maxLength": max, "description": what })
}

fn number(what: &str, min: u64, max: u64) -> Value {
    json!({ "type": "integer", "minimum": min, "maximum": max, "description": what })
}

fn one_of(what: &str, words: &[&str]) -> Value {
    json!({ "type": "string", "enum": words, "description": what })
}

fn yes_or_no(what: &str) -> Value {
    json!({ "type": "boolean", "description": what })
}

fn task() -> Field {
    Field(
        "task",
        text(
            "the task's id, such as `net/03-http.md`, or a part that begins it only",
            255,
        ),
        Needed::Yes,
    )
}

impl Nothing {
    pub fn schema() -> Object {
        object(Vec::new())
    }
}

impl List {
    pub fn schema() -> Object {
        let words = [
            "pending",
            "in_progress",
            "completed",
            "failed",
            "stopped",
            "skipped",
            "awaiting_approval",
            "ready",
            "blocked",
        ];
        object(vec![
            Field(
                "status",
                one_of("only tasks that stand so", &words),
                Needed::No,
            ),
            Field("tag", text("only tasks with this tag", 255), Needed::No),
            Field(
                "offset",
                number(
                    "how many to leave out at the beginning",
                    0,
                    u64::from(u32::MAX),
                ),
                Needed::No,
            ),
            Field(
                "limit",
                number("how many to list; 50 unless told", 1, 200),
                Needed::No,
            ),
        ])
    }
}

impl OneTask {
    pub fn schema() -> Object {
        object(vec![task()])
    }
}

impl OneTaskNote {
    pub fn schema() -> Object {
        object(vec![
            task(),
            Field(
                "note",
                text("why, or what was done; kept with the task", 1000),
                Needed::No,
            ),
        ])
    }
}

impl Complete {
    pub fn schema() -> Object {
        object(vec![
            task(),
            Field(
                "note",
                text("what was done; kept with the task", 1000),
                Needed::No,
            ),
            Field(
                "commit",
                yes_or_no("when the checks pass, commit what the task owns; not unless told"),
                Needed::No,
            ),
        ])
    }
}

impl Graph {
    pub fn schema() -> Object {
        object(vec![
            Field(
                "focus",
                text("only what this task needs and what needs it", 255),
                Needed::No,
            ),
            Field(
                "format",
                one_of("`text` unless told", &["text", "mermaid", "json"]),
                Needed::No,
            ),
        ])
    }
}

impl Logs {
    pub fn schema() -> Object {
        object(vec![
            Field(
                "of",
                text("a run's id, or a task, whose latest run is meant", 255),
                Needed::Yes,
            ),
            Field(
                "lines",
                number(
                    "how many lines of each log, from its end; 50 unless told",
                    1,
                    500,
                ),
                Needed::No,
            ),
        ])
    }
}

impl Add {
    pub fn schema() -> Object {
        object(vec![
            Field(
                "name",
                text(
                    "the file's name below .runr/tasks/, such as `net/05-retry.md`",
                    255,
                ),
                Needed::Yes,
            ),
            Field("title", text("one line", 200), Needed::Yes),
            Field(
                "body",
                text("what is to be done, as Markdown", 65_536),
                Needed::Yes,
            ),
            Field(
                "depends_on",
                json!({
                    "type": "array",
                    "maxItems": 100,
                    "items": { "type": "string", "minLength": 1, "maxLength": 255 },
                    "description": "the tasks that have to be completed before it",
                }),
                Needed::No,
            ),
            Field(
                "type",
                one_of(
                    "`automated` unless told; a `manual` one is a person's, a `hybrid` one needs approval",
                    &["automated", "manual", "hybrid"],
                ),
                Needed::No,
            ),
        ])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    /// The fields that a reader accepts, by what it says about one that it does not.
    fn accepted<T: DeserializeOwned + std::fmt::Debug>() -> BTreeSet<String> {
        let mut wrong = Object::new();
        wrong.insert("no such field".to_owned(), json!(1));
        let BadInput(said) = read::<T>(Some(wrong)).unwrap_err();
        assert!(said.contains("unknown field `no such field`"), "{said}");
        let rest = said.split("expected").nth(1).unwrap_or_default();
        rest.split('`')
            .skip(1)
            .step_by(2)
            .map(ToOwned::to_owned)
            .collect()
    }

    fn offered(schema: &Object) -> BTreeSet<String> {
        assert_eq!(schema["additionalProperties"], json!(false));
        let properties = schema["properties"].as_object().unwrap();
        properties.keys().cloned().collect()
    }

    #[test]
    fn schemas_and_readers_know_the_same_fields() {
        assert_eq!(accepted::<Nothing>(), offered(&Nothing::schema()));
        assert_eq!(accepted::<List>(), offered(&List::schema()));
        assert_eq!(accepted::<OneTask>(), offered(&OneTask::schema()));
        assert_eq!(accepted::<OneTaskNote>(), offered(&OneTaskNote::schema()));
        assert_eq!(accepted::<Complete>(), offered(&Complete::schema()));
        assert_eq!(accepted::<Graph>(), offered(&Graph::schema()));
        assert_eq!(accepted::<Logs>(), offered(&Logs::schema()));
        assert_eq!(accepted::<Add>(), offered(&Add::schema()));
    }

    #[test]
    fn what_is_required_is_missed() {
        for (schema, missing) in [
            (OneTask::schema(), read::<OneTask>(None).is_err()),
            (OneTaskNote::schema(), read::<OneTaskNote>(None).is_err()),
            (Complete::schema(), read::<Complete>(None).is_err()),
            (Logs::schema(), read::<Logs>(None).is_err()),
            (Add::schema(), read::<Add>(None).is_err()),
            (List::schema(), read::<List>(None).is_err()),
            (Graph::schema(), read::<Graph>(None).is_err()),
        ] {
            let required = !schema["required"].as_array().unwrap().is_empty();
            assert_eq!(required, missing, "{schema:?}");
        }
    }

    #[test]
    fn bounds_are_kept() {
        let logs = |lines: Value| {
            let object = json!({ "of": "a.md", "lines": lines });
            read::<Logs>(object.as_object().cloned()).map(|logs| logs.lines.map(|l| l.0))
        };
        assert_eq!(logs(json!(500)), Ok(Some(500)));
        for bad in [
            json!(0),
            json!(501),
            json!(-1),
            json!(1.5),
            json!("5"),
            json!([]),
        ] {
            assert!(logs(bad.clone()).is_err(), "{bad}");
        }
        for bad in [json!(""), json!("  "), json!("x".repeat(256)), json!(5)] {
            let object = json!({ "task": bad });
            assert!(
                read::<OneTask>(object.as_object().cloned()).is_err(),
                "{object}"
            );
        }
    }
}
