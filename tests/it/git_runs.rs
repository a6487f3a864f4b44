//! A run in a working tree of its own: from the branch it starts at to the commit that it leaves.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::support::Fixture;
use crate::support_git::Repo;

#[test]
fn a_run_leaves_one_verified_commit_a_task_in_order_on_one_branch() {
    let repo = Repo::with(&[
        (
            "a",
            "run: 'mkdir -p src; echo a > src/a.txt; pwd'\nverify: { commands: [test -s src/a.txt] }",
        ),
        ("b", "depends_on: a\nrun: cat src/a.txt > src/b.txt"),
        ("c", "depends_on: b\nrun: 'true'"),
    ]);
    let ran = repo.runr(&["run"], 0);
    assert!(ran.err.contains("landed 3 commits on main"), "{}", ran.err);
    assert_eq!(
        repo.subjects("main"),
        ["begin", "Do a", "Do b", "Do c"],
        "a task that changed nothing leaves its commit too"
    );
    assert_eq!(repo.file("src/b.txt").as_deref(), Some("a\n"));
    assert_eq!(repo.git(&["status", "--porcelain", "-uall"]), "");
    assert_eq!(repo.trees(), [""; 0]);
    assert_eq!(repo.git(&["branch", "--list", "runr/2*"]), "");
    repo.assert_sound();

    let status = repo.status("a");
    let run = status["last_run_id"].as_str().unwrap();
    assert_eq!(
        status["checkpoint_sha"].as_str().unwrap(),
        repo.git(&["rev-parse", "main~2"])
    );
    let message = repo.git(&["log", "-1", "--format=%an <%ae>%n%B", "main~2"]);
    let fingerprint = status["fingerprint"].as_str().unwrap();
    assert_eq!(
        message,
        format!(
            "Ada <ada@example.org>\nDo a\n\nRunr-Task: .runr/tasks/a.md\nRunr-Run-Id: {run}\n\
             Runr-Fingerprint: {fingerprint}\nRunr-Worker: shell\nRunr-Verified: tier0 test -s src/a.txt"
        )
    );
    // It did not work in the project.
    let log = repo.file(&format!(".runr/runs/{run}/worker.log")).unwrap();
    assert!(
        log.trim_end().ends_with(&format!(".runr-worktrees/{run}")),
        "{log}"
    );
    assert_eq!(
        repo.git(&["rev-parse", &format!("refs/runr/checkpoints/{run}")]),
        repo.git(&["rev-parse", "main~2"])
    );
    // Again: there is nothing to do, and nothing is left behind for that.
    let branches = repo.git(&["branch", "--list"]);
    repo.runr(&["run"], 0);
    assert_eq!(repo.git(&["branch", "--list"]), branches);
}

#[test]
fn everything_of_the_persons_stays_as_it_is_until_landing() {
    let repo = Repo::with(&[
        ("a", "run: echo new > a.txt; echo changed > README.md"),
        ("b", "run: 'false'\nretries: 0"),
    ]);
    repo.fixture.write("notes.txt", "1\n");
    repo.commit("notes");
    repo.fixture.write("notes.txt", "stashed\n");
    repo.git(&["stash", "-q"]);
    repo.fixture.write("notes.txt", "modified\n");
    repo.fixture.write("staged.txt", "staged\n");
    repo.git(&["add", "staged.txt"]);
    repo.fixture.write("staged.txt", "and then changed\n");
    repo.fixture.write("untracked ü.txt", "untracked\n");
    let before = repo.theirs();
    let ran = repo.runr(&["run", "--land", "never"], 1);
    assert!(repo.theirs() == before, "something of the person's changed");
    let note = "note: 3 uncommitted changes stay yours";
    assert!(ran.err.contains(note), "{}", ran.err);
    assert!(ran.err.contains("not landed"), "{}", ran.err);
    let branch = repo.git(&[
        "branch",
        "--list",
        "--format=%(refname:short)",
        "runr/orch-*",
    ]);
    assert_eq!(
        repo.subjects(&branch),
        ["begin", "notes", "Do a"],
        "the work is on its branch"
    );
    // What the failed task did is kept where it did it.
    assert_eq!(repo.trees().len(), 1);
    let place = "its work is in .runr-worktrees/";
    assert!(ran.out.contains(place), "{}", ran.out);
    repo.assert_sound();
}

