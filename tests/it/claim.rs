//! `runr claim`, and completing what was claimed.

use std::fs;

use runr::event::{Event, Verdict};
use runr::model::{Source, Status, TaskId};
use runr::store::{Store, history};
use serde_json::Value;

use crate::support_sealed::Sealed;

fn project() -> Sealed {
    let sealed = Sealed::new();
    sealed.put(
        ".runr/tasks/a.md",
        "---\nrun: 'true'\nowns: [src/net/**]\nverify: { commands: ['echo looked; test -f done.txt'] }\n---\n# A\n",
    );
    sealed.put(
        ".runr/tasks/b.md",
        "---\ndepends_on: a.md\nrun: 'true'\n---\n# B\n",
    );
    sealed.put(
        ".runr/tasks/c.md",
        "---\nrun: 'true'\nowns: [src/net/x.rs]\n---\n# C\n",
    );
    sealed.put(
        ".runr/tasks/h.md",
        "---\ntype: hybrid\nrun: 'true'\nverify: { commands: ['true'] }\n---\n# H\n",
    );
    sealed
}

fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn state(sealed: &Sealed) -> runr::state::State {
    Store::open(&sealed.root()).unwrap().state().clone()
}

fn json(text: &str) -> Value {
    serde_json::from_str(text).expect("JSON")
}

#[test]
fn a_claimed_task_is_done_when_its_checks_say_so() {
    let sealed = project();
    let told = sealed.runr(&["claim", "a", "--session", "s-1"]).exits(0);
    assert!(
        told.stdout
            .starts_with("claimed a.md for tester, session s-1"),
        "{}",
        told.stdout
    );
    let shown = json(
        &sealed
            .runr(&["status", "--tasks", "--json"])
            .exits(0)
            .stdout,
    );
    let a = &shown["tasks"][0];
    assert_eq!(
        (&a["status"], &a["claimed"]["session"]),
        (&"in_progress".into(), &"s-1".into())
    );
    assert_eq!(a["claimed"]["gone"], false);

    // A word changes nothing, and the claim outlives the refusal.
    let told = sealed.runr(&["tasks", "complete", "a"]).exits(1);
    assert_eq!(told.stdout, "");
    assert!(told.stderr.contains("  looked\n"), "{}", told.stderr);
    assert!(told.stderr.contains("exit code 1"), "{}", told.stderr);
    assert_eq!(state(&sealed).status(&task("a.md")), Status::InProgress);

    sealed.put("done.txt", "");
    let told = sealed
        .runr(&["tasks", "complete", "a", "--note", "by hand"])
        .exits(0);
    assert!(
        told.stdout
            .starts_with("completed a.md: its check passed, no checkpoint"),
        "{}",
        told.stdout
    );
    assert!(told.stdout.contains("now ready: b.md"), "{}", told.stdout);
    let after = state(&sealed).task(&task("a.md"));
    assert_eq!(
        (after.status, after.source),
        (Status::Completed, Some(Source::Run))
    );
    assert_eq!(after.message.as_deref(), Some("by hand"));

    // The record names who and how.
    let store = Store::open(&sealed.root()).unwrap();
    let mut events = Vec::new();
    history(store.layout(), &mut |recorded| events.push(recorded.event)).unwrap();
    assert!(matches!(
        &events[0],
        Event::Claimed { who, holder: None, .. } if who.session.as_deref() == Some("s-1") && who.by == "tester"
    ));
    assert!(matches!(
        &events[1],
        Event::ClaimEnded {
            verdict: Some(Verdict::Completed { sha: None }),
            checks: 1,
            ..
        }
    ));
    assert_eq!(events.len(), 2);
    let run = after.last_run_id.unwrap();
    let log = fs::read_to_string(store.layout().run(&run).join("verify-1.log")).unwrap();
    assert_eq!(log, "looked\n");
    // What is remembered is what happened, from the cache too.
    fs::remove_file(sealed.root().join(".runr/task-status.json")).unwrap();
    assert_eq!(state(&sealed).tasks, store.state().tasks);
}

