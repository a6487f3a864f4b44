//! `runr gc` and `runr doctor` in a repository.

use std::fs;

use crate::support_git::Repo;

fn names(repo: &Repo) -> Vec<String> {
    let all = repo.git(&["for-each-ref", "--format=%(refname)"]);
    let own = |line: &&str| line.starts_with("refs/heads/runr/") || line.starts_with("refs/runr/");
    all.lines().filter(own).map(str::to_owned).collect()
}

#[test]
fn what_has_landed_goes_and_the_rest_stays() {
    let repo = Repo::with(&[("a", "run: echo a > a.txt"), ("b", "run: echo b > b.txt")]);
    repo.runr(&["run", "--task", "a"], 0);
    repo.runr(&["run", "--task", "b", "--land", "never"], 0);
    let before = names(&repo);
    assert_eq!(before.len(), 4, "{before:?}");
    repo.runr(&["gc"], 0);
    assert_eq!(names(&repo), before, "all of it is young");
    let whole = repo.fixture.snapshot();
    let ran = repo.runr(&["gc", "--dry-run", "--older-than", "0s"], 0);
    assert!(
        ran.out.contains("would remove 0 working trees, 2 branches"),
        "{}",
        ran.out
    );
    assert!(
        repo.fixture.snapshot() == whole,
        "a dry run changes nothing"
    );
    let ran = repo.runr(&["gc", "--older-than", "0s"], 0);
    assert!(
        ran.out.contains("\nremoved 0 working trees, 2 branches"),
        "{}",
        ran.out
    );
    let line = "kept in the repository: 2 with commits that none of your branches holds";
    assert!(ran.err.contains(line), "{}", ran.err);
    let left = names(&repo);
    assert_eq!(left.len(), 2, "{left:?}");
    let branch = left[0].trim_start_matches("refs/heads/").to_owned();
    repo.git(&["merge", "-q", &branch]);
    repo.runr(&["gc", "--older-than", "0s"], 0);
    assert_eq!(names(&repo), [""; 0]);
    assert_eq!(repo.subjects("main").len(), 3);
    // What is completed stays so.
    repo.runr(&["run"], 0);
    assert_eq!(repo.status("a")["attempts"], 1);
    repo.assert_sound();
}

#[test]
fn unfinished_and_uncommitted_work_is_never_removed() {
    let repo = Repo::with(&[
        (
            "bad",
            "run: echo half > half.txt; test -e $RUNR_ROOT/mended\nretries: 0",
        ),
        ("clean", "run: 'test -e $RUNR_ROOT/mended'\nretries: 0"),
        ("h", "type: hybrid\nrun: echo h > h.txt"),
    ]);
    repo.runr(&["run"], 1);
    assert_eq!(repo.trees().len(), 3);
    let ran = repo.runr(&["gc", "--older-than", "0s"], 0);
    assert!(ran.err.contains("of unfinished work"), "{}", ran.err);
    assert_eq!(repo.trees().len(), 3);
    let failed = repo.status("bad")["last_run_id"]
        .as_str()
        .unwrap()
        .to_owned();
    repo.fixture.write("mended", "");
    repo.runr(&["run"], 3);
    repo.runr(&["tasks", "approve", "h"], 0);
    // What failed first is settled now; its file is still in no commit.
    let ran = repo.runr(&["gc", "--older-than", "0s"], 0);
    assert!(
        ran.err.contains("1 with work that is in no commit"),
        "{}",
        ran.err
    );
    assert_eq!(repo.trees(), [failed.as_str()]);
    assert!(
        repo.file(&format!(".runr/runs/{failed}/spec.json"))
            .is_some()
    );
    // A person throws it away, and the rest goes too.
    fs::remove_file(
        repo.root()
            .join(format!(".runr-worktrees/{failed}/half.txt")),
    )
    .unwrap();
    repo.runr(&["gc", "--older-than", "0s"], 0);
    assert_eq!(repo.trees(), [""; 0]);
    assert_eq!(repo.git(&["branch", "--list", "runr/2*"]), "");
    assert_eq!(repo.git(&["worktree", "list"]).lines().count(), 1);
    repo.assert_sound();
}

#[test]
fn a_squash_merge_counts_as_landed_for_checkpoints() {
    let repo = Repo::with(&[("a", "run: echo a > a.txt")]);
    repo.runr(&["run", "--land", "never"], 0);
    let branch = names(&repo)[0].trim_start_matches("refs/heads/").to_owned();
    repo.fixture.write("between", "");
    repo.commit("between");
    repo.git(&["merge", "-q", "--squash", &branch]);
    repo.git(&["commit", "-q", "--no-edit"]);
    repo.runr(&["gc", "--older-than", "0s"], 0);
    assert_eq!(names(&repo), [format!("refs/heads/{branch}")]);
}

#[test]
fn the_doctor_names_commits_that_are_gone_and_trees_that_nobody_knows() {
    let repo = Repo::with(&[("a", "run: echo a > a.txt")]);
    repo.runr(&["run"], 0);
    let ran = repo.runr(&["doctor"], 0);
    assert!(ran.out.contains("commits"), "{}", ran.out);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    for name in names(&repo) {
        repo.git(&["update-ref", "-d", &name]);
    }
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    let stray = ".runr-worktrees/20260102-030405-zzzz";
    repo.git(&["worktree", "add", "-q", "--detach", stray]);
    let ran = repo.runr(&["doctor"], 1);
    assert!(
        ran.out.contains("1 completed task whose commit is gone"),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("a.md"), "{}", ran.out);
    assert!(ran.out.contains(stray), "{}", ran.out);
    let before = repo.theirs();
    repo.runr(&["doctor", "--fix"], 1);
    assert!(repo.theirs() == before);
    assert!(
        repo.root().join(stray).exists(),
        "it may hold somebody's work"
    );
}
