//! What stops an agent: limits of its service, a missing login, money; and who takes over.

use serde_json::json;

use crate::agents_fake::{Fake, init, says, trouble, works};
use crate::world::World;

fn configured(world: &World, workers: &str, more: &str) {
    world.write(
        ".runr/config.yaml",
        &format!(
            "worker: claude-code\nretries: {{ max: 0, backoff: {{ base: 10ms, max: 20ms }} }}\n\
             timeouts: {{ grace: 2s }}\nworkers:\n{workers}{more}"
        ),
    );
}

/// Two independent tasks, `a` before `b` in the queue.
fn two_tasks(world: &World) {
    world.task("a", "verify: 'true'\nowns: [a/**]\npriority: 2");
    world.task("b", "verify: 'true'\nowns: [b/**]");
}

fn failing(events: Vec<serde_json::Value>) -> String {
    let mut all = vec![init()];
    all.extend(events);
    format!("{}exit 1", says(&all))
}

fn limit_until(seconds_from_now: i64) -> String {
    let at = jiff::Timestamp::now().as_second() + seconds_from_now;
    let mut events = vec![json!({"type": "rate_limit_event", "session_id": "SESSION",
        "rate_limit_info": {"status": "rejected", "resetsAt": at, "rateLimitType": "five_hour"}})];
    events.extend(trouble(429, "rate_limit", "You've hit your 5-hour limit"));
    failing(events)
}

#[test]
fn at_a_usage_limit_the_worker_waits_for_the_reset_and_the_attempt_does_not_count() {
    let world = World::new();
    let fake = Fake::new(&world, "claude");
    configured(
        &world,
        &format!("  claude-code: {{ command: {} }}\n", fake.command()),
        "",
    );
    two_tasks(&world);
    fake.step(1, &limit_until(2)).always(&works(":"));
    let ran = world.run(&["run", "-j1"]).exits(0);
    assert!(
        ran.stderr
            .contains("the worker claude-code has reached a limit and waits until"),
        "{}",
        ran.stderr
    );
    let journal = world.journal();
    let paused: Vec<_> = journal.of("worker_paused").collect();
    assert_eq!(paused.len(), 1);
    let until: jiff::Timestamp = paused[0]["until"].as_str().unwrap().parse().unwrap();
    let ends: Vec<_> = journal.of("ended").collect();
    let how: Vec<_> = ends.iter().map(|end| &end["is"]).collect();
    assert_eq!(how, ["retry", "completed", "completed"]);
    assert_eq!(ends[0]["counted"], false);
    // Nobody was started meanwhile, neither the task that met the limit nor the other one.
    let text = std::fs::read_to_string(world.root().join(".runr/journal.jsonl")).unwrap();
    let lines = text
        .lines()
        .filter(|line| line.contains("\"event\":\"started\""));
    for line in lines.skip(1) {
        let line: serde_json::Value = serde_json::from_str(line).unwrap();
        let at: jiff::Timestamp = line["at"].as_str().unwrap().parse().unwrap();
        assert!(at >= until, "{line} before {until}");
    }
}

#[test]
fn a_limit_holds_for_the_next_orchestration_too() {
    let world = World::new();
    let fake = Fake::new(&world, "claude");
    configured(
        &world,
        &format!("  claude-code: {{ command: {} }}\n", fake.command()),
        "",
    );
    two_tasks(&world);
    fake.always(&limit_until(3600));
    let running = world.spawn(&["run", "-j1"]);
    world.until_journal("the worker is paused", |journal| {
        journal.of("worker_paused").next().map(|_| ())
    });
    running.signal(rustix::process::Signal::INT);
    running.wait().exits(130);
    let again = world.spawn(&["run", "-j1"]);
    world.watch().until("it says who is away", || {
        let said = std::fs::read_to_string(again.stderr()).ok()?;
        said.contains("claude-code is at a limit").then_some(())
    });
    again.signal(rustix::process::Signal::INT);
    again.wait().exits(130);
    assert_eq!(fake.starts(), 1);
}

/// Two tasks meet the limit at once; a person is told once, of whom and until when.
#[test]
fn a_limit_is_told_to_whoever_is_notified() {
    let world = World::new();
    let fake = Fake::new(&world, "claude");
    configured(
        &world,
        &format!("  claude-code: {{ command: {} }}\n", fake.command()),
        "notify: { command: 'cat > .runr/$$.heard' }\n",
    );
    two_tasks(&world);
    fake.step(1, &limit_until(2))
        .step(2, &limit_until(2))
        .always(&works(":"));
    world.run(&["run", "-j2"]).exits(0);
    let files = std::fs::read_dir(world.root().join(".runr")).unwrap();
    let files = files.map(|entry| entry.unwrap().path());
    let heard = files.filter(|path| path.extension().is_some_and(|ext| ext == "heard"));
    let mut heard: Vec<serde_json::Value> = heard
        .map(|path| serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap())
        .collect();
    heard.sort_by_key(|notice| notice["event"].to_string());
    let events: Vec<_> = heard.iter().map(|notice| &notice["event"]).collect();
    assert_eq!(events, ["finish", "usage_limit"]);
    let limit = &heard[1];
    assert_eq!(limit["worker"], "claude-code");
    assert_eq!(limit["reason"], "usage_limit");
    let journal = world.journal();
    let paused = journal.of("worker_paused").next().unwrap();
    assert_eq!(limit["until"], paused["until"]);
    assert_eq!(limit["run"], paused["run"]);
    assert_eq!(limit["next"], json!(["runr status"]));
}

