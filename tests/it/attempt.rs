//! `runr attempt DIR`: the contract of one run, driven as an orchestrator drives it.

use std::fs::{self, File};
use std::path::Path;
use std::time::Duration;

use runr::attempt::{LaunchError, Live, process_of, start};
use runr::model::{CommandLine, Outcome, StopReason};
use rustix::process::Signal;

use crate::support_attempt::{EXE, Fixture, read_fifo};

fn ended(reason: StopReason) -> Outcome {
    Outcome::Ended(reason)
}

fn argv<const N: usize>(words: [&str; N]) -> CommandLine {
    CommandLine::Argv(words.map(str::to_owned).to_vec())
}

#[test]
fn a_worker_runs_in_its_tree_with_its_environment_and_its_log() {
    let mut fixture = Fixture::new(
        "pwd; env | sort; echo to-stderr >&2; cat; ps -o pgid= -p $$ | tr -d ' '; echo $$",
    );
    fixture
        .spec
        .env
        .push(("GIVEN".to_owned(), "a b".to_owned()));
    // The identity of the run cannot be replaced.
    fixture
        .spec
        .env
        .push(("RUNR_RUN_ID".to_owned(), "outer".to_owned()));
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, Outcome::Succeeded);
    assert_eq!((state.exit_code, state.signal), (Some(0), None));
    assert_eq!((state.message, state.ended_strays), (None, 0));
    assert_eq!(
        (state.run, state.task),
        (fixture.spec.run.clone(), fixture.spec.task.clone())
    );
    let log = fixture.read("worker.log");
    let mut lines = log.lines();
    assert_eq!(lines.next(), fixture.tree().to_str());
    let rest: Vec<&str> = lines.collect();
    for line in [
        "GIVEN=a b".to_owned(),
        format!("RUNR_RUN_ID={}", fixture.spec.run),
        format!("RUNR_ROOT={}", fixture.root().display()),
        "RUNR_TASK=net/a.md".to_owned(),
        "RUNR_ATTEMPT=2".to_owned(),
        format!("RUNR_RUN_DIR={}", fixture.run().display()),
        "to-stderr".to_owned(),
    ] {
        assert!(rest.contains(&line.as_str()), "{line} is not in:\n{log}");
    }
    let names: Vec<&str> = rest
        .iter()
        .filter_map(|line| line.split_once('='))
        .map(|(name, _)| name)
        .filter(|name| !["PWD", "_", "SHLVL", "OLDPWD"].contains(name))
        .collect();
    assert_eq!(
        names,
        [
            "GIVEN",
            "PATH",
            "RUNR_ATTEMPT",
            "RUNR_ROOT",
            "RUNR_RUN_DIR",
            "RUNR_RUN_ID",
            "RUNR_TASK"
        ]
    );
    // It leads a process group of its own.
    assert_eq!(rest[rest.len() - 2], rest[rest.len() - 1]);
    fixture.assert_nothing_left();
}

#[test]
fn how_a_worker_ends_decides() {
    let missing = "no-such-program-here";
    for (command, reason, exit, signal, said) in [
        (
            CommandLine::Shell("exit 3".into()),
            StopReason::WorkerFailed,
            Some(3),
            None,
            "`exit 3` ended with exit code 3",
        ),
        (
            CommandLine::Shell("kill -9 $$".into()),
            StopReason::WorkerFailed,
            None,
            Some(9),
            "`kill -9 $$` was ended by signal 9 (KILL)",
        ),
        (
            CommandLine::Shell(missing.into()),
            StopReason::WorkerFailed,
            Some(127),
            None,
            "a command in it was not found",
        ),
        (
            argv([missing, "x"]),
            StopReason::WorkerMissing,
            None,
            None,
            "there is no program `no-such-program-here`",
        ),
        (
            argv(["./no/such"]),
            StopReason::WorkerMissing,
            None,
            None,
            "`./no/such`",
        ),
        (
            argv([]),
            StopReason::WorkerMissing,
            None,
            None,
            "there is no program ``",
        ),
        (
            argv(["sh", "-c", "exit 127"]),
            StopReason::WorkerFailed,
            Some(127),
            None,
            "`sh -c exit 127` ended with exit code 127",
        ),
    ] {
        let fixture = Fixture::with(command.clone()).checks(["touch checked"]);
        let state = fixture.run_to_end();
        assert_eq!(state.outcome, ended(reason), "{command}");
        assert_eq!((state.exit_code, state.signal), (exit, signal), "{command}");
        let message = state.message.unwrap();
        assert!(message.contains(said), "{message}");
        assert!(state.checks.is_empty(), "{command} was verified");
        assert!(!fixture.tree().join("checked").exists());
    }
}

