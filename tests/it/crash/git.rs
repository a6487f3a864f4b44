//! The same in a git repository, where git's own processes are killed too and a person's work lies beside.
//!
//! What is held comes from git itself, as a person would call it: every completed task's commit is there, whole and once,
//! and what is not runr's is as it was.

use std::collections::BTreeMap;
use std::fs;
use std::time::{Duration, Instant};

use rustix::process::Signal;

use super::mine::Mine;
use super::rounds::{self, Dice, Tally};
use crate::world::{Came, Journal, Proc, Ran, Running, World};

const GRAPH: [(&str, &[&str]); 6] = [
    ("t1", &[]),
    ("t2", &[]),
    ("t3", &["t1"]),
    ("t4", &["t1", "t2"]),
    ("t5", &["t3"]),
    ("t6", &["t4", "t5"]),
];

#[test]
fn killed_with_its_git_at_any_moment_no_commit_is_lost_and_nothing_of_the_persons() {
    let total = rounds::all("git", 10, round);
    // An experiment that killed nothing would have shown nothing.
    assert!(total.gits > 0, "{total:?}");
}

/// What a round does with the finished work.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Landing {
    Never,
    AtTheEnd,
}

fn round(seed: u64) -> Tally {
    let mut dice = Dice(seed);
    let mut tally = Tally::default();
    let landing = match dice.below(3) {
        0 => Landing::AtTheEnd,
        _ => Landing::Never,
    };
    let world = repository(&mut dice);
    let before = Mine::of(&world);
    let jobs = format!("-j{}", 2 + dice.below(2));
    let land = match landing {
        Landing::Never => "never",
        Landing::AtTheEnd => "end",
    };
    let mut kills = 1 + dice.below(3);
    for _ in 0..20 {
        tally.commands += 1;
        let journal = world.growing_journal();
        let began = journal.of("orchestration_started").next().is_some();
        let running = match began {
            true => world.spawn(&["resume", "--retry-failed", "--events"]),
            false => world.spawn(&["run", &jobs, "--land", land, "--events"]),
        };
        let struck = if kills > 0 {
            kills -= 1;
            strike(&world, &running, &mut dice, &mut tally)
        } else {
            Struck::Nothing
        };
        let ran = running.wait();
        let context = format!("seed {seed}, {landing:?}, {struck:?}");
        let journal = world.growing_journal();
        journal.assert_legal();
        for run in super::completions_told(&ran.stdout) {
            let written = journal
                .verdicts()
                .iter()
                .any(|v| v.0 == run && v.2 == "completed");
            assert!(
                written,
                "{context}: told of {run} and did not write it\n{}",
                ran.stdout
            );
        }
        commits_are_there(&world, &journal, &context);
        // Killed in the middle of a landing, the files of that landing are on their way.
        let (landed, allowed) = match landing {
            Landing::Never => (false, &[][..]),
            Landing::AtTheEnd => (true, LANDED),
        };
        before.assert_same(&Mine::of(&world), allowed, &context);
        match (ran.code, struck) {
            // Killed after its last word, there is nothing to go on with.
            (2, _) if journal.of("orchestration_ended").any(|e| e["exit"] == 0) => {
                settled(&world, &context, &mut tally);
                return tally;
            }
            (0, _) => {
                // A landing whose git was killed is left to the person, and that is said.
                if landed && struck != Struck::Git {
                    assert_landed(&world, &context, &ran);
                }
                settled(&world, &context, &mut tally);
                return tally;
            }
            // Something failed because it was killed; or runr itself was; or git was while runr asked it.
            (1, _) | (137, Struck::Runr) | (2 | 4, Struck::Git) => {}
            (code, _) => panic!(
                "{context}: exit code {code}\n{}\n{}",
                ran.stdout, ran.stderr
            ),
        }
    }
    panic!(
        "seed {seed}: not settled after 20 commands: {}\n{}",
        world.statuses(),
        world.describe(0)
    );
}

/// What a landing is allowed to change: the branch, and files that tasks made.
const LANDED: &[&str] = &[
    "the references",
    "made/",
    ".git/index",
    ".git/logs/",
    ".git/ORIG_HEAD",
];

