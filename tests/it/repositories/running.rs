//! Dispatch into several repositories: order, commits, landing, selection, stages of an orchestration file.

use std::fs;

use crate::support_several::Several;

/// `a` → `api:b` → `c`.
fn chain() -> Several {
    let several = Several::new(&["api"]);
    several.name_repos("api", "{ site: ../project }");
    several.works("project", "a", &[]);
    several.works("project", "c", &["api:b"]);
    several.works("api", "b", &["site:a.md"]);
    several.commit(&["project", "api"]);
    several
}

#[test]
fn a_chain_through_two_repositories_runs_in_order_with_commits_in_each() {
    let several = chain();
    // What the person is at there stays as it is.
    several.write("api", "mine.txt", "mine\n");
    several.run("project", &["run", "--with-deps"]).exits(0);
    assert_eq!(
        several.ledger(),
        "start a, end a, start b, end b, start c, end c"
    );
    assert_eq!(
        several.subjects("project", "main"),
        ["begin", "Do a", "Do c"]
    );
    assert_eq!(several.subjects("api", "main"), ["begin", "Do b"]);
    assert_eq!(
        several.git("api", &["status", "--porcelain"]),
        "?? mine.txt"
    );
    fs::remove_file(several.root("api").join("mine.txt")).unwrap();
    several.assert_clean("project");
    several.assert_clean("api");
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
    // Each journal has its own names.
    let (home, api) = (several.journal("project"), several.journal("api"));
    assert!(!home.contains(r#""task":"b.md""#) && !home.contains(r#""task":"api:b.md""#));
    assert!(
        api.contains(r#""task":"b.md""#) && !api.contains("api:b.md"),
        "{api}"
    );
    // What it was made from is known by the name that it has there.
    assert!(api.contains(r#"["site:a.md","#), "{api}");
    let there = several.run("api", &["status", "--tasks"]).exits(0).stdout;
    assert!(there.contains("✓ b.md  completed"), "{there}");
    // The commit says what it completes, for a clone of that repository alone.
    let message = several.git("api", &["log", "-1", "--format=%B"]);
    assert!(message.contains("Runr-Task: .runr/tasks/b.md"), "{message}");
}

#[test]
fn without_being_asked_nothing_is_run_elsewhere() {
    let several = chain();
    let ran = several.run("project", &["run"]).exits(3);
    assert!(
        ran.stderr
            .contains("c.md will stay blocked: it needs api:b.md"),
        "{}",
        ran.stderr
    );
    assert_eq!(several.ledger(), "start a, end a");
    assert_eq!(several.subjects("api", "main"), ["begin"]);
    // By name it is, and it alone.
    several.run("project", &["run", "--task", "api:b"]).exits(0);
    several.run("project", &["run"]).exits(0);
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
}

#[test]
fn a_failure_there_blocks_here() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.works("project", "d", &[]);
    several.task("api", "b", "run: exit 3");
    several.commit(&["project", "api"]);
    let ran = several.run("project", &["run", "--with-deps"]).exits(1);
    assert!(ran.stdout.contains("by api:b.md"), "{}", ran.stdout);
    assert_eq!(several.statuses(), "c pending, d completed, api:b failed");
    let why = several.run("project", &["why", "c"]).exits(0).stdout;
    assert!(why.contains("✗ api:b.md  failed"), "{why}");
    // Its output is shown from here.
    several.run("project", &["logs", "api:b"]).exits(0);
    let run = several.told("api:b.md")["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    let report = several.run("project", &["report", &run]).exits(0).stdout;
    assert!(report.contains("api:b.md"), "{report}");
}

#[test]
fn each_repository_has_its_own_pools_and_configuration() {
    let several = Several::new(&["api"]);
    // A pool of the same name is another one; the checks are those of the task's repository.
    let text = |check: &str| {
        format!(
            "repos: {{ api: ../api }}\npools: {{ db: 1 }}\nverify: {{ tier0: [{check}] }}\nretries: {{ max: 0 }}\n"
        )
    };
    several.write("project", ".runr/config.yaml", &text("test -e a.txt"));
    several.write(
        "api",
        ".runr/config.yaml",
        &text("test -e b.txt").replace("../api", "../project"),
    );
    for (repo, name) in [("project", "a"), ("api", "b")] {
        let meet = several.world.outside().join(name);
        let other = several
            .world
            .outside()
            .join(if name == "a" { "b" } else { "a" });
        // Each ends only when the other has started, and neither leaves before it was heard.
        let (m, o) = (meet.display(), other.display());
        let talk = match name {
            "a" => format!("echo > {o}; read x < {m}"),
            _ => format!("read x < {m}; echo > {o}"),
        };
        several.task(
            repo,
            name,
            &format!("pools: {{ db: 1 }}\nrun: {talk}; echo > {name}.txt"),
        );
    }
    for name in ["a", "b"] {
        several.world.gate(name);
    }
    several.commit(&["project", "api"]);
    several
        .run(
            "project",
            &["run", "--task", "a", "--task", "api:b", "-j", "2"],
        )
        .exits(0);
}

#[test]
fn a_step_of_an_orchestration_file_can_be_a_task_of_another_repository() {
    let several = chain();
    several.works("project", "z", &[]);
    several.write(
        "project",
        "orchestration.yaml",
        "version: 1\ntracks:\n  - name: all\n    steps:\n      - task: a.md\n      - task: api:b.md\n      - task: z.md\n",
    );
    several.run("project", &["orchestrate", "run"]).exits(0);
    assert_eq!(
        several.ledger(),
        "start a, end a, start b, end b, start z, end z"
    );
    assert_eq!(several.subjects("api", "main"), ["begin", "Do b"]);
    several.write(
        "project",
        "orchestration.yaml",
        "version: 1\ntracks:\n  - name: all\n    steps:\n      - task: api:b.md\n        timeout: 5m\n      - task: api:nope.md\n",
    );
    let ran = several.run("project", &["check"]).exits(2);
    assert!(
        ran.stderr
            .contains("`api:b.md` is set up in its own repository"),
        "{}",
        ran.stderr
    );
    assert!(
        ran.stderr.contains("there is no task `api:nope.md`"),
        "{}",
        ran.stderr
    );
}

#[test]
fn work_that_did_not_land_there_holds_back_what_needs_it_here() {
    let several = chain();
    several.run("project", &["run", "--task", "a"]).exits(0);
    several.run("api", &["run", "--land", "never"]).exits(0);
    let told = several.told("c.md");
    let notes = told["notes"].to_string();
    assert!(
        notes.contains("api:b.md is completed on runr/orch-"),
        "{notes}"
    );
    assert!(
        notes.contains("not in main of ../api: git -C ../api merge runr/orch-"),
        "{notes}"
    );
    several.run("project", &["run"]).exits(3);
    assert_eq!(several.subjects("project", "main"), ["begin", "Do a"]);
    let branch = several.git(
        "api",
        &[
            "for-each-ref",
            "--format=%(refname:short)",
            "refs/heads/runr/",
        ],
    );
    several.git("api", &["merge", "-q", &branch]);
    several.run("project", &["run"]).exits(0);
    assert_eq!(
        several.statuses(),
        "a completed, c completed, api:b completed"
    );
}

#[test]
fn in_place_tasks_of_another_repository_leave_no_commit() {
    let several = chain();
    several
        .run("project", &["run", "--with-deps", "--isolation", "none"])
        .exits(0);
    assert_eq!(several.subjects("api", "main"), ["begin"]);
    assert_eq!(
        fs::read_to_string(several.root("api").join("b.txt")).unwrap(),
        "b\n"
    );
}
