//! Where runs start and land: containment, several orchestrations, and repositories of every shape.

use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::support_git::Repo;

fn two() -> Repo {
    Repo::with(&[
        ("a", "run: echo a > a.txt"),
        ("b", "depends_on: a\nrun: cat a.txt > b.txt"),
    ])
}

fn orchestration_branch(repo: &Repo) -> String {
    repo.git(&[
        "for-each-ref",
        "--format=%(refname:short)",
        "refs/heads/runr/orch-*",
    ])
}

#[test]
fn a_prerequisite_that_is_not_in_the_base_blocks_with_the_remedy() {
    for how in [
        &["merge", "-q"][..],
        &["merge", "-q", "--squash"],
        &["cherry-pick"],
    ] {
        let repo = two();
        repo.runr(&["run", "--task", "a", "--land", "never"], 0);
        let made = orchestration_branch(&repo);
        let ran = repo.runr(&["run", "--task", "b"], 3);
        let line = format!("a.md is completed on {made}, not in main");
        assert!(ran.err.contains(&line), "{}", ran.err);
        assert!(
            ran.err.contains(&format!("help: git merge {made}")),
            "{}",
            ran.err
        );
        let last_word = format!("Next\n  git merge {made}  brings in what the rest needs\n");
        assert!(ran.out.contains(&last_word), "{}", ran.out);
        assert_eq!(repo.status("b")["attempts"].as_u64().unwrap_or(0), 0);
        assert_eq!(
            orchestration_branch(&repo),
            made,
            "nothing is left of what did nothing"
        );
        // A commit between, so that no merge is a fast-forward.
        repo.fixture.write("between.txt", "x");
        repo.commit("between");
        repo.git(&[how, &[made.as_str()]].concat());
        if how.contains(&"--squash") {
            repo.git(&["commit", "-q", "--no-edit"]);
        }
        repo.runr(&["run"], 0);
        assert_eq!(repo.file("b.txt").as_deref(), Some("a\n"), "{how:?}");
        assert_eq!(repo.status("a")["attempts"], 1, "{how:?}");
    }
}

#[test]
fn another_branch_does_not_hold_what_this_one_does() {
    let repo = two();
    repo.runr(&["run", "--task", "a"], 0);
    repo.git(&["switch", "-q", "-c", "side", "HEAD~1"]);
    let ran = repo.runr(&["run"], 3);
    assert!(
        ran.err.contains("a.md is completed on main, not in side"),
        "{}",
        ran.err
    );
    repo.git(&["switch", "-q", "main"]);
    repo.runr(&["run"], 0);
}

#[test]
fn a_commit_that_is_nowhere_is_recorded_and_its_task_runs_again() {
    let repo = two();
    repo.runr(&["run", "--task", "a"], 0);
    let sha = repo.git(&["rev-parse", "main"]);
    repo.git(&["reset", "-q", "--hard", "HEAD~1"]);
    let refs = repo.git(&[
        "for-each-ref",
        "--format=%(refname)",
        "refs/runr",
        "refs/heads/runr",
    ]);
    for name in refs.lines() {
        repo.git(&["update-ref", "-d", name]);
    }
    repo.git(&["reflog", "expire", "--expire=now", "--all"]);
    repo.git(&["gc", "-q", "--prune=now"]);
    // Reading changes nothing.
    repo.runr(&["status", "--tasks"], 0);
    assert_eq!(repo.status("a")["checkpoint_sha"], sha.as_str());
    let ran = repo.runr(&["run", "--task", "a"], 0);
    assert!(ran.err.contains("a.md"), "{}", ran.err);
    assert_eq!(repo.subjects("main"), ["begin", "Do a"]);
    let journal = repo.file(".runr/journal.jsonl").unwrap();
    assert!(journal.contains("checkpoint_missing"), "{journal}");
}

#[test]
fn each_task_lands_when_it_is_done() {
    let repo = Repo::with(&[
        ("a", "run: echo a > a.txt"),
        (
            "b",
            "depends_on: a\nrun: 'test -e $RUNR_ROOT/a.txt && git -C $RUNR_ROOT log -1 --format=%s main'",
        ),
    ]);
    repo.runr(&["run", "--land", "each"], 0);
    let run = repo.status("b")["last_run_id"].as_str().unwrap().to_owned();
    let log = repo.file(&format!(".runr/runs/{run}/worker.log")).unwrap();
    assert_eq!(log, "Do a\n");
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
}

