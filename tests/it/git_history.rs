//! `runr status --infer-from-git` against real repositories.

use std::fs;
use std::path::Path;

use serde_json::Value;

use crate::support_sealed::Sealed;

/// A repository with task files, committed.
struct Repo {
    sealed: Sealed,
}

impl Repo {
    fn new(tasks: &[(&str, &str)]) -> Self {
        let sealed = Sealed::new();
        for (name, text) in tasks {
            sealed.put(&format!(".runr/tasks/{name}"), text);
        }
        let repo = Self { sealed };
        repo.git(&["init", "-q", "-b", "main"]);
        repo.git(&["config", "user.name", "a"]);
        repo.git(&["config", "user.email", "a@example.org"]);
        repo.git(&["add", "."]);
        repo.git(&["commit", "-qm", "Tasks"]);
        repo
    }

    fn in_folder(&self, folder: &Path, args: &[&str]) -> String {
        let mut command = self.sealed.command("git");
        command
            .current_dir(folder)
            .env("GIT_AUTHOR_NAME", "a")
            .env("GIT_AUTHOR_EMAIL", "a@example.org")
            .env("GIT_COMMITTER_NAME", "a")
            .env("GIT_COMMITTER_EMAIL", "a@example.org")
            .env("GIT_EDITOR", "true");
        let output = command.args(args).output().expect("git runs");
        assert!(
            output.status.success(),
            "git {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8(output.stdout).unwrap().trim().to_owned()
    }

    fn git(&self, args: &[&str]) -> String {
        self.in_folder(&self.sealed.root(), args)
    }

    /// A checkpoint: changes a file, names task and run. Gives the commit.
    fn done(&self, task: &str, run: &str, file: &str) -> String {
        let text = self.sealed.text(file);
        self.sealed.put(file, &format!("{text}{task} {run}\n"));
        self.git(&["add", "-A"]);
        let message = format!(
            "{task}\n\nRunr-Task: .runr/tasks/{task}\nRunr-Run-Id: {}\nRunr-Fingerprint: 000102030405060708090a0b0c0d0e0f",
            id(run)
        );
        self.git(&["commit", "-qm", &message]);
        self.git(&["rev-parse", "HEAD"])
    }

    fn runr_in(&self, folder: &Path, args: &[&str]) -> (Option<i32>, String, String) {
        let output = self
            .sealed
            .command(env!("CARGO_BIN_EXE_runr"))
            .current_dir(folder)
            .args(args)
            .output()
            .expect("runr runs");
        (
            output.status.code(),
            String::from_utf8(output.stdout).unwrap(),
            String::from_utf8(output.stderr).unwrap(),
        )
    }

    fn json_in(&self, folder: &Path) -> Value {
        let (code, out, err) = self.runr_in(folder, &["status", "--infer-from-git", "--json"]);
        assert_eq!(code, Some(0), "{err}");
        serde_json::from_str(&out).unwrap()
    }

    /// The names of the tasks that git says are completed.
    fn completed_in(&self, folder: &Path) -> Vec<String> {
        names(&self.json_in(folder), |task| task["completed"] == true)
    }

    fn completed(&self) -> Vec<String> {
        self.completed_in(&self.sealed.root())
    }

    fn task(&self, name: &str) -> Value {
        let json = self.json_in(&self.sealed.root());
        let tasks = json["tasks"].as_array().unwrap();
        tasks.iter().find(|t| t["task"] == name).unwrap().clone()
    }
}

fn names(json: &Value, holds: impl Fn(&Value) -> bool) -> Vec<String> {
    let tasks = json["tasks"].as_array().unwrap().iter();
    tasks
        .filter(|task| holds(task))
        .map(|task| task["task"].as_str().unwrap().to_owned())
        .collect()
}

fn id(letters: &str) -> String {
    format!("20250108-143022-{letters}")
}

const TASK: &str = "---\nrun: \"true\"\n---\n# A task\n";

#[test]
fn a_clone_has_the_same_completed_set_and_adopts_it() {
    let repo = Repo::new(&[("a.md", TASK), ("b.md", TASK), ("c.md", TASK)]);
    repo.done("a.md", "aaaa", "x");
    repo.done("b.md", "bbbb", "y");
    let here = repo.completed();
    assert_eq!(here, ["a.md", "b.md"]);
    let root = repo.sealed.root();
    let clone = root.parent().unwrap().join("clone");
    repo.git(&["clone", "-q", ".", clone.to_str().unwrap()]);
    assert_eq!(repo.completed_in(&clone), here);
    let (code, out, err) = repo.runr_in(
        &clone,
        &["status", "--tasks", "--infer-from-git", "--write"],
    );
    assert_eq!(code, Some(0), "{err}");
    assert!(
        err.contains("took over 2 completed tasks from git"),
        "{err}"
    );
    assert!(out.contains("✓ a.md  completed          2"), "{out}");
    assert!(
        out.contains("run:20250108-143022-aaaa  from git  stale: its text changed"),
        "{out}"
    );
    assert!(
        out.contains("3 tasks: 2 completed (2 stale), 1 ready"),
        "{out}"
    );
    // Said once; nothing of runr's shows in the user's `git status`.
    let (_, _, err) = repo.runr_in(&clone, &["status", "--infer-from-git", "--write"]);
    assert!(err.contains("nothing to take over"), "{err}");
    assert_eq!(repo.in_folder(&clone, &["status", "--porcelain"]), "");
    let (_, out, _) = repo.runr_in(&clone, &["status", "--infer-from-git"]);
    assert!(out.contains("The journal says the same."), "{out}");
    // The journal and the cache may go: the history has it all.
    for name in ["journal.jsonl", "task-status.json"] {
        fs::remove_file(clone.join(".runr").join(name)).unwrap();
    }
    let (code, out, err) = repo.runr_in(
        &clone,
        &["status", "--tasks", "--infer-from-git", "--write"],
    );
    assert_eq!(code, Some(0), "{err}");
    assert!(out.contains("3 tasks: 2 completed"), "{out}");
}

#[test]
fn squashes_reverts_and_rewritten_history_are_followed_through_the_cache() {
    let repo = Repo::new(&[("a.md", TASK), ("b.md", TASK), ("c.md", TASK)]);
    repo.git(&["checkout", "-qb", "work"]);
    repo.done("a.md", "aaaa", "x");
    repo.done("b.md", "bbbb", "y");
    repo.git(&["checkout", "-q", "main"]);
    assert_eq!(repo.completed(), [""; 0], "another branch does not count");
    repo.git(&["merge", "-q", "--squash", "work"]);
    repo.git(&["commit", "-q", "--no-edit"]);
    assert_eq!(repo.completed(), ["a.md", "b.md"]);
    let squash = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["revert", "--no-edit", &squash]);
    assert_eq!(repo.completed(), [""; 0]);
    let revert = repo.git(&["rev-parse", "HEAD"]);
    repo.git(&["revert", "--no-edit", &revert]);
    assert_eq!(repo.completed(), ["a.md", "b.md"]);
    // History is rewritten: what was remembered of it is not believed.
    repo.git(&["reset", "-q", "--hard", &revert]);
    assert_eq!(repo.completed(), [""; 0]);
    repo.git(&["reset", "-q", "--hard", &format!("{squash}~1")]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "Merge", "work"]);
    assert_eq!(repo.completed(), ["a.md", "b.md"]);
    repo.git(&["revert", "--no-edit", "-m", "1", "HEAD"]);
    assert_eq!(
        repo.completed(),
        [""; 0],
        "a reverted merge takes all with it"
    );
}

