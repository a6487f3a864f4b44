//! Failures among tasks that run at once: keep going, fail fast, try again.

use crate::world::World;

/// `bad` fails at its gate while `good` runs; each has a dependent, `free` has none and comes last.
fn one_fails() -> World {
    let world = World::new();
    for gate in ["bad", "good"] {
        world.gate(gate);
        world.works_with(gate, &format!("../{gate}"), &[], "priority: 5");
        world.works(&format!("after-{gate}"), "", &[gate]);
    }
    world.works("free", "", &[]);
    world
}

fn run_it(args: &[&str]) -> World {
    let world = one_fails();
    let running = world.spawn(args);
    world.until_started("bad");
    world.until_started("good");
    world.open("bad", "fail");
    world.until_journal("`bad` has failed", |journal| {
        journal
            .verdicts()
            .iter()
            .find(|verdict| verdict.2 == "failed")
            .map(|_| ())
    });
    world.open("good", "pass");
    running.wait().exits(1);
    world
}

#[test]
fn by_default_only_dependents_of_a_failure_are_blocked() {
    for args in [
        ["orchestrate", "run", "-j2"].as_slice(),
        &["orchestrate", "run", "-j2", "--keep-going"],
    ] {
        let world = run_it(args);
        assert_eq!(
            world.statuses(),
            "after-bad pending, after-good completed, bad failed, free completed, good completed"
        );
    }
}

#[test]
fn fail_fast_starts_nothing_more() {
    let world = run_it(&["orchestrate", "run", "-j2", "--fail-fast"]);
    // What ran when it happened ends by itself and counts.
    assert_eq!(
        world.statuses(),
        "after-bad pending, after-good pending, bad failed, free pending, good completed"
    );
}

#[test]
fn retries_are_made_and_counted() {
    let world = World::new();
    world.write("third.sh", "echo \"start a $RUNR_RUN_ID $$\" >> ../ledger\ntest $(grep -c '^start a ' ../ledger) -ge 3\n");
    world.task("a", "run: [sh, third.sh]\nretries: 2");
    world.works("b", "", &["a"]);
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.ledger().tasks("start"), ["a", "a", "a", "b"]);
    let verdicts: Vec<String> = world
        .journal()
        .verdicts()
        .into_iter()
        .map(|v| v.2)
        .collect();
    assert_eq!(verdicts, ["retry", "retry", "completed", "completed"]);
    assert_eq!(world.tasks()["a"]["attempts"], 3);

    let world = World::new();
    world.task(
        "a",
        "run: 'echo \"start a $RUNR_RUN_ID $$\" >> ../ledger; false'\nretries: 2",
    );
    world.run(&["orchestrate", "run"]).exits(1);
    assert_eq!(world.ledger().tasks("start"), ["a", "a", "a"]);
    let verdicts: Vec<String> = world
        .journal()
        .verdicts()
        .into_iter()
        .map(|v| v.2)
        .collect();
    assert_eq!(
        verdicts,
        ["retry", "retry", "failed"],
        "`failed` is written after the last only"
    );
    // Another run attempts it anew.
    world.run(&["orchestrate", "run"]).exits(1);
    assert_eq!(world.ledger().tasks("start").len(), 6);
}
