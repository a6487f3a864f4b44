//! The real, unmodified Claude Code and Codex do tasks, against a scripted model on loopback.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::agents_model::{Claude, Codex, RealAgents};
use crate::world::World;

fn state(world: &World, task: &str) -> Value {
    let run = world.tasks()[task]["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let path = world.root().join(".runr/runs").join(run).join("state.json");
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

fn write(path: &str) -> Value {
    json!({"tool_use": {"name": "Write", "input": {"file_path": format!("{{{{cwd}}}}/{path}"), "content": "x\n"}}})
}

fn bash(command: &str) -> Value {
    json!({"tool_use": {"name": "Bash", "input": {"command": command, "description": "work"}}})
}

/// A last message with a hand-off.
fn handoff(summary: &str) -> Value {
    let told = json!({"summary": summary, "files": ["made"]});
    json!({"text": format!("Done.\n```json\n{told}\n```")})
}

#[test]
fn claude_is_sent_back_by_the_stop_hook_and_its_hand_off_reaches_the_dependent() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let claude = Claude::new(
        &agents,
        &json!({"scripts": [
        {"name": "first", "match": "on the task `a.md`",
         "turns": [{"text": "All done already."}, write("made"), handoff("the port is 8080")]},
        {"name": "second", "match": "on the task `b.md`", "turns": [{"text": "Nothing to do."}]}],
        "end": {"text": "done"}}),
    );
    claude.world.task(
        "a",
        // What it prints stands nowhere in the prompt.
        "verify: 'echo nothing made $((6 * 7)) times; test -f made'\nowns: [made]",
    );
    claude
        .world
        .task("b", "depends_on: [a]\nowns: [other]\nverify: 'true'");
    claude.world.output(claude.runr(&["run", "-j1"])).exits(0);
    let a = state(&claude.world, "a");
    assert_eq!(a["agent"]["starts"], 1, "the hook sent it back, not runr");
    assert_eq!(a["agent"]["handoff"]["is"], "kept");
    assert!(a["agent"]["spent"]["cost_usd"].as_f64().unwrap() > 0.0);
    let requests = claude.model.requests();
    assert!(
        requests.contains("nothing made 42 times"),
        "the failing output"
    );
    let second = requests
        .lines()
        .filter(|line| line.contains("on the task `b.md`"));
    assert!(
        second
            .into_iter()
            .any(|line| line.contains("the port is 8080"))
    );
}

#[test]
fn what_fails_outside_goes_back_into_claudes_session() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let claude = Claude::new(
        &agents,
        &json!({"turns": [write("made"), {"text": "done"}, bash("echo x > second")],
                "end": {"text": "done"}}),
    );
    // Inside its own session the check is content.
    claude
        .world
        .task("a", "verify: 'test -n \"$CLAUDECODE\" || test -f second'");
    claude.world.output(claude.runr(&["run"])).exits(0);
    let a = state(&claude.world, "a");
    assert_eq!(a["agent"]["starts"], 2);
    let journal = claude.world.journal();
    let spent: Vec<&Value> = journal.of("spent").collect();
    assert_eq!(spent.len(), 1);
    // The session's total must not be counted twice: every answer costs the same.
    let (cost, turns) = (&spent[0]["cost_usd"], &spent[0]["tokens"]["input"]);
    assert_eq!(
        turns.as_u64().unwrap() / 1000 * 5,
        (cost.as_f64().unwrap() * 1000.0).round() as u64
    );
}

#[test]
fn what_a_person_sends_back_reaches_claudes_own_session() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let claude = Claude::new(
        &agents,
        &json!({"turns": [write("made"), {"text": "the first answer"}, bash("echo x > quiet"), {"text": "the second"}],
                "end": {"text": "done"}}),
    );
    claude.world.task("a", "type: hybrid\nverify: 'true'");
    claude.world.output(claude.runr(&["run"])).exits(3);
    let session = state(&claude.world, "a")["agent"]["session"].clone();
    let args = ["tasks", "reject", "a", "--note", "far too loud, please"];
    claude.world.run(&args).exits(0);
    let before = claude.model.requests().lines().count();
    claude.world.output(claude.runr(&["run"])).exits(3);
    let again = state(&claude.world, "a");
    assert_eq!(again["agent"]["session"], session, "the same session");
    // The note comes in a conversation that holds what was said before.
    let requests = claude.model.requests();
    assert!(
        requests.lines().skip(before).any(|line| {
            line.contains("far too loud, please") && line.contains("the first answer")
        }),
        "{requests}"
    );
    assert!(claude.world.root().join("quiet").exists());
    claude.world.run(&["tasks", "approve", "a"]).exits(0);
    assert_eq!(claude.world.tasks()["a"]["status"], "completed");
}