/// A repository with a person's work in all the places where it can lie.
fn repository(dice: &mut Dice) -> World {
    let world = World::new();
    for (task, after) in GRAPH {
        world.works(task, &format!("0.0{}", 10 + dice.below(31)), after);
    }
    let needs: Vec<String> = GRAPH
        .iter()
        .map(|(task, after)| {
            let each = after.iter().map(|before| {
                format!(
                    "    test -s made/{before} || echo \"early {before} $RUNR_RUN_ID $$\" >&8\n"
                )
            });
            format!("{task})\n{}    ;;\n", each.collect::<String>())
        })
        .collect();
    // What the prerequisites made is there, and something is made.
    let script = fs::read_to_string(world.root().join("work.sh")).unwrap();
    let (begin, end) = script.split_once("case \"$2\"").unwrap();
    world.write(
        "work.sh",
        &format!(
            "{begin}case \"$1\" in\n{}esac\nmkdir -p made\necho \"$1 $RUNR_RUN_ID\" > \"made/$1\"\ncase \"$2\"{end}",
            needs.concat()
        ),
    );
    for folder in ["src", "doc"] {
        for n in 0..8 {
            world.write(&format!("{folder}/{n}.txt"), &format!("{folder} {n}\n"));
        }
    }
    world.commits();
    world.git(&["branch", "side"]);
    world.git(&["tag", "v1"]);
    world.write("src/0.txt", "stashed\n");
    world.git(&["stash", "-q"]);
    world.write("src/1.txt", "modified\n");
    world.write("src/2.txt", "staged\n");
    world.git(&["add", "src/2.txt"]);
    world.write("src/2.txt", "staged, and then changed\n");
    world.write("untracked \u{fc}.txt", "untracked\n");
    fs::remove_file(world.root().join("doc/3.txt")).unwrap();
    world
}

/// What was hit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Struck {
    Nothing,
    Runr,
    Attempt,
    Worker,
    Git,
}

/// Waits for a random moment and kills one process of the orchestration.
fn strike(world: &World, running: &Running, dice: &mut Dice, tally: &mut Tally) -> Struck {
    let Some(runr) = Proc::of(running.pid()) else {
        return Struck::Nothing;
    };
    let grown = |world: &World| world.growing_journal().events.len() + world.ledger().0.len();
    let target = grown(world) + usize::try_from(dice.below(26)).unwrap();
    let watch = world.watch();
    match watch.until_or_ended(&runr, || (grown(world) >= target).then_some(())) {
        Came::Found(()) => {}
        Came::Ended => return Struck::Nothing,
        Came::Neither => panic!("runr hangs: {}", world.describe(runr.pid)),
    }
    let root = world.root().display().to_string();
    let kind = dice.below(8);
    if kind >= 3 {
        let passed_over = usize::try_from(dice.below(16)).unwrap();
        if let Some(victim) = some_git(&runr, &root, passed_over) {
            std::thread::sleep(Duration::from_micros(dice.below(1_500)));
            victim.signal(Signal::KILL);
            tally.gits += 1;
            return Struck::Git;
        }
        return Struck::Nothing;
    }
    // The moment itself is the random variable: between two writes as well as right after one.
    std::thread::sleep(Duration::from_micros(dice.below(60_000)));
    let cookie = format!("RUNR_ROOT={root}");
    let of = |what: &str| -> Vec<Proc> {
        let found = crate::world::with_cookie(&cookie).into_iter();
        let named = found.filter(|(_, line)| line.contains(what));
        named
            .filter_map(|(pid, _)| Proc::with_cookie(pid, &cookie))
            .collect()
    };
    let pick = |all: Vec<Proc>, dice: &mut Dice| match all.len() as u64 {
        0 => None,
        n => all.into_iter().nth(usize::try_from(dice.below(n)).unwrap()),
    };
    match kind {
        0 => {
            if let Some(worker) = pick(of("work.sh"), dice) {
                tally.workers += 1;
                worker.signal(Signal::KILL);
                return Struck::Worker;
            }
        }
        1 => {
            let attempts = crate::world::processes_naming(&format!("{root}/.runr/runs/"));
            let attempts = attempts
                .into_iter()
                .filter(|(_, line)| line.contains(" attempt "));
            let attempts = attempts.filter_map(|(pid, _)| Proc::of(pid)).collect();
            if let Some(attempt) = pick(attempts, dice) {
                tally.attempts += 1;
                attempt.signal(Signal::KILL);
                return Struck::Attempt;
            }
        }
        _ => {}
    }
    tally.runr += 1;
    runr.signal(Signal::KILL);
    Struck::Runr
}

/// A process of git that works on this repository, after so many others; looked for until runr ends, at most a second.
fn some_git(runr: &Proc, root: &str, mut passed_over: usize) -> Option<Proc> {
    let began = Instant::now();
    let mut seen = std::collections::BTreeSet::new();
    while began.elapsed() < Duration::from_secs(1) && !runr.ends_within(Duration::ZERO) {
        for (pid, _) in crate::world::processes_called("git", root) {
            if !seen.insert(pid) {
                continue;
            }
            let held = Proc::of(pid);
            match passed_over {
                0 if held.is_some() => return held,
                0 => {}
                _ => passed_over -= 1,
            }
        }
    }
    None
}