#[test]
fn landing_stops_before_files_of_the_persons_and_names_the_command() {
    for (what, dirty) in [("modified", "README.md"), ("untracked", "new.txt")] {
        let run = "run: for f in README.md new.txt; do echo a > $f; done";
        let repo = Repo::with(&[("a", run)]);
        repo.fixture.write(dirty, "mine\n");
        let before = repo.theirs();
        // Said even to those who want to hear of trouble only.
        let ran = repo.runr(&["run", "--quiet"], 0);
        assert!(repo.theirs() == before, "{what}");
        let line = ran.err.lines().find(|line| line.starts_with("not landed"));
        let line = line.unwrap_or_else(|| panic!("{what}: {}", ran.err));
        assert!(line.contains(&format!("`{dirty}`")), "{what}: {line}");
        let (_, command) = line.split_once("type: ").unwrap();
        repo.git(&["stash", "-q", "-u"]);
        let words: Vec<&str> = command.split(' ').skip(1).collect();
        repo.git(&words);
        assert_eq!(repo.subjects("main"), ["begin", "Do a"], "{what}");
    }
}

#[test]
fn a_branch_that_moved_meanwhile_is_not_landed_on() {
    let repo = Repo::with(&[(
        "a",
        "run: echo a > a.txt; cd $RUNR_ROOT; echo x > x.txt; git add x.txt; git commit -qm theirs x.txt",
    )]);
    let ran = repo.runr(&["run"], 0);
    let line =
        "not landed: main has commits of its own; type: git switch main && git merge runr/orch-";
    assert!(ran.err.contains(line), "{}", ran.err);
    let next = "Next\n  git switch main && git merge runr/orch-";
    assert!(ran.out.contains(next), "{}", ran.out);
    assert_eq!(repo.subjects("main"), ["begin", "theirs"]);
}

/// Runs with `--events` and does `then` when an event holds `text`.
fn when(repo: &Repo, args: &[&str], text: &str, then: impl FnOnce()) -> i32 {
    let mut child = repo
        .command(&[args, &["--events"]].concat())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut then = Some(then);
    for line in BufReader::new(child.stdout.take().unwrap()).lines() {
        if line.unwrap().contains(text)
            && let Some(then) = then.take()
        {
            then();
        }
    }
    assert!(then.is_none(), "no event held {text}");
    child.wait().unwrap().code().unwrap()
}

fn fifo(repo: &Repo, name: &str) -> std::path::PathBuf {
    let path = repo.root().join(name);
    let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
    rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
    path
}

#[test]
fn a_conflict_puts_the_task_back_once_on_the_new_tip() {
    let repo = Repo::with(&[
        ("a", "run: echo a > f.txt"),
        (
            "b",
            "run: |\n  test $RUNR_ATTEMPT = 1 && cat $RUNR_ROOT/.git/hold; echo b >> f.txt\n  echo \"before: $RUNR_PREVIOUS\"\nretries: 0",
        ),
    ]);
    let hold = fifo(&repo, ".git/hold");
    let code = when(&repo, &["run", "-j", "2"], r#""completed""#, || {
        fs::write(&hold, "").unwrap();
    });
    assert_eq!(code, 0);
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
    assert_eq!(repo.file("f.txt").as_deref(), Some("a\nb\n"));
    let run = repo.status("b")["last_run_id"].as_str().unwrap().to_owned();
    let log = repo.file(&format!(".runr/runs/{run}/worker.log")).unwrap();
    assert!(log.contains("before: merge conflict: `f.txt`"), "{log}");
    assert!(log.contains("by a.md (run "), "{log}");
}

