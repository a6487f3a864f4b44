//! People in several repositories.

use crate::support_several::Several;

fn manual() -> Several {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:m"]);
    several.task("api", "m", "type: manual");
    several.commit(&["project", "api"]);
    several
}

/// Its latest orchestration has run its first task, and nothing is left that it could do by itself. A loop that has
/// written an end has begun to listen before.
fn until_it_waits(several: &Several) {
    several
        .world
        .until_journal("it has ended its first task", |journal| {
            let verdicts = journal.verdicts();
            let ended = verdicts.iter().filter(|v| v.1.starts_with("first")).count();
            let begun = journal.of("orchestration_started").count();
            (begun > 0 && ended >= begun).then_some(())
        });
}

#[test]
fn a_manual_task_there_is_completed_from_here_or_there() {
    for (side, name) in [("project", "api:m"), ("api", "m")] {
        let several = manual();
        let ran = several.run("project", &["run", "--with-deps"]).exits(3);
        assert!(
            ran.stdout.contains("runr tasks complete api:m.md"),
            "{}",
            ran.stdout
        );
        assert_eq!(several.statuses(), "c pending, api:m skipped");
        several
            .run(side, &["tasks", "complete", name, "--note", "done so"])
            .exits(0);
        assert!(
            several
                .journal("api")
                .contains(r#""event":"completed_by_hand","task":"m.md""#)
        );
        assert!(!several.journal("project").contains("completed_by_hand"));
        several.run("project", &["run"]).exits(0);
        assert_eq!(several.statuses(), "c completed, api:m completed");
    }
}

#[test]
fn a_run_that_waits_here_goes_on_when_a_person_completes_there() {
    let several = manual();
    several.works("project", "first", &[]);
    several.commit(&["project"]);
    for selected in [&["run", "--wait"][..], &["run", "--wait", "--with-deps"]] {
        let waiting = several.start("project", selected);
        until_it_waits(&several);
        several.run("api", &["tasks", "complete", "m"]).exits(0);
        waiting.wait().exits(0);
        assert_eq!(
            several.statuses(),
            "c completed, first completed, api:m completed"
        );
        several.run("api", &["tasks", "reset", "m"]).exits(0);
        several
            .run("project", &["tasks", "reset", "c", "first"])
            .exits(0);
    }
}

#[test]
fn hybrid_work_there_is_approved_from_here() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:h"]);
    several.task("api", "h", "type: hybrid\nrun: echo h > h.txt");
    several.commit(&["project", "api"]);
    several.run("project", &["run", "--with-deps"]).exits(3);
    assert_eq!(several.statuses(), "c pending, api:h awaiting_approval");
    assert_eq!(several.subjects("api", "main"), ["begin"]);
    several
        .run("project", &["tasks", "approve", "api:h"])
        .exits(0);
    assert_eq!(several.subjects("api", "main"), ["begin", "Do h"]);
    several.run("project", &["run"]).exits(0);
    assert_eq!(several.statuses(), "c completed, api:h completed");
    several.assert_clean("api");
}

#[test]
fn what_runs_there_by_itself_releases_what_waits_here() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.works("project", "first", &[]);
    several.waits("api", "b", &[], "gate");
    several.world.gate("gate");
    several.commit(&["project", "api"]);
    let there = several.start("api", &["run"]);
    several.world.until_started("b");
    let here = several.start("project", &["run", "--wait"]);
    until_it_waits(&several);
    several.world.open("gate", "go");
    there.wait().exits(0);
    here.wait().exits(0);
    assert_eq!(
        several.statuses(),
        "c completed, first completed, api:b completed"
    );
}

#[test]
fn claims_are_made_where_the_task_is() {
    let several = manual();
    let ran = several.run("project", &["claim", "api:m"]).exits(2);
    assert!(
        ran.stderr.contains("runr -C ../api claim m.md"),
        "{}",
        ran.stderr
    );
}
