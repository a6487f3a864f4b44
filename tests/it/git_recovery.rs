//! What is left in git by processes that died, and what the next command makes of it.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Command, Stdio};

use crate::support_git::Repo;

/// Takes the journal back to when the first run had just started, and everything that was written later with it.
fn rewind(repo: &Repo) {
    let run = repo.status("a")["last_run_id"].as_str().unwrap().to_owned();
    let path = repo.root().join(".runr/journal.jsonl");
    let text = fs::read_to_string(&path).unwrap();
    let mut kept = String::new();
    for line in text.lines() {
        kept.push_str(line);
        kept.push('\n');
        if line.contains("\"event\":\"started\"") && line.contains(&run) {
            break;
        }
    }
    assert!(kept.len() < text.len(), "something came after the start");
    fs::write(path, kept).unwrap();
    fs::remove_file(repo.root().join(".runr/task-status.json")).unwrap();
    fs::remove_file(repo.root().join(format!(".runr/runs/{run}/state.json"))).unwrap();
}

#[test]
fn a_run_that_died_after_its_integration_was_integrated() {
    let repo = Repo::with(&[
        ("a", "run: echo a >> a.txt"),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
    ]);
    repo.runr(&["run", "--task", "a", "--land", "never"], 0);
    let sha = repo.status("a")["checkpoint_sha"].clone();
    rewind(&repo);
    let branch = repo.git(&[
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads/runr",
    ]);
    repo.runr(&["resume", "--land", "end"], 0);
    assert_eq!(repo.status("a")["checkpoint_sha"], sha);
    assert_eq!(
        repo.status("a")["attempts"],
        1,
        "the work is not done twice"
    );
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    assert_eq!(repo.git(&["rev-parse", &branch]), sha.as_str().unwrap());
    repo.runr(&["run"], 0);
    assert_eq!(repo.file("b.txt").as_deref(), Some("a\n"));
}

#[test]
fn a_run_that_died_before_its_integration_is_done_again() {
    let repo = Repo::with(&[("a", "run: echo a >> a.txt")]);
    repo.runr(&["run", "--land", "never"], 0);
    let branch = repo.git(&["for-each-ref", "--format=%(refname)", "refs/heads/runr"]);
    rewind(&repo);
    // As it was before: on the base.
    repo.git(&["update-ref", &branch, "main"]);
    repo.runr(&["resume"], 0);
    assert_eq!(repo.status("a")["attempts"], 2);
    assert_eq!(
        repo.file(".runr/journal.jsonl")
            .unwrap()
            .matches("orphaned")
            .count(),
        1
    );
    repo.assert_sound();
}

#[test]
fn what_was_not_landed_when_its_orchestrator_died_is_landed_by_the_next() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
    ]);
    repo.runr(&["run", "--task", "a"], 0);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let ran = repo.runr(&["run"], 0);
    assert!(ran.err.contains("landed 1 commit on main\n"), "{}", ran.err);
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
}