#[test]
fn an_argument_vector_is_no_shell_text() {
    let fixture = Fixture::with(argv(["printf", "%s|", "$(touch pwned)", "a b", "*"]));
    assert_eq!(fixture.run_to_end().outcome, Outcome::Succeeded);
    assert_eq!(fixture.read("worker.log"), "$(touch pwned)|a b|*|");
}

#[test]
fn a_missing_tree_stops_the_run_and_runs_nothing() {
    let mut fixture = Fixture::new("touch ran");
    fixture.spec.tree = fixture.root().join("gone");
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, ended(StopReason::WorktreeMissing));
    assert!(state.message.unwrap().contains("gone"));
    assert!(!fixture.root().join("ran").exists());
}

#[test]
fn checks_run_in_order_and_the_first_failure_ends_them() {
    let fixture = Fixture::new("echo work > made").checks([
        "cat made; echo one",
        "echo two; exit 5",
        "touch three",
    ]);
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, ended(StopReason::VerificationFailed));
    assert_eq!(
        state.message.as_deref(),
        Some("`echo two; exit 5` ended with exit code 5")
    );
    assert_eq!(state.exit_code, Some(0), "the worker's, not the check's");
    let checks: Vec<_> = state
        .checks
        .iter()
        .map(|it| (it.exit_code, it.passed, it.log.as_str()))
        .collect();
    assert_eq!(
        checks,
        [
            (Some(0), true, "verify-1.log"),
            (Some(5), false, "verify-2.log")
        ]
    );
    assert_eq!(fixture.read("verify-1.log"), "work\none\n");
    assert_eq!(fixture.read("verify-2.log"), "two\n");
    assert!(!fixture.tree().join("three").exists());
}

#[test]
fn a_check_that_did_not_run_or_end_is_no_pass() {
    let mut missing = Fixture::new("true");
    missing.spec.verify.commands = vec![argv(["no-such-check"])];
    let mut slow = Fixture::new("true").checks(["sleep 1000"]).grace(50);
    slow.spec.verify.timeout = Some(Duration::from_millis(100));
    let killed = Fixture::new("true").checks(["kill -9 $$"]);
    let mut outside = Fixture::new("true").checks(["true"]);
    outside.spec.verify.cwd = Some("../run".to_owned());
    let mut nowhere = Fixture::new("true").checks(["true"]);
    nowhere.spec.verify.cwd = Some("sub".to_owned());
    for (fixture, said, ran) in [
        (missing, "`no-such-check` could not be run", 1),
        (slow, "`sleep 1000` did not end within 0.1s", 1),
        (killed, "was ended by signal 9", 1),
        (outside, "outside the tree", 0),
        (nowhere, "cannot be entered", 1),
    ] {
        let state = fixture.run_to_end();
        assert_eq!(
            state.outcome,
            ended(StopReason::VerificationFailed),
            "{said}"
        );
        let message = state.message.unwrap();
        assert!(message.contains(said), "{message}");
        assert_eq!(state.checks.len(), ran, "{said}");
        assert!(
            state
                .checks
                .iter()
                .all(|it| !it.passed && it.exit_code.is_none())
        );
        fixture.assert_nothing_left();
    }
}

#[test]
fn the_wall_limit_holds_for_verification_too() {
    let mut fixture = Fixture::new("true").checks(["sleep 1000"]).grace(50);
    fixture.spec.timeouts.wall = Some(Duration::from_millis(200));
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, ended(StopReason::Timeout));
    assert!(!state.checks[0].passed);
}

