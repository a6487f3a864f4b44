//! What went wrong with working trees and branches elsewhere.

use std::fs;

use crate::support_git::Repo;

fn branch(repo: &Repo) -> String {
    repo.git(&[
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads/runr/orch-*",
    ])
}

fn fifo(repo: &Repo, name: &str) {
    let path = repo.root().join(".git").join(name);
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
}

#[test]
fn n04_requeued_while_descendants_of_the_old_attempt_still_commit() {
    let repo = Repo::with(&[]);
    // It has left its group, ignores TERM, and would commit whenever somebody lets it.
    repo.fixture.write(
        "late.sh",
        "trap '' TERM\nread answer < $RUNR_ROOT/.git/hold\necho late > late.txt\ngit add -A\ngit commit -qm late\n",
    );
    repo.task(
        "a",
        "run: |\n  if [ $RUNR_ATTEMPT = 1 ]; then setsid sh late.sh & echo $! > $RUNR_ROOT/.git/old; kill -9 $PPID; read never < $RUNR_ROOT/.git/hold; fi\n  \
         if grep -q late /proc/$(cat $RUNR_ROOT/.git/old)/cmdline; then echo both > both.txt; fi\n  echo a > a.txt",
    );
    repo.commit("task");
    fifo(&repo, "hold");
    repo.runr(&["run", "--land", "never"], 0);
    assert_eq!(repo.status("a")["attempts"], 2);
    let old = repo.file(".git/old").unwrap();
    let line = fs::read_to_string(format!("/proc/{}/cmdline", old.trim())).unwrap_or_default();
    assert!(!line.contains("late"), "{old} lives: {line}");
    assert_eq!(repo.subjects(&branch(&repo)), ["begin", "task", "Do a"]);
    let files = repo.git(&["diff", "--name-only", "main", &branch(&repo)]);
    assert_eq!(
        files, "a.txt",
        "the old one was gone before the new one began"
    );
    assert!(!repo.git(&["log", "--all", "--format=%s"]).contains("late"));
}

#[test]
fn n09_a_worktree_removed_with_untracked_work() {
    let repo = Repo::with(&[(
        "a",
        "run: mkdir new; echo work > new/notes.txt; exit 1\nretries: 0",
    )]);
    repo.runr(&["run"], 1);
    let run = repo.status("a")["last_run_id"].as_str().unwrap().to_owned();
    let notes = format!(".runr-worktrees/{run}/new/notes.txt");
    assert_eq!(repo.file(&notes).as_deref(), Some("work\n"));
    // Neither keeping house nor the next run takes it away.
    repo.runr(&["gc", "--older-than", "0s"], 0);
    repo.task("a", "run: echo a > a.txt");
    repo.runr(&["run"], 0);
    assert_eq!(repo.file(&notes).as_deref(), Some("work\n"));
}

#[test]
fn n10_parallel_cleanup_deletes_the_repository() {
    let repo = Repo::with(&[]);
    for n in 0..6 {
        // Ways that lead out of the working tree, into the repository and into all the others.
        let run = format!(
            "run: mkdir d{n}; ln -s $RUNR_ROOT d{n}/up; ln -s $RUNR_ROOT/.git d{n}/git; ln -s ../.. d{n}/all"
        );
        repo.task(&format!("t{n}"), &run);
    }
    repo.commit("tasks");
    let before = repo.theirs();
    repo.runr(&["run", "-j", "6", "--land", "never"], 0);
    assert!(repo.theirs() == before, "something of the person's is gone");
    assert_eq!(repo.trees(), [""; 0]);
    assert_eq!(repo.subjects(&branch(&repo)).len(), 8);
    repo.assert_sound();
}

