//! The orchestration file: tracks and their steps.
//!
//! Knows its keys. Does not resolve the tasks and tracks that it names.

use std::sync::Arc;

use crate::model::{CommandLine, Fingerprint};
use crate::spec::fields::known;
use crate::spec::reader::Reader;
use crate::spec::settings::{Settings, setting};
use crate::spec::track::{duplicate_tracks, list, track};
use crate::spec::yaml::Node;
use crate::spec::{At, Finding, MAX_BYTES, Mark};

/// Every key at the top of the file.
pub const FILE_KEYS: [&str; 4] = ["version", "defaults", "pools", "tracks"];
/// Every key of a track.
pub const TRACK_KEYS: [&str; 4] = ["name", "depends_on", "defaults", "steps"];
/// Every key of a step: its own, and those that `defaults` give it.
pub const STEP_KEYS: [&str; 18] = {
    let mut keys = [
        "task",
        "run",
        "name",
        "depends_on",
        "allowlist",
        "inputs",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
        "",
    ];
    let own = keys.len() - DEFAULTS_KEYS.len();
    let mut at = 0;
    while at < DEFAULTS_KEYS.len() {
        keys[own + at] = DEFAULTS_KEYS[at];
        at += 1;
    }
    keys
};
/// Every key of `defaults`.
pub const DEFAULTS_KEYS: [&str; 12] = [
    "isolation",
    "worker",
    "timeout",
    "retries",
    "verify",
    "priority",
    "estimate",
    "model",
    "budget_usd",
    "agent",
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
    reader.whole("version", node, (1, 1), "1");
}

/// The settings of `defaults`.
pub fn defaults(reader: &mut Reader, node: &Node) -> Settings {
    let mut settings = Settings::default();
    for (key, node) in known(reader, node, "`defaults`", &DEFAULTS_KEYS) {
        setting(reader, &mut settings, key, node);
    }
    settings
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
