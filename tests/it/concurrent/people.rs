//! A person in another terminal, while an orchestration runs.

use runr::event::{CancelTarget, Event};
use runr::model::{Fingerprint, OrchId, TaskId};
use runr::store::Store;

use crate::world::World;

/// `a`, then the person's `m`, then `b`; and `long`, which waits at its gate.
fn with_a_person() -> World {
    let world = World::new();
    world.gate("gate");
    world.works("a", "", &[]);
    world.task("m", "depends_on: a.md\ntype: manual");
    world.works("b", "", &["m"]);
    world.works("long", "../gate", &[]);
    world
}

#[test]
fn what_a_person_completes_releases_dependents_of_a_running_orchestration() {
    let world = with_a_person();
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_journal("`m` is left to a person", |journal| {
        journal.of("skipped").next().map(|_| ())
    });
    world.run(&["tasks", "complete", "m"]).exits(0);
    // Released while the orchestration is at something else.
    let watch = world.watch();
    watch.until("`b` has ended", || world.ledger().place("end", "b"));
    assert_eq!(world.ledger().count("end", "long"), 0);
    world.open("gate", "pass");
    running.wait().exits(0);
}

#[test]
fn wait_stays_until_people_have_done_their_part() {
    let world = with_a_person();
    world.open("gate", "pass");
    let mut running = world.spawn(&["orchestrate", "run", "--wait"]);
    world.until_journal("only the person is left", |journal| {
        (journal.of("skipped").count() == 1 && journal.completed().len() == 2).then_some(())
    });
    assert!(!running.ended());
    world.run(&["tasks", "complete", "m"]).exits(0);
    running.wait().exits(0);
    assert_eq!(
        world.statuses(),
        "a completed, b completed, long completed, m completed"
    );
    assert_eq!(world.tasks()["m"]["source"], "manual");
}

#[test]
fn approval_and_rejection_reach_a_waiting_orchestration() {
    let world = World::new();
    world.works_with("h", "", &[], "type: hybrid");
    world.works("b", "", &["h"]);
    let running = world.spawn(&["orchestrate", "run", "--wait"]);
    let awaiting = |number| {
        move |journal: &crate::world::Journal| {
            let halves = journal
                .verdicts()
                .iter()
                .filter(|v| v.2 == "awaiting_approval")
                .count();
            (halves == number).then_some(())
        }
    };
    world.until_journal("its first half is done", awaiting(1));
    world
        .run(&["tasks", "reject", "h", "--note", "too short"])
        .exits(0);
    world.until_journal("it was done again", awaiting(2));
    assert_eq!(world.ledger().count("start", "b"), 0);
    world.run(&["tasks", "approve", "h"]).exits(0);
    running.wait().exits(0);
    assert_eq!(world.ledger().tasks("start"), ["h", "h", "b"]);
    assert_eq!(world.statuses(), "b completed, h completed");
}

#[test]
fn a_running_task_cannot_be_completed_or_reset() {
    let world = with_a_person();
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_started("long");
    for what in ["complete", "reset"] {
        let ran = world.run(&["tasks", what, "long"]).exits(75);
        assert!(ran.stderr.contains("runr cancel"), "{}", ran.stderr);
    }
    world.open("gate", "pass");
    running.wait().exits(3);
    assert_eq!(world.tasks()["long"]["source"], "run");
}

#[test]
fn cancel_from_another_terminal_stops_everything() {
    let world = with_a_person();
    world.works("after", "", &["long"]);
    let running = world.spawn(&["orchestrate", "run", "--wait"]);
    world.until_started("long");
    world.run(&["cancel"]).exits(0);
    // `cancel` waits for the end: nothing is left when it says so.
    world.assert_nothing_survives();
    running.wait().exits(1);
    let tasks = world.tasks();
    assert_eq!(tasks["long"]["status"], "stopped");
    assert_eq!(tasks["long"]["stop_reason"], "cancelled");
    assert_eq!(tasks["after"]["status"], "pending");
    assert_eq!(world.journal().open().len(), 0);
}

#[test]
fn cancel_of_one_task_leaves_the_others() {
    let world = World::new();
    for gate in ["one", "two"] {
        world.gate(gate);
        world.works(gate, &format!("../{gate}"), &[]);
    }
    world.works("after", "", &["two"]);
    let running = world.spawn(&["orchestrate", "run", "-j2"]);
    world.until_started("one");
    world.until_started("two");
    // What somebody is just writing does not keep anybody from stopping a task.
    world.write(".runr/tasks/broken.md", "---\nbad: [\n---\n");
    world.run(&["cancel", "one"]).exits(0);
    std::fs::remove_file(world.root().join(".runr/tasks/broken.md")).unwrap();
    world.until_journal("`one` has ended", |journal| {
        journal.of("ended").next().map(|_| ())
    });
    world.open("two", "pass");
    running.wait().exits(1);
    assert_eq!(
        world.statuses(),
        "after completed, one stopped, two completed"
    );
}

#[test]
fn cancel_with_drain_lets_running_tasks_end() {
    let world = with_a_person();
    world.works("after", "", &["long"]);
    let running = world.spawn(&["orchestrate", "run", "-j1", "--wait"]);
    world.until_started("long");
    let cancel = world.spawn(&["cancel", "--drain"]);
    world.until_journal("the request is written", |journal| {
        journal.of("cancel_requested").next().map(|_| ())
    });
    world.open("gate", "pass");
    cancel.wait().exits(0);
    let ran = running.wait();
    assert!(matches!(ran.code, 1 | 3), "{ran:?}");
    let tasks = world.tasks();
    assert_eq!(tasks["long"]["status"], "completed");
    assert_eq!(world.ledger().count("start", "after"), 0);
}

#[test]
fn a_request_to_stop_counts_for_what_is_just_about_to_start() {
    let world = World::new();
    world.task("m", "type: manual");
    world.works("b", "", &["m"]);
    let running = world.spawn(&["orchestrate", "run", "--wait"]);
    let orch = world.until_journal("it waits for people", |journal| {
        let skipped = journal.of("skipped").next()?;
        Some(skipped["orch"].as_str()?.to_owned())
    });
    // One line: both are read at once, and the first sets `b` free.
    let mut store = Store::open(world.root()).unwrap();
    let appended = store.append(vec![
        Event::CompletedByHand {
            task: TaskId::parse("m.md").unwrap(),
            by: "ada".to_owned(),
            note: None,
            fingerprint: Fingerprint::new([0; 16]),
            sha: None,
            checks: Vec::new(),
        },
        Event::CancelRequested {
            target: CancelTarget::Orchestration(OrchId::parse(&orch).unwrap()),
            drain: false,
            by: "ada".to_owned(),
        },
    ]);
    assert_eq!(appended.unwrap().refused, []);
    running.wait().exits(1);
    assert_eq!(world.ledger().count("start", "b"), 0);
    assert_eq!(world.statuses(), "b stopped, m completed");
    world.journal().assert_legal();
    for told in [&["status"][..], &["orchestrate", "list"]] {
        let told = world.run(told).exits(0).stdout;
        assert!(told.contains("cancelled"), "{told}");
    }
}