#[test]
fn a_stand_in_takes_over_only_when_it_is_named() {
    let world = World::new();
    let (first, second) = (Fake::new(&world, "claude"), Fake::new(&world, "other"));
    let workers = |more: &str| {
        format!(
            "  claude-code: {{ command: {}{more} }}\n  other: {{ command: {}, adapter: claude-code }}\n",
            first.command(),
            second.command()
        )
    };
    configured(&world, &workers(", fallback: other"), "");
    two_tasks(&world);
    first.always(&limit_until(3600));
    second.always(&works(":"));
    world.run(&["run", "-j1"]).exits(0);
    assert_eq!((first.starts(), second.starts()), (1, 2));
    let spent = world.journal().of("spent").count();
    assert_eq!(spent, 3);
}

#[test]
fn without_a_login_nothing_more_is_given_to_the_worker_and_others_go_on() {
    let world = World::new();
    let (first, second) = (Fake::new(&world, "claude"), Fake::new(&world, "other"));
    configured(
        &world,
        &format!(
            "  claude-code: {{ command: {} }}\n  other: {{ command: {}, adapter: claude-code }}\n",
            first.command(),
            second.command()
        ),
        "",
    );
    two_tasks(&world);
    world.task("c", "worker: other\nverify: 'true'\nowns: [c/**]");
    first.always(&failing(trouble(
        401,
        "authentication_failed",
        "Invalid API key",
    )));
    second.always(&works(":"));
    world.run(&["run", "-j1"]).exits(1);
    assert_eq!((first.starts(), second.starts()), (1, 1));
    assert_eq!(world.statuses(), "a stopped, b stopped, c completed");
    assert_eq!(world.tasks()["b"]["stop_reason"], "auth_required");
}

#[test]
fn budgets_are_kept_over_attempts_tasks_and_days() {
    for (budget, starts, statuses) in [
        // Each run costs 0.10.
        ("run_usd: 0.15", 2, "a completed, b completed, c stopped"),
        ("run_usd: 0.1", 1, "a completed, b stopped, c stopped"),
        ("day_usd: 0.1", 1, "a completed, b stopped, c stopped"),
        ("task_usd: 0.2", 3, "a completed, b completed, c completed"),
    ] {
        let world = World::new();
        let fake = Fake::new(&world, "claude");
        let workers = format!("  claude-code: {{ command: {} }}\n", fake.command());
        configured(&world, &workers, &format!("budget: {{ {budget} }}\n"));
        two_tasks(&world);
        world.task("c", "verify: 'true'\nowns: [c/**]\npriority: -1");
        fake.always(&works(":"));
        world.run(&["run", "-j1"]);
        assert_eq!(fake.starts(), starts, "{budget}");
        assert_eq!(world.statuses(), statuses, "{budget}");
        let cap = fake
            .words(1)
            .into_iter()
            .find(|word| word.starts_with("--max-budget-usd="));
        let expected = budget.split(": ").nth(1).unwrap();
        assert_eq!(cap, Some(format!("--max-budget-usd={expected}")));
    }
}

#[test]
fn a_cap_that_cannot_be_metered_is_refused() {
    let world = World::new();
    world.task("a", "worker: codex\nbudget_usd: 3");
    let ran = world.run(&["check"]).exits(2);
    assert!(
        ran.stderr.contains("`codex` does not tell what it costs")
            || ran.stdout.contains("`codex` does not tell what it costs"),
        "{}{}",
        ran.stdout,
        ran.stderr
    );
    world.run(&["run"]).exits(2);
    let world = World::new();
    world.task("a", "verify: 'true'");
    configured(
        &world,
        "  codex: { max_parallel: 1 }\n",
        "budget: { day_usd: 1 }\n",
    );
    world.run(&["check"]).exits(0);
    world.run(&["run", "--worker", "codex"]).exits(2);
}

#[test]
fn any_command_can_be_a_worker() {
    let world = World::new();
    configured(
        &world,
        "  file: { command: [sh, -c, 'grep -q boundary-word \"$1\" && touch made', x, '{prompt_file}'] }\n  \
           stdin: { command: 'grep -q boundary-word && test -f \"$RUNR_PROMPT_FILE\" && touch made' }\n  \
           word: { command: [sh, -c, 'case $1 in *boundary-word*) touch made;; esac', x, '{prompt}'] }\n  \
           json: { result: json, command: 'cat > made; echo \"{\\\"cost_usd\\\": 0.5, \\\"handoff\\\": {\\\"summary\\\": \\\"s\\\"}}\"' }\n  \
           says-no: { result: json, command: 'echo \"{\\\"ok\\\": false, \\\"message\\\": \\\"no luck\\\"}\"' }\n  \
           mute: { result: json, command: 'true' }\n",
        "",
    );
    for (worker, code) in [
        ("file", 0),
        ("stdin", 0),
        ("word", 0),
        ("json", 0),
        ("says-no", 1),
        ("mute", 1),
    ] {
        let name = format!("task-{worker}");
        world.write(
            &format!(".runr/tasks/{name}.md"),
            &format!("---\nworker: {worker}\nverify: rm made\n---\n# T\nboundary-word\n"),
        );
        let ran = world.run(&["run", "--task", &name]).exits(code);
        if worker == "json" {
            assert!(ran.stdout.contains("$0.50"), "{}", ran.stdout);
        }
        if worker == "says-no" {
            assert!(
                format!("{}{}", ran.stdout, ran.stderr).contains("no luck"),
                "{}",
                ran.stdout
            );
        }
    }
}

#[test]
fn an_unknown_worker_on_the_command_line_is_wrong_usage() {
    let world = World::new();
    world.task("a", "verify: 'true'");
    let ran = world.run(&["run", "--worker", "claude"]).exits(2);
    assert!(
        ran.stderr.contains("there is no worker `claude`") && ran.stderr.contains("claude-code"),
        "{}",
        ran.stderr
    );
}