#[test]
fn a_held_lock_turns_the_second_attempt_away_without_a_trace() {
    let fixture = Fixture::new("true");
    let lock = File::create(&fixture.spec.lock).unwrap();
    lock.lock().unwrap();
    let (status, said) = fixture.spawn().end();
    assert_eq!(status.code(), Some(75));
    assert!(said.contains("held by another attempt"), "{said}");
    assert_eq!(said.lines().count(), 1);
    let files: Vec<_> = fs::read_dir(fixture.run()).unwrap().collect();
    assert_eq!(files.len(), 1, "only spec.json: {files:?}");
}

#[test]
fn without_go_nothing_runs() {
    let fixture = Fixture::new("touch ran");
    let (status, said) = fixture.start().end();
    assert_eq!((status.code(), said.as_str()), (Some(3), ""));
    assert!(!fixture.has("state.json") && !fixture.has("worker.log"));
    assert!(!fixture.tree().join("ran").exists());
    fixture.assert_nothing_left();
}

#[test]
fn an_unusable_specification_is_told_and_nothing_runs() {
    let newer = {
        let mut fixture = Fixture::new("touch ran");
        fixture.spec.schema_version = 99;
        fixture.write_spec();
        fixture
    };
    let broken = Fixture::new("touch ran");
    fs::write(broken.run().join("spec.json"), "{\"schema_version\": 1").unwrap();
    let absent = Fixture::new("touch ran");
    for (fixture, said) in [
        (newer, "newer runr"),
        (broken, "cannot use"),
        (absent, "cannot read"),
    ] {
        let output = std::process::Command::new(EXE)
            .arg("attempt")
            .arg(fixture.run())
            .output()
            .unwrap();
        assert_eq!(output.status.code(), Some(2), "{said}");
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(stderr.contains(said), "{stderr}");
        assert!(output.stdout.is_empty() && !fixture.has("state.json"));
    }
}

#[test]
fn a_verdict_that_cannot_be_written_is_told() {
    let fixture = Fixture::new("true");
    fs::create_dir_all(fixture.run().join("state.json/in-the-way")).unwrap();
    let mut running = fixture.start();
    running.go();
    let (status, said) = running.end();
    assert_eq!(status.code(), Some(4));
    assert!(
        said.contains("cannot write") && said.contains("state.json"),
        "{said}"
    );
    fixture.assert_nothing_left();
}

#[test]
fn a_request_before_go_is_heeded_after_it() {
    let fixture = Fixture::new("touch ran");
    let mut running = fixture.start();
    running.signal(Signal::TERM);
    running.go();
    let state = running.end_with_verdict(&fixture);
    assert_eq!(state.outcome, ended(StopReason::Cancelled));
    assert!(!fixture.tree().join("ran").exists());
}

#[test]
fn the_first_request_gives_grace_and_the_second_does_not() {
    // On TERM the worker says goodbye, and then ends or does not.
    // The shell forgets a TERM that comes between its fork and its child's program: its `sleep` may
    // then need the end of the grace, which is therefore no hour in the first case.
    for (then, requests, grace) in [
        ("exit 0", 1, 5_000),
        ("echo x > again; while :; do sleep 1000; done", 2, 3_600_000),
    ] {
        let fixture = Fixture::new(&format!(
            "trap 'echo bye; {then}' TERM; echo x > begun; while :; do sleep 1000 & wait; done"
        ))
        .grace(grace);
        let (begun, again) = (fixture.fifo("begun"), fixture.fifo("again"));
        let mut running = fixture.start();
        running.go();
        read_fifo(&begun);
        running.signal(Signal::TERM);
        if requests == 2 {
            // The grace is an hour; the worker has heard the first request and stays.
            read_fifo(&again);
            running.signal(Signal::TERM);
        }
        let state = running.end_with_verdict(&fixture);
        assert_eq!(state.outcome, ended(StopReason::Cancelled));
        assert_eq!(
            state.message.as_deref(),
            Some("cancelled while the worker ran")
        );
        assert!(fixture.read("worker.log").contains("bye"));
        fixture.assert_nothing_left();
    }
}

