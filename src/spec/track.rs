//! The tracks and steps of an orchestration file.
//!
//! Knows their keys and that names are unique. Does not resolve the tasks and tracks that they name.

use std::collections::BTreeMap;

use crate::model::CommandLine;
use crate::spec::fields::known;
use crate::spec::fingerprint;
use crate::spec::orchestration::{STEP_KEYS, StepDoc, TRACK_KEYS, TrackDoc, Work, defaults};
use crate::spec::reader::{Reader, Want};
use crate::spec::settings::{Settings, setting};
use crate::spec::yaml::{Node, Value};
use crate::spec::{At, Finding, Mark};

/// The items of a list that must have some.
pub fn list<'n, 't>(
    reader: &mut Reader,
    key: &str,
    node: &'n Node<'t>,
    what: &'static str,
) -> &'n [Node<'t>] {
    match &node.value {
        Value::List(items) if !items.is_empty() => items,
        _ => {
            let what: &'static str = if what == "tracks" {
                "a list of tracks"
            } else {
                "a list of steps"
            };
            reader.wrong(
                key,
                node,
                Want {
                    what,
                    example: "[ … ]",
                },
            );
            &[]
        }
    }
}

/// Reads a track. `None`: it cannot be known as one, and why has been reported.
pub fn track(reader: &mut Reader, node: &Node) -> Option<TrackDoc> {
    let mut name = None;
    let mut named = false;
    let mut steps = None;
    let mut depends_on = Vec::new();
    let mut settings = Settings::default();
    if !is_map(reader, node, "tracks", "{ name: engine, steps: [ … ] }") {
        return None;
    }
    for (key, node) in known(reader, node, "a track", &TRACK_KEYS) {
        match key {
            "name" => {
                named = true;
                name = self::name(reader, node, Kind::Track);
            }
            "depends_on" => depends_on = reader.texts(key, node, "[engine]").unwrap_or_default(),
            "defaults" => settings = defaults(reader, node),
            _ => steps = Some(node),
        }
    }
    if !named {
        reader.error(
            "missing-key",
            node.mark.start(),
            "the track has no `name`",
            "add `name: engine` to it",
        );
    }
    let Some(steps) = steps else {
        reader.error(
            "missing-key",
            node.mark.start(),
            "the track has no `steps`",
            "add `steps:` with at least one step",
        );
        return None;
    };
    let nodes = list(reader, "steps", steps, "steps");
    let read: Vec<StepDoc> = nodes.iter().filter_map(|node| step(reader, node)).collect();
    duplicate_steps(reader, &read);
    if nodes.is_empty() || read.len() != nodes.len() {
        return None;
    }
    Some(TrackDoc {
        mark: node.mark.start(),
        name: name?,
        depends_on,
        defaults: settings,
        steps: read,
    })
}

fn step(reader: &mut Reader, node: &Node) -> Option<StepDoc> {
    if !is_map(reader, node, "steps", "{ task: 00-setup.md }") {
        return None;
    }
    let mut task = None;
    let mut run = None;
    let mut worked = (false, false);
    let mut nameless = false;
    let mut doc = StepDoc {
        mark: node.mark.start(),
        name: None,
        work: Work::Run(At {
            value: CommandLine::Shell(String::new()),
            mark: node.mark,
        }),
        depends_on: Vec::new(),
        allowlist: None,
        inputs: Vec::new(),
        settings: Settings::default(),
        text: fingerprint::of(Some(node), &["name", "depends_on"], ""),
    };
    for (key, node) in known(reader, node, "a step", &STEP_KEYS) {
        match key {
            "task" => {
                worked.0 = true;
                task = reader.text_at(key, node, "00-setup.md");
            }
            "run" => {
                worked.1 = true;
                run = reader.command(key, node).map(|value| At {
                    value,
                    mark: node.mark,
                });
            }
            "name" => {
                doc.name = name(reader, node, Kind::Step);
                nameless = doc.name.is_none();
            }
            "depends_on" => {
                doc.depends_on = reader.texts(key, node, "[00-setup.md]").unwrap_or_default()
            }
            "allowlist" => doc.allowlist = reader.patterns(key, node),
            "inputs" => doc.inputs = reader.patterns(key, node).unwrap_or_default(),
            _ => {
                setting(reader, &mut doc.settings, key, node);
            }
        }
    }
    if nameless {
        return None;
    }
    doc.work = match (worked, task, run) {
        ((true, true), ..) => {
            reader.error(
                "wrong-key",
                doc.mark,
                "a step has either `task` or `run`, this one has both",
                "make two steps of it; the second runs after the first",
            );
            return None;
        }
        ((false, false), ..) => {
            reader.error(
                "missing-key",
                doc.mark,
                "the step has neither `task` nor `run`",
                "add `task: 00-setup.md` or `run: cargo test`",
            );
            return None;
        }
        (_, Some(task), _) => Work::Task(task),
        (_, _, Some(run)) => Work::Run(run),
        _ => return None,
    };
    Some(doc)
}

