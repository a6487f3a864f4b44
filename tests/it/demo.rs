//! `runr demo`: it runs to its people, and its people bring it to its end.

use crate::support_sealed::{Sealed, told};

#[test]
fn the_demo_builds_its_site_and_people_finish_it() {
    let sealed = Sealed::new();
    let demo = sealed.runr(&["demo"]).exits(0);
    for line in [
        "built in ",
        "  site/index.html       the front page: open it in a browser",
        "  graph.svg             the graph of the tasks, coloured by status",
        "to finish it, do your part (`runr tasks show TASK` tells what) and say so:\n  cd runr-demo\n",
        "  runr tasks approve text/04-summary.md            # Summarise the texts\n",
        "  runr tasks complete site/04-title.md --commit    # Choose the title\n",
        "  git log --graph       one commit for each task\n",
        "  runr orchestrate run                             # does the rest\n",
    ] {
        assert!(
            demo.stdout.contains(line),
            "{line}\n--- in\n{}",
            demo.stdout
        );
    }
    assert!(
        sealed
            .text("runr-demo/graph.svg")
            .trim_end()
            .ends_with("</svg>")
    );
    assert!(sealed.text("runr-demo/site/index.html").contains("A draft"));
    // The front page passed its check at the second attempt, and the first one left its reason.
    let cache: serde_json::Value =
        serde_json::from_str(&sealed.text("runr-demo/.runr/task-status.json")).unwrap();
    let front = &cache["tasks"][".runr/tasks/site/03-front.md"];
    assert_eq!(
        (&front["status"], &front["attempts"]),
        (&"completed".into(), &2.into())
    );
    assert!(
        sealed
            .text("runr-demo/.runr/journal.jsonl")
            .contains("verification_failed")
    );

    // What is left to people is told once.
    assert_eq!(
        demo.stdout.matches("tasks approve").count(),
        1,
        "{}",
        demo.stdout
    );

    // The commands that it printed, typed as they stand.
    let finish: Vec<&str> = demo
        .stdout
        .split_once("and say so:\n")
        .map(|(_, rest)| rest.lines().map(str::trim).collect())
        .unwrap_or_default();
    assert_eq!(finish.len(), 4, "{finish:?}");
    told(sealed.command("sh").args(["-ec", &finish.join("\n")])).exits(0);
    let page = sealed.text("runr-demo/site/index.html");
    assert!(page.contains("<h1>Salt, Stone, Flour</h1>"), "{page}");
    assert!(page.contains("<blockquote class=\"summary\">"), "{page}");
    let status = told(
        sealed
            .command("sh")
            .args(["-ec", "cd runr-demo; runr status --tasks"]),
    )
    .exits(0);
    assert_eq!(status.stdout.lines().last(), Some("11 tasks: 11 completed"));
}

#[test]
fn a_folder_that_holds_something_is_left_alone() {
    let sealed = Sealed::new();
    sealed.put("mine/notes.txt", "do not lose this");
    sealed.put("file", "x");
    let before = sealed.files();
    for args in [
        &["demo", "mine"][..],
        &["init", "--demo", "mine"],
        &["demo", "file"],
    ] {
        let told = sealed.runr(args).exits(2);
        assert!(
            told.stderr.contains("help: runr demo OTHER-DIR"),
            "{}",
            told.stderr
        );
    }
    assert_eq!(sealed.files(), before);
}

#[test]
fn init_writes_the_same_project_without_running_it() {
    let sealed = Sealed::new();
    let dry = sealed.runr(&["init", "--demo", "--dry-run"]).exits(0);
    assert!(
        dry.stdout
            .contains("would create .runr/tasks/site/03-front.md"),
        "{}",
        dry.stdout
    );
    assert!(sealed.files().is_empty());
    sealed.runr(&["init", "--demo", "there"]).exits(0);
    let files = sealed.files();
    assert!(files.contains_key("there/.runr/tasks/site/03-front.md"));
    assert!(
        !files
            .keys()
            .any(|name| name.contains("/build/") || name.contains("journal"))
    );
    sealed.runr(&["-C", "there", "check", "--strict"]).exits(0);
}
