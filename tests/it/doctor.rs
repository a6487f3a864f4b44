//! `runr doctor`: looks without touching, and repairs without losing.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Child, Stdio};

use runr::event::{Event, Verdict};
use runr::model::{Fingerprint, OrchId, ProcessRef, RunId, Status, TaskId};
use runr::store::{OwnerLock, Store};

use crate::support::{Fixture, Ran};

const TRUE: &str = "---\nrun: 'true'\n---\n# T\n";
const JOURNAL: &str = ".runr/journal.jsonl";

fn project() -> Fixture {
    Fixture::with(&[
        (".runr/tasks/a.md", TRUE),
        (
            ".runr/tasks/b.md",
            "---\ndepends_on: a.md\nrun: 'true'\n---\n# B\n",
        ),
    ])
}

fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn status(fixture: &Fixture, name: &str) -> Status {
    let store = Store::open(&fixture.root()).unwrap();
    assert!(store.damage().is_none());
    store.state().status(&task(name))
}

/// The level of each check, as `--json` gives it.
fn levels(ran: &Ran) -> Vec<(String, String)> {
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
    json["findings"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| (text(&it["check"]), text(&it["level"])))
        .filter(|(_, level)| level != "ok")
        .collect()
}

fn found(fixture: &Fixture, code: i32) -> Vec<String> {
    let before = fixture.snapshot();
    let ran = fixture.runr(&["doctor", "--json"]);
    assert_eq!(ran.code, code, "{}{}", ran.out, ran.err);
    assert_eq!(fixture.snapshot(), before, "looking changes nothing");
    let levels = levels(&ran).into_iter();
    levels
        .map(|(check, level)| format!("{check} {level}"))
        .collect()
}

/// Nobody: a process of another boot.
fn dead() -> ProcessRef {
    ProcessRef {
        pid: 1,
        start_ticks: 1,
        boot_id: "another".to_owned(),
    }
}

fn orch() -> OrchId {
    OrchId::parse("orch-20260102-030405-aaaa").unwrap()
}

fn run() -> RunId {
    RunId::parse("20260102-030405-aaaa").unwrap()
}

/// A run whose orchestrator and attempt are gone.
fn left_behind(fixture: &Fixture, name: &str) {
    let events = vec![
        Event::OrchestrationStarted {
            orch: orch(),
            owner: dead(),
            command: "runr run".to_owned(),
            tasks: 1,
            jobs: 1,
            home: None,
        },
        Event::Reserved {
            orch: orch(),
            run: run(),
            task: task(name),
            attempt: 1,
            fingerprint: Fingerprint::new([1; 16]),
            prerequisites: Vec::new(),
            claims: Vec::new(),
            pools: Vec::new(),
            again: false,
        },
        Event::Started {
            run: run(),
            process: dead(),
        },
    ];
    let mut store = Store::open(&fixture.root()).unwrap();
    assert!(store.append(events).unwrap().refused.is_empty());
}

/// Changes one letter of the line of the journal that holds `mark`.
fn damage(fixture: &Fixture, mark: &str) -> Vec<u8> {
    let path = fixture.root().join(JOURNAL);
    let mut text = fs::read(&path).unwrap();
    let at = text
        .windows(mark.len())
        .position(|it| it == mark.as_bytes())
        .unwrap();
    text[at] ^= 1;
    fs::write(&path, &text).unwrap();
    text
}

#[test]
fn a_healthy_project_stays_as_it_is() {
    let fixture = project();
    assert_eq!(found(&fixture, 0), [""; 0]);
    assert_eq!(fixture.runr(&["run"]).code, 0);
    assert_eq!(found(&fixture, 0), [""; 0]);
    let before = fixture.snapshot();
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("ok       journal"), "{}", ran.out);
    assert_eq!(fixture.snapshot(), before);
}

