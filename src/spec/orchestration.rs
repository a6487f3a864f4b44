//! The orchestration file: tracks and their steps.
//!
//! Knows its keys. Does not resolve the tasks and tracks that it names.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{CommandLine, Fingerprint};
use crate::spec::fields::known;
use crate::spec::fingerprint;
use crate::spec::reader::{Reader, Want};
use crate::spec::settings::{Settings, setting};
use crate::spec::yaml::{self, Node, Value};
use crate::spec::{At, Finding, MAX_BYTES, Mark};

/// Every key at the top of the file.
pub const FILE_KEYS: [&str; 4] = ["version", "defaults", "pools", "tracks"];
/// Every key of a track.
pub const TRACK_KEYS: [&str; 4] = ["name", "depends_on", "defaults", "steps"];
/// Every key of a step.
pub const STEP_KEYS: [&str; 17] = [
    "task",
    "run",
    "name",
    "depends_on",
    "allowlist",
    "inputs",
    "isolation",
    "worker",
    "timeout",
    "retries",
    "verify",
    "priority",
    "estimate",
    "model",
    "budget_usd",
    "env",
    "pools",
];
/// Every key of `defaults`.
pub const DEFAULTS_KEYS: [&str; 11] = [
    "isolation",
    "worker",
    "timeout",
    "retries",
    "verify",
    "priority",
    "estimate",
    "model",
    "budget_usd",
    "env",
    "pools",
];

/// What an orchestration file says.
#[derive(Debug)]
pub struct OrchestrationDoc {
    pub file: Arc<str>,
    pub defaults: Settings,
    pub pools: Vec<(At<Box<str>>, u32)>,
    pub tracks: Vec<TrackDoc>,
}

#[derive(Debug)]
pub struct TrackDoc {
    pub mark: Mark,
    pub name: At<Box<str>>,
    pub depends_on: Vec<At<Box<str>>>,
    pub defaults: Settings,
    /// At least one.
    pub steps: Vec<StepDoc>,
}

#[derive(Debug)]
pub struct StepDoc {
    pub mark: Mark,
    pub name: Option<At<Box<str>>>,
    pub work: Work,
    pub depends_on: Vec<At<Box<str>>>,
    /// Replaces what the task owns.
    pub allowlist: Option<Vec<At<Box<str>>>>,
    pub inputs: Vec<At<Box<str>>>,
    pub settings: Settings,
    /// Of an inline step: what it runs and how it is set.
    pub text: Fingerprint,
}

#[derive(Debug)]
pub enum Work {
    /// A task file, as it is named here.
    Task(At<Box<str>>),
    /// An inline shell step.
    Run(At<CommandLine>),
}

/// Reads an orchestration file. `None`: a track or a step of it cannot be read. Wrong values of single settings are
/// among the findings; the document is there then, so that its references are checked all the same.
pub fn read(
    file: &Arc<str>,
    bytes: &[u8],
    findings: &mut Vec<Finding>,
) -> Option<OrchestrationDoc> {
    let mut reader = Reader::new(file.clone());
    let doc = read_bytes(&mut reader, bytes);
    findings.append(&mut reader.findings);
    doc
}

fn read_bytes(reader: &mut Reader, bytes: &[u8]) -> Option<OrchestrationDoc> {
    let map = reader.document(bytes, MAX_BYTES * 16)?;
    let mut doc = OrchestrationDoc {
        file: reader.file.clone(),
        defaults: Settings::default(),
        pools: Vec::new(),
        tracks: Vec::new(),
    };
    let Some(map) = map else {
        reader.error(
            "missing-key",
            Mark::START,
            "the file is empty",
            "give it `tracks:` with steps, or remove it",
        );
        return None;
    };
    let mut tracks = None;
    for (key, node) in known(reader, &map, "the orchestration file", &FILE_KEYS) {
        match key {
            "version" => version(reader, node),
            "defaults" => doc.defaults = defaults(reader, node),
            "pools" => doc.pools = reader.counts(key, node),
            _ => tracks = Some(node),
        }
    }
    let Some(tracks) = tracks else {
        reader.error(
            "missing-key",
            map.mark.start(),
            "`tracks` is missing",
            "add `tracks:` with at least one track",
        );
        return None;
    };
    let nodes = list(reader, "tracks", tracks, "tracks");
    for node in nodes {
        doc.tracks.extend(track(reader, node));
    }
    duplicate_tracks(reader, &doc.tracks);
    // Without all tracks and names, references would seem to lead nowhere.
    let twice = |finding: &Finding| finding.diagnostic.code == "duplicate-name";
    let whole = !nodes.is_empty() && doc.tracks.len() == nodes.len();
    (whole && !reader.findings.iter().any(twice)).then_some(doc)
}

