//! What a person calls done is checked first, where the task asks for that.

use crate::support_git::Repo;

const KEY: &str = "type: manual\nverify: 'echo looked; test -s key.txt'";

fn repo() -> Repo {
    Repo::with(&[
        ("key", KEY),
        ("use", "depends_on: key\nrun: cat key.txt"),
        ("walk", "type: manual"),
    ])
}

#[test]
fn a_manual_task_is_done_when_its_checks_say_so() {
    let repo = repo();
    let ran = repo.runr(&["tasks", "complete", "key"], 1);
    for words in [
        "checking key.md: echo looked; test -s key.txt",
        "\n  looked\n",
        "error: `key.md` is not done: `echo looked; test -s key.txt` ended with exit code 1\n",
        "help: runr tasks complete key.md --unchecked    takes your word for it",
    ] {
        assert!(ran.err.contains(words), "{words}: {}", ran.err);
    }
    assert_eq!(ran.out, "");
    assert!(!repo.root().join(".runr/journal.jsonl").exists());
    // What the journal does not know has left nothing behind.
    let left = std::fs::read_dir(repo.root().join(".runr/runs")).map_or(0, Iterator::count);
    assert_eq!(left, 0);

    repo.fixture.write("key.txt", "k\n");
    let ran = repo.runr(&["tasks", "complete", "key", "--commit"], 0);
    assert!(
        ran.out
            .contains("completed key.md by hand: its check passed, in "),
        "{}",
        ran.out
    );
    assert_eq!(repo.status("key")["source"], "manual");
    // What passed is recorded, and told with the task.
    let journal = std::fs::read_to_string(repo.root().join(".runr/journal.jsonl")).unwrap();
    let recorded = "\"checks\":[{\"command\":\"echo looked; test -s key.txt\",\"took_ms\":";
    assert!(journal.contains(recorded), "{journal}");
    let page = repo.runr(&["tasks", "show", "key"], 0).out;
    let line = page
        .lines()
        .find(|line| line.trim_start().starts_with("checked "));
    let line = line.expect("a line about the checks");
    assert!(
        line.contains("echo looked; test -s key.txt passed in "),
        "{line}"
    );
    let json = repo.runr(&["tasks", "show", "key", "--json"], 0).out;
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let checks = json["task"]["checks"].as_array().unwrap();
    assert_eq!(checks.len(), 1, "{json}");
    let message = repo.git(&["log", "-1", "--format=%B"]);
    assert!(
        message.contains("\nRunr-Verified: tier0 echo looked; test -s key.txt\n"),
        "{message}"
    );
    // To accept it again takes no proof.
    std::fs::remove_file(repo.root().join("key.txt")).unwrap();
    let ran = repo.runr(&["tasks", "complete", "key"], 0);
    assert!(!ran.err.contains("checking"), "{}", ran.err);
    // And then it is a word.
    let page = repo.runr(&["tasks", "show", "key"], 0).out;
    assert!(!page.contains("checked "), "{page}");
}

#[test]
fn a_word_is_enough_where_that_is_said_and_where_nothing_is_asked() {
    let repo = repo();
    // What the configuration asks of every task is asked of the work of runs.
    repo.fixture
        .write(".runr/config.yaml", "verify: { tier0: ['false'] }\n");
    let ran = repo.runr(&["tasks", "complete", "walk"], 0);
    assert_eq!(ran.out, "completed walk.md by hand, no checkpoint\n");
    let ran = repo.runr(&["tasks", "complete", "key", "--unchecked"], 0);
    assert!(
        ran.out
            .starts_with("completed key.md by hand, no checkpoint\n"),
        "{}",
        ran.out
    );
    assert!(!ran.err.contains("checking"), "{}", ran.err);
}

#[test]
fn checks_look_at_the_working_tree_that_the_person_is_in() {
    let repo = repo();
    repo.git(&["worktree", "add", "-q", "-b", "mine", "../mine"]);
    let mine = repo.root().join("../mine").canonicalize().unwrap();
    std::fs::write(mine.join("key.txt"), "k\n").unwrap();
    repo.runr(&["tasks", "complete", "key"], 1);
    let there = mine.to_str().unwrap();
    let ran = repo.runr(&["-C", there, "tasks", "complete", "key"], 0);
    assert!(ran.out.contains("its check passed"), "{}", ran.out);
}

#[test]
fn a_person_has_one_name_wherever_it_is_written() {
    let repo = repo();
    repo.runr(&["claim", "walk"], 0);
    let ran = repo.runr(&["claim", "--release", "walk"], 0);
    assert!(ran.out.starts_with("gave back"), "{}", ran.out);
    repo.runr(&["tasks", "complete", "walk"], 0);
    let journal = std::fs::read_to_string(repo.root().join(".runr/journal.jsonl")).unwrap();
    let names: Vec<&str> = journal
        .match_indices("\"by\":\"")
        .map(|(at, found)| &journal[at + found.len()..])
        .map(|rest| &rest[..rest.find('"').unwrap()])
        .collect();
    assert_eq!(names, ["Ada <ada@example.org>"; 3], "{journal}");
}