#[test]
fn n11_isolation_silently_falls_back_to_the_main_checkout() {
    let repo = Repo::with(&[(
        "a",
        "run: echo a > a.txt; touch $RUNR_ROOT/../worked\nretries: 0",
    )]);
    // No folder for working trees can be made.
    repo.fixture.write(".runr-worktrees", "in the way\n");
    let ran = repo.runr(&["run"], 4);
    assert!(ran.err.contains(".runr-worktrees`"), "{}", ran.err);
    assert!(!repo.root().join("a.txt").exists());
    assert!(
        !repo.root().join("../worked").exists(),
        "the worker was started all the same"
    );
}

#[test]
fn n12_worktree_add_races_on_config_lock() {
    let repo = Repo::with(&[]);
    for n in 0..8 {
        repo.task(&format!("t{n}"), &format!("run: echo {n} > t{n}.txt"));
    }
    repo.commit("tasks");
    let remote = repo.root().join("../remote.git");
    repo.git(&["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.git(&["fetch", "-q", "origin"]);
    // Whatever branch is made would write the configuration.
    repo.git(&["config", "branch.autoSetupMerge", "always"]);
    repo.git(&["config", "branch.autoSetupRebase", "always"]);
    let config = repo.file(".git/config");
    repo.runr(&["run", "-j", "8"], 0);
    assert_eq!(repo.file(".git/config"), config);
    let journal = repo.file(".runr/journal.jsonl").unwrap();
    assert_eq!(
        journal.matches("\"event\":\"reserved\"").count(),
        8,
        "each needed one attempt"
    );
    repo.assert_sound();
}

#[test]
fn n13_a_worktree_that_is_gone_and_a_row_that_says_running() {
    let repo = Repo::with(&[("a", "run: rm -rf \"$PWD\"\nretries: 0")]);
    let ran = repo.runr(&["run"], 1);
    let status = repo.status("a");
    assert_eq!(status["status"], "stopped", "{}", ran.err);
    assert_eq!(status["stop_reason"], "worktree_missing");
    let journal = repo.file(".runr/journal.jsonl").unwrap();
    let count = |event: &str| journal.matches(&format!("\"event\":\"{event}\"")).count();
    assert_eq!(count("reserved"), count("ended"), "{journal}");
}

#[test]
fn n21_a_dependent_started_on_a_base_without_its_prerequisite() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        (
            "b",
            "depends_on: a\nrun: touch $RUNR_ROOT/../began; cat a.txt > b.txt",
        ),
    ]);
    repo.runr(&["run", "--task", "a", "--land", "never"], 0);
    let onto = branch(&repo);
    let ran = repo.runr(&["run"], 3);
    assert!(
        !repo.root().join("../began").exists(),
        "it began without its prerequisite"
    );
    assert!(
        ran.err.contains(&format!("git merge {onto}")),
        "{}",
        ran.err
    );
    repo.git(&["merge", "-q", "--ff-only", &onto]);
    repo.runr(&["run"], 0);
    assert_eq!(repo.file("b.txt").as_deref(), Some("a\n"));
}

#[test]
fn what_a_worker_puts_into_anothers_working_tree_is_caught_there() {
    let repo = Repo::with(&[]);
    fifo(&repo, "hold");
    fifo(&repo, "ready");
    // The one begins when the other's working tree is there.
    repo.task("b", "run: echo here > $RUNR_ROOT/.git/ready; read answer < $RUNR_ROOT/.git/hold; echo b > b.txt\nowns: [b.txt]\nretries: 0");
    repo.task("a", "run: |\n  read answer < $RUNR_ROOT/.git/ready\n  for tree in $RUNR_ROOT/.runr-worktrees/*/; do test $tree -ef . || echo x > ${tree}stray.txt; done\n  echo go > $RUNR_ROOT/.git/hold");
    repo.commit("tasks");
    repo.runr(&["run", "-j", "2", "--land", "never"], 1);
    let status = repo.status("b");
    assert_eq!(status["stop_reason"], "scope_violation");
    assert!(
        status["message"].as_str().unwrap().contains("`stray.txt`"),
        "{status}"
    );
    assert_eq!(
        repo.subjects(&branch(&repo)).last().map(String::as_str),
        Some("Do a")
    );
}
