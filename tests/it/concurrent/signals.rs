//! What a terminal sends: INT once, twice, three times; TERM; HUP.

use std::fs;
use std::path::PathBuf;

use rustix::process::Signal;

use crate::world::{Running, World};

/// `deaf` ignores every request to end; `b` comes after it.
fn deaf() -> World {
    let world = World::new();
    world.write(".runr/config.yaml", "timeouts: { grace: 10m }\n");
    world.write(
        "deaf.sh",
        "trap '' TERM INT HUP\n. ./work.sh deaf ../gate\n",
    );
    world.gate("gate");
    world.task("deaf", "run: [sh, deaf.sh, deaf, ../gate]");
    world.works("b", "", &["deaf"]);
    world
}

/// Waits until it has said something on stderr.
fn until_said(world: &World, running: &Running, words: &str) {
    let path: PathBuf = running.stderr().to_owned();
    world.watch().until(words, || {
        fs::read_to_string(&path)
            .unwrap()
            .contains(words)
            .then_some(())
    });
}

#[test]
fn int_once_ends_the_trees_and_says_how_to_hurry() {
    let world = World::new();
    world.gate("gate");
    world.write(
        "tree.sh",
        "sleep 600 &\n(setsid sleep 600 &)\n. ./work.sh a ../gate\n",
    );
    world.task("a", "run: [sh, tree.sh, a, ../gate]");
    world.works("b", "", &["a"]);
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let begun = world.ledger().0.len();
        let running = world.spawn(&["orchestrate", "run"]);
        world.watch().until("it has started", || {
            (world.ledger().0.len() > begun).then_some(())
        });
        running.signal(signal);
        let ran = running.wait().exits(code);
        assert!(ran.stderr.contains("press again to kill"), "{}", ran.stderr);
        world.assert_nothing_survives();
        let tasks = world.tasks();
        assert_eq!(tasks["a"]["status"], "stopped");
        assert_eq!(tasks["a"]["stop_reason"], "cancelled");
        assert_eq!(tasks["b"]["status"], "pending");
        let journal = world.journal();
        assert_eq!(journal.open().len(), 0);
        assert_eq!(
            journal.of("orchestration_ended").last().unwrap()["exit"],
            code
        );
    }
}

#[test]
fn int_twice_kills_what_does_not_listen() {
    let world = deaf();
    let running = world.spawn(&["orchestrate", "run"]);
    let worker = world.until_started("deaf");
    running.signal(Signal::INT);
    until_said(&world, &running, "press again to kill");
    // Ten minutes of grace were promised to it.
    assert!(!worker.ends_within(std::time::Duration::ZERO));
    running.signal(Signal::INT);
    running.wait().exits(130);
    world.assert_nothing_survives();
    assert_eq!(world.statuses(), "b pending, deaf stopped");
    assert_eq!(world.tasks()["deaf"]["stop_reason"], "cancelled");
}

#[test]
fn hup_leaves_the_attempts_and_resume_adopts_them() {
    let world = deaf();
    let running = world.spawn(&["orchestrate", "run"]);
    let worker = world.until_started("deaf");
    world.until_journal("it is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    running.signal(Signal::HUP);
    running.wait().exits(129);
    assert!(
        !worker.ends_within(std::time::Duration::ZERO),
        "the attempt ended with its terminal"
    );
    assert_eq!(world.journal().of("detached").count(), 1);
    let task = &world.tasks()["deaf"];
    assert_eq!(task["status"], "in_progress");
    assert_eq!(task["running"]["process"], "unattended", "{task}");
    let resumed = world.spawn(&["resume"]);
    world.until_journal("it goes on", |journal| {
        (journal.of("orchestration_started").count() == 2).then_some(())
    });
    world.open("gate", "pass");
    resumed.wait().exits(0);
    assert_eq!(world.ledger().tasks("start"), ["deaf", "b"]);
    assert_eq!(world.ledger().count("overlap", "deaf"), 0);
    world.journal().assert_legal();
    world.assert_nothing_survives();
}

#[test]
fn what_ended_while_nobody_watched_is_found() {
    let world = deaf();
    let running = world.spawn(&["orchestrate", "run"]);
    let attempt = world.until_started("deaf").parent().unwrap();
    world.until_journal("it is started", |journal| {
        journal.of("started").next().map(|_| ())
    });
    running.signal(Signal::HUP);
    running.wait().exits(129);
    world.open("gate", "pass");
    assert!(attempt.ends_within(std::time::Duration::from_secs(30)));
    // Its verdict stands in its folder only.
    assert!(world.journal().completed().is_empty());
    world.run(&["resume"]).exits(0);
    assert_eq!(world.ledger().tasks("start"), ["deaf", "b"]);
}

#[test]
fn hup_with_on_orphan_kill_ends_them() {
    let world = World::new();
    world.write(".runr/config.yaml", "on_orphan: kill\n");
    world.gate("gate");
    world.works("a", "../gate", &[]);
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_started("a");
    running.signal(Signal::HUP);
    running.wait().exits(129);
    world.assert_nothing_survives();
    assert_eq!(world.statuses(), "a stopped");
}
