//! `runr status` with its journal made by hand: every kind of row, dead processes, JSON, ASCII, colour.

use std::process::{Command, Stdio};

use runr::event::{Event, Verdict};
use runr::model::{Fingerprint, OrchId, ProcessRef, RunId, StopReason, TaskId};
use runr::store::{Store, process};

use crate::support::Fixture;

pub fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

pub fn run_id(letters: &str) -> RunId {
    RunId::parse(&format!("20250108-143000-{letters}")).unwrap()
}

fn orch() -> OrchId {
    OrchId::parse("orch-20250108-142900-aaaa").unwrap()
}

/// A process that has lived and is gone.
fn gone() -> ProcessRef {
    let mut child = Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = process::of(child.id()).unwrap();
    drop(child.stdin.take());
    child.wait().unwrap();
    process
}

pub fn append(fixture: &Fixture, events: Vec<Event>) {
    let mut store = Store::open(&fixture.root()).unwrap();
    assert_eq!(store.append(events).unwrap().refused, []);
}

/// An orchestration by this owner, and an attempt by this process (`None`: it never started).
pub fn begun(
    owner: ProcessRef,
    task: &str,
    letters: &str,
    attempt: Option<ProcessRef>,
) -> Vec<Event> {
    let mut events = vec![Event::OrchestrationStarted {
        orch: orch(),
        owner,
        command: "runr run".to_owned(),
        tasks: 3,
        jobs: 2,
        home: None,
    }];
    events.extend(reserved(task, letters));
    events.extend(attempt.map(|process| Event::Started {
        run: run_id(letters),
        process,
    }));
    events
}

fn reserved(task: &str, letters: &str) -> Vec<Event> {
    vec![Event::Reserved {
        orch: orch(),
        run: run_id(letters),
        task: id(task),
        attempt: 1,
        fingerprint: Fingerprint::new([0; 16]),
        prerequisites: Vec::new(),
        claims: Vec::new(),
        pools: Vec::new(),
        again: false,
    }]
}

fn ended(letters: &str, verdict: Verdict) -> Event {
    Event::Ended {
        run: run_id(letters),
        verdict,
        took_ms: 1_200,
    }
}

fn project() -> Fixture {
    Fixture::with(&[
        (
            ".runr/tasks/00-setup.md",
            "---\nrun: 'true'\n---\n# Setup\n",
        ),
        (
            ".runr/tasks/01-net.md",
            "---\nrun: 'true'\ndepends_on: 00-setup.md\n---\n# Net\n",
        ),
        (".runr/tasks/02-keys.md", "---\ntype: manual\n---\n# Keys\n"),
    ])
}

/// Dates are today's: they become `DATE`.
fn without_dates(text: &str) -> String {
    let is_date = |word: &str| {
        word.len() == 10
            && word.bytes().enumerate().all(|(i, b)| match i {
                4 | 7 => b == b'-',
                _ => b.is_ascii_digit(),
            })
    };
    let words: Vec<&str> = text
        .split(' ')
        .map(|word| if is_date(word) { "DATE" } else { word })
        .collect();
    words.join(" ")
}