#[test]
fn into_starts_from_and_lands_on_another_branch() {
    let repo = two();
    repo.git(&["branch", "release"]);
    repo.fixture.write("later.txt", "x");
    repo.commit("later");
    let before = repo.theirs();
    repo.runr(&["run", "--into", "release"], 0);
    assert_eq!(repo.subjects("release"), ["begin", "Do a", "Do b"]);
    repo.git(&["branch", "-f", "release", "HEAD~1"]);
    assert!(repo.theirs() == before);
    // A branch that is not there is made.
    let repo = two();
    repo.runr(&["run", "--into", "fresh"], 0);
    assert_eq!(repo.subjects("fresh"), ["begin", "Do a", "Do b"]);
    assert_eq!(repo.subjects("main"), ["begin"]);
}

#[test]
fn two_orchestrations_at_once() {
    let repo = Repo::with(&[]);
    for n in 0..6 {
        repo.task(&format!("t{n}"), &format!("run: echo {n} > t{n}.txt"));
    }
    repo.commit("tasks");
    let one = |tasks: &[&str]| {
        let named = tasks.iter().flat_map(|task| ["--task", task]);
        let args: Vec<&str> = ["run", "-j", "2"].into_iter().chain(named).collect();
        repo.command(&args)
            .stdout(Stdio::null())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    };
    let (first, second) = (one(&["t0", "t1", "t2"]), one(&["t3", "t4", "t5"]));
    let said: Vec<String> = [first, second]
        .into_iter()
        .map(|child| {
            let output = child.wait_with_output().unwrap();
            let said = String::from_utf8(output.stderr).unwrap();
            assert_eq!(output.status.code(), Some(0), "{said}");
            said
        })
        .collect();
    let landed = said
        .iter()
        .filter(|said| said.contains("\nlanded "))
        .count();
    assert!(landed >= 1, "{said:?}");
    for said in said.iter().filter(|said| !said.contains("\nlanded ")) {
        // The other was first; what to type is told, and works.
        let (_, command) = said.split_once("; type: ").expect("a command");
        let (_, merge) = command
            .lines()
            .next()
            .unwrap()
            .split_once(" && git ")
            .unwrap();
        let mut words: Vec<&str> = merge.split(' ').collect();
        words.push("--no-edit");
        repo.git(&words);
    }
    for n in 0..6 {
        assert!(repo.file(&format!("t{n}.txt")).is_some(), "{n}");
    }
    assert_eq!(repo.trees(), [""; 0]);
    repo.assert_sound();
}

#[test]
fn sixteen_at_once_beside_a_remote_tracking_branch() {
    let repo = Repo::with(&[]);
    for n in 0..16 {
        repo.task(&format!("t{n:02}"), &format!("run: echo {n} > t{n}.txt"));
    }
    repo.commit("tasks");
    let remote = repo.root().join("../remote.git");
    repo.git(&["clone", "-q", "--bare", ".", remote.to_str().unwrap()]);
    repo.git(&["remote", "add", "origin", remote.to_str().unwrap()]);
    repo.git(&["fetch", "-q", "origin"]);
    repo.git(&["branch", "-q", "--set-upstream-to=origin/main", "main"]);
    let config = repo.file(".git/config");
    repo.runr(&["run", "-j", "16"], 0);
    assert_eq!(repo.subjects("main").len(), 18);
    assert_eq!(repo.file(".git/config"), config);
    assert_eq!(repo.trees(), [""; 0]);
    assert_eq!(
        repo.git(&["worktree", "list", "--porcelain"])
            .matches("worktree ")
            .count(),
        1
    );
    assert_eq!(repo.git(&["branch", "--list", "runr/2*"]), "");
    repo.assert_sound();
}

