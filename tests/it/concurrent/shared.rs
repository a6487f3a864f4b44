//! Two orchestrations at once over the same pools, claims and tasks.

use rustix::process::Signal;

use crate::world::World;

const EACH: usize = 8;

/// Eight tasks of one kind for each of two orchestrations, and both of them run at once.
fn two_at_once(more: &str) -> World {
    let world = World::new();
    world.write(".runr/config.yaml", "pools: { db: 2 }\n");
    world.gate("gate");
    let name = |side: char, number: usize| format!("{side}{number}");
    for side in ['l', 'r'] {
        for number in 0..EACH {
            world.works_with(&name(side, number), "0.04", &[], more);
        }
    }
    // The first holds on until the second is there too.
    world.works_with("l0", "../gate", &[], &format!("{more}\npriority: 1"));
    let start = |side: char| {
        let names: Vec<String> = (0..EACH).map(|number| name(side, number)).collect();
        let mut args = vec!["run", "-j4"];
        args.extend(names.iter().flat_map(|name| ["--task", name.as_str()]));
        world.spawn(&args)
    };
    let first = start('l');
    world.until_started("l0");
    let second = start('r');
    world.until_journal("both have begun", |journal| {
        (journal.of("orchestration_started").count() == 2).then_some(())
    });
    world.open("gate", "pass");
    first.wait().exits(0);
    second.wait().exits(0);
    let ledger = world.ledger();
    for side in ['l', 'r'] {
        for number in 0..EACH {
            assert_eq!(ledger.count("end", &name(side, number)), 1, "{ledger}");
        }
    }
    let journal = world.journal();
    journal.assert_legal();
    world
}

#[test]
fn a_pool_holds_over_two_orchestrations() {
    let world = two_at_once("pools: { db: 1 }");
    let ledger = world.ledger();
    assert_eq!(ledger.peak(|_| true), 2, "{ledger}");
}

#[test]
fn a_claim_holds_over_two_orchestrations() {
    let world = two_at_once("owns: [src/net/**]");
    let ledger = world.ledger();
    assert_eq!(ledger.peak(|_| true), 1, "{ledger}");
}

#[test]
fn without_a_pool_or_claim_they_do_run_together() {
    // The two tests above could not fail if nothing ever ran at once.
    let world = two_at_once("");
    assert!(world.ledger().peak(|_| true) > 2, "{}", world.ledger());
}

#[test]
fn a_task_of_two_orchestrations_runs_once() {
    let world = World::new();
    let mut before: Vec<String> = Vec::new();
    for number in 0..12 {
        let name = format!("t{number:02}");
        let after: Vec<&str> = before
            .iter()
            .rev()
            .take(number % 3)
            .map(String::as_str)
            .collect();
        world.works(&name, "0.02", &after);
        before.push(name);
    }
    let started = [(); 3].map(|()| world.spawn(&["orchestrate", "run", "-j3"]));
    for running in started {
        // Each of them selected all, and all are completed in the end.
        running.wait().exits(0);
    }
    let ledger = world.ledger();
    let mut tasks = ledger.tasks("start");
    tasks.sort();
    assert_eq!(tasks, before, "each once");
    ledger.assert_order(&[]);
    world.journal().assert_legal();
}

#[test]
fn the_death_of_one_orchestrator_is_noticed_by_another_that_waits_for_its_task() {
    for left in [Left::TheAttempt, Left::Nothing] {
        let world = World::new();
        world.gate("gate");
        world.works("a", "../gate", &[]);
        world.works("b", "", &["a"]);
        let first = world.spawn(&["orchestrate", "run"]);
        let worker = world.until_started("a");
        world.until_journal("`a` is started", |journal| {
            journal.of("started").next().map(|_| ())
        });
        let attempt = worker.parent().unwrap();
        // It selects both, and finds that somebody else is at the first.
        let second = world.spawn(&["orchestrate", "run"]);
        world.until_journal("the second has begun", |journal| {
            (journal.of("orchestration_started").count() == 2).then_some(())
        });
        first.signal(Signal::KILL);
        if left == Left::Nothing {
            attempt.kill();
            worker.kill();
        }
        first.wait().exits(137);
        world.open("gate", "pass");
        second.wait().exits(0);
        let starts = match left {
            Left::TheAttempt => vec!["a", "b"],
            Left::Nothing => vec!["a", "a", "b"],
        };
        assert_eq!(world.ledger().tasks("start"), starts, "{left:?}");
        world.ledger().assert_order(&[("a", "b")]);
        let journal = world.journal();
        journal.assert_legal();
        assert_eq!(journal.open().len(), 0);
        world.assert_nothing_survives();
    }
}

/// What of a killed orchestration is still alive.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    TheAttempt,
    Nothing,
}