#[test]
fn the_same_command_goes_on_with_what_a_dead_orchestrator_left_at_work() {
    let repo = Repo::with(&[
        (
            "a",
            "run: echo > ../../began; read go < ../../gate; echo a > a.txt",
        ),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
    ]);
    for name in ["began", "gate"] {
        let made = Command::new("mkfifo").arg(repo.root().join(name)).status();
        assert!(made.unwrap().success());
    }
    let spawn = || {
        let mut command = repo.fixture.command(&["run", "-j1"]);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let mut first = spawn();
    fs::read(repo.root().join("began")).unwrap();
    first.kill().unwrap();
    first.wait().unwrap();
    let mut second = spawn();
    let mut said = BufReader::new(second.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    assert!(line.contains("2 tasks"), "{line}");
    fs::write(repo.root().join("gate"), "go\n").unwrap();
    said.read_to_string(&mut line).unwrap();
    assert!(second.wait().unwrap().success(), "{line}");
    assert!(line.contains("brought 1 commit of runr/orch-"), "{line}");
    assert!(line.contains("landed 2 commits on main\n"), "{line}");
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
    assert_eq!(repo.status("a")["attempts"], 1);
    repo.assert_sound();
}

#[test]
fn what_another_orchestration_completes_is_built_on_while_it_still_runs() {
    let repo = Repo::with(&[
        (
            "a",
            "run: echo > ../../began; read go < ../../gate; echo a > a.txt",
        ),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
        ("late", "run: echo > ../../began; read go < ../../gate2"),
    ]);
    for name in ["began", "gate", "gate2"] {
        let made = Command::new("mkfifo").arg(repo.root().join(name)).status();
        assert!(made.unwrap().success());
    }
    let spawn = |args: &[&str]| {
        let mut command = repo.fixture.command(args);
        command.stdout(Stdio::null()).stderr(Stdio::piped());
        command.spawn().unwrap()
    };
    let first = spawn(&["run", "-j1", "--task", "a", "--task", "late"]);
    fs::read(repo.root().join("began")).unwrap();
    let mut second = spawn(&["run", "--task", "b", "--with-deps"]);
    let mut said = BufReader::new(second.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    fs::write(repo.root().join("gate"), "go\n").unwrap();
    fs::read(repo.root().join("began")).unwrap();
    said.read_to_string(&mut line).unwrap();
    assert!(second.wait().unwrap().success(), "{line}");
    assert!(line.contains("brought 1 commit of runr/orch-"), "{line}");
    assert!(line.contains("landed 2 commits on main\n"), "{line}");
    fs::write(repo.root().join("gate2"), "go\n").unwrap();
    first.wait_with_output().unwrap();
    assert_eq!(repo.file("b.txt").as_deref(), Some("a\n"));
    repo.assert_sound();
}

#[test]
fn an_orchestration_that_goes_on_has_what_landed_meanwhile() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        ("b", "depends_on: a\ntype: manual"),
    ]);
    repo.runr(&["run"], 3);
    let branch = repo.git(&["for-each-ref", "--format=%(refname)", "refs/heads/runr"]);
    // As if another orchestration had landed it.
    repo.git(&["update-ref", &branch, "main~1"]);
    let ran = repo.runr(&["resume"], 3);
    assert!(
        ran.err.contains("brought 1 commit of main onto runr/orch-"),
        "{}",
        ran.err
    );
    assert!(!ran.err.contains("not in main"), "{}", ran.err);
}

#[test]
fn a_working_tree_that_was_left_behind_goes_and_what_is_in_it_is_kept() {
    let repo = Repo::with(&[("a", "run: echo a > a.txt"), ("b", "run: echo b > b.txt")]);
    repo.runr(&["run", "--task", "a"], 0);
    let run = repo.status("a")["last_run_id"].as_str().unwrap().to_owned();
    // As if its orchestrator had died before it could remove it.
    let tree = repo.root().join(".runr-worktrees").join(&run);
    let path = tree.to_str().unwrap();
    repo.git(&["worktree", "add", "-q", "--detach", path, "main"]);
    fs::write(tree.join("late ü.txt"), "late\n").unwrap();
    let ran = repo.runr(&["run"], 0);
    let name = format!("refs/runr/rescue/{run}");
    assert!(ran.err.contains(&name), "{}", ran.err);
    assert_eq!(repo.git(&["show", &format!("{name}:late ü.txt")]), "late");
    assert_eq!(repo.trees(), [""; 0]);
}

#[test]
fn locks_that_a_killed_git_left_do_not_stop_anything() {
    let repo = Repo::with(&[(
        "a",
        "run: |\n  git -C $RUNR_ROOT for-each-ref --format='%(refname)' refs/heads/runr/orch-* > $RUNR_RUN_DIR/b; read b < $RUNR_RUN_DIR/b\n  touch -d '1 hour ago' $RUNR_ROOT/.git/$b.lock $RUNR_ROOT/.git/packed-refs.lock\n  echo a > a.txt",
    )]);
    let ran = repo.runr(&["run", "--land", "never"], 0);
    let branch = repo.git(&[
        "for-each-ref",
        "--format=%(refname)",
        "refs/heads/runr/orch-*",
    ]);
    assert_eq!(repo.subjects(&branch), ["begin", "Do a"], "{}", ran.err);
    repo.assert_sound();
}
