//! Nothing outlives a run: real processes that do what they should not (reliability §7).

use std::fs::{self, File};
use std::io::{BufReader, Read as _};
use std::time::Duration;

use runr::attempt::sweep;
use runr::model::{CommandLine, Outcome, StopReason};
use rustix::process::Signal;

use crate::support_attempt::{Fixture, read_fifo, read_line};

/// 14, first half: a worker that does its work and never exits meets the wall limit.
#[test]
fn a_worker_that_never_exits_is_ended() {
    let mut fixture =
        Fixture::new("echo done; trap '' TERM; while :; do sleep 1000; done").grace(50);
    fixture.spec.timeouts.wall = Some(Duration::from_millis(200));
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, Outcome::Ended(StopReason::Timeout));
    assert_eq!(fixture.read("worker.log"), "done\n");
    fixture.assert_nothing_left();
}

/// 14, second half: a worker that hangs at its start, and one that falls silent later.
#[test]
fn a_silent_worker_is_ended_with_the_right_reason() {
    for (command, reason) in [
        ("sleep 1000", StopReason::StartupTimeout),
        ("echo one; sleep 1000", StopReason::IdleTimeout),
    ] {
        let mut fixture = Fixture::new(command).grace(50);
        fixture.spec.timeouts.startup = Some(Duration::from_millis(300));
        fixture.spec.timeouts.idle = Some(Duration::from_millis(600));
        let state = fixture.run_to_end();
        assert_eq!(state.outcome, Outcome::Ended(reason), "{command}");
        fixture.assert_nothing_left();
    }
}

/// 15: the worker's servers end with it, and are counted.
#[test]
fn background_processes_of_a_finished_worker_are_ended() {
    let fixture = Fixture::new(
        "sleep 1000 & setsid sleep 1000 & (setsid -f sleep 1000); nohup sleep 1000 >/dev/null 2>&1 & exit 0",
    );
    let state = fixture.run_to_end();
    assert_eq!(state.outcome, Outcome::Succeeded);
    assert_eq!(state.ended_strays, 4);
    fixture.assert_nothing_left();
}

/// 16: a grandchild that ignores TERM, has lost its parent, and left group, session, environment and lock.
#[test]
fn a_grandchild_that_hides_and_ignores_term_is_ended() {
    for end in [End::ByItself, End::Cancelled] {
        let hide = "exec env -i setsid sh -c 'trap \"\" TERM HUP INT; exec 3>alive; echo up >&3; \
                    while :; do /bin/sleep 1000 & wait; done'";
        let fixture = Fixture::new(&format!(
            "(for fd in 3 4 5 6 7 8 9; do eval \"exec $fd>&-\"; done; {hide} </dev/null >/dev/null 2>&1 &) & \
             wait; cat going >/dev/null; {}",
            match end {
                End::ByItself => "exit 0",
                End::Cancelled => "sleep 1000",
            }
        ))
        .grace(100);
        let (alive, going) = (fixture.fifo("alive"), fixture.fifo("going"));
        let mut running = fixture.start();
        running.go();
        let mut alive = BufReader::new(File::open(&alive).unwrap());
        assert_eq!(read_line(&mut alive), "up");
        if end == End::Cancelled {
            running.signal(Signal::TERM);
        } else {
            fs::write(&going, "x").unwrap();
        }
        let state = running.end_with_verdict(&fixture);
        match end {
            End::ByItself => assert_eq!(state.outcome, Outcome::Succeeded),
            End::Cancelled => {
                assert_eq!(state.outcome, Outcome::Ended(StopReason::Cancelled));
            }
        }
        assert!(state.ended_strays >= 1);
        // The pipe ends when its last writer has ended.
        assert_eq!(alive.read_to_string(&mut String::new()).unwrap(), 0);
        fixture.assert_nothing_left();
    }
}

#[derive(PartialEq)]
enum End {
    ByItself,
    Cancelled,
}

