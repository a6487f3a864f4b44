//! Repositories that cannot be read, and orchestrators that die.

use std::fs;

use rustix::process::Signal;

use crate::support_several::Several;

fn pair() -> Several {
    let several = Several::new(&["api"]);
    several.works("project", "a", &[]);
    several.works("project", "c", &["a", "api:b"]);
    several.works("api", "b", &[]);
    several.commit(&["project", "api"]);
    several
}

#[test]
fn a_repository_that_is_not_there_is_unknown_and_an_error_of_check() {
    let several = pair();
    fs::rename(several.root("api"), several.root("gone")).unwrap();
    let ran = several.run("project", &["check"]).exits(2);
    assert!(
        ran.stderr
            .contains("the repository `api` cannot be read: there is no such folder"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains(".runr/config.yaml:1:15"),
        "{}",
        ran.stderr
    );
    assert_eq!(several.statuses(), "a pending, c pending, api:b unknown");
    let notes = several.told("c.md")["notes"].to_string();
    assert!(
        notes.contains("api:b.md (unknown: there is no such folder)"),
        "{notes}"
    );
    let shown = several.run("project", &["tasks", "show", "api:b"]).exits(0);
    assert!(
        shown.stdout.contains("named in    .runr/tasks/c.md:2:"),
        "{}",
        shown.stdout
    );
    // What stands there is another task.
    assert!(!shown.stdout.contains("# "), "{}", shown.stdout);
    // What does not need it runs; what does waits, and is not dropped.
    let ran = several.run("project", &["run", "--with-deps"]).exits(3);
    assert!(
        ran.stderr
            .contains("the tasks of the repository `api` (../api) are unknown"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr
            .contains("c.md will stay blocked: nothing is known of api:b.md\n"),
        "{}",
        ran.stderr
    );
    assert!(!ran.stderr.contains("--with-deps"), "{}", ran.stderr);
    assert_eq!(several.ledger(), "start a, end a");
    let ran = several.run("project", &["run", "--task", "api:b"]).exits(2);
    assert!(
        ran.stderr.contains("nothing is known of `api:b.md`"),
        "{}",
        ran.stderr
    );
    let doctor = several.run("project", &["doctor"]);
    assert!(
        doctor.stdout.contains("../api"),
        "{}\n{}",
        doctor.stdout,
        doctor.stderr
    );
    fs::rename(several.root("gone"), several.root("api")).unwrap();
    several.run("project", &["run", "--with-deps"]).exits(0);
}

#[test]
fn invalid_files_and_a_damaged_journal_make_tasks_unknown() {
    let several = pair();
    several.run("api", &["run"]).exits(0);
    assert_eq!(several.statuses(), "a pending, c pending, api:b completed");
    let file = several.root("api").join(".runr/tasks/b.md");
    let good = fs::read(&file).unwrap();
    fs::write(&file, "---\ndepends_on: [\n---\n").unwrap();
    assert_eq!(several.statuses(), "a pending, c pending, api:b unknown");
    several.run("project", &["run"]).exits(3);
    assert_eq!(several.ledger(), "start b, end b, start a, end a");
    fs::write(&file, good).unwrap();
    let journal = several.root("api").join(".runr/journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, [b"garbage\n", &whole[..]].concat()).unwrap();
    let ran = several.run("project", &["status"]).exits(0);
    assert!(
        ran.stderr.contains("runr -C ../api doctor"),
        "{}",
        ran.stderr
    );
    assert_eq!(several.statuses(), "a completed, c pending, api:b unknown");
    several.run("project", &["run"]).exits(3);
    fs::write(&journal, whole).unwrap();
    several.run("project", &["run"]).exits(0);
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
}

/// The orchestrator dies while a task of the other repository works; its attempt goes on.
fn killed() -> Several {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.waits("api", "b", &[], "gate");
    several.world.gate("gate");
    several.commit(&["project", "api"]);
    let orchestrator = several.start("project", &["run", "--with-deps"]);
    several.world.until_started("b");
    orchestrator.signal(Signal::KILL);
    assert_eq!(orchestrator.wait().code, 137);
    several
}

#[test]
fn resume_goes_on_with_what_a_dead_orchestrator_left_in_another_repository() {
    let several = killed();
    assert_eq!(several.statuses(), "c pending, api:b in_progress");
    let resumed = several.start("project", &["resume"]);
    // It is taken over, not started again.
    several.world.open("gate", "go");
    resumed.wait().exits(0);
    assert_eq!(several.ledger(), "start b, end b, start c, end c");
    assert_eq!(several.statuses(), "c completed, api:b completed");
    assert_eq!(several.subjects("api", "main"), ["begin", "Do b"]);
    assert_eq!(several.subjects("project", "main"), ["begin", "Do c"]);
    several.assert_clean("api");
}

#[test]
fn what_is_left_behind_is_settled_by_any_command_there() {
    let several = killed();
    // There it is another repository's orchestration: its plan is not here.
    let ran = several.run("api", &["resume"]).exits(2);
    assert!(
        ran.stderr.contains("was started in another repository"),
        "{}",
        ran.stderr
    );
    let orch = several.git(
        "api",
        &[
            "for-each-ref",
            "--format=%(refname:short)",
            "refs/heads/runr/",
        ],
    );
    let orch = orch
        .lines()
        .find_map(|l| l.strip_prefix("runr/orch-"))
        .unwrap();
    let ran = several
        .run("api", &["resume", &format!("orch-{orch}")])
        .exits(2);
    let home = several.root("project");
    assert!(
        ran.stderr
            .contains(&format!("runr -C {} resume", home.display())),
        "{}",
        ran.stderr
    );
    let there = several.start("api", &["run"]);
    several.world.open("gate", "go");
    there.wait().exits(0);
    assert_eq!(several.ledger(), "start b, end b");
    several.run("project", &["resume"]).exits(0);
    assert_eq!(several.statuses(), "c completed, api:b completed");
}

#[test]
fn nobody_there_takes_a_living_orchestrations_attempt_for_left_behind() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.waits("api", "b", &[], "gate");
    several.works("api", "other", &[]);
    several.world.gate("gate");
    several.commit(&["project", "api"]);
    let orchestrator = several.start("project", &["run", "--with-deps"]);
    several.world.until_started("b");
    several.run("api", &["run", "--task", "other"]).exits(0);
    assert_eq!(
        several.statuses(),
        "c pending, api:b in_progress, api:other completed"
    );
    several.world.open("gate", "go");
    orchestrator.wait().exits(0);
    assert_eq!(several.world.ledger().of("overlap").count(), 0);
    assert_eq!(
        several.statuses(),
        "c completed, api:b completed, api:other completed"
    );
}

#[test]
fn cancel_works_from_either_side() {
    for side in ["project", "api"] {
        let several = Several::new(&["api"]);
        several.works("project", "c", &["api:b"]);
        several.waits("api", "b", &[], "gate");
        several.world.gate("gate");
        several.commit(&["project", "api"]);
        let orchestrator = several.start("project", &["run", "--with-deps"]);
        several.world.until_started("b");
        let ran = several.run(side, &["cancel"]).exits(0);
        assert!(ran.stdout.contains("has stopped"), "{}", ran.stdout);
        orchestrator.wait().exits(1);
        assert_eq!(several.statuses(), "c pending, api:b stopped", "{side}");
        // Its attempt is over, and so is the orchestration in both journals.
        for repo in ["project", "api"] {
            assert!(
                several.journal(repo).contains("orchestration_ended"),
                "{repo}"
            );
        }
        several.world.open("gate", "go");
        several.run("project", &["resume"]).exits(0);
        assert_eq!(several.statuses(), "c completed, api:b completed");
    }
}
