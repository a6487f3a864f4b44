//! What is shown of several repositories.

use crate::support_several::Several;

/// Home names `api`, which names `common` and home.
fn three() -> Several {
    let several = Several::new(&["api", "common"]);
    several.name_repos("project", "{ api: ../api }");
    several.name_repos("api", "{ site: ../project, common: ../common }");
    several.works("project", "a", &[]);
    several.works("project", "c", &["api:b"]);
    several.works("api", "b", &["site:a", "common:x.md"]);
    several.works("common", "x", &[]);
    several.commit(&["project", "api", "common"]);
    several
}

#[test]
fn status_of_all_repositories_has_a_table_each_and_one_count() {
    let several = three();
    let all = several
        .run("project", &["status", "--tasks", "--all-repos"])
        .exits(0);
    insta::assert_snapshot!(all.stdout, @r"
    Tasks in .runr/tasks/:
      ○ a.md  pending            ready
      ○ c.md  pending            blocked by api:b.md

    Tasks in ../api/.runr/tasks/:
      ○ api:b.md  pending            blocked by a.md, api/common:x.md

    Tasks in ../common/.runr/tasks/:
      ○ api/common:x.md  pending            ready

    4 tasks: 2 ready, 2 blocked
    ");
    let own = several
        .run("project", &["status", "--tasks"])
        .exits(0)
        .stdout;
    assert!(own.ends_with("2 tasks: 1 ready, 1 blocked\n"), "{own}");
    // From another one everything has that one's names.
    let there = several
        .run("api", &["status", "--tasks", "--all-repos"])
        .exits(0);
    insta::assert_snapshot!(there.stdout, @r"
    Tasks in .runr/tasks/:
      ○ b.md  pending            blocked by site:a.md, common:x.md

    Tasks in ../project/.runr/tasks/:
      ○ site:a.md  pending            ready
      ○ site:c.md  pending            blocked by b.md

    Tasks in ../common/.runr/tasks/:
      ○ common:x.md  pending            ready

    4 tasks: 2 ready, 2 blocked
    ");
    // There all that can start is others' tasks, which `runr run` alone does not come to.
    let why = several.run("api", &["why", "b"]).exits(0).stdout;
    assert!(why.contains("runr run --with-deps  runs what"), "{why}");
    let told = several.told("api:b.md");
    assert_eq!(told["repository"], "api");
    assert_eq!(several.told("a.md")["repository"], serde_json::Value::Null);
}

#[test]
fn check_counts_repositories_and_reports_what_is_wrong_in_any() {
    let several = three();
    let ran = several.run("project", &["check"]).exits(0);
    assert_eq!(
        ran.stdout,
        "4 tasks, 3 dependencies, 3 repositories: no problems\n"
    );
    several.task("common", "x", "depend_on: []");
    several.task("project", "d", "depends_on: ['zzz:a', 'api:bb']");
    several.write("project", ".runr/tasks/api:z.md", "# Z\n");
    let ran = several.run("project", &["check"]).exits(2);
    for said in [
        "../common/.runr/tasks/x.md:2:1",
        "did you mean `depends_on`?",
        "`zzz:a` names a task of the repository `zzz`, which the configuration does not name",
        "there is no task `api:bb`",
        "did you mean `api:b.md`?",
        "`api:` means the tasks of the repository `api`",
    ] {
        assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
    }
}

#[test]
fn a_circle_of_tasks_across_repositories_is_shown_with_every_edge() {
    let several = three();
    several.works("project", "a", &["c"]);
    for args in [&["check"][..], &["run"], &["status"]] {
        let ran = several.run("project", args).exits(2);
        for said in [
            "tasks wait for each other: a.md → api:b.md → c.md → a.md",
            "`api:b.md` waits for `a.md` by `depends_on` (../api/.runr/tasks/b.md:2:14)",
            "`c.md` waits for `api:b.md` by `depends_on` (.runr/tasks/c.md:2:14)",
        ] {
            assert!(ran.stderr.contains(said), "{said}\n{}", ran.stderr);
        }
    }
    assert_eq!(several.ledger(), "");
}

#[test]
fn graphs_show_each_repository_together() {
    let several = three();
    let graph = |format: &str| several.run("project", &["graph", format]).exits(0).stdout;
    let dot = graph("--dot");
    assert!(dot.contains(r#"label="api (../api)""#), "{dot}");
    assert!(dot.contains(r#""api/common:x.md" -> "api:b.md""#), "{dot}");
    assert!(graph("--mermaid").contains("api/common (../common)"));
    assert!(graph("--svg").contains("api (../api)"));
    assert!(graph("--html").contains("api (../api)"));
    let json: serde_json::Value = serde_json::from_str(&graph("--json")).unwrap();
    let of = |id: &str| {
        let tasks = json["tasks"].as_array().unwrap();
        tasks
            .iter()
            .find(|task| task["task"] == id)
            .unwrap()
            .clone()
    };
    assert_eq!(of("api:b.md")["repository"], "api");
    assert_eq!(of("api:b.md")["track"], serde_json::Value::Null);
    assert_eq!(of("a.md")["repository"], serde_json::Value::Null);
    let text = several.run("project", &["graph"]).exits(0).stdout;
    assert!(text.contains("c.md             ← api:b.md"), "{text}");
}

#[test]
fn what_can_be_done_next_elsewhere_is_what_is_waited_for_here() {
    let several = three();
    several.works("common", "y", &[]);
    let next = several.run("project", &["next"]).exits(0).stdout;
    assert!(next.contains("runr run --task api/common:x.md"), "{next}");
    assert!(!next.contains("y.md"), "{next}");
    let why = several
        .run("project", &["why", "c", "--json"])
        .exits(0)
        .json();
    assert_eq!(why["waits_for"][0]["task"], "api:b.md");
    assert_eq!(
        why["waits_for"][1]["written_at"],
        "../api/.runr/tasks/b.md:2:14"
    );
}