/// Whatever else was lost: the commit of every completion that was written down is on the branch.
fn commits_are_there(world: &World, journal: &Journal, context: &str) {
    let completed: Vec<&serde_json::Value> = journal
        .of("ended")
        .filter(|event| event["is"] == "completed")
        .collect();
    if completed.is_empty() {
        return;
    }
    let branches = world.git(&["branch", "--list", "--format=%(refname)", "runr/orch-*"]);
    let reachable = world.git(&["rev-list", "--branches=runr/orch-*", "main"]);
    for event in completed {
        let sha = event["sha"].as_str().unwrap_or_default();
        assert!(
            reachable.lines().any(|commit| commit == sha),
            "{context}: the commit of {event} is not on {branches}"
        );
    }
}

#[track_caller]
fn assert_landed(world: &World, context: &str, ran: &Ran) {
    let branch = the_branch(world);
    let (main, tip) = (
        world.git(&["rev-parse", "main"]),
        world.git(&["rev-parse", &branch]),
    );
    assert_eq!(main, tip, "{context}: not landed\n{}", ran.stderr);
    for (task, _) in GRAPH {
        assert!(
            world.root().join("made").join(task).is_file(),
            "{context}: `{task}` is not checked out"
        );
    }
    let status = world.git(&["status", "--porcelain", "-uall"]);
    let expected = " D doc/3.txt\n M src/1.txt\nMM src/2.txt\n?? \"untracked \\303\\274.txt\"";
    assert_eq!(status, expected, "{context}");
}

fn the_branch(world: &World) -> String {
    world.git(&[
        "branch",
        "--list",
        "--format=%(refname:short)",
        "runr/orch-*",
    ])
}

/// Holds everything that is promised of a settled repository.
fn settled(world: &World, context: &str, tally: &mut Tally) {
    let journal = world.journal();
    assert!(journal.open().is_empty(), "{context}: runs left open");
    let verdicts = journal.verdicts();
    let branch = the_branch(world);
    // One branch: the orchestration was resumed, never begun again.
    let start = world.git(&["rev-list", "--max-parents=0", &branch]);
    let format = "--format=%H|%(trailers:key=Runr-Task,valueonly,separator=%x2C)|%(trailers:key=Runr-Run-Id,valueonly,separator=%x2C)";
    let log = world.git(&["log", format, &format!("{start}..{branch}"), "--"]);
    let mut of_task: BTreeMap<&str, Vec<(&str, &str)>> = BTreeMap::new();
    for line in log.lines() {
        let words: Vec<&str> = line.split('|').collect();
        of_task
            .entry(words[1])
            .or_default()
            .push((words[0], words[2]));
    }
    let ledger = world.ledger();
    let edges: Vec<(&str, &str)> = GRAPH
        .iter()
        .flat_map(|(task, after)| after.iter().map(move |before| (*before, *task)))
        .collect();
    ledger.assert_order(&edges);
    assert_eq!(
        ledger.of("early").count(),
        0,
        "{context}: a base without its prerequisites\n{ledger}"
    );
    assert_eq!(of_task.len(), GRAPH.len(), "{context}: {log}");
    for (task, _) in GRAPH {
        let name = format!(".runr/tasks/{task}.md");
        let file = format!("{task}.md");
        let done: Vec<&str> = verdicts
            .iter()
            .filter(|v| v.1 == file && v.2 == "completed")
            .map(|v| v.0.as_str())
            .collect();
        let on_branch = &of_task[name.as_str()];
        assert_eq!(on_branch.len(), 1, "{context}: commits of `{task}`\n{log}");
        assert_eq!(done, [on_branch[0].1], "{context}: `{task}`\n{log}");
        let made = world.git(&["show", &format!("{branch}:made/{task}")]);
        assert_eq!(
            made,
            format!("{task} {}", done[0]),
            "{context}: another run's work"
        );
        assert!(
            ledger.of("end").any(|entry| entry.run == done[0]),
            "{context}: `{task}` is completed and its worker never ended\n{ledger}"
        );
        assert!(
            !world.root().join(".runr-worktrees").join(done[0]).exists(),
            "{context}: the working tree of `{task}` is left\n{}",
            world.describe(0)
        );
    }
    world.git(&["fsck", "--strict", "--no-dangling", "--no-progress"]);
    tally.failed += u32::try_from(verdicts.iter().filter(|v| v.2 != "completed").count()).unwrap();
    let lost = verdicts.iter().filter(|v| v.3 == "orphaned").count() + journal.of("voided").count();
    tally.lost += u32::try_from(lost).unwrap();
    // What was killed may have had children of its own that are just about to end.
    let root = world.root().display().to_string();
    for (pid, line) in crate::world::processes_called("git", &root) {
        let ends = Proc::of(pid).is_none_or(|git| git.ends_within(Duration::from_secs(10)));
        assert!(ends, "{context}: {line} is left");
    }
    world.assert_nothing_survives();
}
