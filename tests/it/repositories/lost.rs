//! A repository that is taken away while an orchestration works in it.

use std::fs;

use crate::support_several::Several;

/// `b` of api and `a` of project work, each up to its gate; `c` waits for both.
fn working() -> (Several, crate::world::Running) {
    let several = Several::new(&["api"]);
    several.waits("project", "a", &[], "gate-a");
    several.works("project", "c", &["a", "api:b"]);
    several.waits("api", "b", &[], "gate-b");
    several.commit(&["project", "api"]);
    several.world.gate("gate-a");
    several.world.gate("gate-b");
    let running = several.start("project", &["run", "--with-deps", "-j", "2"]);
    several.world.until_started("a");
    several.world.until_started("b");
    (several, running)
}

#[test]
fn a_journal_that_vanishes_ends_the_run_with_4_and_what_is_done_elsewhere_counts() {
    let (several, running) = working();
    let journal = several.root("api").join(".runr/journal.jsonl");
    let kept = fs::read(&journal).unwrap();
    fs::remove_file(&journal).unwrap();
    several.world.open("gate-b", "go");
    several.world.open("gate-a", "go");
    let ran = running.wait().exits(4);
    let said = "stopping: ../api cannot be read any more";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    for line in [
        "../api cannot be read any more after",
        "runr -C ../api doctor",
        "runr resume orch-",
        "? api:b.md",
    ] {
        assert!(ran.stdout.contains(line), "{line}\n{}", ran.stdout);
    }
    // The work here is recorded, landed and over.
    let written = several.journal("project");
    assert!(written.contains("orchestration_ended"), "{written}");
    assert_eq!(several.subjects("project", "main"), ["begin", "Do a"]);
    assert_eq!(several.starts("c"), 0);
    let refused = several.run("project", &["resume"]).exits(4);
    assert!(
        refused.stderr.contains("runr -C ../api doctor"),
        "{}",
        refused.stderr
    );
    // When it is back the orchestration goes on, and nothing is done twice that was done.
    fs::write(&journal, kept).unwrap();
    several.run("project", &["resume"]).exits(0);
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
    assert_eq!(several.starts("b"), 1);
    assert_eq!(several.world.ledger().of("overlap").count(), 0);
}

#[test]
fn a_folder_that_is_moved_away_ends_the_run_with_4_too() {
    let (several, running) = working();
    fs::rename(several.root("api"), several.root("gone")).unwrap();
    several.world.open("gate-b", "go");
    several.world.open("gate-a", "go");
    let ran = running.wait().exits(4);
    let said = "stopping: ../api cannot be read any more: there is no such folder";
    assert!(ran.stderr.contains(said), "{}", ran.stderr);
    assert!(
        ran.stdout
            .contains("runr check                             shows what is wrong with ../api"),
        "{}",
        ran.stdout
    );
    assert_eq!(several.subjects("project", "main"), ["begin", "Do a"]);
    fs::rename(several.root("gone"), several.root("api")).unwrap();
    // What ran there was lost without a verdict, and is tried again.
    let resumed = several.start("project", &["resume"]);
    several.world.open("gate-b", "go");
    resumed.wait().exits(0);
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
}
