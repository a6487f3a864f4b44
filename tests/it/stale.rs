//! Staleness by inputs, steps that run in every orchestration, and what each command says of them.

use crate::support::{Fixture, Ran};

fn project() -> Fixture {
    Fixture::with(&[
        (
            ".runr/tasks/gen.md",
            "---\nrun: 'true'\ninputs: [schema.json]\n---\n",
        ),
        (
            ".runr/tasks/keys.md",
            "---\ntype: manual\ninputs: [schema.json]\n---\n",
        ),
        ("schema.json", "1"),
        (
            ".runr/orchestration.yaml",
            "version: 1\ntracks:\n  - name: t\n    steps:\n      - { name: probe, run: 'true' }\n      - task: gen.md\n      - task: keys.md\n",
        ),
    ])
}

#[track_caller]
fn ok(ran: Ran) -> String {
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    ran.out
}

fn line<'a>(text: &'a str, name: &str) -> &'a str {
    text.lines()
        .find(|line| line.contains(name))
        .unwrap_or_else(|| panic!("{name}: {text}"))
}

#[test]
fn a_changed_input_makes_stale_everywhere_until_it_is_accepted_or_run_again() {
    let project = project();
    ok(project.runr(&["tasks", "complete", "keys"]));
    ok(project.runr(&["orchestrate", "run"]));
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(!table.contains("stale"), "{table}");

    project.write("schema.json", "2");
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(line(&table, "gen.md").contains("stale"), "{table}");
    assert!(line(&table, "keys.md").contains("stale"), "{table}");
    let graph: serde_json::Value =
        serde_json::from_str(&ok(project.runr(&["graph", "--json"]))).unwrap();
    assert_eq!(graph.to_string().matches("changed").count(), 2, "{graph}");

    // To be run again it needs its prerequisites again, and this one is not selected.
    let refused = project.runr(&["run", "-n", "--rerun-stale", "--task", "gen"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("t/probe"), "{}", refused.err);
    let with = ["run", "-n", "--rerun-stale", "--with-deps", "--task", "gen"];
    let dry = ok(project.runr(&with));
    assert!(dry.contains("gen.md"), "{dry}");
    ok(project.runr(&["run", "--rerun-stale", "--with-deps", "--task", "gen"]));
    ok(project.runr(&["tasks", "complete", "keys"]));
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(!table.contains("stale"), "{table}");
    project.write("schema.json", "3");
    project.write(".runr/config.yaml", "stale: rerun\n");
    ok(project.runr(&["run", "--with-deps", "--task", "gen"]));
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(!line(&table, "gen.md").contains("stale"), "{table}");
}

#[test]
fn a_step_is_pending_again_when_the_next_orchestration_begins() {
    let project = project();
    ok(project.runr(&["tasks", "complete", "keys"]));
    let ended = ok(project.runr(&["orchestrate", "run"]));
    assert!(ended.contains("3 tasks: 3 completed"), "{ended}");
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(line(&table, "t/probe").contains("completed"), "{table}");
    // Another one, which does not select the step.
    ok(project.runr(&["run", "--task", "gen", "--force"]));
    let table = ok(project.runr(&["status", "--tasks"]));
    assert!(line(&table, "t/probe").contains("pending"), "{table}");
    let ran = project.runr(&["tasks", "reset", "gen"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let refused = project.runr(&["run", "--task", "gen"]);
    assert_eq!(refused.code, 3, "{}", refused.err);
    assert!(refused.err.contains("t/probe"), "{}", refused.err);
    ok(project.runr(&["run", "--task", "gen", "--with-deps"]));
}