/// 17: processes that fork for ever, each in a session of its own, while the walk goes on.
#[test]
fn forks_during_the_walk_do_not_escape() {
    for width in [1, 3] {
        let fixture = Fixture::new("exec 3>alive; sh chain; wait; sleep 1000").grace(50);
        fs::write(
            fixture.tree().join("chain"),
            format!(
                "trap '' TERM\necho turn >&3\ni=1\nwhile [ $i -lt {width} ]; do i=$((i+1)); \
                 sleep 1000 & done\nsetsid sh chain & exit 0\n"
            ),
        )
        .unwrap();
        let alive = fixture.fifo("alive");
        let mut running = fixture.start();
        running.go();
        let mut alive = BufReader::new(File::open(&alive).unwrap());
        for _ in 0..20 {
            assert_eq!(read_line(&mut alive), "turn");
        }
        running.signal(Signal::TERM);
        let state = running.end_with_verdict(&fixture);
        assert_eq!(state.outcome, Outcome::Ended(StopReason::Cancelled));
        // Comes to an end only when the last of the chain has.
        alive.read_to_string(&mut String::new()).unwrap();
        fixture.assert_nothing_left();
    }
}

/// 19: an escaped descendant holds the log and every pipe it could get; nobody waits for it.
#[test]
fn an_escaped_holder_of_the_output_hangs_nobody() {
    let fixture = Fixture::new(
        "setsid sh -c 'trap \"\" TERM; echo up > alive; sleep 1000' & cat going >/dev/null",
    )
    .checks(["echo checked"])
    .grace(50);
    let (alive, going) = (fixture.fifo("alive"), fixture.fifo("going"));
    let mut running = fixture.start();
    running.go();
    read_fifo(&alive);
    fs::write(&going, "x").unwrap();
    // `end` reads stdout and stderr of the attempt to their ends.
    let state = running.end_with_verdict(&fixture);
    assert_eq!(state.outcome, Outcome::Succeeded);
    assert!(state.ended_strays >= 1);
    assert_eq!(fixture.read("verify-1.log"), "checked\n");
    fixture.assert_nothing_left();
}

/// 29: what a title says is never executed, by nobody.
#[test]
fn a_title_is_not_executed() {
    let mut fixture = Fixture::with(CommandLine::Argv(vec!["true".to_owned()])).checks(["true"]);
    fixture.spec.title = format!(
        "$(touch {0}/pwned) `touch {0}/pwned`; touch {0}/pwned",
        fixture.root().display()
    );
    assert_eq!(fixture.run_to_end().outcome, Outcome::Succeeded);
    assert!(!fixture.root().join("pwned").exists());
}

/// A stopped process can be asked to end, too: the grace here is an hour.
#[test]
fn a_stopped_process_hears_the_request() {
    let fixture = Fixture::new("sleep 1000 & kill -STOP $!; echo x > begun; wait");
    let begun = fixture.fifo("begun");
    let mut running = fixture.start();
    running.go();
    read_fifo(&begun);
    running.signal(Signal::TERM);
    let state = running.end_with_verdict(&fixture);
    assert_eq!(state.outcome, Outcome::Ended(StopReason::Cancelled));
    fixture.assert_nothing_left();
}

/// The attempt was killed: its orphans hold the lock until they are swept.
#[test]
fn a_sweep_ends_what_a_killed_attempt_left() {
    let fixture = Fixture::new(
        "trap '' TERM; exec 3>alive; setsid sh -c 'sleep 1000 & echo up >&3; wait' & \
         env -i /bin/sh -c 'echo up >&3; /bin/sleep 1000' & wait",
    );
    let bystander = Fixture::new("echo x > begun; cat going >/dev/null");
    let (begun, going) = (bystander.fifo("begun"), bystander.fifo("going"));
    let mut other = bystander.start();
    other.go();
    read_fifo(&begun);

    let alive = fixture.fifo("alive");
    let mut running = fixture.start();
    running.go();
    let mut alive = BufReader::new(File::open(&alive).unwrap());
    for _ in 0..2 {
        assert_eq!(read_line(&mut alive), "up");
    }
    running.signal(Signal::KILL);
    let (status, _) = running.end();
    assert!(!status.success());
    assert!(!fixture.has("state.json"));
    let lock = File::open(&fixture.spec.lock).unwrap();
    assert!(lock.try_lock().is_err(), "the worker keeps the task's lock");

    let ended = sweep(&fixture.spec.root, &fixture.spec.run).unwrap();
    assert!(ended >= 4, "{ended} processes");
    assert_eq!(alive.read_to_string(&mut String::new()).unwrap(), 0);
    fixture.assert_nothing_left();
    assert_eq!(sweep(&fixture.spec.root, &fixture.spec.run).unwrap(), 0);

    fs::write(&going, "x").unwrap();
    assert_eq!(
        other.end_with_verdict(&bystander).outcome,
        Outcome::Succeeded
    );
}
