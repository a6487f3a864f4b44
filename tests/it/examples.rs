//! Every folder of `examples/` does what its README says.

use crate::support_sealed::{Sealed, repository};

fn example(name: &str) -> Sealed {
    Sealed::copy_of(&repository().join("examples").join(name))
}

#[track_caller]
fn stand(sealed: &Sealed, expected: &[(&str, &str)]) {
    let statuses = sealed.statuses();
    let told: Vec<(&str, &str)> = statuses
        .iter()
        .map(|(name, status)| (name.as_str(), status.as_str()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn there_is_a_test_for_every_example_and_each_has_a_readme() {
    let mut names: Vec<String> = std::fs::read_dir(repository().join("examples"))
        .unwrap()
        .map(Result::unwrap)
        .filter(|entry| entry.path().is_dir())
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        // No project: tests/it/claude_files.rs looks at it.
        .filter(|name| name != "claude-plugin")
        .collect();
    names.sort();
    assert_eq!(
        names,
        [
            "agents",
            "cross-track",
            "diamond",
            "manual-gate",
            "minimal",
            "retries"
        ]
    );
    for name in names {
        let readme = repository().join("examples").join(&name).join("README.md");
        let lines = std::fs::read_to_string(readme).unwrap().lines().count();
        assert!((5..=20).contains(&lines), "{name}: {lines} lines");
        let sealed = example(&name);
        sealed.runr(&["check", "--strict"]).exits(0);
    }
}

#[test]
fn minimal_is_done_once() {
    let sealed = example("minimal");
    sealed.runr(&["run"]).exits(0);
    stand(
        &sealed,
        &[("01-make.md", "completed"), ("02-count.md", "completed")],
    );
    assert_eq!(sealed.text("out/count.txt").trim(), "3");
    let runs = |sealed: &Sealed| {
        std::fs::read_dir(sealed.root().join(".runr/runs"))
            .unwrap()
            .count()
    };
    assert_eq!(runs(&sealed), 2);
    sealed.runr(&["run"]).exits(0);
    assert_eq!(runs(&sealed), 2, "nothing was left to do");
}

#[test]
fn diamond_builds_the_house_last_and_the_roof_first_with_one_job() {
    let sealed = example("diamond");
    let plan = sealed.runr(&["plan", "-j", "1", "--json"]).exits(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let mut tasks: Vec<(f64, &str)> = plan["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            (
                task["start_s"].as_f64().unwrap(),
                task["task"].as_str().unwrap(),
            )
        })
        .collect();
    tasks.sort_by(|a, b| a.0.total_cmp(&b.0));
    let order: Vec<&str> = tasks.into_iter().map(|(_, name)| name).collect();
    assert_eq!(order, ["design.md", "roof.md", "walls.md", "house.md"]);
    sealed.runr(&["run", "-j", "2"]).exits(0);
    assert_eq!(sealed.text("out/house.txt"), "walls\nroof\n");
    let status = sealed.runr(&["status", "--tasks"]).exits(0);
    assert_eq!(status.stdout.lines().last(), Some("4 tasks: 4 completed"));
}

#[test]
fn cross_track_waits_across_tracks_and_runs_the_inline_step() {
    let sealed = example("cross-track");
    let why = sealed.runr(&["why", "release/pack.md"]).exits(0);
    for name in ["engine/parse.md", "ui/board.md", "orchestration.yaml:"] {
        assert!(
            why.stdout.contains(name),
            "{name} is not in\n{}",
            why.stdout
        );
    }
    sealed.runr(&["orchestrate", "run"]).exits(0);
    stand(
        &sealed,
        &[
            ("engine/parse.md", "completed"),
            ("engine/run.md", "completed"),
            ("release/pack.md", "completed"),
            ("ui/board.md", "completed"),
            ("ui/theme.md", "completed"),
        ],
    );
    assert_eq!(sealed.text("out/release.txt"), "parse run\ntheme\nboard\n");
    let journal = sealed.text(".runr/journal.jsonl");
    assert!(journal.contains("engine/smoke"), "the inline step ran");
}

#[test]
fn manual_gate_stops_for_people_and_goes_on_after_them() {
    let sealed = example("manual-gate");
    sealed.runr(&["run"]).exits(3);
    stand_in(
        &sealed,
        &[
            ("01-build.md", "completed"),
            ("02-notes.md", "awaiting_approval"),
            ("03-sign.md", "skipped"),
        ],
    );
    assert!(!sealed.root().join("out/shipped.txt").exists());
    let status = sealed.runr(&["status", "--tasks"]).exits(0);
    assert_eq!(
        status.stdout.lines().last(),
        Some("4 tasks: 1 completed, 2 need you, 1 blocked")
    );
    sealed.runr(&["tasks", "complete", "03-sign.md"]).exits(0);
    sealed.runr(&["tasks", "approve", "02-notes.md"]).exits(0);
    sealed.runr(&["run"]).exits(0);
    assert_eq!(
        sealed.text("out/shipped.txt"),
        "version 1\nReleased, with thanks, version 1\n"
    );
}

#[test]
fn retries_end_and_block_only_what_depends_on_the_failure() {
    let sealed = example("retries");
    sealed.runr(&["run"]).exits(1);
    stand_in(
        &sealed,
        &[
            ("after-flaky.md", "completed"),
            ("flaky.md", "completed"),
            ("hopeless.md", "failed"),
        ],
    );
    assert_eq!(
        sealed.text("out/flaky.txt"),
        "attempt 1\nattempt 2\nattempt 3\n"
    );
    assert!(!sealed.root().join("out/never.txt").exists());
    let logs = sealed.runr(&["logs", "hopeless.md"]).exits(0);
    assert!(logs.stdout.contains("cannot be done"), "{}", logs.stdout);
}

/// Like [`stand`], but a task that nothing happened to may be left out of the file.
#[track_caller]
fn stand_in(sealed: &Sealed, expected: &[(&str, &str)]) {
    let statuses = sealed.statuses();
    let told: Vec<(&str, &str)> = statuses
        .iter()
        .filter(|(_, status)| *status != "pending")
        .map(|(name, status)| (name.as_str(), status.as_str()))
        .collect();
    assert_eq!(told, expected);
}

#[test]
fn agents_are_planned_without_starting_one() {
    let sealed = example("agents");
    let plan = sealed.runr(&["plan", "-j", "2", "--json"]).exits(0);
    let plan: serde_json::Value = serde_json::from_str(&plan.stdout).unwrap();
    let starts = |name: &str| {
        let tasks = plan["tasks"].as_array().unwrap();
        let task = tasks.iter().find(|task| task["task"] == name).unwrap();
        task["start_s"].as_f64().unwrap()
    };
    assert_eq!((starts("10-parse.md"), starts("20-print.md")), (0.0, 0.0));
    assert!(starts("30-docs.md") > 0.0 && starts("40-package.md") > starts("30-docs.md"));
    let told = sealed
        .runr(&["run", "--worker", "codex", "--dry-run"])
        .exits(2);
    assert!(
        told.stderr.contains("does not tell what it costs"),
        "{}",
        told.stderr
    );
    assert!(!sealed.root().join(".runr/journal.jsonl").exists());
}
