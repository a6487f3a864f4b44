//! The journal as another program would read it: text, checksums, JSON.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

/// Every event, in order, each with its line's number.
#[derive(Debug, Clone)]
pub struct Journal {
    pub events: Vec<(u64, Value)>,
}

impl Journal {
    /// Reads a journal that must be whole: every line closed by its newline, its checksum right, the
    /// numbers without gaps.
    pub fn parse(text: &str) -> Self {
        assert!(
            text.is_empty() || text.ends_with('\n'),
            "the journal's last line is torn: {text:?}"
        );
        let mut events = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let (content, crc) = line
                .rsplit_once(",\"crc\":\"")
                .unwrap_or_else(|| panic!("no checksum: {line}"));
            assert_eq!(
                crc,
                format!("{:08x}\"}}", crc32c::crc32c(content.as_bytes())),
                "line {}: {line}",
                number + 1
            );
            let value: Value = serde_json::from_str(line).unwrap_or_else(|e| panic!("{e}: {line}"));
            if number == 0 {
                assert!(
                    value.get("runr_journal").is_some(),
                    "not the first line of a journal: {line}"
                );
                continue;
            }
            let seq = value["seq"]
                .as_u64()
                .unwrap_or_else(|| panic!("no number: {line}"));
            assert_eq!(seq, number as u64, "a gap before {line}");
            let list = value["events"]
                .as_array()
                .unwrap_or_else(|| panic!("no events: {line}"));
            events.extend(list.iter().map(|event| (seq, event.clone())));
        }
        Self { events }
    }

    /// As [`Self::parse`], for a file that somebody may be writing or was killed while writing.
    pub fn parse_growing(text: &str) -> Self {
        let whole = text.rfind('\n').map_or("", |end| &text[..=end]);
        Self::parse(whole)
    }

    /// The events of one name.
    pub fn of<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a Value> {
        self.events
            .iter()
            .map(|(_, event)| event)
            .filter(move |event| event["event"] == name)
    }

    /// The task of each run.
    pub fn task_of_run(&self) -> BTreeMap<String, String> {
        self.of("reserved")
            .map(|e| (text(&e["run"]), text(&e["task"])))
            .collect()
    }

    /// The verdicts in order: run, task, verdict (`completed`, `failed`, …), reason.
    pub fn verdicts(&self) -> Vec<(String, String, String, String)> {
        let tasks = self.task_of_run();
        self.of("ended")
            .map(|e| {
                let run = text(&e["run"]);
                let task = tasks.get(&run).cloned().unwrap_or_default();
                (run, task, text(&e["is"]), text(&e["reason"]))
            })
            .collect()
    }

    /// The tasks that have a completed verdict.
    pub fn completed(&self) -> BTreeSet<String> {
        self.verdicts()
            .into_iter()
            .filter(|v| v.2 == "completed")
            .map(|v| v.1)
            .collect()
    }

    /// The runs that were reserved and are neither ended nor void.
    pub fn open(&self) -> BTreeSet<String> {
        let mut open = BTreeSet::new();
        for (_, event) in &self.events {
            let run = text(&event["run"]);
            match event["event"].as_str().unwrap_or_default() {
                "reserved" => drop(open.insert(run)),
                "ended" | "voided" => drop(open.remove(&run)),
                _ => {}
            }
        }
        open
    }

    /// Holds what no interruption may break: at most one open run a task at any line, nothing reserved
    /// after its completion, and every run that ended was reserved before.
    pub fn assert_legal(&self) {
        let mut open: BTreeMap<String, String> = BTreeMap::new();
        let mut completed = BTreeSet::new();
        for (seq, event) in &self.events {
            let run = text(&event["run"]);
            match event["event"].as_str().unwrap_or_default() {
                "reserved" => {
                    let task = text(&event["task"]);
                    assert!(
                        !open.values().any(|other| *other == task),
                        "seq {seq}: a second run of `{task}`"
                    );
                    assert!(
                        !completed.contains(&task),
                        "seq {seq}: `{task}` was completed already"
                    );
                    open.insert(run, task);
                }
                "voided" => {
                    assert!(
                        open.remove(&run).is_some(),
                        "seq {seq}: run {run} was not open"
                    );
                }
                "ended" => {
                    let task = open.remove(&run);
                    let task = task.unwrap_or_else(|| panic!("seq {seq}: run {run} was not open"));
                    if event["is"] == "completed" {
                        completed.insert(task);
                    }
                }
                _ => {}
            }
        }
    }
}

/// A JSON string's text; nothing for anything else.
fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
