//! What is said where the cause lies in another repository: its name, and a command that can be typed as it stands.

use std::fs;

use rustix::process::Signal;

use crate::support_several::Several;
use crate::world::Ran;

fn pair() -> Several {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.works("api", "b", &[]);
    several.commit(&["project", "api"]);
    several
}

#[track_caller]
fn assert_says(ran: &Ran, lines: &[&str]) {
    let said = format!("{}{}", ran.stdout, ran.stderr);
    for line in lines {
        assert!(said.contains(line), "not said: {line}\n{said}");
    }
}

#[test]
fn status_and_the_end_of_a_run_name_what_is_waited_for() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b", "api:m"]);
    several.works("api", "b", &[]);
    several.task("api", "m", "type: manual");
    several.commit(&["project", "api"]);
    let waits = "\nWaited for in other repositories\n  ○ api:b.md  ready\n";
    let with_deps = "runr run --with-deps";
    let person = "needs you: runr tasks complete api:m.md";
    let commands: [(&[&str], i32); 2] = [(&["status"], 0), (&["run"], 3)];
    for (command, exit) in commands {
        let ran = several.run("project", command).exits(exit);
        assert_says(&ran, &[waits, with_deps, person]);
    }
    several.run("project", &["run", "--with-deps"]).exits(3);
    several
        .run("project", &["tasks", "complete", "api:m"])
        .exits(0);
    several.run("project", &["run"]).exits(0);
    let ran = several.run("project", &["status"]).exits(0);
    assert!(!ran.stdout.contains("Waited for"), "{}", ran.stdout);
}

#[test]
fn a_damaged_journal_is_examined_where_it_is() {
    let several = pair();
    several.run("api", &["run"]).exits(0);
    let journal = several.root("api").join(".runr/journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, [b"garbage\n", &whole[..]].concat()).unwrap();
    let doctor = "runr -C ../api doctor";
    let commands: [(&[&str], i32); 6] = [
        (&["status"], 0),
        (&["run"], 3),
        (&["run", "--task", "c", "--with-deps"], 4),
        (&["run", "--task", "api:b"], 4),
        (&["tasks", "reset", "api:b"], 4),
        (&["doctor"], 1),
    ];
    for (command, exit) in commands {
        let ran = several.run("project", command).exits(exit);
        assert_says(&ran, &[doctor]);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(!said.contains("runr doctor"), "{said}");
    }
    // Damage that the cache hides from everything but an examination.
    let mut bytes = whole.clone();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&journal, bytes).unwrap();
    let ran = several.run("project", &["doctor"]).exits(1);
    assert_says(&ran, &[doctor, "`api` (../api): its journal is damaged"]);
    fs::write(&journal, whole).unwrap();
    several.run("project", &["doctor"]).exits(0);
    several.run("api", &["status"]).exits(0);
}

#[test]
fn files_that_are_wrong_stand_in_the_summary_and_in_what_is_next() {
    let several = pair();
    several.write("api", ".runr/config.yaml", "jobs: [\n");
    for command in ["status", "run"] {
        let ran = several.run("project", &[command]);
        let check = "runr check  shows what is wrong with ../api";
        assert_says(&ran, &[check, "? api:b.md  its files have"]);
    }
    let command = ["run", "--task", "c", "--with-deps"];
    let ran = several.run("project", &command).exits(2);
    assert_says(
        &ran,
        &[
            "`c.md` needs `api:b.md`, of which nothing is known",
            "runr check    shows what is wrong with ../api",
        ],
    );
    // It was given already.
    assert!(!ran.stderr.contains("--with-deps"), "{}", ran.stderr);
}

#[test]
fn what_is_asked_of_a_folder_that_is_gone_names_it() {
    let several = pair();
    fs::rename(several.root("api"), several.root("gone")).unwrap();
    let commands: [&[&str]; 2] = [&["logs", "api:b"], &["tasks", "complete", "api:b"]];
    for command in commands {
        let ran = several.run("project", command).exits(2);
        assert_says(
            &ran,
            &["the repository `api` is not there: `../api`", "runr check"],
        );
    }
    // Nobody waits for what was needed by completed tasks only.
    fs::rename(several.root("gone"), several.root("api")).unwrap();
    several.run("project", &["run", "--with-deps"]).exits(0);
    several.works("project", "d", &["c"]);
    fs::rename(several.root("api"), several.root("gone")).unwrap();
    let ran = several.run("project", &["status"]).exits(0);
    assert!(!ran.stdout.contains("Waited for"), "{}", ran.stdout);
}

