//! What people add to runs in working trees: approvals, refusals, work of their own.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support_git::Repo;

const HYBRID: (&str, &str) = ("h", "type: hybrid\nrun: echo h > h.txt\nretries: 0");
const AFTER: (&str, &str) = ("z", "depends_on: h\nrun: cat h.txt > z.txt");

/// The working tree of a task's latest run.
fn tree(repo: &Repo, task: &str) -> std::path::PathBuf {
    let run = repo.status(task)["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    repo.root().join(".runr-worktrees").join(run)
}

#[test]
fn approved_work_is_integrated_and_lands() {
    let repo = Repo::with(&[HYBRID, AFTER]);
    repo.runr(&["run"], 3);
    assert_eq!(repo.subjects("main"), ["begin"]);
    let kept = tree(&repo, "h");
    assert_eq!(fs::read_to_string(kept.join("h.txt")).unwrap(), "h\n");
    let ran = repo.runr(&["tasks", "approve", "h"], 0);
    assert!(ran.out.contains("landed 1 commit on main"), "{}", ran.out);
    assert_eq!(repo.subjects("main"), ["begin", "Do h"]);
    assert_eq!(
        repo.status("h")["checkpoint_sha"],
        repo.git(&["rev-parse", "main"]).as_str()
    );
    assert!(!kept.exists());
    repo.runr(&["run"], 0);
    assert_eq!(repo.file("z.txt").as_deref(), Some("h\n"));
    assert_eq!(repo.trees(), [""; 0]);
    repo.assert_sound();
}

#[test]
fn work_that_awaits_approval_is_not_left_out_by_a_word() {
    // Its check is of the worker's tree, and fails in the person's.
    let repo = Repo::with(&[
        (
            "h",
            "type: hybrid\nrun: echo h > h.txt\nverify: test -e h.txt",
        ),
        AFTER,
    ]);
    repo.runr(&["run"], 3);
    for args in [
        ["tasks", "complete", "h", ""],
        ["tasks", "complete", "h", "--unchecked"],
    ] {
        let args: Vec<&str> = args.into_iter().filter(|arg| !arg.is_empty()).collect();
        let ran = repo.runr(&args, 2);
        assert_eq!(ran.out, "");
        assert!(ran.err.contains("`h.md` awaits approval"), "{}", ran.err);
        assert!(
            ran.err.contains("help: runr tasks approve h.md "),
            "{}",
            ran.err
        );
        assert!(!ran.err.contains("checking"), "{}", ran.err);
    }
    assert_eq!(repo.status("h")["status"], "awaiting_approval");
    // The last of the remedies, word for word.
    repo.runr(&["tasks", "reset", "h.md"], 0);
    repo.fixture.write("h.txt", "mine\n");
    repo.runr(&["tasks", "complete", "h.md", "--commit"], 0);
    repo.runr(&["run"], 0);
    assert_eq!(repo.file("z.txt").as_deref(), Some("mine\n"));
}

#[test]
fn approved_work_meets_what_came_meanwhile_and_is_checked_again() {
    for (check, good) in [("test -e h.txt", true), ("test ! -e a.txt", false)] {
        let repo = Repo::with(&[("a", "run: echo a > a.txt\npriority: -1")]);
        repo.task(
            "h",
            &format!("type: hybrid\nrun: echo h > h.txt\nverify: {{ commands: ['{check}'] }}"),
        );
        repo.commit("hybrid");
        repo.runr(&["run", "-j", "1"], 3);
        assert_eq!(repo.subjects("main"), ["begin", "hybrid", "Do a"]);
        if good {
            repo.runr(&["tasks", "approve", "h"], 0);
            assert_eq!(repo.subjects("main"), ["begin", "hybrid", "Do a", "Do h"]);
            continue;
        }
        let ran = repo.runr(&["tasks", "approve", "h"], 1);
        assert!(ran.err.contains("`h.md` stays as it is"), "{}", ran.err);
        assert!(ran.err.contains("after the merge"), "{}", ran.err);
        repo.runr(&["status", "--tasks"], 0);
        assert_eq!(repo.status("h")["status"], "awaiting_approval");
        assert_eq!(repo.subjects("main"), ["begin", "hybrid", "Do a"]);
        assert!(tree(&repo, "h").join("h.txt").exists());
    }
}

#[test]
fn approved_work_that_conflicts_names_the_files_and_stays() {
    let repo = Repo::with(&[HYBRID, ("a", "run: echo other > h.txt\npriority: -1")]);
    repo.runr(&["run", "-j", "1"], 3);
    let ran = repo.runr(&["tasks", "approve", "h"], 1);
    assert!(
        ran.err
            .contains("`h.txt` changed on the branch too, by a.md"),
        "{}",
        ran.err
    );
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    assert!(tree(&repo, "h").exists());
}

#[test]
fn rejected_work_goes_on_where_it_was() {
    let repo = Repo::with(&[(
        "h",
        "type: hybrid\nrun: 'echo $RUNR_ATTEMPT >> h.txt; echo \"$RUNR_PREVIOUS\" > why.txt'",
    )]);
    repo.runr(&["run"], 3);
    let first = tree(&repo, "h");
    fs::write(first.join("by-hand.txt"), "a person's\n").unwrap();
    repo.runr(&["tasks", "reject", "h", "--note", "not enough"], 0);
    // The branch goes on meanwhile.
    repo.fixture.write("meanwhile.txt", "x\n");
    repo.commit("meanwhile");
    repo.runr(&["run"], 3);
    assert_eq!(repo.trees(), [first.file_name().unwrap().to_str().unwrap()]);
    repo.runr(&["tasks", "approve", "h"], 0);
    assert_eq!(repo.subjects("main"), ["begin", "meanwhile", "Do h"]);
    assert_eq!(repo.file("h.txt").as_deref(), Some("1\n2\n"));
    assert_eq!(
        repo.file("why.txt").as_deref(),
        Some("rejected: not enough\n")
    );
    assert_eq!(repo.file("by-hand.txt").as_deref(), Some("a person's\n"));
    assert_eq!(repo.trees(), [""; 0]);
    assert_eq!(repo.git(&["branch", "--list", "runr/2*"]), "");
    repo.assert_sound();
}

#[test]
fn a_persons_commits_come_to_the_orchestration_that_waits() {
    let repo = Repo::with(&[
        ("m", "type: manual"),
        ("a", "run: echo a > a.txt"),
        ("z", "depends_on: [m, a]\nrun: cat mine.txt a.txt > z.txt"),
    ]);
    let mut child = repo
        .command(&["run", "--wait", "--events"])
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut seen = (false, false);
    let mut done = false;
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        let line = line.unwrap();
        seen.0 |= line.contains("\"skipped\"");
        seen.1 |= line.contains("\"completed\"");
        if seen == (true, true) && !done {
            done = true;
            repo.fixture.write("mine.txt", "mine\n");
            repo.git(&["add", "mine.txt"]);
            repo.git(&["commit", "-qm", "mine"]);
            repo.fixture.write("later.txt", "later\n");
            let ran = repo.runr(&["tasks", "complete", "m"], 0);
            assert!(
                ran.out
                    .contains("brought 1 commit of yours onto runr/orch-"),
                "{}",
                ran.out
            );
            assert!(ran.err.contains("  ?? later.txt\n"), "{}", ran.err);
            assert!(
                ran.err.contains("help: --commit commits them"),
                "{}",
                ran.err
            );
        }
    }
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert_eq!(repo.file("z.txt").as_deref(), Some("mine\na\n"));
    let mine = repo.git(&["log", "--format=%B", "--first-parent", "main~1"]);
    let expected = format!(
        "Bring in what was done by hand\n\nRunr-Completed-By: {}\n",
        me(&repo)
    );
    assert!(mine.starts_with(&expected), "{mine}");
    assert_eq!(repo.git(&["status", "--porcelain"]), "?? later.txt");
}

