//! Completed work that the branch checked out does not contain: what every reading command says of it.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::Value;

use crate::support_git::Repo;

fn two() -> Repo {
    Repo::with(&[
        ("a", "run: echo a > a.txt"),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
    ])
}

fn branch(repo: &Repo) -> String {
    repo.git(&[
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads/runr/orch-*",
    ])
}

fn json(repo: &Repo, args: &[&str]) -> Value {
    serde_json::from_str(&repo.runr(args, 0).out).expect("JSON")
}

#[test]
fn every_reading_command_says_the_same_with_the_remedy() {
    let repo = two();
    repo.runr(&["run", "--task", "a", "--land", "never"], 0);
    let made = branch(&repo);
    let place = format!("on {made}, not in main");
    let blocked = format!("blocked: a.md is completed {place}: git merge {made}");
    let before = repo.theirs();

    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(table.contains(&blocked), "{table}");
    let own = table.lines().find(|line| line.contains("✓ a.md")).unwrap();
    assert!(own.contains("completed") && own.ends_with(&place), "{own}");
    assert!(
        table.ends_with("2 tasks: 1 completed, 1 blocked\n"),
        "{table}"
    );

    let why = repo.runr(&["why", "b"], 0).out;
    assert!(why.contains(&blocked), "{why}");
    assert!(why.contains("Waits for\n  ✓ a.md  completed"), "{why}");
    let merge = format!("git merge {made}  brings in what the rest needs");
    assert!(why.contains(&merge), "{why}");

    let next = repo.runr(&["next"], 0).out;
    let whole = format!("Completed elsewhere\n  git merge {made}  brings in what b.md waits for\n");
    assert_eq!(next, whole);

    let graph = repo.runr(&["graph"], 0).out;
    assert!(graph.contains(&place), "{graph}");

    for args in [&[][..], &["status"]] {
        let overview = repo.runr(args, 0).out;
        let line =
            format!("\nNot landed\n  {made}  1 commit that is not in main: git merge {made}\n");
        assert!(overview.contains(&line), "{overview}");
        assert!(overview.contains(&merge), "{overview}");
        assert!(
            !overview.contains("runs what is ready"),
            "nothing can run: {overview}"
        );
    }

    let status = json(&repo, &["status", "--tasks", "--json"]);
    assert_eq!(status["tasks"][0]["status"], "completed");
    assert_eq!(status["tasks"][0]["outside"]["branch"], made.as_str());
    assert_eq!(status["tasks"][1]["class"], "blocked");
    assert_eq!(status["tasks"][1]["blocked_by"][0], "a.md");
    assert_eq!(
        json(&repo, &["next", "--json"])["ready"],
        serde_json::json!([])
    );
    let graph = json(&repo, &["graph", "--json"]);
    assert_eq!(graph["tasks"][1]["standing"], "blocked");
    let overview = json(&repo, &["status", "--json"]);
    assert_eq!(overview["not_landed"][0]["commits"], 1);
    assert!(repo.theirs() == before);

    // What the dispatcher says is the same, and what it names works.
    let ran = repo.runr(&["run", "--task", "b"], 3);
    assert!(
        ran.err.contains(&format!("a.md is completed {place}")),
        "{}",
        ran.err
    );
    repo.git(&["merge", "-q", &made]);
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(
        table.ends_with("2 tasks: 1 completed, 1 ready\n"),
        "{table}"
    );
    assert!(!repo.runr(&[], 0).out.contains("Not landed"));
}

#[test]
fn a_squash_merge_counts_and_another_branch_has_its_own_view() {
    let repo = two();
    repo.runr(&["run", "--task", "a", "--land", "never"], 0);
    let made = branch(&repo);
    repo.fixture.write("between.txt", "x");
    repo.commit("between");
    repo.git(&["branch", "side"]);
    repo.git(&["merge", "-q", "--squash", &made]);
    repo.git(&["commit", "-q", "--no-edit"]);
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(table.contains("1 completed, 1 ready"), "{table}");
    repo.git(&["switch", "-q", "side"]);
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(
        table.contains(&format!("on {made}, not in side")),
        "{table}"
    );
    // From a linked worktree its own branch is meant.
    repo.git(&["worktree", "add", "-q", "../linked", "main"]);
    let output = repo
        .command(&["status", "--tasks"])
        .current_dir(repo.root().join("../linked"))
        .output()
        .unwrap();
    let table = String::from_utf8(output.stdout).unwrap();
    assert!(table.contains("1 completed, 1 ready"), "{table}");
}