/// Refuses files of a later format.
pub fn version(reader: &mut Reader, node: &Node) {
    if reader.whole("version", node, (1, 1), "1").is_none() {
        // Either no number or a later format: both have been reported.
    }
}

fn defaults(reader: &mut Reader, node: &Node) -> Settings {
    let mut settings = Settings::default();
    for (key, node) in known(reader, node, "`defaults`", &DEFAULTS_KEYS) {
        if !setting(reader, &mut settings, key, node) {
            reader.word(key, node, &super::configuration::ISOLATION);
        }
    }
    settings
}

/// The items of a list that must have some.
fn list<'n, 't>(
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

fn track(reader: &mut Reader, node: &Node) -> Option<TrackDoc> {
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
            "isolation" => {
                reader.word(key, node, &super::configuration::ISOLATION);
            }
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

fn duplicate_tracks(reader: &mut Reader, tracks: &[TrackDoc]) {
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

impl Reader {
    /// A whole YAML file of at most `max` bytes. `None`: it cannot be read; `Some(None)`: it is empty.
    pub fn document<'b>(&mut self, bytes: &'b [u8], max: u64) -> Option<Option<Node<'b>>> {
        if bytes.len() as u64 > max {
            self.error(
                "limit",
                Mark::START,
                format!("the file is larger than {} MiB", max / MAX_BYTES),
                "make it smaller",
            );
            return None;
        }
        let text = self.utf8(bytes)?;
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        match yaml::parse(text) {
            Ok(Some(node)) if !matches!(node.value, Value::Map(_) | Value::Null) => {
                self.error(
                    "wrong-value",
                    node.mark,
                    "the file must be a mapping of keys to values",
                    "write `key: value` lines",
                );
                None
            }
            Ok(node) => Some(node.filter(|node| !matches!(node.value, Value::Null))),
            Err((error, mark)) => {
                self.yaml(&error, mark);
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::settings::SETTING_KEYS;

    #[test]
    fn every_setting_may_stand_in_steps_and_defaults() {
        for key in SETTING_KEYS {
            assert!(
                STEP_KEYS.contains(&key) && DEFAULTS_KEYS.contains(&key),
                "{key}"
            );
        }
    }

    #[test]
    fn problems_have_places() {
        for (text, line, column, message) in [
            ("", 1, 1, "the file is empty"),
            ("version: 1\n", 1, 1, "`tracks` is missing"),
            (
                "version: 2\ntracks: [{name: a, steps: [{run: x}]}]",
                1,
                10,
                "`version` lies between 1 and 1, found `2`",
            ),
            (
                "tracks: []\n",
                1,
                9,
                "`tracks` takes a list of tracks, found a list",
            ),
            ("tracks:\n  - name: a\n", 2, 5, "the track has no `steps`"),
            (
                "tracks:\n  - steps: [{run: x}]\n",
                2,
                5,
                "the track has no `name`",
            ),
            (
                "tracks:\n  - name: a/b\n    steps: [{run: x}]\n",
                2,
                11,
                "a name has at most 100 bytes, no `/`, `:` or `\\`, and does not end in `.md`",
            ),
            (
                "tracks:\n  - name: a\n    steps:\n      - name: x\n",
                4,
                9,
                "the step has neither `task` nor `run`",
            ),
            (
                "tracks:\n  - name: a\n    steps:\n      - { task: b, run: x }\n",
                4,
                9,
                "a step has either `task` or `run`, this one has both",
            ),
            (
                "tracks:\n  - name: a\n    steps: [{run: x, name: y}, {run: x, name: y}]\n",
                3,
                47,
                "two steps are called `y`",
            ),
            (
                "tracks:\n  - name: a\n    steps: [{run: x}, {run: x, name: step-1}]\n",
                3,
                38,
                "`step-1` is what the step in line 3 is called",
            ),
        ] {
            let mut findings = Vec::new();
            let doc = read(&"o.yaml".into(), text.as_bytes(), &mut findings);
            assert_eq!(doc.is_some(), text.starts_with("version: 2"), "{text}");
            let first = &findings[0].diagnostic;
            let place = first.place.as_ref().unwrap();
            assert_eq!(
                (place.line, place.column, first.message.as_str()),
                (line, column, message),
                "{text}"
            );
        }
    }
}