#[test]
fn the_table_follows_the_journal() {
    let fixture = project();
    let this = process::this().unwrap();
    append(&fixture, begun(this, "00-setup.md", "aaaa", None));
    append(
        &fixture,
        vec![ended(
            "aaaa",
            Verdict::Failed {
                reason: StopReason::VerificationFailed,
                message: Some("cargo test".to_owned()),
            },
        )],
    );
    let ran = fixture.runr(&["status", "--tasks"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!(without_dates(&ran.out), @r"
    Tasks in .runr/tasks/:
      ✗ 00-setup.md  failed             DATE  run:20250108-143000-aaaa  verification failed: cargo test
      ○ 01-net.md    pending            blocked by 00-setup.md
      ○ 02-keys.md   pending            needs you: runr tasks complete 02-keys.md

    3 tasks: 1 failed, 1 needs you, 1 blocked
    ");
}

#[test]
fn a_process_that_is_gone_is_said_to_be_gone() {
    for (attempt, note) in [
        (Some(gone()), "its process is gone: runr resume"),
        (None, "never started, its orchestrator is gone: runr resume"),
        (
            Some(process::this().unwrap()),
            "its orchestrator is gone: runr resume",
        ),
    ] {
        let fixture = project();
        append(&fixture, begun(gone(), "00-setup.md", "aaaa", attempt));
        let ran = fixture.runr(&["status", "--tasks"]);
        let row = ran.out.lines().nth(1).unwrap();
        assert!(row.contains("in progress") && row.ends_with(note), "{row}");
        let overview = fixture.runr(&["status"]);
        assert!(overview.out.contains("runr resume"), "{}", overview.out);
        // Whatever else could be done, it comes first.
        let next = fixture.runr(&["next"]).out;
        let line = "  runr resume  goes on with `runr run`, whose process is gone\n";
        assert!(next.starts_with(&format!("Interrupted\n{line}")), "{next}");
        let json = fixture.runr(&["next", "--json"]).out;
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(json["interrupted"][0]["command"], "runr resume");
        let people = fixture.runr(&["next", "--people"]).out;
        assert_eq!(people.matches("  runr resume ").count(), 1, "{people}");
    }
}

#[test]
fn a_living_attempt_has_no_such_note() {
    let fixture = project();
    let this = process::this().unwrap();
    append(
        &fixture,
        begun(this.clone(), "00-setup.md", "aaaa", Some(this)),
    );
    let ran = fixture.runr(&["status", "--tasks"]);
    assert!(ran.out.contains("in progress"), "{}", ran.out);
    assert!(!ran.out.contains("gone"), "{}", ran.out);
}

#[test]
fn programs_get_one_object() {
    let fixture = project();
    for (args, key) in [
        (["status", "--tasks", "--json"].as_slice(), "tasks"),
        (&["status", "--json"], "counts"),
        (&["next", "--json"], "ready"),
        (&["next", "--people", "--json"], "needs_people"),
        (&["tasks", "list", "--json"], "tasks"),
        (&["tasks", "show", "01-net", "--json"], "settings"),
        (&["why", "01-net", "--json"], "waits_for"),
    ] {
        let ran = fixture.runr(args);
        assert_eq!(ran.code, 0, "{args:?}: {}", ran.err);
        assert_eq!(ran.out.lines().count(), 1, "{args:?}");
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        assert_eq!(value["schema_version"], 1, "{args:?}");
        assert!(value.get(key).is_some(), "{args:?}: {}", ran.out);
    }
}

#[test]
fn runr_alone_gives_programs_what_status_does() {
    let fixture = project();
    let alone = fixture.runr(&["--json"]);
    assert_eq!((alone.code, alone.err.as_str()), (0, ""));
    assert_eq!(alone.out, fixture.runr(&["status", "--json"]).out);
    // Before a command it would be lost.
    let ran = fixture.runr(&["--json", "status"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    assert!(ran.err.contains("runr status --json"), "{}", ran.err);
}

#[test]
fn reading_changes_nothing() {
    let fixture = project();
    let before = fixture.snapshot();
    for args in [
        &["status", "--tasks"][..],
        &["status"],
        &[],
        &["next"],
        &["tasks", "list"],
    ] {
        assert_eq!(fixture.runr(args).code, 0, "{args:?}");
    }
    assert!(fixture.snapshot() == before);
}

#[test]
fn ascii_where_the_locale_has_nothing_else_and_colour_only_when_asked() {
    let fixture = project();
    let output = fixture
        .command(&["status", "--tasks"])
        .env("LC_ALL", "C")
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    assert!(
        text.is_ascii() && text.contains("  . 00-setup.md"),
        "{text}"
    );
    assert!(!fixture.runr(&["status", "--tasks"]).out.contains('\u{1b}'));
    let colour = fixture.runr(&["status", "--tasks", "--color", "always"]);
    assert!(colour.out.contains("\u{1b}["), "{}", colour.out);
}

#[test]
fn lists_are_filtered_by_status_and_tag() {
    let fixture = project();
    fixture.write(
        ".runr/tasks/03-tagged.md",
        "---\nrun: 'true'\ntags: [net]\n---\n# Tagged\n",
    );
    for (args, shown) in [
        (
            ["--status", "ready"].as_slice(),
            vec!["00-setup.md", "03-tagged.md"],
        ),
        (&["--status", "blocked"], vec!["01-net.md"]),
        (
            &["--status", "needs-you", "--status", "blocked"],
            vec!["01-net.md", "02-keys.md"],
        ),
        (&["--tag", "net"], vec!["03-tagged.md"]),
        (&["--tag", "net", "--status", "failed"], vec![]),
    ] {
        let ran = fixture.runr(&[&["tasks", "list", "--json"], args].concat());
        let value: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
        let names: Vec<&str> = value["tasks"]
            .as_array()
            .unwrap()
            .iter()
            .map(|task| task["task"].as_str().unwrap())
            .collect();
        assert_eq!(names, shown, "{args:?}");
    }
}
