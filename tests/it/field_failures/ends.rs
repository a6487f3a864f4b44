//! How a run ends when it cannot go well: 22, 23, 27.

use rustix::process::Signal;

use crate::world::World;

#[test]
fn n22_a_cycle_deadlocks_in_silence() {
    let world = World::new();
    world.works("a", "", &["c"]);
    world.works("b", "", &["a"]);
    world.works("c", "", &["b"]);
    world.works("free", "", &[]);
    for args in [
        ["check"].as_slice(),
        &["orchestrate", "run"],
        &["run", "--task", "free"],
    ] {
        let ran = world.run(args).exits(2);
        // The whole way round, and the one edge to take out.
        for part in [
            "a.md → b.md → c.md → a.md",
            ".runr/tasks/a.md:2:14",
            "help: remove",
        ] {
            let told = &ran.stderr;
            assert!(
                told.contains(part),
                "{args:?} does not say `{part}`:\n{told}"
            );
        }
    }
    assert_eq!(world.ledger().tasks("start"), [""; 0]);
}

#[test]
fn n23_a_failed_prerequisite_leaves_dependents_waiting_for_ever() {
    for more in [[].as_slice(), &["--wait"], &["--fail-fast"]] {
        let world = World::new();
        world.task("a", "run: exit 3");
        world.works("b", "", &["a"]);
        world.works("c", "", &["b"]);
        let mut args = vec!["orchestrate", "run"];
        args.extend(more);
        let ran = world.run(&args).exits(1);
        let tasks = world.tasks();
        assert_eq!(tasks["a"]["status"], "failed");
        assert_eq!(tasks["b"]["blocked_by"][0], "a.md");
        assert_eq!(tasks["c"]["blocked_by"][0], "b.md");
        let told = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            told.contains("b.md") && told.contains("blocked"),
            "it does not say what waits:\n{told}"
        );
        assert_eq!(world.ledger().tasks("start"), [""; 0]);
    }
}

#[test]
fn n27_exit_code_0_though_the_run_stopped() {
    // What the task is, and the exit code that tells of it.
    for (task, code, status) in [
        ("run: 'true'", 0, "completed"),
        ("run: exit 9", 1, "failed"),
        ("run: 'kill -9 $$'", 1, "failed"),
        ("run: 'true'\nverify: ['false']", 1, "failed"),
        ("run: [no-such-program-anywhere]", 1, "stopped"),
        (
            "run: sleep 600\ntimeout: { wall: 300ms, grace: 100ms }",
            1,
            "stopped",
        ),
        ("type: manual", 3, "skipped"),
        ("type: hybrid\nrun: 'true'", 3, "awaiting_approval"),
    ] {
        let world = World::new();
        world.task("a", task);
        world.run(&["orchestrate", "run"]).exits(code);
        assert_eq!(world.tasks()["a"]["status"], status, "{task}");
        let journal = world.journal();
        assert_eq!(
            journal.of("orchestration_ended").next().unwrap()["exit"],
            code,
            "{task}"
        );
        // Another way to ask gives the same answer.
        assert_eq!(world.run(&["run", "--task", "a"]).code, code, "{task}");
    }
    for (signal, code) in [(Signal::INT, 130), (Signal::TERM, 143)] {
        let world = World::new();
        world.gate("gate");
        world.works("a", "../gate", &[]);
        let running = world.spawn(&["orchestrate", "run"]);
        world.until_started("a");
        running.signal(signal);
        running.wait().exits(code);
        assert_eq!(world.statuses(), "a stopped");
        assert_eq!(world.tasks()["a"]["stop_reason"], "cancelled");
    }
}
