//! Schemas and readers agree: on keys, and on what each key takes.

use serde_json::{Map, Value as Json};

use crate::spec::yaml::{Node, Value, parse};
use crate::spec::{Finding, read_config, read_orchestration, read_task, schema};

/// As a reader of YAML's usual types takes it. Whether a text stood in quotes is not known here.
fn json(node: &Node) -> Json {
    match &node.value {
        Value::Null => Json::Null,
        Value::Scalar(text) => match text.as_ref() {
            "true" => true.into(),
            "false" => false.into(),
            text => match text.parse::<i64>() {
                Ok(number) => number.into(),
                Err(_) => match text.parse::<f64>() {
                    Ok(number) if number.is_finite() => number.into(),
                    _ => text.into(),
                },
            },
        },
        Value::List(items) => items.iter().map(json).collect(),
        Value::Map(entries) => {
            let entry = |(key, value): &(Node, Node)| match &key.value {
                Value::Scalar(key) => (key.to_string(), json(value)),
                _ => panic!("a key"),
            };
            Json::Object(entries.iter().map(entry).collect::<Map<_, _>>())
        }
    }
}

/// As much of JSON Schema as the schemas use; another word in them is a mistake of this test's.
fn fits(schema: &Json, value: &Json) -> Result<(), String> {
    let Some(rules) = schema.as_object() else {
        return Err(format!("no schema: {schema}"));
    };
    let wrong = |why: &str| Err(format!("{value}: {why}"));
    for (word, rule) in rules {
        let right = match word.as_str() {
            "$schema" | "title" | "description" | "properties" | "patternProperties" => true,
            "type" => {
                let types: Vec<&Json> = rule
                    .as_array()
                    .map_or(vec![rule], |all| all.iter().collect());
                types.iter().any(|kind| match kind.as_str().unwrap() {
                    "string" => value.is_string(),
                    "integer" => value.is_i64(),
                    "number" => value.is_number(),
                    "boolean" => value.is_boolean(),
                    "null" => value.is_null(),
                    "array" => value.is_array(),
                    "object" => value.is_object(),
                    other => panic!("{other}"),
                })
            }
            "enum" => rule.as_array().unwrap().contains(value),
            "const" => rule == value,
            "anyOf" => rule
                .as_array()
                .unwrap()
                .iter()
                .any(|one| fits(one, value).is_ok()),
            "oneOf" => {
                rule.as_array()
                    .unwrap()
                    .iter()
                    .filter(|one| fits(one, value).is_ok())
                    .count()
                    == 1
            }
            "minimum" => value.as_f64().is_none_or(|n| n >= rule.as_f64().unwrap()),
            "maximum" => value.as_f64().is_none_or(|n| n <= rule.as_f64().unwrap()),
            "minLength" => value.as_str().is_none_or(|text| !text.is_empty()),
            "minItems" => value.as_array().is_none_or(|items| !items.is_empty()),
            // Both patterns in use: with a unit, or `none`.
            "pattern" => value.as_str().is_none_or(|text| {
                let none = rule.as_str().unwrap().starts_with("^none");
                let unit = globset::Glob::new("*[0-9][a-z]*")
                    .unwrap()
                    .compile_matcher();
                none && text == "none" || unit.is_match(text)
            }),
            "required" => {
                let keys = rule.as_array().unwrap();
                value.as_object().is_none_or(|map| {
                    keys.iter()
                        .all(|key| map.contains_key(key.as_str().unwrap()))
                })
            }
            "items" => {
                for item in value.as_array().into_iter().flatten() {
                    fits(rule, item)?;
                }
                true
            }
            "additionalProperties" => {
                for (key, inner) in value.as_object().into_iter().flatten() {
                    match rules.get("properties").and_then(|known| known.get(key)) {
                        Some(known) => fits(known, inner).map_err(|why| format!("{key}: {why}"))?,
                        None if key.starts_with("x-")
                            && rules.contains_key("patternProperties") => {}
                        None if rule == &Json::Bool(false) => {
                            return wrong(&format!("`{key}` is not known"));
                        }
                        None => fits(rule, inner).map_err(|why| format!("{key}: {why}"))?,
                    }
                }
                true
            }
            other => panic!("the schemas use `{other}`"),
        };
        if !right {
            return wrong(&format!("not {word} {rule}"));
        }
    }
    Ok(())
}

/// A kind of file: its schema, and whether its reader takes a text without a word.
struct Kind {
    name: &'static str,
    schema: Json,
    reads: fn(&str) -> bool,
}

fn sound(read: impl FnOnce(&mut Vec<Finding>)) -> bool {
    let mut findings = Vec::new();
    read(&mut findings);
    findings.is_empty()
}

fn kinds() -> [Kind; 3] {
    [
        Kind {
            name: "task",
            schema: schema::task().to_value(),
            reads: |text| {
                let file = format!("---\n{text}\n---\n# T\n");
                sound(|f| drop(read_task(&"f".into(), file.as_bytes(), f)))
            },
        },
        Kind {
            name: "config",
            schema: schema::config().to_value(),
            reads: |text| sound(|f| drop(read_config(&"f".into(), text.as_bytes(), f))),
        },
        Kind {
            name: "orchestration",
            schema: schema::orchestration().to_value(),
            reads: |text| sound(|f| drop(read_orchestration(&"f".into(), text.as_bytes(), f))),
        },
    ]
}

fn parsed(text: &str) -> Json {
    parse(text).unwrap().map_or(Json::Null, |node| json(&node))
}

