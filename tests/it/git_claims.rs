//! Claimed tasks in a repository: their work is committed when that is asked for and the checks have passed.

use std::fs;

use crate::support_git::Repo;

const A: &str = "run: 'false'\nowns: [src/**]\nverify: 'echo looked; test -f src/done.txt'";

fn head(repo: &Repo) -> String {
    repo.git(&["rev-parse", "HEAD"])
}

#[test]
fn what_the_task_owns_is_committed_after_its_checks_and_history_knows() {
    let repo = Repo::with(&[("a", A), ("b", "depends_on: a\nrun: cat src/done.txt")]);
    repo.runr(&["claim", "a", "--session", "s-1"], 0);
    let before = head(&repo);
    repo.fixture.write("src/begun.txt", "begun\n");
    repo.fixture.write("other.txt", "mine\n");
    repo.fixture.write("README.md", "mine, staged\n");
    repo.git(&["add", "README.md"]);
    let ran = repo.runr(&["tasks", "complete", "a", "--commit"], 1);
    assert!(ran.err.contains("  looked\n"), "{}", ran.err);
    assert_eq!(head(&repo), before, "nothing is committed that is not done");

    repo.fixture.write("src/done.txt", "done\n");
    let ran = repo.runr(&["tasks", "complete", "a", "--commit"], 0);
    let made = head(&repo);
    let words = format!("completed a.md: its check passed, in {}", &made[..7]);
    assert!(ran.out.contains(&words), "{}", ran.out);
    assert!(
        ran.err.contains("  other.txt: the task does not own it\n"),
        "{}",
        ran.err
    );
    let state = repo.status("a");
    assert_eq!(state["checkpoint_sha"], made.as_str());
    assert_eq!(
        (&state["status"], &state["source"]),
        (&"completed".into(), &"run".into())
    );
    let run = state["last_run_id"].as_str().unwrap();
    let fingerprint = state["fingerprint"].as_str().unwrap();
    let message = repo.git(&["log", "-1", "--format=%B"]);
    let (said, by) = message.rsplit_once('\n').unwrap();
    assert_eq!(
        said,
        format!(
            "Do a\n\nRunr-Task: .runr/tasks/a.md\nRunr-Run-Id: {run}\nRunr-Fingerprint: {fingerprint}\n\
             Runr-Worker: claim, session s-1\nRunr-Verified: tier0 echo looked; test -f src/done.txt"
        )
    );
    assert!(by.starts_with("Runr-Completed-By: "), "{by}");
    assert_eq!(
        repo.git(&["show", "--format=", "--name-only"]),
        "src/begun.txt\nsrc/done.txt"
    );
    assert_eq!(
        repo.git(&["status", "--porcelain"]),
        "M  README.md\n?? other.txt"
    );

    // Git alone gives it back, and its dependent starts from a tree that has it.
    for name in ["journal.jsonl", "task-status.json"] {
        fs::remove_file(repo.root().join(".runr").join(name)).unwrap();
    }
    let ran = repo.runr(&["status", "--infer-from-git"], 0);
    assert!(ran.out.contains("a.md"), "{}", ran.out);
    repo.runr(&["status", "--infer-from-git", "--write"], 0);
    assert_eq!(repo.status("a")["checkpoint_sha"], made.as_str());
    repo.runr(&["run", "--land", "never"], 0);
    assert_eq!(repo.status("b")["status"], "completed");
}

#[test]
fn without_a_commit_it_says_what_stays_uncommitted() {
    let repo = Repo::with(&[("a", A)]);
    repo.runr(&["claim", "a"], 0);
    repo.fixture.write("src/done.txt", "done\n");
    let before = head(&repo);
    let ran = repo.runr(&["tasks", "complete", "a"], 0);
    assert!(ran.out.contains("no checkpoint"), "{}", ran.out);
    assert!(
        ran.err.contains("  src/done.txt\n  help: --commit"),
        "{}",
        ran.err
    );
    assert_eq!(head(&repo), before);
    assert!(repo.status("a")["checkpoint_sha"].is_null());
}

#[test]
fn a_claims_commits_come_to_the_orchestration_that_came_to_it() {
    let tasks = [
        ("a", A),
        ("c", "run: echo c > c.txt"),
        (
            "b",
            "depends_on: [a, c]\nrun: cat src/done.txt c.txt > b.txt",
        ),
    ];
    let repo = Repo::with(&tasks);
    repo.runr(&["run", "--land", "never"], 1);
    repo.runr(&["claim", "a"], 0);
    repo.fixture.write("src/done.txt", "done\n");
    let ran = repo.runr(&["tasks", "complete", "a", "--commit"], 0);
    assert!(
        ran.out
            .contains("brought 1 commit of yours onto runr/orch-"),
        "{}",
        ran.out
    );
    repo.runr(&["resume"], 0);
    assert_eq!(repo.status("b")["status"], "completed");

    // Where both changed a file the task stays claimed, and is told so.
    let repo = Repo::with(&[
        ("a", A),
        ("c", "run: mkdir src && echo theirs > src/done.txt"),
    ]);
    repo.runr(&["run", "--land", "never"], 1);
    repo.runr(&["claim", "a"], 0);
    repo.fixture.write("src/done.txt", "mine\n");
    let ran = repo.runr(&["tasks", "complete", "a", "--commit"], 1);
    assert!(ran.err.contains("both changed src/done.txt"), "{}", ran.err);
    assert!(
        ran.err.contains("help: git merge runr/orch-"),
        "{}",
        ran.err
    );
    assert_eq!(repo.status("a")["status"], "in_progress");
}

#[test]
fn a_commit_is_refused_where_it_would_say_what_is_not_so() {
    let repo = Repo::with(&[("h", "type: hybrid\nrun: 'true'\nverify: 'true'"), ("a", A)]);
    let before = head(&repo);
    repo.runr(&["claim", "h"], 0);
    let ran = repo.runr(&["tasks", "complete", "h", "--commit"], 2);
    assert!(
        ran.err.contains("completed by a person's approval"),
        "{}",
        ran.err
    );
    repo.runr(&["claim", "--release", "h"], 0);
    // Checks look at the main working tree: another's work is not what they saw.
    repo.runr(&["claim", "a"], 0);
    let side = repo.fixture.root().join("../side");
    repo.git(&[
        "worktree",
        "add",
        "-q",
        side.to_str().unwrap(),
        "-b",
        "side",
    ]);
    let mut command = repo.command(&["-C", side.to_str().unwrap()]);
    let told = command
        .args(["tasks", "complete", "a", "--commit"])
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&told.stderr).into_owned();
    assert_eq!(told.status.code(), Some(2), "{err}");
    assert!(err.contains("not the working tree here"), "{err}");
    assert_eq!(head(&repo), before);
    assert_eq!(repo.git(&["rev-parse", "side"]), before);
}