fn is_map(reader: &mut Reader, node: &Node, key: &str, example: &'static str) -> bool {
    let is = matches!(node.value, Value::Map(_));
    if !is {
        let what = if key == "tracks" {
            "tracks, each a mapping,"
        } else {
            "steps, each a mapping,"
        };
        reader.wrong(key, node, Want { what, example });
    }
    is
}

#[derive(Clone, Copy)]
enum Kind {
    Track,
    Step,
}

/// A name can stand between the `/` of `TRACK/NAME`.
fn name(reader: &mut Reader, node: &Node, kind: Kind) -> Option<At<Box<str>>> {
    let example = match kind {
        Kind::Track => "engine",
        Kind::Step => "unit-tests",
    };
    let name = reader.text_at("name", node, example)?;
    let odd = name.value.contains(['/', '\\', ':'])
        || name.value.chars().any(char::is_control)
        || name.value.ends_with(".md")
        || matches!(&*name.value, "." | "..")
        || name.value.len() > 100;
    if odd {
        reader.error(
            "wrong-value",
            name.mark,
            "a name has at most 100 bytes, no `/`, `:` or `\\`, and does not end in `.md`",
            &format!("write for instance `name: {example}`"),
        );
        return None;
    }
    Some(name)
}

/// Reports names that two tracks have.
pub fn duplicate_tracks(reader: &mut Reader, tracks: &[TrackDoc]) {
    let names: Vec<&At<Box<str>>> = tracks.iter().map(|track| &track.name).collect();
    duplicates(reader, &names, "track");
}

fn duplicate_steps(reader: &mut Reader, steps: &[StepDoc]) {
    let names: Vec<&At<Box<str>>> = steps.iter().filter_map(|step| step.name.as_ref()).collect();
    duplicates(reader, &names, "step");
    // A step without a name is called after its number, which a name may not take.
    for (i, step) in steps.iter().enumerate() {
        let default = format!("step-{}", i + 1);
        let taken = names.iter().find(|name| *name.value == *default);
        if let (None, Some(taken)) = (&step.name, taken) {
            reader.error(
                "duplicate-name",
                taken.mark,
                format!(
                    "`{default}` is what the step in line {} is called",
                    step.mark.line
                ),
                "choose another name",
            );
        }
    }
}

fn duplicates(reader: &mut Reader, names: &[&At<Box<str>>], what: &str) {
    let mut first: BTreeMap<&str, Mark> = BTreeMap::new();
    for name in names {
        if let Some(mark) = first.get(&*name.value) {
            let place = mark.in_file(&reader.file);
            let finding = Finding::error(
                "duplicate-name",
                &reader.file,
                name.mark,
                format!("two {what}s are called `{}`", name.value),
            )
            .note(Some(place), "the first one")
            .help("give one of them another name");
            reader.findings.push(finding);
        } else {
            first.insert(&name.value, name.mark);
        }
    }
}
