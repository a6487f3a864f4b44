//! Processes that do not do what they should: 14, 15, 16, 17, 19, 29.

use rustix::process::Signal;

use crate::world::World;

/// Runs one task to its end and gives its status and reason.
fn outcome(world: &World, code: i32) -> (String, String) {
    world.run(&["orchestrate", "run"]).exits(code);
    let json = world.tasks()["a"].clone();
    let word = |key: &str| json[key].as_str().unwrap_or_default().to_owned();
    (word("status"), word("stop_reason"))
}

#[test]
fn n14_a_worker_hangs_at_its_start_or_finishes_and_never_exits() {
    for (script, limit, reason) in [
        ("exec sleep 600", "startup: 400ms", "startup_timeout"),
        (
            "echo finished; exec sleep 600",
            "idle: 400ms",
            "idle_timeout",
        ),
        (
            "while :; do echo busy; sleep 0.05; done",
            "wall: 800ms",
            "timeout",
        ),
    ] {
        let world = World::new();
        world.task(
            "a",
            &format!("run: '{script}'\ntimeout: {{ {limit}, grace: 200ms }}"),
        );
        world.works("b", "", &["a"]);
        assert_eq!(
            outcome(&world, 1),
            ("stopped".to_owned(), reason.to_owned()),
            "{script}"
        );
        assert_eq!(world.ledger().tasks("start"), [""; 0]);
        world.assert_nothing_survives();
    }
}

/// Starts the orchestration, waits for so many lines of one kind in the ledger, and cancels it.
fn cancelled_after(world: &World, what: &str, lines: usize) {
    let running = world.spawn(&["orchestrate", "run"]);
    world.watch().until("its processes are there", || {
        (world.ledger().of(what).count() >= lines).then_some(())
    });
    running.signal(Signal::INT);
    running.wait().exits(130);
    assert_eq!(world.tasks()["a"]["stop_reason"], "cancelled");
}

#[test]
fn n15_the_servers_of_the_agent_outlive_it() {
    let world = World::new();
    world.write(
        "serve.sh",
        "sleep 600 &\nnohup sleep 601 >/dev/null 2>&1 &\nsetsid sleep 602 &\n(setsid sh -c 'sleep 603 & sleep 604' &)\necho $RUNR_RUN_ID > ../run-of-a\n",
    );
    world.task("a", "run: [sh, serve.sh]");
    // What comes after must not find them any more.
    world.write(
        "look.sh",
        "grep -lzx \"RUNR_RUN_ID=$(cat ../run-of-a)\" /proc/[0-9]*/environ > ../seen 2>/dev/null\nexit 0\n",
    );
    world.task("b", "depends_on: a.md\nrun: [sh, look.sh]");
    assert_eq!(outcome(&world, 0).0, "completed");
    let seen = std::fs::read_to_string(world.outside().join("seen")).unwrap();
    assert_eq!(seen, "", "`b` started beside what `a` had left");
    world.assert_nothing_survives();
    let run = world.tasks()["a"]["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let state =
        std::fs::read_to_string(world.root().join(format!(".runr/runs/{run}/state.json"))).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert!(state["ended_strays"].as_u64().unwrap() >= 4, "{state}");
}

#[test]
fn n16_a_grandchild_ignores_term_and_is_reparented() {
    let world = World::new();
    world.write(
        "deaf.sh",
        "trap '' TERM INT HUP\necho \"deaf $1 x $$\" >> ../ledger\nsleep 600\nsleep 600\n",
    );
    world.write(
        "start.sh",
        "(setsid sh deaf.sh one &)\n(setsid env -i sh deaf.sh two &)\nexec sleep 600\n",
    );
    world.task("a", "run: [sh, start.sh]\ntimeout: { grace: 200ms }");
    cancelled_after(&world, "deaf", 2);
    let deaf: Vec<u32> = world.ledger().of("deaf").map(|entry| entry.pid).collect();
    assert_eq!(deaf.len(), 2, "{}", world.ledger());
    for pid in deaf {
        // One of them has thrown its environment away: its cookie does not betray it.
        let alive = std::fs::read(format!("/proc/{pid}/cmdline"))
            .is_ok_and(|line| line.starts_with(b"sh\0deaf.sh"));
        assert!(!alive, "{pid} outlived its attempt");
    }
    world.assert_nothing_survives();
}

#[test]
fn n17_a_fork_during_the_kill_walk_escapes() {
    let world = World::new();
    // Never the same process for longer than a moment; ends by itself in the end, should it get away.
    world.write(
        "hop.sh",
        "trap '' TERM INT HUP\nn=$1\ntest \"$n\" -gt 3000 && exit\nsleep 0.005\necho \"hop a x $$\" >> ../ledger\nsetsid sh hop.sh $((n + 1)) &\nexit 0\n",
    );
    world.write("start.sh", "sh hop.sh 0 &\nsh hop.sh 0 &\nexec sleep 600\n");
    world.task("a", "run: [sh, start.sh]\ntimeout: { grace: 100ms }");
    cancelled_after(&world, "hop", 20);
    world.assert_nothing_survives();
}

#[test]
fn n19_a_watcher_hangs_on_a_pipe_held_by_an_escaped_descendant() {
    let world = World::new();
    // Without its cookie, in a session of its own, and every descriptor that it was given still open.
    world.write(
        "escape.sh",
        "(setsid env -i sh -c 'exec sleep 600' &)\necho done\n",
    );
    world.task("a", "run: [sh, escape.sh]\nverify: ['sh escape.sh']");
    // Through pipes, read to their end: whoever holds one open is waited for here.
    let ran = world.output(world.runr(&["orchestrate", "run"])).exits(0);
    assert!(ran.stdout.contains("a.md") || ran.stderr.contains("a.md"));
    assert_eq!(world.statuses(), "a completed");
}

#[test]
fn n29_a_text_with_a_command_in_it_is_executed() {
    let world = World::new();
    let evil = "$(touch ../pwned) `touch ../pwned` ; touch ../pwned '\" & touch ../pwned";
    world.write(
        ".runr/tasks/$(touch pwned) `touch pwned`;'&.md",
        &format!("---\nrun: ['true', '{}']\nverify: [['true', '$(touch ../pwned)']]\n---\n# {evil}\n{evil}\n", evil.replace('\'', "''")),
    );
    world.run(&["orchestrate", "run"]).exits(0);
    for args in [
        ["status", "--tasks"].as_slice(),
        &["graph"],
        &["graph", "--dot"],
        &["graph", "--svg"],
        &["graph", "--mermaid"],
        &["report"],
    ] {
        world.run(args).exits(0);
    }
    for place in [
        world.outside(),
        world.root().to_owned(),
        world.root().join(".runr/tasks"),
    ] {
        assert!(
            !place.join("pwned").exists(),
            "executed in {}",
            place.display()
        );
    }
}
