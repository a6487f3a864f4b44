//! JSON Schemas of the files that people write, for editors.
//!
//! Knows the key tables that the readers use, and the shape of each key's value. Does not check files: what a schema cannot
//! say (names that mean nothing, patterns that leave the project) the readers do.

use schemars::Schema;
use serde_json::{Map, Value, json};

use crate::spec::orchestration::{DEFAULTS_KEYS, FILE_KEYS, STEP_KEYS, TRACK_KEYS};
use crate::spec::schema_shapes::{Scope, about, shape};
use crate::spec::{CONFIG_KEYS, TASK_KEYS};

/// The frontmatter of a task file.
#[must_use]
pub fn task() -> Schema {
    whole(
        "The frontmatter of a task of runr",
        Scope::Task,
        &TASK_KEYS,
        &[],
    )
}

/// The configuration, `.runr/config.yaml`.
#[must_use]
pub fn config() -> Schema {
    whole(
        "The configuration of runr",
        Scope::Config,
        &CONFIG_KEYS,
        &[],
    )
}

/// An orchestration file.
#[must_use]
pub fn orchestration() -> Schema {
    whole(
        "An orchestration of runr",
        Scope::File,
        &FILE_KEYS,
        &["tracks"],
    )
}

fn whole(title: &str, scope: Scope, keys: &[&str], required: &[&str]) -> Schema {
    let mut all = Map::new();
    // Of all versions the one that every editor understands; nothing here needs more.
    let version = "http://json-schema.org/draft-07/schema#";
    all.insert("$schema".to_owned(), version.into());
    all.insert("title".to_owned(), title.into());
    if let Value::Object(rest) = object(scope, keys, required) {
        all.extend(rest);
    }
    Schema::from(all)
}

/// A mapping with these keys, those of the user's own, and no others.
#[must_use]
pub fn object(scope: Scope, keys: &[&str], required: &[&str]) -> Value {
    let mut properties = Map::new();
    for key in keys {
        let mut value = shape(scope, key).unwrap_or_else(|| json!({}));
        if let (Value::Object(value), Some(about)) = (&mut value, about(scope, key)) {
            value.insert("description".to_owned(), about.into());
        }
        properties.insert((*key).to_owned(), value);
    }
    let mut object = json!({
        "type": "object",
        "properties": properties,
        "patternProperties": { "^x-": {} },
        "additionalProperties": false,
    });
    if !required.is_empty() {
        object["required"] = required.into();
    }
    object
}

/// A track, with its steps.
#[must_use]
pub fn track() -> Value {
    object(Scope::Track, &TRACK_KEYS, &["name", "steps"])
}

/// A step: a task, or a command.
#[must_use]
pub fn step() -> Value {
    let mut step = object(Scope::Step, &STEP_KEYS, &[]);
    step["oneOf"] = json!([{ "required": ["task"] }, { "required": ["run"] }]);
    step
}

/// What may stand in `defaults`.
#[must_use]
pub fn defaults() -> Value {
    object(Scope::Step, &DEFAULTS_KEYS, &[])
}
