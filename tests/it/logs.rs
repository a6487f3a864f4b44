//! `runr logs`: which files, how they are passed on, and following a run to its end.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::path::PathBuf;
use std::process::{Child, Stdio};

use runr::event::{Event, Verdict};
use runr::model::{Outcome, RunState};
use runr::store::process;

use crate::status::{append, begun, id, run_id};
use crate::support::Fixture;

/// A project in which an attempt of this very process is under way.
fn running() -> (Fixture, PathBuf) {
    let fixture = Fixture::with(&[(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n")]);
    let this = process::this().unwrap();
    append(&fixture, begun(this.clone(), "a.md", "aaaa", Some(this)));
    let folder = fixture.root().join(".runr/runs/20250108-143000-aaaa");
    fs::create_dir_all(&folder).unwrap();
    (fixture, folder)
}

#[test]
fn files_come_in_their_order_and_bytes_as_they_are() {
    let (fixture, folder) = running();
    fs::write(folder.join("worker.log"), "\u{1b}[31mred\u{1b}[0m\none\n").unwrap();
    fs::write(folder.join("verify-1.log"), "checked\n").unwrap();
    let all = "\u{1b}[31mred\u{1b}[0m\none\nchecked\n";
    for (args, expected) in [
        (["logs", "a"].as_slice(), all),
        (&["logs", "20250108-143000-aaaa"], all),
        (&["logs", "a", "--all"], all),
        (&["logs", "a", "-n", "2"], "one\nchecked\n"),
        (&["logs", "a", "-n", "0"], ""),
    ] {
        let ran = fixture.runr(args);
        assert_eq!((ran.code, ran.out.as_str()), (0, expected), "{args:?}");
    }
}

#[test]
fn as_json_the_lines_stand_in_one_object() {
    let (fixture, folder) = running();
    fs::write(folder.join("worker.log"), "\u{1b}[31mred\u{1b}[0m\none\n").unwrap();
    fs::write(folder.join("verify-1.log"), "checked\n").unwrap();
    let ran = fixture.runr(&["logs", "a", "--json", "-n", "2"]);
    let said: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let run = "20250108-143000-aaaa";
    let lines = serde_json::json!([
        {"run": run, "file": "worker.log", "text": "one"},
        {"run": run, "file": "verify-1.log", "text": "checked"},
    ]);
    assert_eq!(
        said,
        serde_json::json!({"schema_version": 1, "lines": lines})
    );
}

#[test]
fn what_there_is_not_is_said_with_candidates() {
    let (fixture, _) = running();
    fixture.write(".runr/tasks/never.md", "---\nrun: 'true'\n---\n# N\n");
    for (of, message, help) in [
        (
            "20250108-143000-zzzz",
            "there is no run",
            "20250108-143000-aaaa",
        ),
        ("never", "has not run yet", "runr why never.md"),
        ("nevr.md", "no task", "did you mean `never.md`?"),
    ] {
        let ran = fixture.runr(&["logs", of]);
        assert_eq!(ran.code, 2, "{of}");
        assert!(
            ran.err.contains(message) && ran.err.contains(help),
            "{}",
            ran.err
        );
    }
}

#[test]
fn a_report_is_of_a_run_or_an_orchestration() {
    let (fixture, _) = running();
    let ran = fixture.runr(&["report", "a"]);
    assert_eq!((ran.code, ran.out.as_str()), (2, ""));
    for words in [
        "`a` is neither a run nor an orchestration",
        "runr tasks show a ",
        "runr orchestrate list ",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
}

/// Follows, and gives the output up to the first line, which was there before.
fn follow(fixture: &Fixture) -> (Child, BufReader<std::process::ChildStdout>) {
    let mut child = fixture
        .command(&["logs", "-f", "a"])
        .stdout(Stdio::piped())
        .stderr(Stdio::inherit())
        .spawn()
        .unwrap();
    let mut out = BufReader::new(child.stdout.take().unwrap());
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "first\n");
    (child, out)
}

fn add(folder: &std::path::Path, name: &str, text: &str) {
    let mut file = fs::OpenOptions::new()
        .create(true)
        .append(true)
        .open(folder.join(name))
        .unwrap();
    file.write_all(text.as_bytes()).unwrap();
}

#[test]
fn following_ends_with_the_run_and_misses_nothing() {
    let (fixture, folder) = running();
    add(&folder, "worker.log", "first\n");
    let (mut child, mut out) = follow(&fixture);
    add(&folder, "worker.log", "second\n");
    let mut line = String::new();
    out.read_line(&mut line).unwrap();
    assert_eq!(line, "second\n");
    add(&folder, "verify-1.log", "checked\n");
    let now = jiff::Timestamp::UNIX_EPOCH;
    let state = RunState {
        schema_version: 1,
        run: run_id("aaaa"),
        task: id("a.md"),
        outcome: Outcome::Succeeded,
        message: None,
        started_at: now,
        ended_at: now,
        took_ms: 1,
        exit_code: Some(0),
        signal: None,
        checks: Vec::new(),
        ended_strays: 0,
        agent: None,
        git: None,
    };
    fs::write(
        folder.join("state.tmp"),
        serde_json::to_vec(&state).unwrap(),
    )
    .unwrap();
    fs::rename(folder.join("state.tmp"), folder.join("state.json")).unwrap();
    let mut rest = String::new();
    out.read_to_string(&mut rest).unwrap();
    assert_eq!(rest, "checked\n");
    assert!(child.wait().unwrap().success());
    // The run is over; who follows it now gets all of it, here as JSON a line.
    let ran = fixture.runr(&["logs", "-f", "a", "--json"]);
    let texts = ran.out.lines().map(|line| {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        assert_eq!(line["schema_version"], 1);
        line["text"].as_str().unwrap().to_owned()
    });
    assert_eq!(texts.collect::<Vec<_>>(), ["first", "second", "checked"]);
}

#[test]
fn following_ends_when_the_journal_gives_the_run_up() {
    let (fixture, folder) = running();
    add(&folder, "worker.log", "first\n");
    let (mut child, _out) = follow(&fixture);
    append(
        &fixture,
        vec![Event::Ended {
            run: run_id("aaaa"),
            verdict: Verdict::Completed { sha: None },
            took_ms: 1,
        }],
    );
    assert!(child.wait().unwrap().success());
}

#[test]
fn following_ends_when_attempt_and_orchestrator_are_gone() {
    let fixture = Fixture::with(&[(".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n")]);
    let mut attempt = std::process::Command::new("cat")
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .spawn()
        .unwrap();
    let process = process::of(attempt.id()).unwrap();
    append(
        &fixture,
        begun(process.clone(), "a.md", "aaaa", Some(process)),
    );
    let folder = fixture.root().join(".runr/runs/20250108-143000-aaaa");
    fs::create_dir_all(&folder).unwrap();
    add(&folder, "worker.log", "first\n");
    let (mut child, _out) = follow(&fixture);
    drop(attempt.stdin.take());
    attempt.wait().unwrap();
    assert!(child.wait().unwrap().success());
}