#[test]
fn a_second_conflict_fails_the_task_and_keeps_its_work() {
    // A commit of a person's on the orchestration's branch stands for another task's, each time.
    let theirs = "git -C $RUNR_ROOT branch --list --format='%(refname)' 'runr/orch-*' > $RUNR_RUN_DIR/branch; \
        read branch < $RUNR_RUN_DIR/branch; blob=$(echo $RUNR_RUN_ID | git hash-object -w --stdin); \
        tree=$(printf '100644 blob %s\\tf.txt\\n' $blob | git mktree); \
        git update-ref $branch $(git commit-tree -m theirs -p $branch $tree)";
    let repo = Repo::with(&[]);
    repo.fixture.write("theirs.sh", theirs);
    repo.task(
        "a",
        "run: sh $RUNR_ROOT/theirs.sh; echo mine > f.txt\nretries: 3",
    );
    repo.commit("task");
    let ran = repo.runr(&["run"], 1);
    let status = repo.status("a");
    assert_eq!(status["status"], "failed", "{}", ran.err);
    assert_eq!(status["stop_reason"], "merge_conflict");
    assert_eq!(status["attempts"], 2);
    let message = status["message"].as_str().unwrap();
    assert!(
        message.contains("`f.txt`") && message.contains("theirs"),
        "{message}"
    );
    let run = status["last_run_id"].as_str().unwrap();
    assert_eq!(repo.git(&["show", &format!("runr/{run}:f.txt")]), "mine");
}

#[test]
fn work_that_met_others_work_is_verified_again() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        (
            "b",
            "run: cat $RUNR_ROOT/.git/hold; echo b > b.txt\nverify: { commands: ['ls a.txt; test ! -e a.txt'] }\nretries: 0",
        ),
    ]);
    let hold = fifo(&repo, ".git/hold");
    let code = when(&repo, &["run", "-j", "2"], r#""completed""#, || {
        fs::write(&hold, "").unwrap();
    });
    assert_eq!(code, 1);
    let status = repo.status("b");
    assert_eq!(status["stop_reason"], "verification_failed");
    let message = status["message"].as_str().unwrap();
    assert!(message.contains("after the merge"), "{message}");
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    let run = status["last_run_id"].as_str().unwrap();
    assert_eq!(repo.git(&["show", &format!("runr/{run}:b.txt")]), "b");
    let tree = repo.root().join(".runr-worktrees").join(run);
    assert!(!tree.join("a.txt").exists(), "it is back at its own work");
}

#[test]
fn a_run_changes_only_what_is_its_own() {
    let everything = "run: 'mkdir -p own new; echo 1 > own/ok; echo 2 > new/file; git mv -f README.md own/moved; rm gone; \
        echo 3 > Cargo.lock; echo 4 > .gitattributes; mkdir -p .runr/tasks; echo 5 > .runr/tasks/z.md'\nowns: [own/**]\nretries: 0";
    let repo = Repo::with(&[("a", everything)]);
    repo.fixture.write("gone", "x");
    repo.commit("gone");
    let before = repo.theirs();
    repo.runr(&["run"], 1);
    assert!(repo.theirs() == before);
    let status = repo.status("a");
    assert_eq!(status["stop_reason"], "scope_violation");
    let run = status["last_run_id"].as_str().unwrap();
    let state = repo.file(&format!(".runr/runs/{run}/state.json")).unwrap();
    let state: serde_json::Value = serde_json::from_str(&state).unwrap();
    assert_eq!(
        state["git"]["outside"],
        serde_json::json!([
            ".gitattributes",
            ".runr/tasks/z.md",
            "Cargo.lock",
            "README.md",
            "gone",
            "new/file"
        ])
    );
    // The work is kept, whole, on its own branch.
    assert_eq!(repo.git(&["show", &format!("runr/{run}:new/file")]), "2");
    assert_eq!(repo.subjects("main"), ["begin", "gone"]);
}