#[test]
fn a_damaged_journal_is_kept_and_nothing_completed_is_lost() {
    for mark in [
        "orchestration_started",
        "reserved",
        "started\",\"run",
        "completed",
    ] {
        let fixture = project();
        assert_eq!(fixture.runr(&["run"]).code, 0);
        let damaged = damage(&fixture, mark);
        let refused = fixture.runr(&["run"]);
        assert_eq!(refused.code, 4, "{mark}: {}", refused.err);
        assert!(refused.err.contains("runr doctor"), "{}", refused.err);
        assert_eq!(found(&fixture, 1)[0], "journal problem", "{mark}");
        let ran = fixture.runr(&["doctor", "--fix"]);
        assert_eq!(ran.code, 0, "{mark}: {}{}", ran.out, ran.err);
        assert!(ran.out.contains("not believed: line "), "{}", ran.out);
        assert!(!ran.out.contains("lost:"), "{}", ran.out);
        let kept = fixture.root().join(".runr/quarantine/journal.damaged");
        assert_eq!(fs::read(kept).unwrap(), damaged);
        for name in ["a.md", "b.md"] {
            assert_eq!(status(&fixture, name), Status::Completed, "{mark}: {name}");
        }
        assert_eq!(found(&fixture, 0), [""; 0], "{mark}");
        assert_eq!(fixture.runr(&["run"]).code, 0, "{mark}");
    }
}

#[test]
fn a_journal_that_is_gone_comes_back_from_the_status_file() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 0);
    fs::remove_file(fixture.root().join(JOURNAL)).unwrap();
    assert_eq!(found(&fixture, 1)[0], "journal problem");
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(status(&fixture, "a.md"), Status::Completed);
    assert_eq!(status(&fixture, "b.md"), Status::Completed);
}

#[test]
fn a_journal_is_not_replaced_under_a_living_orchestrator() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 0);
    damage(&fixture, "reserved");
    let layout = Store::open(&fixture.root()).unwrap().layout().clone();
    let owner = OwnerLock::try_take(&layout, &orch()).unwrap();
    let before = fixture.snapshot();
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 1);
    let refused = format!("not fixed: journal: orchestration {} is running", orch());
    assert!(ran.out.contains(&refused), "{}", ran.out);
    assert_eq!(fixture.snapshot(), before);
    drop(owner);
    assert_eq!(fixture.runr(&["doctor", "--fix"]).code, 0);
}

#[test]
fn a_torn_end_and_an_edited_status_file_are_put_right() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 0);
    let journal = fixture.root().join(JOURNAL);
    let whole = fs::read(&journal).unwrap();
    let mut file = fs::File::options().append(true).open(&journal).unwrap();
    file.write_all(b"{\"seq\":99,\"at").unwrap();
    let cache = fixture.root().join(".runr/task-status.json");
    let edited = fs::read_to_string(&cache)
        .unwrap()
        .replace("completed\"", "failed\"");
    fs::write(&cache, &edited).unwrap();
    assert_eq!(found(&fixture, 0), ["journal warning", "status warning"]);
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert_eq!(fs::read(&journal).unwrap(), whole);
    let quarantine = fixture.root().join(".runr/quarantine");
    assert_eq!(
        fs::read(quarantine.join("journal.torn")).unwrap(),
        b"{\"seq\":99,\"at"
    );
    assert_eq!(
        fs::read_to_string(quarantine.join("task-status.json.edited")).unwrap(),
        edited
    );
    assert_eq!(found(&fixture, 0), [""; 0]);
}

#[test]
fn runs_of_a_dead_orchestrator_are_settled() {
    let fixture = project();
    left_behind(&fixture, "a.md");
    assert_eq!(
        found(&fixture, 0),
        ["orchestrations warning", "runs warning"]
    );
    assert_eq!(status(&fixture, "a.md"), Status::InProgress);
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    assert_eq!(status(&fixture, "a.md"), Status::Stopped);
    assert_eq!(found(&fixture, 0), [""; 0]);
}

#[test]
fn an_unrecorded_success_of_a_hybrid_task_awaits_its_approval() {
    let fixture = Fixture::with(&[(
        ".runr/tasks/a.md",
        "---\ntype: hybrid\nrun: 'true'\n---\n# A\n",
    )]);
    left_behind(&fixture, "a.md");
    let state = format!(
        r#"{{"schema_version":1,"run":"{}","task":"a.md","outcome":"succeeded","message":null,
            "started_at":"2026-01-02T03:04:05Z","ended_at":"2026-01-02T03:04:06Z","took_ms":1000,
            "exit_code":0,"signal":null,"checks":[],"ended_strays":0}}"#,
        run()
    );
    fixture.write(&format!(".runr/runs/{}/state.json", run()), state);
    fixture.write(".runr/tasks/broken.md", "---\nrun: [\n---\n");
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(
        ran.out
            .contains("not fixed: orchestrations: the task files have errors")
    );
    assert_eq!(status(&fixture, "a.md"), Status::InProgress);
    fs::remove_file(fixture.root().join(".runr/tasks/broken.md")).unwrap();
    assert_eq!(fixture.runr(&["doctor", "--fix"]).code, 0);
    assert_eq!(status(&fixture, "a.md"), Status::AwaitingApproval);
}