/// Every key of a schema, with an object's own keys below it, as paths.
fn keys(schema: &Json, above: &str, found: &mut Vec<String>) {
    for (key, inner) in schema["properties"].as_object().into_iter().flatten() {
        let path = format!("{above}{key}");
        let mut alternatives = vec![inner];
        alternatives.extend(inner["anyOf"].as_array().into_iter().flatten());
        for inner in alternatives {
            keys(inner, &format!("{path}/"), found);
        }
        found.push(path);
    }
}

#[test]
fn every_key_has_a_shape_of_its_own() {
    for kind in kinds() {
        let mut found = Vec::new();
        keys(&kind.schema, "", &mut found);
        assert!(found.len() > 4, "{}", kind.name);
        for path in found {
            let at = path
                .split('/')
                .fold(String::new(), |at, part| format!("{at}/properties/{part}"));
            let Some(shape) = kind.schema.pointer(&at) else {
                continue;
            };
            let bare = shape
                .as_object()
                .unwrap()
                .keys()
                .all(|word| word == "description");
            let free = path.starts_with("status") || path.starts_with("completed_");
            assert!(!bare || free, "{}: `{path}` takes anything", kind.name);
        }
    }
}

/// Values of all sorts under every key: schema and reader say the same of each.
#[test]
fn schemas_take_what_the_readers_take() {
    let values = [
        "word",
        "0",
        "1",
        "7",
        "-3",
        "1.5",
        "true",
        "45m",
        "none",
        "[a, b]",
        "[[a, b], c]",
        "[]",
        "{}",
        "{a: 1}",
        "{a: b}",
        "{max: 1}",
        "{base: 1s}",
        "{tier: 1}",
        "{tier: 7}",
        "{wall: 1h}",
        "{wall: x}",
        "worktree",
        "manual",
        "keep",
        "end",
        "{frontmatter: true}",
        "{hooks: 1}",
        "{task_usd: 2}",
        "{task_usd: -2}",
        "{setup: [a]}",
        "{w: {command: [a]}}",
        "{w: {max_parallel: 0}}",
        "{w: {adapter: codex}}",
        "{w: {adapter: x}}",
        "{w: {x-a: 1}}",
        "{w: {unknown: 1}}",
        "{command: [a], desktop: true, on: [finish]}",
        "{on: never}",
        "{on: failure}",
        "{desktop: 1}",
        "{tier0: [a]}",
        "{risk: {tier1: [a], tier2_files: 3}}",
        "{risk: {tier1_files: 0}}",
        "{max_attempts: 0}",
        "{backoff: {base: 1s}}",
        "{backoff: 2s}",
        "serialize",
        "rerun",
        "{allow: [a/**]}",
        "{deny: {a: b}}",
    ];
    // To the readers a scalar is a text, whatever it looks like; an editor asks for quotes there. That is the only difference,
    // besides that an empty list or mapping is as good as none to the readers.
    fn looks_otherwise(json: &Json) -> bool {
        match json {
            Json::Number(_) | Json::Bool(_) => true,
            Json::Array(items) => items.iter().any(looks_otherwise),
            Json::Object(entries) => entries.values().any(looks_otherwise),
            Json::Null | Json::String(_) => false,
        }
    }
    let lenient = |value: &str, shape: &Json| {
        looks_otherwise(&parsed(value)) && shape.to_string().contains("string")
    };
    for kind in kinds() {
        let all = kind.schema["properties"].as_object().unwrap();
        for (key, shape) in all {
            if matches!(key.as_str(), "version" | "tracks" | "verification") {
                continue;
            }
            for value in values {
                let mut text = format!("{key}: {value}");
                if kind.name == "orchestration" {
                    text.push_str("\ntracks: [{name: t, steps: [{run: x}]}]");
                }
                let says = fits(&kind.schema, &parsed(&text));
                let reads = (kind.reads)(&text);
                if reads
                    && says.is_err()
                    && (lenient(value, shape) || value == "[]" || value == "{}")
                {
                    continue;
                }
                assert_eq!(says.is_ok(), reads, "{}: {text}: {says:?}", kind.name);
            }
        }
    }
}

#[test]
fn documented_files_fit_and_mistakes_do_not() {
    let [_, _, orchestration] = kinds();
    let example = include_str!("../../orchestration.yaml.example");
    fits(&orchestration.schema, &parsed(example)).unwrap();
    for wrong in [
        "tracks: [{steps: [{run: x}]}]",
        "tracks: [{name: a, steps: [{}]}]",
        "tracks: [{name: a, steps: [{run: x, task: y}]}]",
        "{}",
        "track: []",
    ] {
        assert!(
            fits(&orchestration.schema, &parsed(wrong)).is_err(),
            "{wrong}"
        );
    }
    // What stands in comments there: the configuration, and three task files.
    for part in example.split("# ==== ").skip(1) {
        let (name, rest) = part.split_once(" ====\n").unwrap();
        let text: String = rest
            .lines()
            .filter_map(|line| line.strip_prefix('#'))
            .map(|line| format!("{}\n", line.strip_prefix(' ').unwrap_or(line)))
            .collect();
        let (kind, text) = match name.ends_with(".md") {
            true => {
                let [task, ..] = kinds();
                (task, text.split("---\n").nth(1).unwrap().to_owned())
            }
            false => {
                let [_, config, _] = kinds();
                (config, text)
            }
        };
        fits(&kind.schema, &parsed(&text)).unwrap_or_else(|why| panic!("{name}: {why}"));
    }
}