#[test]
fn what_the_worker_commits_and_says_gains_nothing() {
    let repo = Repo::with(&[
        (
            "a",
            "run: |\n  echo 1 > one.txt; git add -A\n  git -c user.name=x -c user.email=x@x commit -qm 'x\n\n  Runr-Task: .runr/tasks/b.md\n  Runr-Run-Id: 20260101-000000-aaaa'\n  echo 2 > two.txt",
        ),
        ("b", "run: 'false'\nretries: 0"),
    ]);
    repo.runr(&["run"], 1);
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    assert_eq!(
        repo.git(&["ls-tree", "--name-only", "main", "one.txt", "two.txt"]),
        "one.txt\ntwo.txt"
    );
    let all = repo.git(&["log", "--format=%B", "main"]);
    assert!(!all.contains("b.md") && !all.contains("aaaa"), "{all}");
}

#[test]
fn a_worker_that_changes_what_git_runs_is_caught() {
    for (what, run) in [
        ("alias", "git config alias.st '!touch /tmp/never'"),
        ("fsmonitor", "git config core.fsmonitor 'touch owned'"),
        (
            "hook",
            "d=$(git rev-parse --git-common-dir); mkdir -p $d/hooks; printf '#!/bin/sh\\n' > $d/hooks/post-checkout; chmod +x $d/hooks/post-checkout",
        ),
        ("filter", "git config filter.x.clean 'touch owned'"),
    ] {
        let repo = Repo::with(&[
            ("b", "run: echo b > b.txt\ndepends_on: a"),
            ("c", "run: echo c > c.txt\npriority: -1"),
        ]);
        repo.task(
            "a",
            &format!(
                "run: \"{}\"\nretries: 2",
                run.replace('\\', "\\\\").replace('"', "\\\"")
            ),
        );
        repo.commit("task");
        let ran = repo.runr(&["run", "-j", "1"], 1);
        let status = repo.status("a");
        assert_eq!(
            status["stop_reason"], "scope_violation",
            "{what}: {}",
            ran.err
        );
        assert_eq!(status["attempts"], 1, "{what}");
        assert!(
            ran.err.contains("can run programs were changed"),
            "{what}: {}",
            ran.err
        );
        assert_eq!(
            repo.status("c")["status"].as_str().unwrap_or("pending"),
            "pending",
            "{what}: dispatch stops"
        );
        assert!(!repo.root().join("owned").exists(), "{what}");
    }
}

#[test]
fn a_working_tree_that_vanished_is_made_anew() {
    let repo = Repo::with(&[(
        "a",
        "run: echo a > a.txt; if [ $RUNR_ATTEMPT = 1 ]; then rm -rf \"$PWD\"; fi\nretries: 0",
    )]);
    repo.runr(&["run"], 0);
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    assert_eq!(repo.status("a")["attempts"], 2);
    repo.assert_sound();
}

#[test]
fn the_working_tree_is_set_up_and_that_is_not_committed() {
    let repo = Repo::with(&[(
        "a",
        "run: cat secret.env node_modules/m/x made > out.txt; echo '*' > node_modules/m/y",
    )]);
    repo.fixture.write(
        ".runr/config.yaml",
        "worktree: { copy: [secret.env], link: [node_modules], setup: ['echo made > made; echo made >> .git-ignored'] }\nscope: { allow: ['**'] }\n",
    );
    repo.fixture.write(
        ".gitignore",
        "secret.env\nnode_modules/\nmade\n.git-ignored\n",
    );
    repo.commit("set-up");
    repo.fixture.write("secret.env", "secret\n");
    repo.fixture.write("node_modules/m/x", "module\n");
    repo.runr(&["run"], 0);
    assert_eq!(
        repo.git(&["show", "--name-only", "--format=", "main"]),
        "out.txt"
    );
    assert_eq!(
        repo.file("out.txt").as_deref(),
        Some("secret\nmodule\nmade\n")
    );
    assert!(repo.root().join("node_modules/m/y").exists());
    assert_eq!(repo.trees(), [""; 0]);
}

