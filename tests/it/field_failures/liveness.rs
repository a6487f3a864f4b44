//! Who is alive, who is not, and who may say so: 1, 2, 3, 20, 28.

use std::fs;
use std::io::Write as _;
use std::time::{Duration, SystemTime};

use rustix::process::Signal;

use crate::world::{Journal, World};

/// A project whose task `a` waits at its gate, with `b` after it; and the command that runs it.
fn waiting_at_a_gate() -> World {
    let world = World::new();
    world.gate("gate");
    world.works("a", "../gate", &[]);
    world.works("b", "", &["a"]);
    world
}

#[test]
fn n01_in_progress_for_ever_after_the_agent_died() {
    let world = waiting_at_a_gate();
    let running = world.spawn(&["orchestrate", "run"]);
    let worker = world.until_started("a");
    let attempt = worker.parent().unwrap();
    // The worker dies under a living runr: a verdict, at once.
    worker.signal(Signal::KILL);
    let ran = running.wait().exits(1);
    assert!(
        ran.stdout.contains("a.md") || ran.stderr.contains("a.md"),
        "it does not say what failed"
    );
    assert!(attempt.ends_within(Duration::from_secs(30)));
    assert_eq!(world.statuses(), "a failed, b pending");

    // Everything dies, as when the power goes.
    let running = world.spawn(&["orchestrate", "run"]);
    let first = world.ledger().0.len();
    let worker = world.watch().until("`a` has started again", || {
        let entry = world.ledger().0.get(first).cloned()?;
        crate::world::Proc::of(entry.pid)
    });
    let attempt = worker.parent().unwrap();
    running.signal(Signal::KILL);
    attempt.kill();
    worker.kill();
    running.wait().exits(137);
    // A reading command shows that nobody is at it; it does not look like work.
    let tasks = world.tasks();
    assert_eq!(tasks["a"]["status"], "in_progress");
    assert_eq!(tasks["a"]["running"]["process"], "gone", "{}", tasks["a"]);
    // The next command needs no help.
    world.open("gate", "pass");
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.statuses(), "a completed, b completed");
    world.journal().assert_legal();
    world.assert_nothing_survives();
}

#[test]
fn n02_claimed_never_started_invisible() {
    let world = World::new();
    world.works("a", "", &[]);
    world.run(&["orchestrate", "run"]).exits(0);
    world.works("b", "", &["a"]);
    // Its orchestrator died between reserving and starting.
    let orch = "orch-20250108-144530-dead";
    reserved_by_the_dead(&world, orch, "20250108-144530-dead", "b.md");
    let tasks = world.tasks();
    assert_eq!(tasks["b"]["status"], "in_progress");
    assert_eq!(
        tasks["b"]["running"]["process"], "never_started",
        "{}",
        tasks["b"]
    );
    assert_eq!(tasks["b"]["running"]["orchestration"], orch);
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.ledger().tasks("start"), ["a", "b"]);
    let journal = world.journal();
    assert_eq!(
        journal.of("voided").count(),
        1,
        "what never started ends as void"
    );
    journal.assert_legal();
    // And does not count as an attempt.
    assert_eq!(world.tasks()["b"]["attempts"], 1);
}

/// Appends what an orchestrator that died on the spot would leave.
fn reserved_by_the_dead(world: &World, orch: &str, run: &str, task: &str) {
    let path = world.root().join(".runr/journal.jsonl");
    let seq = Journal::parse(&fs::read_to_string(&path).unwrap())
        .events
        .last()
        .unwrap()
        .0
        + 1;
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").unwrap();
    let line = serde_json::json!([
        { "event": "orchestration_started", "orch": orch, "command": "runr orchestrate run", "tasks": 1, "jobs": 1,
          "owner": { "pid": i32::MAX, "start_ticks": 1, "boot_id": boot.trim() } },
        { "event": "reserved", "orch": orch, "run": run, "task": task, "attempt": 1,
          "fingerprint": "00000000000000000000000000000000" },
    ]);
    let content = format!("{{\"seq\":{seq},\"at\":\"2025-01-08T14:45:30Z\",\"events\":{line}");
    let crc = crc32c::crc32c(content.as_bytes());
    let mut file = fs::OpenOptions::new().append(true).open(path).unwrap();
    writeln!(file, "{content},\"crc\":\"{crc:08x}\"}}").unwrap();
}

#[test]
fn n03_a_long_healthy_task_declared_dead() {
    let world = waiting_at_a_gate();
    let running = world.spawn(&["orchestrate", "run"]);
    let worker = world.until_started("a");
    let run = world.until_journal("`a` is started", |journal| {
        journal
            .of("started")
            .next()
            .map(|event| event["run"].as_str().unwrap().to_owned())
    });
    running.signal(Signal::KILL);
    running.wait().exits(137);
    assert_eq!(world.tasks()["a"]["running"]["process"], "unattended");
    // It gives no sign of life, and by all its files it did nothing for a year.
    let year_ago = SystemTime::now() - Duration::from_secs(365 * 24 * 3600);
    for entry in fs::read_dir(world.root().join(".runr/runs").join(&run)).unwrap() {
        let file = fs::File::options()
            .append(true)
            .open(entry.unwrap().path())
            .unwrap();
        file.set_modified(year_ago).unwrap();
    }
    let again = world.spawn(&["orchestrate", "run"]);
    world.until_journal("the second orchestration has begun", |journal| {
        (journal.of("orchestration_started").count() == 2).then_some(())
    });
    world.open("gate", "pass");
    again.wait().exits(0);
    assert!(worker.ends_within(Duration::ZERO));
    assert_eq!(world.ledger().tasks("start"), ["a", "b"]);
    assert_eq!(world.tasks()["a"]["last_run_id"], run.as_str());
    world.journal().assert_legal();
}

#[test]
fn n20_restart_runs_a_task_twice() {
    let world = waiting_at_a_gate();
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_started("a");
    world.until_journal("`a` is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    running.signal(Signal::KILL);
    running.wait().exits(137);
    // Two restarts at once, and the attempt is still at it.
    let restarts = [
        world.spawn(&["orchestrate", "run"]),
        world.spawn(&["orchestrate", "run"]),
    ];
    world.until_journal("both have begun", |journal| {
        (journal.of("orchestration_started").count() == 3).then_some(())
    });
    world.open("gate", "pass");
    for restart in restarts {
        restart.wait().exits(0);
    }
    assert_eq!(world.ledger().tasks("start"), ["a", "b"]);
    world.ledger().assert_order(&[("a", "b")]);
    // And a last one finds nothing to do.
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.ledger().tasks("start"), ["a", "b"]);
    let journal = world.journal();
    journal.assert_legal();
    assert_eq!(journal.of("reserved").count(), 2);
}

#[test]
fn n28_resume_completes_a_task_and_its_dependents_stay_blocked() {
    let world = waiting_at_a_gate();
    world.works("c", "", &["b"]);
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_started("a");
    running.signal(Signal::INT);
    running.wait().exits(130);
    assert_eq!(world.statuses(), "a stopped, b pending, c pending");
    world.open("gate", "pass");
    world.run(&["resume"]).exits(0);
    assert_eq!(world.statuses(), "a completed, b completed, c completed");
    world.ledger().assert_order(&[("a", "b"), ("b", "c")]);
    let journal = world.journal();
    let orchs: Vec<_> = journal.of("reserved").map(|event| &event["orch"]).collect();
    assert!(
        orchs.iter().all(|orch| *orch == orchs[0]),
        "it is the same orchestration: {orchs:?}"
    );
}