#[test]
fn a_rejection_says_something() {
    let repo = Repo::with(&[("copy", "type: hybrid\nrun: 'true'")]);
    repo.runr(&["run"], 3);
    for note in ["", "  ", "\n\t"] {
        let ran = repo.runr(&["tasks", "reject", "copy", "--note", note], 2);
        assert!(ran.err.contains("a rejection needs a note"), "{}", ran.err);
        assert!(
            ran.err.contains("runr tasks reject copy --note \""),
            "{}",
            ran.err
        );
    }
    assert_eq!(repo.status("copy")["status"], "awaiting_approval");
}

#[test]
fn orchestrations_are_listed_in_words() {
    let repo = Repo::with(&[("copy", "type: manual"), ("one", "run: 'true'")]);
    repo.runr(&["run", "--task", "one"], 0);
    repo.runr(&["run"], 3);
    let ran = repo.runr(&["orchestrate", "list"], 0);
    let lines: Vec<Vec<&str>> = ran
        .out
        .lines()
        .map(|line| line.split_whitespace().skip(3).take(3).collect())
        .collect();
    assert_eq!(
        lines,
        [["incomplete", "2", "tasks"], ["completed", "1", "task"]]
    );
    let ran = repo.runr(&["plan"], 0);
    assert!(!ran.out.contains("durations"), "{}", ran.out);
    repo.task("two", "run: 'true'");
    let ran = repo.runr(&["plan"], 0);
    assert!(
        ran.out.contains("1 of the durations is a guess, marked ~"),
        "{}",
        ran.out
    );
}

#[test]
fn what_no_run_can_do_is_said_before_anything_starts() {
    let repo = Repo::with(&[
        ("one", "run: 'true'"),
        ("two", "priority: 1"),
        ("three", "x-mine: 1"),
    ]);
    let words = "no run can do `three.md` and one more task: they have neither `run:` nor a worker";
    let ran = repo.runr(&["check"], 0);
    assert!(
        ran.err.contains(&format!("warning: {words}")),
        "{}",
        ran.err
    );
    assert!(
        ran.err.contains(".runr/tasks/three.md") && ran.err.contains(".runr/tasks/two.md"),
        "{}",
        ran.err
    );
    let ran = repo.runr(&["check", "--strict"], 2);
    assert!(ran.err.contains(&format!("error: {words}")), "{}", ran.err);
    let ran = repo.runr(&["plan"], 0);
    assert!(ran.err.contains(words), "{}", ran.err);

    let ran = repo.runr(&["run"], 2);
    assert!(ran.err.contains(&format!("error: {words}")), "{}", ran.err);
    assert!(
        ran.err.contains("help: --worker claude-code"),
        "{}",
        ran.err
    );
    assert!(!repo.root().join(".runr/journal.jsonl").exists());
    repo.runr(&["run", "--dry-run"], 2);
    // What is not asked for, or done, or taken by somebody, stands in nobody's way.
    repo.runr(&["run", "--task", "one"], 0);
    repo.runr(&["run", "--worker", "claude-code", "--dry-run"], 0);
    repo.runr(&["tasks", "complete", "two"], 0);
    repo.runr(&["claim", "three"], 0);
    repo.runr(&["run", "--dry-run"], 0);
    repo.fixture
        .write(".runr/config.yaml", "worker: claude-code\n");
    let ran = repo.runr(&["check"], 0);
    assert!(ran.out.contains("no problems"), "{}", ran.out);
}

#[test]
fn a_run_that_was_claimed_has_a_report() {
    let repo = Repo::with(&[("one", "run: 'true'"), ("walk", "type: manual")]);
    let ran = repo.runr(&["claim", "one"], 0);
    let run = ran.out.trim().rsplit_once("run:").unwrap().1.to_owned();
    let ran = repo.runr(&["report", &run], 0);
    assert!(
        ran.out.contains("no orchestration: the task was claimed"),
        "{}",
        ran.out
    );
    repo.runr(&["tasks", "complete", "one"], 0);
    let ran = repo.runr(&["report", &run, "--json"], 0);
    let page: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(
        (&page["task"], &page["outcome"], &page["orchestration"]),
        (
            &"one.md".into(),
            &"completed".into(),
            &serde_json::Value::Null
        )
    );
    let ran = repo.runr(&["logs", &run], 0);
    assert!(ran.err.contains("has left no output"), "{}", ran.err);
}
