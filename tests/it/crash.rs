//! Kills runr, its attempts and its workers at random moments; the same command again must settle
//! everything.
//!
//! A round is one project of twelve tasks, one to three kills, and as many starts of `runr orchestrate
//! run` as it takes to exit with 0. What is held afterwards is read from the ledger of the workers, from
//! the journal's text and from `/proc`, never from runr's own word alone.
//!
//! Twenty rounds in every test run. `RUNR_LONG_CRASH=1000 cargo test --test it crash -- --nocapture` makes
//! a thousand; `RUNR_CRASH_SEED=N` begins with the seed that a failure named.

mod git;
mod mine;
mod rounds;

use std::collections::BTreeSet;
use std::time::Duration;

use rustix::process::Signal;

use rounds::{Dice, Tally};

use crate::world::{Came, Proc, Running, World};

/// Three tracks that meet, with a chain through them.
const GRAPH: [(&str, &[&str]); 12] = [
    ("t01", &[]),
    ("t02", &[]),
    ("t03", &["t01"]),
    ("t04", &["t01", "t02"]),
    ("t05", &["t02"]),
    ("t06", &["t03", "t04"]),
    ("t07", &["t04"]),
    ("t08", &["t05"]),
    ("t09", &["t06", "t07"]),
    ("t10", &["t07", "t08"]),
    ("t11", &["t09"]),
    ("t12", &["t09", "t10"]),
];

#[test]
fn killed_at_any_moment_it_settles_with_the_same_command() {
    let total = rounds::all("in place", 20, round);
    // An experiment that killed nothing would have shown nothing.
    assert!(
        total.runr > 0 && total.attempts + total.workers > 0,
        "{total:?}"
    );
}

fn round(seed: u64) -> Tally {
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    let world = World::new();
    for (task, after) in GRAPH {
        world.works(task, &format!("0.0{}", 10 + dice.below(51)), after);
    }
    let jobs = format!("-j{}", 2 + dice.below(3));
    let mut kills = 1 + dice.below(3);
    let mut acknowledged = BTreeSet::new();
    for _ in 0..20 {
        tally.commands += 1;
        let running = world.spawn(&["orchestrate", "run", &jobs, "--events"]);
        if kills > 0 {
            kills -= 1;
            strike(&world, &running, &mut dice, &mut tally);
        }
        let ran = running.wait();
        let journal = world.growing_journal();
        journal.assert_legal();
        // Told is written: what it printed before its death stands in the journal.
        for run in completions_told(&ran.stdout) {
            assert!(
                journal
                    .verdicts()
                    .iter()
                    .any(|v| v.0 == run && v.2 == "completed"),
                "seed {seed}: it told of the completion of run {run} and did not write it\n{}",
                ran.stdout
            );
        }
        acknowledged.extend(journal.completed());
        let tasks = world.tasks();
        for task in &acknowledged {
            let shown = &tasks[task.trim_end_matches(".md")];
            assert_eq!(
                shown["status"],
                "completed",
                "seed {seed}: `{task}` was completed before\n{shown}\n{}",
                world.describe(0)
            );
        }
        match ran.code {
            0 => {
                settled(&world, seed, &mut tally);
                return tally;
            }
            // Something failed because its worker was killed; or runr itself was.
            1 | 137 => {}
            code => panic!(
                "seed {seed}: exit code {code}\n{}\n{}",
                ran.stdout, ran.stderr
            ),
        }
    }
    panic!(
        "seed {seed}: not settled after 20 commands: {}\n{}",
        world.statuses(),
        world.ledger()
    );
}

