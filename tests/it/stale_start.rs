//! Stale tasks that are to be run again and cannot start: refused when asked for by name, said otherwise.

use crate::support_sealed::Sealed;

/// `gen` comes after a step that every orchestration runs.
fn after_a_step() -> Sealed {
    let sealed = Sealed::new();
    sealed.put(
        ".runr/tasks/gen.md",
        "---\nrun: echo gen >> ran\n---\n# gen\n",
    );
    sealed.put(
        "orchestration.yaml",
        "version: 1\ntracks:\n  - name: t\n    steps:\n      - { name: pre, run: echo p >> ran }\n      - task: gen.md\n",
    );
    sealed.runr(&["orchestrate", "run", "--quiet"]).exits(0);
    let path = ".runr/tasks/gen.md";
    let text = sealed.text(path);
    sealed.put(path, &format!("{text}More.\n"));
    sealed
}

#[test]
fn a_stale_task_that_cannot_start_is_refused_by_name_and_said_otherwise() {
    let sealed = after_a_step();
    let by_name = ["run", "--task", "gen", "--rerun-stale"];
    let told = sealed.runr(&by_name).exits(3);
    assert_eq!(told.stdout, "", "nothing was run");
    for said in [
        "`gen.md` needs a task completed first: `t/pre`",
        "runr run --task gen.md --with-deps --rerun-stale    runs them first",
    ] {
        assert!(told.stderr.contains(said), "{said}\n{told:?}");
    }
    sealed.put(".runr/config.yaml", "stale: rerun\n");
    let told = sealed.runr(&by_name[..3]).exits(3);
    assert!(told.stderr.contains("`t/pre`"), "{told:?}");
    assert_eq!(sealed.text("ran"), "p\ngen\n");
    let told = sealed.runr(&["run", "--task", "gen", "--with-deps"]);
    told.exits(0);
    assert_eq!(sealed.text("ran"), "p\ngen\np\ngen\n");
}

#[test]
fn the_summary_never_says_completed_when_a_stale_task_was_left() {
    let sealed = after_a_step();
    sealed.put(
        ".runr/tasks/gen.md",
        "---\nrun: echo gen >> ran\ndepends_on: other.md\n---\n# gen\n",
    );
    sealed.put(
        ".runr/tasks/other.md",
        "---\nrun: echo other >> ran\n---\n# other\n",
    );
    let told = sealed
        .runr(&["orchestrate", "run", "--rerun-stale"])
        .exits(3);
    for said in ["gen.md will stay blocked: it needs other.md", "--with-deps"] {
        assert!(told.stderr.contains(said), "{said}\n{told:?}");
    }
    let first = "what was to be run again waits for something outside of what was selected";
    assert!(told.stdout.contains(first), "{told:?}");
    assert!(!told.stdout.contains("everything is completed"), "{told:?}");
}