#[test]
fn a_persons_commits_that_conflict_leave_the_task_as_it_was() {
    let repo = Repo::with(&[("m", "type: manual"), ("a", "run: echo a > f.txt")]);
    repo.runr(&["run", "--land", "never"], 3);
    repo.fixture.write("f.txt", "mine\n");
    repo.commit("mine");
    let ran = repo.runr(&["tasks", "complete", "m"], 1);
    assert!(ran.err.contains("both changed f.txt"), "{}", ran.err);
    assert!(
        ran.err.contains("help: git merge runr/orch-"),
        "{}",
        ran.err
    );
    assert_eq!(repo.status("m")["status"], "skipped");
}

#[test]
fn complete_commits_when_asked_and_history_knows() {
    let repo = Repo::with(&[
        ("m", "type: manual"),
        ("z", "depends_on: m\nrun: cat mine.txt"),
    ]);
    repo.fixture.write("mine.txt", "mine\n");
    let ran = repo.runr(
        &["tasks", "complete", "m", "--commit", "--note", "by phone"],
        0,
    );
    assert!(
        ran.out.contains("completed m.md by hand, in "),
        "{}",
        ran.out
    );
    let fingerprint = repo.status("m")["fingerprint"].as_str().unwrap().to_owned();
    assert_eq!(
        repo.git(&["log", "-1", "--format=%B", "main"]),
        format!(
            "Do m\n\nRunr-Task: .runr/tasks/m.md\nRunr-Fingerprint: {fingerprint}\n\
             Runr-Completed-By: {}\nRunr-Note: by phone",
            me(&repo)
        )
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
    assert_eq!(repo.status("m")["source"], "manual");
    repo.runr(&["run"], 0);
    // On a branch that does not have it, its dependents are blocked.
    repo.git(&["switch", "-q", "-c", "side", "HEAD~2"]);
    let ran = repo.runr(&["run", "--task", "z"], 0);
    for name in ["m.md", "z.md"] {
        let line = format!("{name} is completed on main, not in side");
        assert!(ran.err.contains(&line), "{}", ran.err);
    }
    // A person may insist.
    repo.fixture.write("mine.txt", "elsewhere\n");
    repo.commit("mine, again");
    repo.runr(&["run", "--task", "z", "--force"], 0);
}

/// As commits say it.
fn me(repo: &Repo) -> String {
    repo.git(&["log", "-1", "--format=%an <%ae>", "main"])
}

/// The lines of a commit that tell of people.
fn said(repo: &Repo, commit: &str) -> Vec<String> {
    let message = repo.git(&["log", "-1", "--format=%B", commit]);
    let lines = message.lines().filter(|line| {
        line.split_once("-By: ")
            .is_some_and(|(key, _)| key.starts_with("Runr-"))
            || line.starts_with("Runr-Note: ")
    });
    lines.map(str::to_owned).collect()
}

#[test]
fn commits_say_who_decided_and_why_and_history_reads_them_as_before() {
    let repo = Repo::with(&[HYBRID, ("a", "run: echo a > a.txt\nretries: 0"), AFTER]);
    repo.runr(&["run"], 3);
    repo.runr(&["tasks", "reject", "h", "--note", "not enough"], 0);
    repo.runr(
        &[
            "tasks",
            "reset",
            "a",
            "--note",
            "once more\nRunr-Task: z.md",
        ],
        0,
    );
    repo.runr(&["run"], 3);
    repo.runr(&["tasks", "approve", "h", "--note", "good now"], 0);
    let subjects = repo.subjects("main");
    let at = |subject: &str| {
        let back = subjects.iter().rev().position(|s| s == subject);
        format!("main~{}", back.unwrap_or_else(|| panic!("{subjects:?}")))
    };
    assert_eq!(
        said(&repo, &at("Do h")),
        [
            format!("Runr-Rejected-By: {}", me(&repo)),
            "Runr-Note: not enough".to_owned(),
            format!("Runr-Approved-By: {}", me(&repo)),
            "Runr-Note: good now".to_owned(),
        ]
    );
    assert_eq!(
        said(&repo, &at("Do a")),
        [
            format!("Runr-Reset-By: {}", me(&repo)),
            "Runr-Note: once more Runr-Task: z.md".to_owned(),
        ]
    );
    // What was said once is not said again.
    repo.runr(&["run"], 0);
    assert_eq!(said(&repo, "main"), [""; 0]);
    assert_eq!(
        repo.status("h")["checkpoint_sha"],
        repo.git(&["rev-parse", "main~1"]).as_str()
    );
    // A clone knows the same completions, and no others.
    fs::remove_file(repo.root().join(".runr/journal.jsonl")).unwrap();
    fs::remove_file(repo.root().join(".runr/task-status.json")).unwrap();
    let ran = repo.runr(&["status", "--infer-from-git", "--json"], 0);
    let told: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    let tasks = told["tasks"].as_array().unwrap_or_else(|| panic!("{told}"));
    let completed: Vec<_> = tasks
        .iter()
        .filter(|task| task["completed"] == true)
        .map(|task| task["task"].as_str().unwrap())
        .collect();
    assert_eq!(completed, ["a.md", "h.md", "z.md"], "{told}");
    repo.assert_sound();
}