/// Waits for a random moment and kills one process of the orchestration.
fn strike(world: &World, running: &Running, dice: &mut Dice, tally: &mut Tally) {
    let Some(runr) = Proc::of(running.pid()) else {
        return;
    };
    let grown = |world: &World| world.growing_journal().events.len() + world.ledger().0.len();
    let target = grown(world) + usize::try_from(dice.below(40)).unwrap();
    let watch = world.watch();
    match watch.until_or_ended(&runr, || (grown(world) >= target).then_some(())) {
        Came::Found(()) => {}
        Came::Ended => return,
        Came::Neither => panic!("runr hangs: {}", world.describe(runr.pid)),
    }
    // The moment itself is the random variable: between two writes as well as right after one.
    std::thread::sleep(Duration::from_micros(dice.below(30_000)));
    let workers: Vec<(Proc, String)> = world
        .ledger()
        .of("start")
        .filter_map(|entry| {
            let cookie = format!("RUNR_RUN_ID={}", entry.run);
            Some((Proc::with_cookie(entry.pid, &cookie)?, cookie))
        })
        .collect();
    let victim = match workers.len() as u64 {
        0 => None,
        n => workers.get(usize::try_from(dice.below(n)).unwrap()),
    };
    match (dice.below(5), victim) {
        (0, Some((worker, _))) => {
            tally.workers += 1;
            worker.signal(Signal::KILL);
        }
        (1 | 2, Some((worker, _))) => {
            // Its parent, if the worker is still alive once that parent is held.
            let Some(attempt) = worker.parent() else {
                return;
            };
            if worker.ends_within(Duration::ZERO) || !attempt.command_line().contains(" attempt ") {
                return;
            }
            tally.attempts += 1;
            attempt.signal(Signal::KILL);
        }
        _ => {
            tally.runr += 1;
            runr.signal(Signal::KILL);
        }
    }
}

/// The runs of whose completion the event stream told.
fn completions_told(stdout: &str) -> Vec<String> {
    let whole = stdout.rfind('\n').map_or("", |end| &stdout[..end]);
    whole
        .lines()
        .map(|line| {
            serde_json::from_str::<serde_json::Value>(line)
                .unwrap_or_else(|e| panic!("{e}: {line}"))
        })
        .filter(|event| event["event"] == "ended" && event["is"] == "completed")
        .map(|event| event["run"].as_str().unwrap_or_default().to_owned())
        .collect()
}

/// Holds everything that is promised of a settled project.
fn settled(world: &World, seed: u64, tally: &mut Tally) {
    let tasks = world.tasks();
    assert_eq!(tasks.len(), GRAPH.len());
    for (task, json) in &tasks {
        assert_eq!(json["status"], "completed", "seed {seed}: `{task}`");
    }
    let ledger = world.ledger();
    let edges: Vec<(&str, &str)> = GRAPH
        .iter()
        .flat_map(|(task, after)| after.iter().map(move |before| (*before, *task)))
        .collect();
    ledger.assert_order(&edges);
    let journal = world.journal();
    journal.assert_legal();
    assert_eq!(
        journal.open(),
        BTreeSet::new(),
        "seed {seed}: runs left open"
    );
    let verdicts = journal.verdicts();
    for (task, _) in GRAPH {
        let file = format!("{task}.md");
        let done: Vec<&String> = verdicts
            .iter()
            .filter(|v| v.1 == file && v.2 == "completed")
            .map(|v| &v.0)
            .collect();
        assert_eq!(
            done.len(),
            1,
            "seed {seed}: completions of `{task}`\n{ledger}"
        );
        // The completed run did its work to the end, and nothing of the task began after it.
        let last = ledger
            .of("start")
            .filter(|entry| entry.task == task)
            .last()
            .unwrap();
        assert_eq!(
            last.run, *done[0],
            "seed {seed}: `{task}` ran again after its completion\n{ledger}"
        );
        assert!(
            ledger.of("end").any(|entry| entry.run == *done[0]),
            "seed {seed}: `{task}` is completed and its worker never ended\n{ledger}"
        );
        // One run starts its worker at most once.
        let runs: Vec<&str> = ledger
            .of("start")
            .filter(|e| e.task == task)
            .map(|e| e.run.as_str())
            .collect();
        let different: BTreeSet<&str> = runs.iter().copied().collect();
        assert_eq!(
            runs.len(),
            different.len(),
            "seed {seed}: a run of `{task}` started twice\n{ledger}"
        );
    }
    tally.failed += u32::try_from(verdicts.iter().filter(|v| v.2 == "failed").count()).unwrap();
    let lost = verdicts.iter().filter(|v| v.3 == "orphaned").count() + journal.of("voided").count();
    tally.lost += u32::try_from(lost).unwrap();
    world.assert_nothing_survives();
}