#[test]
fn a_claim_is_as_legal_as_an_attempt() {
    let sealed = project();
    for (name, code, words) in [
        ("b", 2, "`b.md` waits for `a.md`"),
        ("zebra", 2, "no task `zebra`"),
    ] {
        let told = sealed.runr(&["claim", name]).exits(code);
        assert!(told.stderr.contains(words), "{}", told.stderr);
    }
    assert!(!sealed.root().join(".runr/journal.jsonl").exists());
    sealed.runr(&["claim", "a"]).exits(0);
    for (args, code, words) in [
        (&["claim", "a"][..], 75, "already"),
        // Its paths overlap those of the first.
        (&["claim", "c"], 75, "claimed by `a.md`"),
        (&["claim", "--release", "h"], 2, "not claimed"),
    ] {
        let told = sealed.runr(args).exits(code);
        assert!(told.stderr.contains(words), "{args:?}: {}", told.stderr);
    }
    // Inside of an attempt the task is taken already.
    let mut inside = sealed.command(env!("CARGO_BIN_EXE_runr"));
    inside
        .args(["claim", "h"])
        .env("RUNR_RUN_ID", "20260102-030405-aaaa");
    crate::support_sealed::told(&mut inside).exits(75);
    sealed
        .runr(&["claim", "--release", "a", "--note", "no time"])
        .exits(0);
    assert_eq!(state(&sealed).status(&task("a.md")), Status::Pending);
    sealed.runr(&["claim", "c"]).exits(0);
    sealed.runr(&["tasks", "reset", "c"]).exits(0);
    assert!(state(&sealed).claimed.is_empty());
}

#[test]
fn an_orchestration_leaves_a_claimed_task_to_its_owner() {
    let sealed = project();
    // Nothing that is ready needs what the claim holds.
    sealed.put(".runr/tasks/c.md", "---\nrun: 'true'\n---\n# C\n");
    sealed.runr(&["claim", "a"]).exits(0);
    let told = sealed.runr(&["orchestrate", "run", "--isolation", "none"]);
    assert_eq!(told.code, Some(3), "{}{}", told.stdout, told.stderr);
    let state = state(&sealed);
    assert_eq!(state.status(&task("a.md")), Status::InProgress);
    assert_eq!(state.status(&task("b.md")), Status::Pending);
    assert_eq!(state.claimed.len(), 1);
}

#[test]
fn a_person_still_approves_what_a_session_did() {
    let sealed = project();
    sealed.runr(&["claim", "h", "--session", "s-1"]).exits(0);
    let told = sealed.runr(&["tasks", "complete", "h"]).exits(0);
    assert!(told.stdout.contains("awaits approval"), "{}", told.stdout);
    assert_eq!(
        state(&sealed).status(&task("h.md")),
        Status::AwaitingApproval
    );
    sealed.runr(&["claim", "h"]).exits(2);
    sealed.runr(&["tasks", "approve", "h"]).exits(0);
    assert_eq!(state(&sealed).status(&task("h.md")), Status::Completed);
}

#[test]
fn without_checks_a_completion_says_that_it_is_a_word() {
    let sealed = project();
    sealed.runr(&["claim", "c"]).exits(0);
    let told = sealed.runr(&["tasks", "complete", "c"]).exits(0);
    assert!(
        told.stdout.contains("nothing was checked, no checkpoint"),
        "{}",
        told.stdout
    );
    assert_eq!(
        state(&sealed).task(&task("c.md")).source,
        Some(Source::Manual)
    );
    let shown = sealed.runr(&["status", "--tasks"]).exits(0).stdout;
    assert!(
        shown
            .lines()
            .any(|line| line.contains("c.md") && line.contains("manual")),
        "{shown}"
    );
}

#[test]
fn a_session_whose_process_is_gone_is_shown_as_gone() {
    let sealed = project();
    let mut child = sealed
        .command("cat")
        .stdin(std::process::Stdio::piped())
        .spawn()
        .unwrap();
    let mut claim = sealed.command(env!("CARGO_BIN_EXE_runr"));
    claim
        .args(["claim", "a"])
        .env("CLAUDE_CODE_SESSION_ID", "s-9")
        .env("CLAUDE_PID", child.id().to_string());
    crate::support_sealed::told(&mut claim).exits(0);
    let shown = || sealed.runr(&["status", "--tasks"]).exits(0).stdout;
    assert!(
        shown().contains("claimed by tester, session s-9"),
        "{}",
        shown()
    );
    assert!(!shown().contains("gone"), "{}", shown());
    drop(child.stdin.take());
    child.wait().unwrap();
    assert!(
        shown().contains("which is gone: runr claim --release a.md"),
        "{}",
        shown()
    );
}