#[test]
fn claudes_limits_and_logins_are_understood() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let answer = |status: u32| json!({"turns": [{"status": status, "times": 99}]});
    for (scenario, reason) in [
        (answer(401), "auth_required"),
        (answer(500), "worker_failed"),
        (answer(404), "worker_failed"),
    ] {
        let claude = Claude::new(&agents, &scenario);
        claude.world.task("a", "verify: 'true'");
        claude.world.output(claude.runr(&["run"])).exits(1);
        assert_eq!(
            claude.world.tasks()["a"]["stop_reason"],
            reason,
            "{scenario}"
        );
        claude.world.assert_nothing_survives();
    }
    // A subscription's limit tells when it ends; runr would wait so long.
    let resets = jiff::Timestamp::now().as_second() + 7200;
    let claude = Claude::new(
        &agents,
        &json!({"turns": [{"status": 429, "times": 99, "headers": {"retry-after": "3600",
            "anthropic-ratelimit-unified-status": "rejected",
            "anthropic-ratelimit-unified-reset": resets.to_string(),
            "anthropic-ratelimit-unified-representative-claim": "five_hour"}}]}),
    );
    claude.world.task("a", "verify: 'true'");
    let mut command = claude.runr(&["run"]);
    command
        .env_remove("ANTHROPIC_API_KEY")
        .env("CLAUDE_CODE_OAUTH_TOKEN", "dummy-oauth-token");
    let running = claude.world.start(command);
    let until = claude
        .world
        .until_journal("the worker is paused", |journal| {
            journal
                .of("worker_paused")
                .next()
                .map(|event| event["until"].clone())
        });
    let until: jiff::Timestamp = until.as_str().unwrap().parse().unwrap();
    assert_eq!(until.as_second(), resets);
    running.signal(Signal::INT);
    running.wait().exits(130);
}

#[test]
fn claude_is_interrupted_and_goes_on_in_its_session() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let claude = Claude::new(
        &agents,
        &json!({"turns": [bash("echo begun > ../begun; python3 -c 'import time; time.sleep(1000)'"), write("made")],
                "end": {"text": "done"}}),
    );
    claude.world.task("a", "verify: test -f made");
    let running = claude.world.start(claude.runr(&["run"]));
    claude.world.watch().until("the tool runs", || {
        claude.world.outside().join("begun").exists().then_some(())
    });
    running.signal(Signal::INT);
    running.wait().exits(130);
    claude.world.assert_nothing_survives();
    let before = state(&claude.world, "a")["agent"]["session"].clone();
    claude.world.output(claude.runr(&["resume"])).exits(0);
    assert_eq!(state(&claude.world, "a")["agent"]["session"], before);
}

#[test]
fn four_claudes_work_beside_each_other_in_working_trees() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let claude = Claude::new(
        &agents,
        &json!({"scripts": [{"name": "each", "match": "on the task `(?P<id>[a-d])\\.md`",
            "turns": [bash("mkdir -p {{id}} && echo x > {{id}}/made")]}], "end": {"text": "done"}}),
    );
    for name in ["a", "b", "c", "d"] {
        claude.world.task(
            name,
            &format!("verify: test -f {name}/made\nowns: [{name}/**]"),
        );
    }
    claude.world.commits();
    claude.world.output(claude.runr(&["run", "-j4"])).exits(0);
    assert_eq!(claude.world.journal().completed().len(), 4);
    let log = claude.world.git(&["log", "--format=%B", "main"]);
    assert_eq!(log.matches("Runr-Worker: claude-code").count(), 4, "{log}");
    for name in ["a", "b", "c", "d"] {
        assert!(
            claude.world.root().join(name).join("made").is_file(),
            "landed: {name}"
        );
    }
}

#[test]
fn codex_works_and_hears_what_failed() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let exec =
        |command: &str| json!({"tool_use": {"name": "exec_command", "input": {"cmd": command}}});
    let codex = Codex::new(
        &agents,
        &json!({"turns": [exec("echo x > first"), {"text": "done"}, exec("echo x > second"), {"text": "done"}]}),
    );
    codex
        .world
        .task("a", "verify: 'echo the second is missing; test -f second'");
    codex.world.output(codex.runr(&["run"])).exits(0);
    let a = state(&codex.world, "a");
    assert_eq!(a["agent"]["starts"], 2);
    // Four answers of a thousand tokens, though the second start counts on from the first.
    assert_eq!(a["agent"]["spent"]["tokens"]["input"], 4000);
    assert!(
        a["agent"]["spent"].get("cost_usd").is_none(),
        "no prices are invented"
    );
    assert!(codex.model.requests().contains("the second is missing"));
}

