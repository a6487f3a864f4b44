//! The real Claude Code when its service fails, falls silent, or is paid enough.

use std::fs;

use rustix::process::Signal;
use serde_json::{Value, json};

use crate::agents_model::{Claude, RealAgents};

fn log(claude: &Claude) -> String {
    let run = claude.world.tasks()["a"]["last_run_id"].clone();
    let folder = claude.world.root().join(".runr/runs");
    fs::read_to_string(folder.join(run.as_str().unwrap()).join("worker.log")).unwrap()
}

fn write_made() -> Value {
    json!({"tool_use": {"name": "Write", "input": {"file_path": "{{cwd}}/made", "content": "x\n"}}})
}

#[test]
fn what_claude_retries_itself_costs_no_attempt() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    for (turn, told) in [
        (json!({"status": 500}), "retry 1 of 1"),
        (
            json!({"status": 429, "headers": {"retry-after": "1"}}),
            "retry 1 of 1",
        ),
        (json!({"drop": "before"}), "retry 1 of 1"),
        (json!({"drop": "mid", "text": "half a word"}), ""),
    ] {
        let claude = Claude::new(&agents, &json!({"turns": [turn, write_made()]}));
        claude.world.task("a", "verify: test -f made");
        claude.world.output(claude.runr(&["run"])).exits(0);
        let task = &claude.world.tasks()["a"];
        assert_eq!(task["attempts"], 1, "{turn}");
        let log = log(&claude);
        assert!(log.contains(told), "{turn}: {log}");
    }
}

#[test]
fn an_overloaded_service_pauses_claude_and_counts_no_attempt() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    for turn in [
        json!({"status": 529, "times": 99}),
        // So long it does not wait itself, and tells nobody how long.
        json!({"status": 429, "times": 99, "headers": {"retry-after": "3600"}}),
    ] {
        let claude = Claude::new(&agents, &json!({"turns": [turn]}));
        claude.world.task("a", "verify: 'true'");
        let running = claude.world.start(claude.runr(&["run"]));
        let ended = claude.world.until_journal("the attempt ended", |journal| {
            journal.of("ended").next().cloned()
        });
        assert_eq!(
            (&ended["is"], &ended["counted"]),
            (&json!("retry"), &json!(false)),
            "{turn}"
        );
        claude
            .world
            .until_journal("the worker is paused", |journal| {
                journal.of("worker_paused").next().map(|_| ())
            });
        running.signal(Signal::INT);
        running.wait().exits(130);
        claude.world.assert_nothing_survives();
    }
}

#[test]
fn a_silent_claude_is_ended() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    for (limit, reason) in [
        // It tells its session and then hears nothing from its service.
        ("idle: 3s", "idle_timeout"),
        // No such program starts in no time: it is ended before its first word.
        ("startup: 20ms", "startup_timeout"),
    ] {
        let claude = Claude::new(&agents, &json!({"turns": [{"hang": true, "times": 99}]}));
        claude
            .world
            .task("a", &format!("verify: 'true'\ntimeout: {{ {limit} }}"));
        claude.world.output(claude.runr(&["run"])).exits(1);
        assert_eq!(claude.world.tasks()["a"]["stop_reason"], reason);
        claude.world.assert_nothing_survives();
    }
}

#[test]
fn claude_stops_at_its_budget() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    let dear = json!({"usage": {"input_tokens": 2_000_000, "output_tokens": 20_000},
        "tool_use": {"name": "Bash", "input": {"command": "echo x > made", "description": "work"}}});
    let claude = Claude::new(&agents, &json!({"turns": [dear]}));
    claude.configure("budget: { task_usd: 1 }\n");
    claude.world.task("a", "verify: test -f made");
    claude.world.output(claude.runr(&["run"])).exits(1);
    assert_eq!(claude.world.tasks()["a"]["stop_reason"], "budget_exceeded");
    let journal = claude.world.journal();
    let spent: Vec<&Value> = journal.of("spent").collect();
    assert_eq!(spent.len(), 1);
    assert!(
        spent[0]["cost_usd"].as_f64().unwrap() > 1.0,
        "what it overdrew is booked: {}",
        spent[0]
    );
}
