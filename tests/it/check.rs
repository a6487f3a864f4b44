//! `runr check` from outside.

use crate::support::Fixture;

#[test]
fn a_sound_project() {
    let fixture = Fixture::with(&[
        (".runr/tasks/00-setup.md", "---\nrun: make\n---\n# Set up\n"),
        (
            ".runr/tasks/net/01-http.md",
            "---\ndepends_on: ../00-setup\nrun: make\n---\n",
        ),
        (
            ".runr/tasks/net/02-tls.md",
            "---\ntype: manual\ndepends_on: [01-http.md]\n---\n",
        ),
        (
            "orchestration.yaml",
            "version: 1\ntracks:\n  - name: base\n    steps: [{task: 00-setup.md}, {run: make test, name: test}]\n  - name: net\n    depends_on: [base]\n    steps: [{task: net/01-http.md, depends_on: [base/test]}]\n",
        ),
    ]);
    let before = fixture.snapshot();
    let ran = fixture.runr(&["check"]);
    assert_eq!(
        (ran.code, ran.out.as_str(), ran.err.as_str()),
        (0, "4 tasks, 4 dependencies, 2 tracks: no problems\n", "")
    );
    let ran = fixture.runr(&["check", "--json"]);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    assert_eq!(report["schema_version"], 1);
    assert_eq!(report["dependencies"], 4);
    assert_eq!(report["problems"], serde_json::json!([]));
    assert_eq!(fixture.snapshot(), before);
}

#[test]
fn warnings_become_errors_when_strict() {
    let fixture = Fixture::with(&[(
        ".runr/tasks/a.md",
        "---\ndepend_on: [x]\nx-mine: 1\nrun: make\n---\n",
    )]);
    let ran = fixture.runr(&["check"]);
    assert_eq!(
        (ran.code, ran.out.as_str()),
        (0, "1 task, 0 dependencies: 1 warning\n")
    );
    assert!(
        ran.err.starts_with(
            "warning: unknown key `depend_on` in the frontmatter\n --> .runr/tasks/a.md:2:1\n"
        ),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains("help: did you mean `depends_on`?"),
        "{}",
        ran.err
    );
    let ran = fixture.runr(&["check", "--strict", "--json"]);
    assert_eq!(ran.code, 2);
    let report: serde_json::Value = serde_json::from_str(&ran.out).expect("JSON");
    let problem = &report["problems"][0];
    assert_eq!(
        (
            &problem["severity"],
            &problem["code"],
            &problem["line"],
            &problem["column"]
        ),
        (&"error".into(), &"unknown-key".into(), &2.into(), &1.into())
    );
}

#[test]
fn all_problems_of_all_files_sorted_by_place() {
    let fixture = Fixture::with(&[
        (
            ".runr/tasks/b.md",
            "---\npriority: x\ndepends_on: [nope]\n---\n",
        ),
        (".runr/tasks/a.md", "---\ndepends_on: [c]\n---\n"),
        (".runr/tasks/c.md", "---\ndepends_on: [a]\n---\n"),
        (".runr/config.yaml", "jobs: x\n"),
    ]);
    let ran = fixture.runr(&["check"]);
    let places: Vec<&str> = ran
        .err
        .lines()
        .filter_map(|line| line.trim().strip_prefix("--> "))
        .collect();
    assert_eq!(
        places,
        [
            ".runr/config.yaml:1:7",
            ".runr/tasks/a.md:2:14",
            ".runr/tasks/b.md:2:11",
            ".runr/tasks/b.md:3:14"
        ]
    );
    assert!(
        ran.err
            .contains("error: tasks wait for each other: a.md → c.md → a.md\n"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("note: `c.md` waits for `a.md` by `depends_on` (.runr/tasks/c.md:2:14)"),
        "{}",
        ran.err
    );
    assert!(
        ran.err
            .contains("help: remove `c.md` from `depends_on` of `a.md` (.runr/tasks/a.md:2:14)"),
        "{}",
        ran.err
    );
    assert!(ran.err.ends_with("\n4 errors\n"), "{}", ran.err);
}

#[test]
fn names_that_mean_two_tasks() {
    let fixture = Fixture::with(&[
        (".runr/config.yaml", "worker: codex\n"),
        (".runr/tasks/setup.md", ""),
        (".runr/tasks/net/setup.md", ""),
        (".runr/tasks/net/a.md", "---\ndepends_on: setup\n---\n"),
    ]);
    let ran = fixture.runr(&["check"]);
    assert!(
        ran.err
            .contains("error: `setup` can mean `net/setup.md` or `setup.md`\n"),
        "{}",
        ran.err
    );
    fixture.write(
        ".runr/tasks/net/a.md",
        "---\ndepends_on: [./setup, ../setup]\n---\n",
    );
    assert_eq!(
        fixture.runr(&["check"]).out,
        "3 tasks, 2 dependencies: no problems\n"
    );
}

#[test]
fn colliding_claims_are_an_error_when_configured() {
    let fixture = Fixture::with(&[
        (".runr/tasks/a.md", "---\nrun: make\nowns: src/**\n---\n"),
        (".runr/tasks/b.md", "---\nrun: make\nowns: src/b.rs\n---\n"),
    ]);
    assert_eq!(fixture.runr(&["check"]).code, 0);
    fixture.write(".runr/config.yaml", "collision: fail\n");
    let ran = fixture.runr(&["check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("error: `a.md` and `b.md` could run at once and claim the same paths: `src/**` and `src/b.rs`"), "{}", ran.err);
    fixture.write(
        ".runr/tasks/b.md",
        "---\nrun: make\nowns: src/b.rs\ndepends_on: a\n---\n",
    );
    assert_eq!(fixture.runr(&["check"]).code, 0);
}

#[test]
fn which_orchestration_file_is_read() {
    let track = |name: &str| format!("tracks: [{{name: {name}, steps: [{{run: make}}]}}]\n");
    let fixture = Fixture::with(&[
        ("orchestration.yaml", &track("top")),
        (".runr/orchestration.yaml", &track("inner")),
    ]);
    let ran = fixture.runr(&["check"]);
    assert_eq!(ran.out, "1 task, 0 dependencies, 1 track: 1 warning\n");
    assert!(
        ran.err
            .contains("warning: this file is not read, `.runr/orchestration.yaml` is\n"),
        "{}",
        ran.err
    );
    let ran = fixture.runr(&["check", "--config", "orchestration.yaml"]);
    assert_eq!(
        (ran.out.as_str(), ran.err.as_str()),
        ("1 task, 0 dependencies, 1 track: no problems\n", "")
    );
    let ran = fixture.runr(&["check", "--config", "missing.yaml"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("--> missing.yaml\n"), "{}", ran.err);
}

#[test]
fn nothing_from_a_file_steers_the_terminal() {
    let fixture = Fixture::with(&[(
        ".runr/tasks/a.md",
        "---\n\"\\e[31mkey\": 1\npriority: \"\u{202e}\u{85}2J\"\n---\n",
    )]);
    let ran = fixture.runr(&["check"]);
    assert!(ran.err.contains("\\u{1b}[31mkey"), "{}", ran.err);
    assert!(
        !ran.err.contains(['\u{1b}', '\u{202e}', '\u{85}']),
        "{:?}",
        ran.err
    );
}

#[test]
fn no_project_here() {
    let fixture = Fixture::new();
    let ran = fixture.runr(&["-C", "/", "check"]);
    assert_eq!(ran.code, 2);
    assert!(ran.err.contains("runr init"), "{}", ran.err);
}