#[test]
fn heads_that_no_branch_stands_for_are_refused_with_the_remedy() {
    let repo = two();
    repo.git(&["checkout", "-q", "--detach"]);
    let ran = repo.runr(&["run"], 2);
    assert!(ran.err.contains("no branch is checked out"), "{}", ran.err);
    assert!(ran.err.contains("help: --into BRANCH"), "{}", ran.err);
    assert_eq!(repo.git(&["for-each-ref", "refs/heads/runr"]), "");
    repo.runr(&["run", "--into", "main"], 0);
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);

    let repo = two();
    repo.git(&["checkout", "-q", "--orphan", "empty"]);
    let ran = repo.runr(&["run", "--isolation", "worktree"], 2);
    assert!(ran.err.contains("`empty` has no commit yet"), "{}", ran.err);

    let repo = two();
    repo.git(&["config", "--unset", "user.email"]);
    repo.git(&["config", "user.useConfigOnly", "true"]);
    let ran = repo.runr(&["run"], 2);
    assert!(
        ran.err.contains("git does not know who you are"),
        "{}",
        ran.err
    );

    for name in ["-x", "a..b", ""] {
        let repo = two();
        repo.runr(&["run", &format!("--into={name}")], 2);
    }
}

#[test]
fn a_bare_repository_has_no_place_to_work_in() {
    let repo = two();
    let bare = repo.root().join("../bare.git");
    repo.git(&["clone", "-q", "--bare", ".", bare.to_str().unwrap()]);
    let output = repo.command(&["run"]).current_dir(&bare).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
    assert!(!bare.join(".runr").exists());
}

#[test]
fn from_a_linked_worktree_its_branch_is_meant() {
    let repo = two();
    let linked = repo.root().join("../linked");
    repo.git(&[
        "worktree",
        "add",
        "-q",
        "-b",
        "side",
        linked.to_str().unwrap(),
    ]);
    let output = repo
        .command(&["run"])
        .current_dir(&linked)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(said.contains("landed 2 commits on side"), "{said}");
    assert_eq!(repo.subjects("side"), ["begin", "Do a", "Do b"]);
    assert_eq!(repo.subjects("main"), ["begin"]);
    assert_eq!(fs::read_to_string(linked.join("b.txt")).unwrap(), "a\n");
    assert!(
        !linked.join(".runr/journal.jsonl").exists(),
        "one repository, one journal"
    );
    assert!(repo.root().join(".runr/journal.jsonl").exists());
}

#[test]
fn names_formats_and_filters_of_every_kind() {
    // SHA-256.
    let repo = Repo::made(
        &["init", "-q", "-b", "main", "--object-format=sha256"],
        &[
            ("a", "run: echo a > a.txt"),
            ("b", "depends_on: a\nrun: echo b > b.txt"),
        ],
    );
    repo.runr(&["run"], 0);
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
    assert_eq!(
        repo.status("a")["checkpoint_sha"].as_str().unwrap().len(),
        64
    );

    // A project in a folder below the top, with names that bite.
    let repo = Repo::with(&[]);
    let folder = "sub ü/the 'project' $x";
    repo.fixture.write(
        &format!("{folder}/.runr/tasks/one two.md"),
        "---\nrun: echo a > 'a ü.txt'; pwd\nowns: ['*.txt']\n---\n# Ä task\n",
    );
    repo.commit("sub");
    let output = repo
        .command(&["run"])
        .current_dir(repo.root().join(folder))
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert_eq!(
        repo.file(&format!("{folder}/a ü.txt")).as_deref(),
        Some("a\n")
    );
    assert_eq!(repo.git(&["status", "--porcelain", "-uall"]), "");

    // Line ends and filters work as in the project itself.
    let repo = Repo::with(&[]);
    repo.git(&["config", "core.autocrlf", "true"]);
    repo.git(&["config", "filter.rot.clean", "tr a-z n-za-m"]);
    repo.git(&["config", "filter.rot.smudge", "tr a-z n-za-m"]);
    repo.git(&["config", "filter.rot.required", "true"]);
    repo.fixture.write(".gitattributes", "*.rot filter=rot\n");
    repo.fixture.write("in.rot", "hello\n");
    repo.task(
        "a",
        "run: cat in.rot > out.rot; grep -q hello out.rot; printf 'x\\r\\n' > lines.txt",
    );
    repo.commit("filters");
    assert_eq!(repo.git(&["cat-file", "blob", "main:in.rot"]), "uryyb");
    repo.runr(&["run"], 0);
    assert_eq!(repo.git(&["cat-file", "blob", "main:out.rot"]), "uryyb");
    assert_eq!(repo.git(&["cat-file", "-s", "main:lines.txt"]), "2");
    assert_eq!(
        repo.git(&["show", "--name-only", "--format=", "main"]),
        "lines.txt\nout.rot"
    );
    assert_eq!(repo.git(&["status", "--porcelain"]), "");
}