#[test]
fn branches_of_orchestrations_count_and_those_of_runs_do_not() {
    let repo = Repo::new(&[("a.md", TASK), ("b.md", TASK)]);
    repo.git(&["checkout", "-qb", "runr/orch-20250108-143000-aaaa"]);
    repo.done("a.md", "aaaa", "x");
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["checkout", "-qb", "runr/20250108-143022-bbbb"]);
    repo.done("b.md", "bbbb", "y");
    repo.git(&["checkout", "-q", "main"]);
    assert_eq!(repo.completed(), ["a.md"]);
    // A detached HEAD is a HEAD.
    repo.git(&["checkout", "-q", "--detach", "runr/20250108-143022-bbbb"]);
    assert_eq!(repo.completed(), ["a.md", "b.md"]);
    repo.git(&["branch", "-qD", "runr/orch-20250108-143000-aaaa"]);
    assert_eq!(repo.completed(), ["b.md"]);
}

#[test]
fn what_differs_from_the_journal_is_said_and_kept() {
    let repo = Repo::new(&[
        ("by-hand.md", TASK),
        ("failed.md", "---\nrun: \"false\"\n---\n# F\n"),
        ("git.md", TASK),
        ("reverted.md", TASK),
    ]);
    for (task, run) in [("failed.md", "aaaa"), ("git.md", "bbbb")] {
        repo.done(task, run, task);
    }
    let commit = repo.done("reverted.md", "cccc", "r");
    let root = repo.sealed.root();
    repo.sealed
        .runr(&["status", "--infer-from-git", "--write", "reverted"])
        .exits(0);
    repo.git(&["revert", "--no-edit", &commit]);
    repo.sealed.runr(&["tasks", "complete", "by-hand"]).exits(0);
    repo.sealed
        .runr(&["run", "--task", "failed", "--quiet"])
        .exits(1);
    let words: Vec<(String, String)> = repo.json_in(&root)["tasks"]
        .as_array()
        .unwrap()
        .iter()
        .map(|task| {
            let text = |key: &str| task[key].as_str().unwrap().to_owned();
            (text("task"), text("differs"))
        })
        .collect();
    let word = |task: &str, differs: &str| (task.to_owned(), differs.to_owned());
    assert_eq!(
        words,
        [
            word("by-hand.md", "no_commit"),
            word("failed.md", "news_since"),
            word("git.md", "new"),
            word("reverted.md", "reverted"),
        ]
    );
    let told = repo
        .sealed
        .runr(&["status", "--infer-from-git", "--write"])
        .exits(0);
    assert!(
        told.stderr.contains("took over 1 completed task "),
        "{}",
        told.stderr
    );
    // By its name a person may.
    repo.sealed
        .runr(&["status", "--infer-from-git", "--write", "failed"])
        .exits(0);
    let told = repo.sealed.runr(&["status", "--tasks"]).exits(0);
    assert!(
        told.stdout.contains("4 tasks: 4 completed"),
        "{}",
        told.stdout
    );
    let told = repo
        .sealed
        .runr(&["status", "--infer-from-git", "--write", "by-hand"])
        .exits(2);
    assert!(
        told.stderr
            .contains("git says nothing new about `by-hand.md`"),
        "{}",
        told.stderr
    );
}