#[test]
fn a_detached_head_is_told_with_its_repository() {
    let several = pair();
    several.git("api", &["checkout", "-q", "--detach"]);
    let ran = several.run("project", &["run", "--with-deps"]).exits(2);
    assert_says(
        &ran,
        &[
            "in ../api: no branch is checked out",
            "git -C ../api switch BRANCH",
        ],
    );
    assert!(!ran.stderr.contains("--into"), "{}", ran.stderr);
}

#[test]
fn what_a_repository_has_not_landed_holds_its_dependents_back_in_every_run() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b", "api:m"]);
    several.works("api", "b", &[]);
    several.task("api", "m", "type: manual");
    several.commit(&["project", "api"]);
    several.run("api", &["run", "--land", "never"]).exits(3);
    // Only a person has something to do there, then nobody.
    for blocked in ["by api:m.md; api:b.md is", "api:b.md is completed on runr/"] {
        let ran = several.run("project", &["run", "--with-deps"]).exits(3);
        assert_says(
            &ran,
            &[
                "api:b.md is completed on runr/orch-",
                "  help: git -C ../api merge runr/orch-",
                // In the summary, with the command below it.
                &format!("\nBlocked\n  ○ c.md  {blocked}"),
                "\n      git -C ../api merge runr/orch-",
            ],
        );
        assert!(!ran.stdout.contains("Not started"), "{}", ran.stdout);
        several
            .run("project", &["tasks", "complete", "api:m"])
            .exits(0);
    }
    assert_eq!(several.starts("c"), 0);
    let next = several.run("project", &["status"]).exits(0).stdout;
    let merge = next.lines().find_map(|line| {
        let command = line.trim().strip_prefix("git -C ../api merge ")?;
        command.split_whitespace().next().map(str::to_owned)
    });
    several.git("api", &["merge", "-q", &merge.expect("a command")]);
    several.run("project", &["run", "--with-deps"]).exits(0);
}

#[test]
fn what_is_to_be_typed_can_be_typed_in_the_folder_one_is_in() {
    let several = pair();
    several.run("api", &["run", "--land", "never"]).exits(0);
    let deep = several.root("project").join("src/deep");
    fs::create_dir_all(&deep).unwrap();
    let typed_in = |folder: &std::path::Path, args: &[&str]| {
        let mut command = several.command("project", args);
        command.current_dir(folder);
        several.world.start(command).wait()
    };
    let commands: [(&[&str], i32); 5] = [
        (&["status"], 0),
        (&["next"], 0),
        (&["next", "--json"], 0),
        (&["why", "c"], 0),
        (&["run"], 3),
    ];
    for (command, exit) in commands {
        let ran = typed_in(&deep, command).exits(exit);
        assert_says(&ran, &["git -C ../../../api merge runr/orch-"]);
        assert!(!ran.stdout.contains("-C ../api"), "{}", ran.stdout);
    }
    // Wherever the project is said to be.
    let elsewhere = several.world.outside();
    let ran = typed_in(&elsewhere, &["-C", "project", "why", "c"]).exits(0);
    assert_says(&ran, &["git -C api merge runr/orch-"]);
    let ran = typed_in(&deep, &["claim", "api:b"]).exits(2);
    assert_says(&ran, &["runr -C ../../../api claim b.md"]);
    // Files are named from the root, here and there.
    several.write("api", ".runr/config.yaml", "jobs: [\n");
    let ran = typed_in(&deep, &["check"]).exits(2);
    assert_says(&ran, &["../api/.runr/config.yaml:1"]);
    several.write("api", ".runr/config.yaml", "");
    let journal = several.root("api").join(".runr/journal.jsonl");
    let whole = fs::read(&journal).unwrap();
    fs::write(&journal, [b"garbage\n", &whole[..]].concat()).unwrap();
    let ran = typed_in(&deep, &["status"]).exits(0);
    assert_says(&ran, &["runr -C ../../../api doctor"]);
}

#[test]
fn what_was_started_elsewhere_is_resumed_there() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:b"]);
    several.waits("api", "b", &[], "gate");
    several.commit(&["project", "api"]);
    several.world.gate("gate");
    let orchestrator = several.start("project", &["run", "--with-deps"]);
    several.world.until_started("b");
    orchestrator.signal(Signal::KILL);
    assert_eq!(orchestrator.wait().code, 137);
    let home = several.root("project").display().to_string();
    let resume = format!("runr -C {home} resume");
    let commands: [(&[&str], i32); 3] = [(&["status"], 0), (&["resume"], 2), (&["cancel"], 0)];
    for (command, exit) in commands {
        let ran = several.run("api", command).exits(exit);
        assert_says(&ran, &[&resume]);
    }
    several.world.open("gate", "go");
    several.run("api", &["-C", &home, "resume"]).exits(0);
}