#[test]
fn work_on_no_branch_and_work_that_is_gone_have_remedies_of_their_own() {
    let repo = two();
    repo.runr(&["run", "--task", "a", "--land", "never"], 0);
    let sha = repo.status("a")["checkpoint_sha"]
        .as_str()
        .unwrap()
        .to_owned();
    let short = &sha[..7];
    repo.git(&["branch", "-q", "-D", &branch(&repo)]);
    let table = repo.runr(&["status", "--tasks"], 0).out;
    let loose =
        format!("blocked: a.md is completed in {short}, not in main: git cherry-pick {short}");
    assert!(table.contains(&loose), "{table}");
    let refs = repo.git(&["for-each-ref", "--format=%(refname)", "refs/runr"]);
    for name in refs.lines() {
        repo.git(&["update-ref", "-d", name]);
    }
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    let journal = repo.file(".runr/journal.jsonl");
    let table = repo.runr(&["status", "--tasks"], 0).out;
    let gone =
        format!("blocked: a.md is completed in {short}, which is gone: runr run --task a.md");
    assert!(table.contains(&gone), "{table}");
    assert_eq!(
        repo.file(".runr/journal.jsonl"),
        journal,
        "reading changes nothing"
    );
    repo.runr(&["run", "--task", "a.md"], 0);
    let table = repo.runr(&["status", "--tasks"], 0).out;
    assert!(table.contains("1 completed, 1 ready"), "{table}");
}

#[test]
fn git_is_started_only_where_it_can_tell_something() {
    // A git that leaves a mark wherever it is started.
    let marked = |repo: &Repo| {
        let tools = repo.root().join("../tools");
        std::fs::create_dir_all(&tools).unwrap();
        let mark = repo.root().join("../mark");
        let script = format!(
            "#!/bin/sh\necho x >> '{}'\nexec /usr/bin/env PATH=/usr/local/bin:/usr/bin:/bin git \"$@\"\n",
            mark.display()
        );
        let git = tools.join("git");
        std::fs::write(&git, script).unwrap();
        std::fs::set_permissions(&git, std::fs::Permissions::from_mode(0o755)).unwrap();
        let path = format!("{}:/usr/local/bin:/usr/bin:/bin", tools.display());
        let ended = repo
            .command(&["status", "--tasks"])
            .env("PATH", path)
            .output()
            .unwrap();
        assert!(ended.status.success());
        let marks = std::fs::read_to_string(&mark).unwrap_or_default();
        let _ = std::fs::remove_file(&mark);
        marks.lines().count()
    };
    let repo = two();
    assert_eq!(marked(&repo), 0, "nothing is completed");
    repo.runr(&["run", "--task", "a"], 0);
    assert_eq!(marked(&repo), 0, "its commit is the one checked out");
    repo.runr(&["run"], 0);
    assert_eq!(marked(&repo), 1, "all is contained");
    repo.git(&["switch", "-q", "-c", "side", "HEAD~2"]);
    assert!(marked(&repo) > 1, "the mark is left");
    std::fs::remove_dir_all(repo.root().join(".git")).unwrap();
    assert_eq!(marked(&repo), 0, "there is no repository");
}

#[test]
fn a_report_does_not_offer_itself_and_an_empty_log_is_said_to_be_empty() {
    let repo = Repo::with(&[("a", "run: 'true'")]);
    repo.runr(&["run"], 0);
    assert!(repo.runr(&[], 0).out.contains("runr report"));
    let report = repo.runr(&["report"], 0).out;
    assert!(!report.contains("runr report"), "{report}");
    assert!(!report.contains("Next"), "{report}");
    for args in [&["logs", "a"][..], &["logs", "-f", "a"]] {
        let logs = repo.runr(args, 0);
        assert_eq!(logs.out, "");
        let run = repo.status("a")["last_run_id"].as_str().unwrap().to_owned();
        assert_eq!(logs.err, format!("note: run {run} has left no output\n"));
    }
}