#[test]
fn commits_with_a_run_only_are_matched_or_shown_as_probable() {
    let own = |name: &str| format!("---\nrun: \"true\"\nowns: [src/{name}/**]\n---\n# T\n");
    let by = format!(
        "---\nrun: \"true\"\ncompleted_by: {}\n---\n# T\n",
        id("bbbb")
    );
    let repo = Repo::new(&[
        ("folder.md", TASK),
        ("by.md", &by),
        ("probably.md", &own("p")),
        ("not.md", &own("n")),
    ]);
    for (run, file) in [
        ("aaaa", "1"),
        ("bbbb", "2"),
        ("cccc", "src/p/3"),
        ("dddd", "src/4"),
    ] {
        repo.sealed.put(file, run);
        repo.git(&["add", "-A"]);
        repo.git(&["commit", "-qm", &format!("Old\n\nRunr-Run-Id: {}", id(run))]);
    }
    let state = r#"{"task": {"path": ".runr/tasks/folder.md"}, "phase": "x"}"#;
    repo.sealed
        .put(&format!(".runr/runs/{}/state.json", id("aaaa")), state);
    let evidence = |name| repo.task(name)["evidence"].clone();
    assert_eq!(evidence("folder.md"), "run_folder");
    assert_eq!(evidence("by.md"), "completed_by");
    assert_eq!(evidence("probably.md"), "probably");
    assert_eq!(evidence("not.md"), Value::Null);
    // Once more, now from the cache.
    assert_eq!(evidence("probably.md"), "probably");
    assert_eq!(repo.completed(), ["by.md", "folder.md"]);
    let told = repo.sealed.runr(&["status", "--infer-from-git"]).exits(0);
    assert!(
        told.stdout
            .contains("1 commit names a run, and nothing here says its task"),
        "{}",
        told.stdout
    );
    repo.sealed
        .runr(&["status", "--infer-from-git", "--write"])
        .exits(0);
    assert_eq!(repo.task("probably.md")["differs"], "new");
    repo.sealed
        .runr(&["status", "--infer-from-git", "--write", "probably"])
        .exits(0);
    assert_eq!(repo.task("probably.md")["differs"], Value::Null);
}