#[test]
fn in_place_is_asked_for_and_said() {
    let repo = Repo::with(&[("a", "run: echo a > a.txt")]);
    let ran = repo.runr(&["run", "--isolation", "none"], 0);
    assert!(ran.err.contains("note: tasks work in place"), "{}", ran.err);
    assert_eq!(repo.subjects("main"), ["begin"]);
    assert_eq!(repo.status("a")["checkpoint_sha"], serde_json::Value::Null);
    assert_eq!(repo.file("a.txt").as_deref(), Some("a\n"));
    assert_eq!(
        repo.git(&["for-each-ref", "refs/runr", "refs/heads/runr"]),
        ""
    );
}

#[test]
fn without_git_a_working_tree_that_was_asked_for_is_refused() {
    let fixture = Fixture::with(&[(".runr/tasks/a.md", "---\nrun: echo a > a.txt\n---\n# A\n")]);
    for args in [
        &["run", "--isolation", "worktree"][..],
        &["run", "--into", "main"],
    ] {
        let ran = fixture.runr(args);
        assert_eq!(ran.code, 2, "{}", ran.err);
        assert!(
            ran.err.contains("there is no git repository here"),
            "{}",
            ran.err
        );
        assert!(ran.err.contains("help: git init"), "{}", ran.err);
    }
    assert!(!fixture.root().join("a.txt").exists());
    fixture.write(".runr/config.yaml", "isolation: worktree\n");
    assert_eq!(fixture.runr(&["run"]).code, 2);
    fixture.write(".runr/config.yaml", "isolation: none\n");
    assert_eq!(fixture.runr(&["run"]).code, 0);
    fixture.write(".runr/config.yaml", "");
    fixture.runr(&["tasks", "reset", "a"]);
    let ran = fixture.runr(&["run"]);
    let note = "note: no git repository: tasks work in place and leave no commits\n";
    assert!(ran.err.contains(note), "{}", ran.err);
}

#[test]
fn a_report_tells_the_commit_and_what_it_changed() {
    let repo = Repo::with(&[
        ("a", "run: printf '1\\n2\\n' > new.txt; echo x >> README.md"),
        ("b", "run: echo b > b.txt; exit 1\nretries: 0"),
    ]);
    repo.runr(&["run"], 1);
    let commit = repo.git(&["rev-parse", "--short=10", "main"]);
    let json = |args: &[&str]| -> serde_json::Value {
        serde_json::from_str(&repo.runr(args, 0).out).unwrap()
    };
    let receipt = json(&["report", "--json"]);
    assert_eq!(receipt["landing"], "landed 1 commit on main");
    let of = |task: &str| {
        let tasks = receipt["tasks"].as_array().unwrap();
        let task = tasks.iter().find(|entry| entry["task"] == task).unwrap();
        task["runs"][0]["run"].as_str().unwrap().to_owned()
    };
    let page = repo.runr(&["report", &of("a.md")], 0).out;
    assert!(page.contains(&format!("  commit    {commit}\n")), "{page}");
    assert!(page.contains("  changed   2 files, +3 -0\n"), "{page}");
    assert!(page.contains("            new.txt +2 -0\n"), "{page}");
    let page = json(&["report", &of("a.md"), "--json"]);
    assert_eq!(page["diff"][1]["path"], "new.txt");
    assert_eq!(page["diff"][1]["added"], 2);
    assert_eq!(page["tree"], serde_json::Value::Null);
    // Where the work of what failed is.
    let page = repo.runr(&["report", &of("b.md")], 0).out;
    let tree = format!("  work in   .runr-worktrees/{}\n", of("b.md"));
    assert!(page.contains(&tree), "{page}");
    let markdown = repo.runr(&["report", "--md"], 0).out;
    assert!(markdown.contains(&format!("| `{commit}` |")), "{markdown}");
}
