//! Agents do tasks: what they are told, what they leave, what happens when the checks fail.

use std::fs;

use serde_json::{Value, json};

use crate::agents_fake::{Fake, done, done_with, init, says, text, works};
use crate::world::World;

/// A project whose worker is the fake.
fn world(more: &str) -> (World, Fake) {
    let world = World::new();
    let fake = Fake::new(&world, "claude");
    world.write(
        ".runr/config.yaml",
        &format!(
            "worker: claude-code\nretries: {{ max: 0, backoff: {{ base: 10ms, max: 20ms }} }}\n\
             timeouts: {{ grace: 300ms }}\nworkers:\n  claude-code: {{ command: {} }}\n{more}",
            fake.command()
        ),
    );
    (world, fake)
}

fn run_folder(world: &World, task: &str) -> std::path::PathBuf {
    let run = world.tasks()[task]["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    world.root().join(".runr/runs").join(run)
}

fn state(world: &World, task: &str) -> Value {
    let text = fs::read(run_folder(world, task).join("state.json")).unwrap();
    serde_json::from_slice(&text).unwrap()
}

#[test]
fn a_task_is_done_told_whole_and_paid_for() {
    let (world, fake) = world("");
    let long = "line\n".repeat(60_000);
    world.write(
        ".runr/tasks/a.md",
        &format!("---\nmodel: haiku\nowns: [made]\nverify: test -f made\nagent: {{ max_turns: 9 }}\n---\n# Make it\n{long}the end\n"),
    );
    fake.always(&works("echo x > made"));
    let ran = world.run(&["run", "--json"]).exits(0);
    let receipt = ran.json();
    assert_eq!(receipt["spent"]["cost_usd"], 0.1);
    assert_eq!(
        receipt["tasks"][0]["runs"][0]["spent"]["tokens"]["output"],
        50
    );
    assert_eq!(receipt["tasks"][0]["runs"][0]["spent"]["turns"], 2);

    let prompt = fake.told(1);
    assert!(
        prompt.contains(&long) && prompt.contains("the end\n>>> task"),
        "the body is whole"
    );
    assert!(
        prompt.contains("- made\n") && prompt.contains("test -f made"),
        "{prompt:.300}"
    );
    let folder = run_folder(&world, "a");
    assert_eq!(
        fs::read_to_string(folder.join("prompt.md")).unwrap(),
        prompt
    );
    let words = fake.words(1).join(" ");
    for word in [
        "--model=haiku",
        "--max-turns=9",
        "--permission-mode=acceptEdits",
        "--settings=",
    ] {
        assert!(words.contains(word), "{word} in {words}");
    }
    let session = fs::read_to_string(folder.join("session")).unwrap();
    assert!(words.contains(&format!("--session-id={session}")));
    let log = fs::read_to_string(folder.join("worker.log")).unwrap();
    assert!(
        log.contains("working\n") && log.contains("done: $0.10"),
        "{log}"
    );

    let report = world.run(&["report"]).exits(0);
    assert!(
        report
            .stdout
            .contains("used: $0.10, 1000 in, 50 out tokens, 2 turns"),
        "{}",
        report.stdout
    );
    let run = folder.file_name().unwrap().to_str().unwrap();
    let report = world.run(&["report", run]).exits(0);
    assert!(report.stdout.contains(&session), "{}", report.stdout);
    world.run(&["tasks", "reset", "a"]).exits(0);
    let plan = world.run(&["plan"]).exits(0);
    assert!(
        plan.stdout.contains("about $0.10 by past runs"),
        "{}",
        plan.stdout
    );
}

#[test]
fn what_failed_goes_back_into_the_same_session() {
    let (world, fake) = world("");
    world.task(
        "a",
        "verify: 'echo \"missing: $(ls made 2>&1)\"; test -f made'",
    );
    fake.step(1, &works(":")).step(2, &works("echo x > made"));
    world.run(&["run"]).exits(0);
    assert_eq!(fake.starts(), 2);
    let session = fs::read_to_string(run_folder(&world, "a").join("session")).unwrap();
    assert!(fake.words(2).contains(&format!("--resume={session}")));
    assert!(
        fake.told(2).contains("missing: ls: cannot access"),
        "{}",
        fake.told(2)
    );
    let state = state(&world, "a");
    assert_eq!(state["agent"]["starts"], 2);
    assert_eq!(state["agent"]["spent"]["cost_usd"], 0.2);
    assert_eq!(
        state["checks"].as_array().unwrap().len(),
        1,
        "only the last round counts"
    );
}

#[test]
fn an_agent_that_says_done_is_not_believed_and_the_next_attempt_goes_on_in_its_session() {
    let (world, fake) = world("verify: { max_attempts: 2 }\n");
    world.task("a", "retries: 1\nverify: 'echo not good enough; false'");
    fake.always(&works(":"));
    world.run(&["run"]).exits(1);
    // Each attempt: once, and once more with what failed.
    assert_eq!(fake.starts(), 4);
    assert_eq!(world.tasks()["a"]["status"], "failed");
    assert_eq!(world.tasks()["a"]["stop_reason"], "verification_failed");
    let resumed = fake.words(3);
    assert!(
        resumed.iter().any(|word| word.starts_with("--resume=")),
        "{resumed:?}"
    );
    assert!(fake.told(3).contains("not good enough"), "{}", fake.told(3));
}

#[test]
fn a_session_that_is_gone_is_replaced_by_a_new_one_with_the_whole_prompt() {
    let (world, fake) = world("verify: { max_attempts: 2 }\n");
    world.task("a", "retries: 1\nverify: test -f made");
    let gone = says(&[done_with(
        json!({"subtype": "error_during_execution", "is_error": true, "num_turns": 0,
        "result": null, "model_usage_since_last_result": {},
        "errors": ["No conversation found with session ID: x"]}),
    )]);
    fake.step(1, &format!("{}exit 1", works(":")))
        .step(2, &format!("{gone}exit 1"));
    fake.always(&works("echo x > made"));
    world.run(&["run"]).exits(0);
    assert!(
        fake.words(2)
            .iter()
            .any(|word| word.starts_with("--resume="))
    );
    assert!(
        fake.words(3)
            .iter()
            .any(|word| word.starts_with("--session-id="))
    );
    assert!(fake.told(3).contains("<<< task"));
}

#[test]
fn a_hand_off_reaches_dependents_and_a_bad_one_stops_nothing() {
    let (world, fake) = world("");
    world.task("a", "verify: 'true'");
    world.task("b", "verify: 'true'");
    world.task("c", "depends_on: [a, b]\nverify: 'true'");
    let handoff =
        json!({"structured_output": {"summary": "the port is 8080", "files": ["src/port"]}});
    let bad = json!({"structured_output": {"summary": 7}});
    fake.step(1, &says(&[init(), done_with(handoff)]));
    fake.step(2, &says(&[init(), done_with(bad)]));
    fake.always(&works(":"));
    world.run(&["run", "-j1"]).exits(0);
    let prompt = fake.told(3);
    assert!(
        prompt.contains("the port is 8080\nfiles:\n- src/port"),
        "{prompt}"
    );
    assert!(run_folder(&world, "a").join("handoff.json").is_file());
    assert_eq!(state(&world, "b")["agent"]["handoff"]["is"], "malformed");
    let run = run_folder(&world, "a");
    let report = world
        .run(&["report", run.file_name().unwrap().to_str().unwrap()])
        .exits(0);
    assert!(
        report.stdout.contains("the port is 8080"),
        "{}",
        report.stdout
    );
}

#[test]
fn exit_code_0_without_a_result_is_a_failure_and_what_was_used_counts() {
    let (world, fake) = world("");
    world.task("a", "verify: 'true'");
    fake.always(&says(&[init(), text("one"), text("two")]));
    world.run(&["run"]).exits(1);
    let state = state(&world, "a");
    assert_eq!(state["stop_reason"], "worker_failed");
    assert_eq!(state["agent"]["spent"]["tokens"]["input"], 2000);
    assert_eq!(state["agent"]["spent"]["at_least"], true);
    assert!(
        state["message"]
            .as_str()
            .unwrap()
            .contains("without a result")
    );
}

#[test]
fn a_program_that_stays_after_its_result_is_ended_and_nothing_survives() {
    let (world, fake) = world("");
    world.task("a", "verify: 'true'");
    fake.always(&format!("{}sleep 1000 & sleep 1000", works(":")));
    world.run(&["run"]).exits(0);
    assert_eq!(world.tasks()["a"]["status"], "completed");
    world.assert_nothing_survives();
}

#[test]
fn one_that_says_nothing_is_ended_and_started_again() {
    let (world, fake) = world("");
    world.task(
        "a",
        "verify: 'true'\nretries: 1\ntimeout: { startup: 200ms }",
    );
    fake.step(1, "sleep 1000").always(&works(":"));
    world.run(&["run"]).exits(0);
    assert_eq!(fake.starts(), 2);
    // Its session never began: the second attempt has one of its own.
    assert!(
        fake.words(2)
            .iter()
            .any(|word| word.starts_with("--session-id="))
    );
}

#[test]
fn what_was_not_allowed_is_named_first_when_the_checks_fail_and_a_warning_when_they_pass() {
    let denied = json!({"permission_denials": [{"tool_name": "Bash", "tool_input": {"command": "make all"}}]});
    for (check, code) in [("'true'", 0), ("'false'", 1)] {
        let (world, fake) = world("verify: { max_attempts: 2 }\n");
        world.task("a", &format!("verify: {check}"));
        fake.always(&says(&[init(), done_with(denied.clone())]));
        let ran = world.run(&["run"]).exits(code);
        let all = format!("{}{}", ran.stdout, ran.stderr);
        assert!(
            all.contains("not allowed to the agent: Bash make all"),
            "{all}"
        );
    }
}

#[test]
fn interrupted_work_is_resumed_in_its_session() {
    let (world, fake) = world("");
    world.gate("hold");
    world.task("a", "verify: test -f made");
    fake.step(
        1,
        &format!(
            "{}printf %s \"$session\" > ../begun; read answer < ../hold",
            says(&[init(), text("working")])
        ),
    );
    fake.always(&works("echo x > made"));
    let running = world.spawn(&["run"]);
    let session = world.watch().until("the session has begun", || {
        let text = fs::read_to_string(world.outside().join("begun")).ok()?;
        (text.len() == 36).then_some(text)
    });
    running.signal(rustix::process::Signal::INT);
    running.wait().exits(130);
    world.assert_nothing_survives();
    world.run(&["resume"]).exits(0);
    assert!(
        fake.words(2).contains(&format!("--resume={session}")),
        "{:?}",
        fake.words(2)
    );
    assert!(
        fake.told(2).contains("ou were interrupted") || fake.told(2).contains("cancelled"),
        "{}",
        fake.told(2)
    );
}

#[test]
fn the_environment_holds_the_programs_own_variables_and_no_key_reaches_a_file() {
    let (world, fake) = world("");
    world.task("a", "verify: 'true'");
    fake.always(&format!(
        "printf '%s\\n' \"key $ANTHROPIC_API_KEY\" >&2\n{}",
        works(":")
    ));
    let mut command = world.runr(&["run"]);
    command
        .env("ANTHROPIC_API_KEY", "sk-s3cr3t-s3cr3t")
        .env("CLAUDE_CODE_SESSION_ID", "outer")
        .env("CLAUDECODE", "1");
    world.start(command).wait().exits(0);
    let env = fake.env(1);
    assert!(env.contains("ANTHROPIC_API_KEY=sk-s3cr3t-s3cr3t"));
    assert!(
        !env.contains("outer") && !env.contains("CLAUDECODE"),
        "{env}"
    );
    let folder = run_folder(&world, "a");
    for entry in fs::read_dir(&folder).unwrap() {
        let path = entry.unwrap().path();
        let text = String::from_utf8_lossy(&fs::read(&path).unwrap()).into_owned();
        assert!(!text.contains("s3cr3t"), "{}", path.display());
    }
}

#[test]
fn done_is_the_checks_word_even_with_a_final_word() {
    let (world, fake) = world("");
    world.task("a", "verify: 'true'");
    fake.always(&format!("{}exit 3", says(&[init(), done()])));
    world.run(&["run"]).exits(1);
    assert!(
        state(&world, "a")["message"]
            .as_str()
            .unwrap()
            .contains("exit code 3")
    );
}

#[test]
fn what_a_killed_attempt_used_is_booked_and_its_session_goes_on() {
    let (world, fake) = world("");
    world.gate("hold");
    world.task("a", "verify: test -f made");
    fake.step(
        1,
        &format!(
            "{}echo x > ../begun; read answer < ../hold",
            says(&[init(), text("one"), text("two")])
        ),
    );
    fake.always(&works("echo x > made"));
    let running = world.spawn(&["run"]);
    let watch = world.watch();
    watch.until("the agent works", || {
        world.outside().join("begun").exists().then_some(())
    });
    let started = world.growing_journal();
    let pid = started.of("started").next().unwrap()["process"]["pid"]
        .as_u64()
        .unwrap();
    let session = world.root().join(".runr/runs");
    let session = fs::read_dir(session)
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path()
        .join("session");
    watch_file(&session);
    let attempt = crate::world::Proc::of(u32::try_from(pid).unwrap()).unwrap();
    attempt.signal(rustix::process::Signal::KILL);
    running.wait().exits(0);
    let journal = world.journal();
    let spent: Vec<&Value> = journal.of("spent").collect();
    assert_eq!(spent.len(), 2);
    assert_eq!(
        (&spent[0]["tokens"]["input"], &spent[0]["at_least"]),
        (&json!(2000), &json!(true))
    );
    assert!(
        fake.words(2)
            .iter()
            .any(|word| word.starts_with("--resume=")),
        "{:?}",
        fake.words(2)
    );
}

/// Waits until a file has a text.
fn watch_file(path: &std::path::Path) {
    let watch = crate::world::Watch::new(&[path.parent().unwrap()]);
    watch.until("the file is there", || {
        fs::read_to_string(path)
            .ok()
            .filter(|text| !text.is_empty())
    });
}

#[test]
fn what_a_person_sends_back_goes_into_the_same_session_with_the_note() {
    let (world, fake) = world("");
    world.task("a", "type: hybrid\nverify: 'true'");
    fake.always(&works("echo x > made"));
    world.run(&["run"]).exits(3);
    let session = fs::read_to_string(run_folder(&world, "a").join("session")).unwrap();
    world
        .run(&["tasks", "reject", "a", "--note", "too loud"])
        .exits(0);
    world.run(&["run"]).exits(3);
    assert!(
        fake.words(2).contains(&format!("--resume={session}")),
        "{:?}",
        fake.words(2)
    );
    assert!(fake.told(2).contains("too loud"), "{}", fake.told(2));
    world.run(&["tasks", "approve", "a"]).exits(0);
    assert_eq!(world.tasks()["a"]["status"], "completed");
}