#[test]
fn submodules_sparse_checkouts_and_shallow_clones() {
    let repo = two();
    let other = repo.root().join("../other");
    fs::create_dir(&other).unwrap();
    repo.git_in(&other, &["init", "-q", "-b", "main"]);
    fs::write(other.join("lib.txt"), "lib\n").unwrap();
    repo.git_in(&other, &["add", "-A"]);
    repo.git_in(
        &other,
        &[
            "-c",
            "user.name=x",
            "-c",
            "user.email=x@x",
            "commit",
            "-qm",
            "lib",
        ],
    );
    repo.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        other.to_str().unwrap(),
        "lib",
    ]);
    repo.commit("submodule");
    repo.git(&["sparse-checkout", "set", "--no-cone", "/*", "!/README.md"]);
    assert!(repo.file("README.md").is_none());
    repo.runr(&["run"], 0);
    assert_eq!(
        repo.subjects("main"),
        ["begin", "submodule", "Do a", "Do b"]
    );
    let changed = repo.git(&["diff", "--name-only", "main~2", "main"]);
    assert_eq!(
        changed, "a.txt\nb.txt",
        "neither the submodule nor what is not checked out"
    );

    let shallow = repo.root().join("../shallow");
    let url = format!("file://{}", repo.root().display());
    let cloned = Command::new("git")
        .args(["clone", "-q", "--depth", "1", "-b", "main", &url])
        .arg(&shallow)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("GIT_CONFIG_GLOBAL", "/dev/null")
        .status()
        .unwrap();
    assert!(cloned.success());
    repo.git_in(&shallow, &["config", "user.name", "x"]);
    repo.git_in(&shallow, &["config", "user.email", "x@x"]);
    let output = repo
        .command(&["run"])
        .current_dir(&shallow)
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(0), "{said}");
}

/// A checkout that nobody can write: mounted over itself, for reading. Goes with the test.
struct ReadOnly<'a>(&'a Path);

impl<'a> ReadOnly<'a> {
    /// `None`: this test may not mount.
    fn new(folder: &'a Path) -> Option<Self> {
        let mount = |words: &[&str]| {
            let done = Command::new("mount").args(words).arg(folder).output();
            done.is_ok_and(|output| output.status.success())
        };
        let over = folder.to_str().unwrap();
        if !mount(&["--bind", over]) {
            return None;
        }
        let mounted = Self(folder);
        mount(&["-o", "remount,ro,bind"]).then_some(mounted)
    }
}

impl Drop for ReadOnly<'_> {
    fn drop(&mut self) {
        // A mount that stays is seen in the failure to remove the folder.
        let _ = Command::new("umount").arg("-l").arg(self.0).output();
    }
}

#[test]
fn a_checkout_that_cannot_be_written_is_read_and_says_why_not() {
    let repo = two();
    repo.runr(&["run", "--task", "a"], 0);
    let root = repo.root();
    let Some(mounted) = ReadOnly::new(&root) else {
        // The test's outcome does not hang on being heard.
        let _ = writeln!(
            std::io::stderr(),
            "NOT DONE: a read-only checkout: no mount"
        );
        return;
    };
    let ran = repo.runr(&["run"], 4);
    assert!(ran.err.contains("Read-only file system"), "{}", ran.err);
    let ran = repo.runr(&["status", "--tasks"], 0);
    assert!(ran.out.contains("1 completed"), "{}", ran.out);
    repo.runr(&["check"], 0);
    repo.runr(&["status", "--infer-from-git"], 0);
    drop(mounted);
    repo.runr(&["run"], 0);
    assert_eq!(repo.subjects("main"), ["begin", "Do a", "Do b"]);
}
