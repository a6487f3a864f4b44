//! `runr why` and `runr next`: the tree of what a task waits for, and what a person can type.

use crate::support::Fixture;

fn project() -> Fixture {
    Fixture::with(&[
        (".runr/tasks/a.md", "---\nrun: 'true'\n---\n# A\n"),
        (".runr/tasks/keys.md", "---\ntype: manual\n---\n# Keys\n"),
        (
            ".runr/tasks/b.md",
            "---\nrun: 'true'\ndepends_on:\n  - a.md\n  - keys.md\n---\n# B\n",
        ),
        (
            ".runr/tasks/c.md",
            "---\nrun: 'true'\ndepends_on: b.md\n---\n# C\n",
        ),
    ])
}

#[test]
fn the_tree_names_statuses_and_places() {
    let ran = project().runr(&["why", "c"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    insta::assert_snapshot!(ran.out, @r"
    ○ c.md  pending  blocked by b.md

    Waits for
      ○ b.md  pending  blocked by a.md, keys.md  .runr/tasks/c.md:3
        ○ a.md  pending  ready  .runr/tasks/b.md:4
        ○ keys.md  pending  needs you: runr tasks complete keys.md  .runr/tasks/b.md:5

    Its completion
      nothing waits for it

    Next
      runr tasks complete keys.md  once you have done it; sets 2 tasks free
      runr run                     runs what is ready and all that follows
    ");
}

#[test]
fn the_commands_it_names_can_be_typed() {
    let fixture = project();
    assert_eq!(fixture.runr(&["tasks", "complete", "keys.md"]).code, 0);
    let ran = fixture.runr(&["next"]);
    assert!(ran.out.contains("runr run --task a.md"), "{}", ran.out);
    assert!(!ran.out.contains("keys.md"), "{}", ran.out);
    let why = fixture.runr(&["why", "b", "--json"]);
    let value: serde_json::Value = serde_json::from_str(&why.out).unwrap();
    assert_eq!(value["completed_prerequisites"][0], "keys.md");
    assert_eq!(value["waits_for"][0]["task"], "a.md");
    assert_eq!(value["sets_free"][0], "c.md");
}

#[test]
fn an_unknown_task_names_what_is_near() {
    let fixture = Fixture::with(&[(".runr/tasks/00-setup.md", "---\nrun: 'true'\n---\n# S\n")]);
    let ran = fixture.runr(&["why", "00-steup.md"]);
    assert_eq!(ran.code, 2);
    assert!(
        ran.err.contains("did you mean `00-setup.md`?"),
        "{}",
        ran.err
    );
}

#[test]
fn trying_again_names_the_worker_that_was_typed() {
    let fixture = Fixture::with(&[
        (
            ".runr/config.yaml",
            "retries: { max: 0 }\nworkers: { mine: { command: ['false'] } }\n",
        ),
        (".runr/tasks/a.md", "# A\nDo it.\n"),
    ]);
    for typed in [&["--worker", "mine"][..], &["--worker=mine"]] {
        let ran = fixture.runr(&[&["run", "--task", "a"], typed].concat());
        assert_eq!(ran.code, 1, "{}", ran.err);
        let again = "runr run --task a.md --worker mine  tries it again";
        assert!(ran.out.contains(again), "{}", ran.out);
        let why = fixture.runr(&["why", "a"]);
        assert!(why.out.contains(again), "{}", why.out);
    }
}
