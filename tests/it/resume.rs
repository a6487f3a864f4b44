//! `runr resume`: what it goes on with, by which rules, and that a dry run of it changes nothing.

use crate::support::Fixture;

/// `b` fails as long as the file `fixed` is not there; `c` needs it. Another file's steps are inline.
fn project() -> Fixture {
    Fixture::with(&[
        (".runr/tasks/a.md", "---\nrun: 'true'\n---\n"),
        (
            ".runr/tasks/b.md",
            "---\ndepends_on: a\nrun: test -e fixed\n---\n",
        ),
        (".runr/tasks/c.md", "---\ndepends_on: b\nrun: 'true'\n---\n"),
        (
            "other.yaml",
            "version: 1\ntracks:\n  - name: o\n    steps:\n      - { name: probe, run: test -e fixed }\n",
        ),
    ])
}

#[test]
fn a_dry_run_tells_and_changes_nothing() {
    let project = project();
    assert_eq!(project.runr(&["run"]).code, 1);
    project.write("fixed", "");
    let before = project.snapshot();
    let ran = project.runr(&["resume", "--dry-run"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(
        ran.out.starts_with("nothing would run\nblocked"),
        "{}",
        ran.out
    );
    let ran = project.runr(&["resume", "--retry-failed", "-n", "--json"]);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let tasks = json["tasks"].as_array().unwrap();
    let names: Vec<&str> = tasks.iter().filter_map(|t| t["task"].as_str()).collect();
    assert_eq!(names, ["b.md", "c.md"], "{}", ran.out);
    assert_eq!(project.snapshot(), before);
    assert_eq!(project.runr(&["resume", "--retry-failed"]).code, 0);
}

#[test]
fn it_goes_on_with_the_orchestration_file_it_was_started_with() {
    let project = project();
    let ran = project.runr(&["orchestrate", "run", "--config", "other.yaml"]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    project.write("fixed", "");
    let ran = project.runr(&["resume", "--retry-failed"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
}

#[test]
fn an_orchestration_that_never_was_is_wrong_usage() {
    let project = project();
    for name in ["orch-20250101-000000-aaaa", "nonsense"] {
        let ran = project.runr(&["resume", name]);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(ran.err.contains("runr orchestrate list"), "{}", ran.err);
    }
    assert_eq!(project.runr(&["resume"]).code, 2);
}