/// A process that carries the marks of a project's run and waits for its input to end.
fn stray(root: &Path, run: &RunId) -> Child {
    let mut command = std::process::Command::new("cat");
    command
        .env_clear()
        .env("PATH", "/usr/bin:/bin")
        .env("RUNR_RUN_ID", run.as_str())
        .env("RUNR_ROOT", root)
        .stdin(Stdio::piped())
        .stdout(Stdio::null());
    command.spawn().unwrap()
}

#[test]
fn what_outlived_an_ended_run_is_ended_and_what_nobody_knows_is_only_shown() {
    let fixture = project();
    left_behind(&fixture, "a.md");
    let mut store = Store::open(&fixture.root()).unwrap();
    let ended = Event::Ended {
        run: run(),
        verdict: Verdict::Completed { sha: None },
        took_ms: 1,
    };
    let over = Event::OrchestrationEnded {
        orch: orch(),
        exit: 0,
    };
    store.append(vec![ended, over]).unwrap();
    let root = fixture.root().canonicalize().unwrap();
    let mut known = stray(&root, &run());
    let unknown_run = RunId::parse("20260102-030405-zzzz").unwrap();
    let unknown = stray(&root, &unknown_run);
    // A copy of the project has the run's id, too.
    let copied = stray(&root.with_file_name("copy"), &run());
    assert_eq!(found(&fixture, 1), ["processes problem"]);
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 1, "{}", ran.out);
    assert!(ran.out.contains("ended 1 processes"), "{}", ran.out);
    assert!(!known.wait().unwrap().success());
    for mut other in [unknown, copied] {
        assert!(other.try_wait().unwrap().is_none());
        drop(other.stdin.take());
        assert!(other.wait().unwrap().success());
    }
    assert_eq!(found(&fixture, 0), [""; 0]);
}

#[test]
fn leftovers_of_dead_writers_go_and_unknown_runs_are_named() {
    let fixture = project();
    // Above the highest number that Linux gives.
    fixture.write(".runr/.task-status.json.4194305-0.tmp", "{");
    fixture.write(".runr/runs/20260102-030405-zzzz/spec.json", "{}");
    fixture.write(
        ".runr/runs/20260102-030405-zzzz/.state.json.4194305-1.tmp",
        "{",
    );
    assert_eq!(found(&fixture, 0), ["runs warning", "leftovers warning"]);
    let ran = fixture.runr(&["doctor", "--fix"]);
    assert_eq!(ran.code, 0, "{}", ran.out);
    assert!(ran.out.contains("removed 2 temporary files"), "{}", ran.out);
    assert!(ran.out.contains("20260102-030405-zzzz: without a verdict"));
    assert_eq!(found(&fixture, 0), ["runs warning"]);
}

#[test]
fn a_repository_needs_a_git_that_is_new_enough() {
    let fixture = project();
    fs::create_dir(fixture.root().join(".git")).unwrap();
    let bin = fixture.root().parent().unwrap().join("bin");
    fs::create_dir(&bin).unwrap();
    let doctor = || {
        let mut command = fixture.command(&["doctor", "--json"]);
        let output = command.env("PATH", &bin).output().unwrap();
        let ran = Ran {
            code: output.status.code().unwrap(),
            out: String::from_utf8(output.stdout).unwrap(),
            err: String::new(),
        };
        (ran.code, levels(&ran))
    };
    let problem = ("git".to_owned(), "problem".to_owned());
    assert_eq!(doctor(), (1, vec![problem.clone()]));
    for (version, code) in [("2.37.1", 1), ("2.38.0", 0)] {
        let git = bin.join("git");
        fs::write(&git, format!("#!/bin/sh\necho git version {version}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        fs::set_permissions(&git, mode).unwrap();
        assert_eq!(doctor().0, code, "{version}");
    }
}