#[test]
fn later_changes_to_what_a_task_owns_are_listed() {
    let own = "---\nrun: \"true\"\nowns: [src/**]\n---\n# T\n";
    let repo = Repo::new(&[("a.md", own), ("b.md", TASK)]);
    repo.sealed.put("src/before", "1");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "Before"]);
    repo.done("a.md", "aaaa", "src/x");
    repo.sealed.put("other", "1");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "Elsewhere"]);
    // On a side branch that forked before the checkpoint, merged after it.
    repo.git(&["checkout", "-qb", "side", "HEAD~2"]);
    repo.sealed.put("src/side", "1");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "Beside"]);
    repo.git(&["checkout", "-q", "main"]);
    repo.git(&["merge", "-q", "--no-ff", "-m", "Merge", "side"]);
    repo.sealed.put("src/tab\tand ü", "1");
    repo.git(&["add", "-A"]);
    repo.git(&["commit", "-qm", "After"]);
    let later: Vec<Value> = repo.task("a.md")["later_changes"]
        .as_array()
        .unwrap()
        .clone();
    let subjects: Vec<&str> = later
        .iter()
        .map(|l| l["subject"].as_str().unwrap())
        .collect();
    assert_eq!(subjects, ["After", "Beside"]);
    let told = repo.sealed.runr(&["status", "--infer-from-git"]).exits(0);
    assert!(
        told.stdout
            .contains("Later changes to what completed tasks own:\n  a.md\n"),
        "{}",
        told.stdout
    );
}

#[test]
fn a_repository_cannot_make_the_question_run_anything() {
    let repo = Repo::new(&[("a.md", TASK)]);
    repo.done("a.md", "aaaa", "x");
    let root = repo.sealed.root();
    let trap = |name: &str| format!("touch '{}'", root.join(name).display());
    for (key, name) in [
        ("core.fsmonitor", "t1"),
        ("core.pager", "t2"),
        ("diff.external", "t3"),
        ("gpg.program", "t4"),
        ("core.sshCommand", "t5"),
    ] {
        repo.git(&["config", key, &trap(name)]);
    }
    repo.git(&["config", "log.showSignature", "true"]);
    let before = fs::read_dir(&root).unwrap().count();
    assert_eq!(repo.completed(), ["a.md"]);
    assert_eq!(fs::read_dir(&root).unwrap().count(), before);
}

#[test]
fn odd_repositories_work_or_say_why_not() {
    let repo = Repo::new(&[("a.md", TASK)]);
    let root = repo.sealed.root();
    repo.done("a.md", "aaaa", "x");
    repo.done("a.md", "bbbb", "x");
    // Shallow: what is there counts, and what is fetched later too.
    let shallow = root.parent().unwrap().join("shallow ü");
    let url = format!("file://{}", root.display());
    repo.git(&[
        "clone",
        "-q",
        "--depth",
        "1",
        &url,
        shallow.to_str().unwrap(),
    ]);
    assert_eq!(repo.completed_in(&shallow), ["a.md"]);
    repo.in_folder(&shallow, &["fetch", "-q", "--unshallow"]);
    repo.in_folder(&shallow, &["reset", "-q", "--hard", "HEAD~1"]);
    assert_eq!(repo.completed_in(&shallow), ["a.md"]);
    // Unborn.
    let unborn = root.parent().unwrap().join("unborn");
    fs::create_dir_all(unborn.join(".runr/tasks")).unwrap();
    fs::write(unborn.join(".runr/tasks/a.md"), TASK).unwrap();
    repo.in_folder(&unborn, &["init", "-q"]);
    assert_eq!(repo.completed_in(&unborn), [""; 0]);
    // SHA-256.
    let long = root.parent().unwrap().join("long");
    fs::create_dir_all(long.join(".runr/tasks")).unwrap();
    fs::write(long.join(".runr/tasks/a.md"), TASK).unwrap();
    repo.in_folder(&long, &["init", "-q", "--object-format=sha256"]);
    repo.in_folder(
        &long,
        &[
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "A\n\nRunr-Task: a.md",
        ],
    );
    assert_eq!(repo.completed_in(&long), ["a.md"]);
    // No repository.
    let plain = root.parent().unwrap().join("plain");
    fs::create_dir_all(plain.join(".runr/tasks")).unwrap();
    let (code, _, err) = repo.runr_in(&plain, &["status", "--infer-from-git"]);
    assert_eq!(code, Some(2));
    assert!(err.contains("is in no git repository"), "{err}");
}
