//! Holds the picture of the crate doc: which layer may know which, and what the pure ones may not name.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

/// Each layer and the layers of ours that it may name. `cli` may name all.
const MAY_KNOW: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("event", &["model"]),
    ("spec", &["model"]),
    ("plan", &["model", "spec"]),
    ("state", &["model", "event"]),
    ("view", &["model", "plan", "state"]),
    ("render", &["model", "plan", "view", "report"]),
    ("sched", &["model", "event", "plan", "state"]),
    ("simulate", &["model", "plan", "sched"]),
    ("store", &["model", "event", "state"]),
    ("git", &["model", "event"]),
    ("worker", &["model"]),
    ("scaffold", &["model"]),
    ("web", &[]),
    ("intake", &["model", "spec"]),
    ("project", &["model", "spec", "plan"]),
    (
        "report",
        &[
            "model", "event", "plan", "state", "view", "sched", "simulate",
        ],
    ),
    ("screen", &["model", "plan", "state", "view", "report"]),
    ("attempt", &["model", "worker", "store", "git"]),
    (
        "claim",
        &[
            "model",
            "event",
            "plan",
            "state",
            "view",
            "sched",
            "store",
            "worker",
            "attempt",
            "project",
            "git",
            "orchestrate",
        ],
    ),
    (
        "house",
        &["model", "event", "state", "store", "attempt", "git"],
    ),
    (
        "orchestrate",
        &[
            "model", "event", "spec", "plan", "state", "view", "sched", "store", "worker",
            "attempt", "project", "report", "git",
        ],
    ),
];

/// Layers without input or output, clock or chance.
const PURE: &[&str] = &[
    "model", "event", "spec", "plan", "state", "view", "render", "sched", "simulate", "worker",
    "intake", "screen",
];

/// What a pure layer may not name.
const IMPURE: &[&str] = &[
    "std::fs",
    "std::process",
    "std::env",
    "std::net",
    "tokio",
    "Instant::now",
    "SystemTime",
    "Timestamp::now",
    "println!",
    "eprintln!",
    "getrandom",
];

fn sources(dir: &Path, found: &mut Vec<PathBuf>) {
    let mut entries: Vec<PathBuf> = fs::read_dir(dir)
        .unwrap()
        .map(|e| e.unwrap().path())
        .collect();
    entries.sort();
    for path in entries {
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|e| e == "rs") {
            found.push(path);
        }
    }
}

/// Layer → its files with the code that ships: without comments and without what follows `#[cfg(test)]`.
fn layers() -> BTreeMap<String, Vec<(String, String)>> {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    let mut layers: BTreeMap<String, Vec<(String, String)>> = BTreeMap::new();
    for file in files {
        let relative = file
            .strip_prefix(&src)
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let layer = relative
            .split('/')
            .next()
            .unwrap()
            .trim_end_matches(".rs")
            .to_owned();
        let is_test_file = relative.ends_with("tests.rs") || relative.contains("/tests/");
        if is_test_file || layer == "main" || layer == "lib" {
            continue;
        }
        let text = fs::read_to_string(&file).unwrap();
        let shipped = text.split("#[cfg(test)]").next().unwrap();
        let code: Vec<&str> = shipped
            .lines()
            .filter(|line| !line.trim_start().starts_with("//"))
            .collect();
        layers
            .entry(layer)
            .or_default()
            .push((relative, code.join("\n")));
    }
    layers
}

/// The layers of ours that a text names as `crate::LAYER`.
fn known(code: &str) -> Vec<String> {
    code.split("crate::")
        .skip(1)
        .flat_map(|rest| {
            // `crate::{a::b, c}` names several.
            let names: Vec<&str> = match rest.strip_prefix('{') {
                Some(group) => group
                    .split('}')
                    .next()
                    .unwrap_or_default()
                    .split(',')
                    .collect(),
                None => vec![rest],
            };
            names
                .into_iter()
                .map(|name| {
                    name.trim()
                        .chars()
                        .take_while(|c| c.is_alphanumeric() || *c == '_')
                        .collect::<String>()
                })
                .collect::<Vec<_>>()
        })
        .collect()
}

#[test]
fn every_layer_knows_only_what_it_may() {
    let mut wrong = Vec::new();
    for (layer, files) in layers() {
        if layer == "cli" {
            continue;
        }
        let Some((_, allowed)) = MAY_KNOW.iter().find(|(name, _)| *name == layer) else {
            wrong.push(format!("`{layer}` is not in the picture"));
            continue;
        };
        for (file, code) in files {
            for other in known(&code) {
                let is_layer = MAY_KNOW.iter().any(|(name, _)| *name == other) || other == "cli";
                if is_layer && other != layer && !allowed.contains(&other.as_str()) {
                    wrong.push(format!("{file} names `{other}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn pure_layers_name_nothing_impure() {
    let mut wrong = Vec::new();
    for (layer, files) in layers() {
        if !PURE.contains(&layer.as_str()) {
            continue;
        }
        for (file, code) in files {
            for word in IMPURE {
                if code.contains(word) {
                    wrong.push(format!("{file} names `{word}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn only_the_command_line_prints_exits_and_reads_the_environment() {
    let mut wrong = Vec::new();
    for (layer, files) in layers() {
        for (file, code) in files {
            // An attempt is a program of its own: it has its own arguments and leaves with its own code.
            if layer == "cli" || file == "attempt/early.rs" || file == "attempt/handshake.rs" {
                continue;
            }
            for word in [
                "println!",
                "print!(",
                "std::env::args",
                "env::var",
                "process::exit",
                "stdout()",
                "stderr()",
            ] {
                if code.contains(word) {
                    wrong.push(format!("{file} names `{word}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn one_function_changes_a_tasks_state() {
    // `State`'s maps are written by the fold only; everybody else goes through `apply`.
    let mut wrong = Vec::new();
    for (_, files) in layers() {
        for (file, code) in files {
            // `sched` has maps of its own by these names, and cannot name a `State` to write.
            // `join` puts the states of several repositories together, and nothing is written from that.
            let writes = matches!(
                file.as_str(),
                "state/fold.rs" | "state/join.rs" | "sched/queue.rs"
            );
            if writes || file.starts_with("state/fold/") {
                continue;
            }
            for word in [
                ".tasks.insert(",
                ".tasks.entry(",
                ".tasks.get_mut(",
                ".open.insert(",
                ".open.remove(",
            ] {
                if code.contains(word) {
                    wrong.push(format!("{file} has `{word}`"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn every_source_file_says_what_it_is() {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let mut files = Vec::new();
    sources(&src, &mut files);
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        assert!(
            text.starts_with("//!"),
            "{} has no opening doc",
            file.display()
        );
        assert!(
            !text.contains("(Skeleton.)"),
            "{} is a stub",
            file.display()
        );
    }
}

#[test]
fn names_of_a_path_are_found() {
    assert_eq!(
        known("use crate::model::TaskId; crate::{plan::Plan, event::Event};"),
        ["model", "plan", "event"]
    );
}