#[test]
fn codexs_limits_and_logins_are_understood() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let codex = Codex::new(&agents, &json!({"turns": [{"status": 401, "times": 99}]}));
    codex.world.task("a", "verify: 'true'");
    codex.world.output(codex.runr(&["run"])).exits(1);
    assert_eq!(codex.world.tasks()["a"]["stop_reason"], "auth_required");
    let resets = jiff::Timestamp::now().as_second() + 7200;
    let codex = Codex::new(
        &agents,
        &json!({"turns": [{"status": 429, "times": 99,
            "error": {"type": "usage_limit_reached", "message": "limit", "resets_at": resets}}]}),
    );
    codex.world.task("a", "verify: 'true'");
    let running = codex.world.start(codex.runr(&["run"]));
    let until = codex
        .world
        .until_journal("the worker is paused", |journal| {
            journal
                .of("worker_paused")
                .next()
                .map(|event| event["until"].clone())
        });
    let until: jiff::Timestamp = until.as_str().unwrap().parse().unwrap();
    // Its message tells minutes.
    assert!((resets - until.as_second()).abs() <= 60, "{until}");
    running.signal(Signal::INT);
    running.wait().exits(130);
}

/// The events of a session's output.
fn events(stdout: &str) -> Vec<Value> {
    let lines = stdout.lines();
    lines
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn names(list: &Value) -> Vec<&str> {
    let all = list.as_array().unwrap().iter();
    all.filter_map(|one| one.as_str().or_else(|| one["name"].as_str()))
        .collect()
}

#[test]
fn runr_inside_a_session_is_asked_as_a_server_and_as_a_skill() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let tool = |name: &str, input: Value| json!({"tool_use": {"name": format!("mcp__runr__{name}"), "input": input}});
    let claude = Claude::new(
        &agents,
        &json!({"scripts": [
        {"name": "tools", "match": "use the tools",
         "turns": [tool("list_tasks", json!({})), tool("claim_task", json!({"task": "a"})), write("made"),
                   tool("complete_task", json!({"task": "a", "commit": true}))]},
        {"name": "skill", "turns": [bash("runr run --task b.md --worker claude-code")]}],
        "end": {"text": "done"}}),
    );
    claude.world.task(
        "a",
        "owns: [made]\nverify: test -f made\ntags: [seen-in-the-list]",
    );
    claude.world.task("b", "run: 'true'");
    let init = claude.runr(&["init", "--with-claude", "--yes"]);
    claude.world.output(init).exits(0);
    // A person lets sessions claim.
    let servers = claude.world.root().join(".mcp.json");
    let text = fs::read_to_string(&servers).unwrap();
    let text = text.replace("\"mcp\"", "\"mcp\", \"--allow-write\"");
    fs::write(&servers, text).unwrap();
    claude.world.commits();

    let id = "1b8a0c2e-7d4f-4a6b-9c3d-5e6f708192a3";
    let session = claude.session(&[
        "--session-id",
        id,
        "--permission-mode",
        "acceptEdits",
        "--allowedTools=mcp__runr",
        "use the tools",
    ]);
    let ran = claude.world.output(session).exits(0);
    let events_seen = events(&ran.stdout);
    let init = events_seen
        .iter()
        .find(|event| event["subtype"] == "init")
        .unwrap();
    assert!(names(&init["skills"]).contains(&"runr"), "{init}");
    let server = init["mcp_servers"][0].clone();
    assert_eq!(server["status"], "connected", "{server}");
    let answers: Vec<String> = events_seen
        .iter()
        .filter(|event| event["type"] == "user")
        .map(|event| event["message"]["content"].to_string())
        .collect();
    assert!(
        answers[0].contains("a.md") && answers[0].contains("b.md"),
        "{}",
        answers[0]
    );
    let all = answers.join("\n");
    assert!(all.contains("1 of 1 checks passed"), "{all}");
    let log = claude.world.git(&["log", "-1", "--format=%B"]);
    assert!(
        log.contains(&format!("Runr-Worker: claim, session {id}")),
        "{log}"
    );
    assert!(log.contains("Runr-Verified: tier0 test -f made"), "{log}");
    let noted = claude
        .world
        .root()
        .join(format!(".runr/sessions/{id}.jsonl"));
    let noted = fs::read_to_string(noted).unwrap();
    for event in ["session-start", "prompt", "stop", "session-end"] {
        assert!(noted.contains(&format!("\"{event}\"")), "{event}: {noted}");
    }

    let session = claude.session(&[
        "--permission-mode",
        "acceptEdits",
        "--allowedTools=Bash",
        "/runr run --task b.md",
    ]);
    claude.world.output(session).exits(0);
    let asked = claude.model.requests();
    assert!(
        asked.contains("The user typed: `/runr run --task b.md`"),
        "the skill's text with its arguments"
    );
    assert!(!asked.contains("runr $ARGUMENTS"));
    assert_eq!(claude.world.tasks()["b"]["status"], "completed");
    claude.world.assert_nothing_survives();
}
