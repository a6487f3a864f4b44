//! The orchestration of the sample project with the real Claude Code as its worker.
//!
//! The tasks keep their order, their scopes and their checks and lose their commands: what is to be done is then the
//! agent's to find out, and the scripted model answers with the command that the task had.

use std::fs;

use serde_json::{Value, json};

use crate::agents_model::{Claude, RealAgents};

/// What the model is to say about a task, from the command that the task had.
fn script(task: &str, command: &str) -> Value {
    let bash = |command: &str| json!({"tool_use": {"name": "Bash", "input": {"command": command, "description": "work"}}});
    let turns = match task {
        // It forgets a page, which only the check finds, and does not look before it was told what is missing: with a
        // schema for its answer the first word of an end is answered by a reminder of that.
        "site/03-front.md" => json!([
            bash("sh tools/front.sh draft"),
            {"text": "All done."},
            {"text": "All done, as I said."},
            bash("sh tools/colophon.sh"),
        ]),
        _ => json!([bash(command)]),
    };
    json!({"name": task, "match": format!("on the task `{task}`"), "turns": turns})
}

/// A task's text without its command, and the command without the pause for the eye.
fn without_command(text: &str) -> (String, Option<String>) {
    let mut command = None;
    let mut rest = String::new();
    let mut lines = text.lines().peekable();
    while let Some(line) = lines.next() {
        match line.strip_prefix("run: ") {
            Some(run) => {
                command = run.split(" && sleep").next().map(str::to_owned);
                while lines.next_if(|line| line.starts_with("  ")).is_some() {}
            }
            None => rest += &format!("{line}\n"),
        }
    }
    (rest, command)
}

#[test]
fn the_demo_is_done_by_claude() {
    let Some(agents) = RealAgents::find() else {
        return;
    };
    // The scripts are known only when the project is there: it is made once to be read.
    let tasks: Vec<(&str, String)> = [
        "pictures/01-cover.md",
        "pictures/02-charts.md",
        "site/01-pages.md",
        "site/02-report.md",
        "site/03-front.md",
        "site/05-publish.md",
        "text/01-clean.md",
        "text/02-count.md",
        "text/03-concordance.md",
        "text/04-summary.md",
    ]
    .into_iter()
    .map(|task| {
        let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("src/scaffold/demo/tasks")
            .join(task);
        (task, fs::read_to_string(source).unwrap())
    })
    .collect();
    let scripts: Vec<Value> = tasks
        .iter()
        .map(|(task, text)| script(task, &without_command(text).1.expect("a command")))
        .collect();
    let claude = Claude::new(
        &agents,
        &json!({"scripts": scripts, "end": {"text": "done"}}),
    );
    let world = &claude.world;
    fs::remove_dir_all(world.root()).unwrap();
    world
        .output({
            let mut command = world.sealed(&crate::world::binary());
            command
                .current_dir(world.outside())
                .args(["init", "--demo", "project"]);
            command
        })
        .exits(0);
    claude.configure("");
    for (task, text) in &tasks {
        world.write(&format!(".runr/tasks/{task}"), &without_command(text).0);
    }
    world.commits();

    // Until only people can go on; and after their part to the end.
    let run = ["run", "--worker", "claude-code", "-j2"];
    world.output(claude.runr(&run)).exits(3);
    world
        .output(claude.runr(&["tasks", "approve", "text/04-summary.md"]))
        .exits(0);
    world
        .output(claude.runr(&["tasks", "complete", "site/04-title.md"]))
        .exits(0);
    world.output(claude.runr(&run)).exits(0);

    let root = world.root();
    let page = fs::read_to_string(root.join("site/index.html")).unwrap();
    assert!(page.contains("<blockquote class=\"summary\">"), "{page}");
    assert!(root.join("site/colophon.html").is_file());
    let requests = claude.model.requests();
    assert!(
        requests.contains("no such file: colophon.html"),
        "the check's output, which no prompt holds, sent it back"
    );
    let log = world.git(&["log", "--format=%B", "main"]);
    assert_eq!(
        log.matches("Runr-Worker: claude-code").count(),
        tasks.len(),
        "{log}"
    );
    world.assert_nothing_survives();
}
