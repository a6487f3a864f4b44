//! Values of secret-looking variables never reach the disk: not the logs, the messages or the specification.

use std::fs;

use runr::model::{CommandLine, Outcome, StopReason};
use rustix::process::Signal;

use crate::support::Fixture as Project;
use crate::support_attempt::Fixture;

const SECRET: &str = "s3cr3t-0f-th3-t3st";

fn knowing(fixture: Fixture) -> Fixture {
    let mut fixture = fixture;
    let secret = ("API_TOKEN".to_owned(), SECRET.to_owned());
    fixture.spec.env.push(secret);
    fixture
}

#[test]
fn a_secret_split_over_two_writes_and_streams_is_taken_out() {
    let half = SECRET.len() / 2;
    let (a, b) = SECRET.split_at(half);
    let script =
        format!("printf 'a {a}'; printf '%s' '{b}' >&2; echo \" b $API_TOKEN\"; printf '{a}'");
    let fixture = knowing(Fixture::new(&script));
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, Outcome::Succeeded);
    assert_eq!(
        fixture.read("worker.log"),
        format!("a [API_TOKEN redacted] b [API_TOKEN redacted]\n{a}")
    );
    fixture.assert_nothing_left();
}

#[test]
fn a_secret_in_the_output_of_a_check_and_in_a_message_is_taken_out() {
    let check = format!("echo \"with $API_TOKEN\"; test -n {SECRET} -a 1 = 2");
    let fixture = knowing(Fixture::new("echo work")).checks([check.as_str()]);
    let state = fixture.run_to_end();
    assert_eq!(
        state.outcome,
        Outcome::Ended(StopReason::VerificationFailed)
    );
    assert_eq!(fixture.read("verify-1.log"), "with [API_TOKEN redacted]\n");
    let message = state.message.unwrap();
    assert!(
        message.contains("test -n [API_TOKEN redacted]"),
        "{message}"
    );
    assert!(!message.contains(SECRET), "{message}");
}

#[test]
fn without_a_secret_the_log_is_the_workers_own_file() {
    for (fixture, direct) in [
        (Fixture::new("readlink /proc/$$/fd/1"), true),
        (knowing(Fixture::new("readlink /proc/$$/fd/1")), false),
    ] {
        fixture.run_to_end();
        let log = fixture.read("worker.log");
        let file = fixture.run().join("worker.log");
        assert_eq!(log.trim_end() == file.to_str().unwrap(), direct, "{log}");
        assert_eq!(log.starts_with("pipe:"), !direct, "{log}");
    }
}

#[test]
fn more_than_a_pipe_holds_comes_through_whole() {
    let fixture = knowing(Fixture::new("seq 1 200000"));
    fixture.run_to_end();
    let expected: String = (1..=200_000).map(|n| format!("{n}\n")).collect();
    assert!(fixture.read("worker.log") == expected);
}

#[test]
fn what_a_worker_says_while_it_is_ended_comes_through() {
    // More than the pipe holds, after the request to end: without a reader it would hang until killed. By the
    // shell itself: a program that it starts then could be asked to end too.
    let script = "trap 'i=0; while [ $i -lt 20000 ]; do i=$((i+1)); echo $i; done; exit 0' TERM; \
        echo ready > fifo; while :; do read x < hold; done";
    let fixture = knowing(Fixture::new(script));
    let fifo = fixture.fifo("fifo");
    fixture.fifo("hold");
    let mut running = fixture.start();
    running.go();
    assert_eq!(crate::support_attempt::read_fifo(&fifo), "ready\n");
    running.signal(Signal::TERM);
    let state = running.end_with_verdict(&fixture);
    assert_eq!(state.outcome, Outcome::Ended(StopReason::Cancelled));
    assert!(fixture.read("worker.log").ends_with("\n20000\n"));
}

#[test]
fn a_silent_worker_is_noticed_behind_the_filter_too() {
    let mut fixture = knowing(Fixture::with(CommandLine::Shell(
        "echo one; exec cat fifo".to_owned(),
    )));
    fixture.spec.timeouts.idle = Some(std::time::Duration::from_millis(200));
    fixture = fixture.grace(1000);
    fixture.fifo("fifo");
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, Outcome::Ended(StopReason::IdleTimeout));
    assert_eq!(fixture.read("worker.log"), "one\n");
}

#[test]
fn nothing_below_the_project_holds_the_value() {
    let project = Project::with(&[(
        ".runr/tasks/a.md",
        "---\nrun: test \"$API_TOKEN\" && echo \"it is $API_TOKEN\" && false\nenv: { API_TOKEN: null }\nverify: { commands: ['echo $API_TOKEN'] }\n---\n# A\n",
    )]);
    let ran = project
        .command(&["run"])
        .env("API_TOKEN", SECRET)
        .output()
        .unwrap();
    assert_eq!(ran.status.code(), Some(1));
    let mut logs = 0;
    for (path, content) in project.snapshot() {
        let text = String::from_utf8_lossy(&content);
        assert!(!text.contains(SECRET), "{} holds it", path.display());
        if path.ends_with("worker.log") {
            assert_eq!(text, "it is [API_TOKEN redacted]\n");
            logs += 1;
        }
    }
    assert!(logs > 0, "the task ran with the variable");
    assert!(!String::from_utf8_lossy(&ran.stderr).contains(SECRET));
    assert!(fs::exists(project.root().join(".runr/journal.jsonl")).unwrap());
}
