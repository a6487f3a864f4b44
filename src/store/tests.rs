//! The store on real files: appending, reading, repairing, the cache.

mod cache;
mod journal;
mod older;

use std::fs;
use std::path::Path;

use crate::event::{Event, Verdict};
use crate::model::{Fingerprint, OrchId, ProcessRef, RunId, Status, StopReason, TaskId};
use crate::state::Illegal;
use crate::store::{Notice, Store, StoreError};

pub fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

pub fn orch() -> OrchId {
    OrchId::parse("orch-20260102-030405-aaaa").unwrap()
}

pub fn run(n: u32) -> RunId {
    RunId::new("2026-01-02T03:04:05Z".parse().unwrap(), n)
}

pub fn process() -> ProcessRef {
    ProcessRef {
        pid: 4711,
        start_ticks: 99,
        boot_id: "boot".to_owned(),
    }
}

pub fn started_orchestration() -> Event {
    Event::OrchestrationStarted {
        orch: orch(),
        owner: process(),
        command: "runr run".to_owned(),
        tasks: 3,
        jobs: 2,
        home: None,
    }
}

pub fn reserved(n: u32, name: &str) -> Event {
    Event::Reserved {
        orch: orch(),
        run: run(n),
        task: task(name),
        attempt: 1,
        fingerprint: Fingerprint::new([7; 16]),
        prerequisites: vec![(task("base.md"), Fingerprint::new([3; 16]))],
        claims: Vec::new(),
        pools: Vec::new(),
        again: false,
    }
}

pub fn ended(n: u32, verdict: Verdict) -> Event {
    Event::Ended {
        run: run(n),
        verdict,
        took_ms: 1200,
    }
}

pub fn by_hand(name: &str) -> Event {
    Event::CompletedByHand {
        task: task(name),
        by: "ada".to_owned(),
        note: Some("done on \"paper\"".to_owned()),
        fingerprint: Fingerprint::new([1; 16]),
        sha: None,
    }
}

/// A bit of everything: an inline step, a failure, an open run.
pub fn history() -> Vec<Vec<Event>> {
    vec![
        vec![started_orchestration(), reserved(1, "a.md")],
        vec![Event::Started {
            run: run(1),
            process: process(),
        }],
        vec![
            ended(1, Verdict::Completed { sha: None }),
            reserved(2, "engine/step-1"),
        ],
        vec![
            ended(2, Verdict::Completed { sha: None }),
            reserved(3, "net/b.md"),
        ],
        vec![
            ended(
                3,
                Verdict::Failed {
                    reason: StopReason::VerificationFailed,
                    message: Some("cargo test\u{1b}[31m".to_owned()),
                },
            ),
            reserved(4, "c.md"),
        ],
        vec![by_hand("d.md")],
    ]
}

/// A project whose journal holds [`history`].
pub fn project() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    for events in history() {
        assert_eq!(store.append(events).unwrap().refused, []);
    }
    (dir, store)
}

fn everything(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}