#[test]
fn a_wrong_name_of_a_repository_is_one_error_at_its_place() {
    let several = pair();
    several.name_repos("project", "{ api: ../api, 'a b': ../api }");
    let ran = several.run("project", &["check"]).exits(2);
    assert_says(&ran, &["`a b` is no name for a repository", "1 error\n"]);
    several.name_repos("project", "{ api: ../api }");
    several.task("project", "c", "depends_on: [api:]\nrun: 'true'");
    let ran = several.run("project", &["check"]).exits(2);
    assert_says(&ran, &["stands in quotes: `[\"api:NAME\"]`", "1 error\n"]);
    several.task("project", "c", "depends_on: ['api:']\nrun: 'true'");
    let ran = several.run("project", &["check"]).exits(2);
    assert_says(&ran, &["behind the colon, in quotes: `\"api:NAME\"`"]);
}

#[test]
fn a_repository_is_known_by_each_of_its_names() {
    let several = pair();
    several.name_repos("project", "{ api: ../api, other: ../api }");
    let ran = several.run("project", &["why", "other:b"]).exits(0);
    assert_says(&ran, &["api:b.md"]);
    several
        .run("project", &["run", "--task", "other:b"])
        .exits(0);
    assert_eq!(several.ledger(), "start b, end b");
}

#[test]
fn what_becomes_ready_here_is_told_when_it_is_done_there() {
    let several = Several::new(&["api"]);
    several.works("project", "c", &["api:m"]);
    several.task("api", "m", "type: manual");
    several.commit(&["project", "api"]);
    let complete = ["tasks", "complete", "api:m"];
    let ran = several.run("project", &complete).exits(0);
    assert_says(&ran, &["now ready: c.md\n"]);
    let ran = several
        .run("project", &["tasks", "reset", "api:m"])
        .exits(0);
    assert_says(&ran, &["blocked again: c.md\n"]);
}

#[test]
fn stale_prerequisites_there_run_again_with_those_that_need_them() {
    let several = pair();
    several.run("project", &["run", "--with-deps"]).exits(0);
    let task = several.root("api").join(".runr/tasks/b.md");
    let text = fs::read_to_string(&task).unwrap();
    fs::write(&task, format!("{text}More.\n")).unwrap();
    several.git("api", &["commit", "-qam", "more"]);
    several.run("project", &["run", "--with-deps"]).exits(0);
    several.run("project", &["run", "--rerun-stale"]).exits(0);
    assert_eq!(several.starts("b"), 1);
    let command = ["run", "--rerun-stale", "--with-deps"];
    several.run("project", &command).exits(0);
    assert_eq!(several.starts("b"), 2);
}

#[test]
fn a_plan_is_of_what_the_same_arguments_would_run() {
    let several = pair();
    let planned = |args: &[&str]| {
        let ran = several.run("project", &[&["plan", "--json"], args].concat());
        let json = ran.exits(0).json();
        let tasks = json["tasks"].as_array().unwrap().clone();
        let name = |task: &serde_json::Value| task["task"].as_str().unwrap().to_owned();
        tasks.iter().map(name).collect::<Vec<_>>()
    };
    assert_eq!(planned(&[]), Vec::<String>::new());
    assert_eq!(planned(&["--with-deps"]), ["api:b.md", "c.md"]);
    assert_eq!(
        planned(&["--task", "c", "--with-deps"]),
        ["api:b.md", "c.md"]
    );
    assert_eq!(planned(&["--task", "api:b"]), ["api:b.md"]);
    let ran = several
        .run("project", &["plan", "--worker", "nobody"])
        .exits(2);
    assert_says(&ran, &["there is no worker `nobody`"]);
}

#[test]
fn a_shell_completes_the_names_of_tasks_there() {
    let several = pair();
    let line = ["--", "runr", "run", "--task", "api:"];
    let mut command = several.command("project", &line);
    command.env("RUNR_COMPLETE", "fish");
    let ran = several.world.start(command).wait().exits(0);
    assert_eq!(ran.stdout.trim(), "api:b.md");
}