#[test]
fn a_closed_terminal_does_not_end_it() {
    let fixture = Fixture::new("echo x > begun; cat going >/dev/null");
    let (begun, going) = (fixture.fifo("begun"), fixture.fifo("going"));
    let mut running = fixture.start();
    running.go();
    read_fifo(&begun);
    running.signal(Signal::HUP);
    fs::write(&going, "x").unwrap();
    assert_eq!(
        running.end_with_verdict(&fixture).outcome,
        Outcome::Succeeded
    );
}

fn block_on<F: Future>(future: F) -> F::Output {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}

#[test]
fn an_orchestrator_starts_watches_and_ends_attempts() {
    let fixture = Fixture::new("echo x > begun; sleep 1000");
    let begun = fixture.fifo("begun");
    fixture.write_spec();
    block_on(async {
        let held = start(Path::new(EXE), &fixture.run(), &[]).await.unwrap();
        let process = held.process().clone();
        assert_eq!(process_of(process.pid).unwrap(), Some(process.clone()));
        // A second attempt at the task meets the lock.
        assert!(matches!(
            start(Path::new(EXE), &fixture.run(), &[]).await,
            Err(LaunchError::Locked)
        ));
        let mut live = held.go().await.unwrap();
        read_fifo(&begun);
        let mut adopted = Live::adopt(process.clone()).unwrap().unwrap();
        let mut later = process.clone();
        later.start_ticks += 1;
        assert!(
            Live::adopt(later).unwrap().is_none(),
            "another start is another process"
        );
        let mut elsewhere = process.clone();
        elsewhere.boot_id = "another".to_owned();
        assert!(
            Live::adopt(elsewhere).unwrap().is_none(),
            "another boot too"
        );
        adopted.terminate().unwrap();
        adopted.ended().await.unwrap();
        live.ended().await.unwrap();
        live.ended().await.unwrap();
        live.terminate().unwrap();
        assert!(Live::adopt(process).unwrap().is_none());
    });
    assert_eq!(fixture.state().outcome, ended(StopReason::Cancelled));
    fixture.assert_nothing_left();
}

#[test]
fn an_abandoned_or_dropped_start_leaves_no_trace() {
    let fixture = Fixture::new("touch ran");
    fixture.write_spec();
    block_on(async {
        let held = start(Path::new(EXE), &fixture.run(), &[]).await.unwrap();
        held.abandon().await.unwrap();
        // The lock is free again: this one becomes ready, too.
        let held = start(Path::new(EXE), &fixture.run(), &[]).await.unwrap();
        let mut watch = Live::adopt(held.process().clone()).unwrap().unwrap();
        drop(held);
        watch.ended().await.unwrap();
    });
    assert!(!fixture.has("state.json") && !fixture.tree().join("ran").exists());
    fixture.assert_nothing_left();
}

#[test]
fn dropping_the_watch_does_not_end_the_attempt() {
    let fixture = Fixture::new("cat going > /dev/null");
    let going = fixture.fifo("going");
    fixture.write_spec();
    block_on(async {
        let held = start(Path::new(EXE), &fixture.run(), &[]).await.unwrap();
        let live = held.go().await.unwrap();
        let mut adopted = Live::adopt(live.process().clone()).unwrap().unwrap();
        drop(live);
        fs::write(&going, "x").unwrap();
        adopted.ended().await.unwrap();
    });
    assert_eq!(fixture.state().outcome, Outcome::Succeeded);
}

#[test]
fn a_start_that_fails_says_why() {
    let fixture = Fixture::new("true");
    block_on(async {
        let error = start(Path::new("/no/such/runr"), &fixture.run(), &[])
            .await
            .unwrap_err();
        assert!(matches!(error, LaunchError::Spawn { .. }), "{error}");
        let error = start(Path::new(EXE), &fixture.run(), &[])
            .await
            .unwrap_err();
        let LaunchError::Left { status, said } = error else {
            panic!("{error}");
        };
        assert_eq!(status.code(), Some(2));
        assert!(said.contains("spec.json"), "{said}");
    });
}
