//! Agents in working trees of their own: their work becomes commits, beside each other, and what fails goes back.

use serde_json::json;

use crate::agents_fake::{Fake, works};
use crate::support_git::Repo;

fn repo(tasks: &[(&str, &str)], more: &str) -> (Repo, Fake, tempfile::TempDir) {
    let outside = tempfile::tempdir().unwrap();
    let fake = Fake::at(&outside.path().join("claude"));
    let repo = Repo::with(tasks);
    let config = format!(
        "worker: claude-code\nretries: {{ backoff: 1ms }}\nworkers: {{ claude-code: {{ command: {} }} }}\n{more}",
        fake.command()
    );
    repo.fixture.write(".runr/config.yaml", config);
    repo.commit("configured");
    (repo, fake, outside)
}

#[test]
fn four_work_beside_each_other_and_leave_a_commit_each() {
    let front = "verify: test -f made-by-$(basename \"$RUNR_TASK\" .md)";
    let names = ["a", "b", "c", "d"];
    let tasks: Vec<(&str, &str)> = names.iter().map(|name| (*name, front)).collect();
    let (repo, fake, _outside) = repo(&tasks, "");
    fake.always(&works(
        "echo x > \"made-by-$(basename \"$RUNR_TASK\" .md)\"",
    ));
    repo.runr(&["run", "-j4"], 0);
    assert_eq!(fake.starts(), 4);
    for name in names {
        assert!(
            repo.file(&format!("made-by-{name}")).is_some(),
            "landed: {name}"
        );
    }
    let trailers = repo.git(&["log", "--format=%B"]);
    assert_eq!(
        trailers.matches("Runr-Worker: claude-code").count(),
        4,
        "{trailers}"
    );
    assert_eq!(repo.trees(), [""; 0]);
}

#[test]
fn what_fails_goes_back_and_the_next_attempt_is_told() {
    let (repo, fake, _outside) = repo(
        &[(
            "a",
            "retries: 1\nverify: 'echo still missing; test -f made'",
        )],
        "verify: { max_attempts: 2 }\n",
    );
    fake.step(1, &works(":"))
        .step(2, &works(":"))
        .step(3, &works(":"));
    fake.always(&works("echo x > made"));
    repo.runr(&["run"], 0);
    assert_eq!(fake.starts(), 4);
    assert!(fake.told(3).contains("still missing"), "{}", fake.told(3));
    assert_eq!(repo.file("made").as_deref(), Some("x\n"));
    let state = repo.status("a");
    assert_eq!(
        (&state["status"], &state["attempts"]),
        (&json!("completed"), &json!(2))
    );
}

#[test]
fn an_agent_that_strays_into_the_users_working_tree_is_told_of() {
    let (repo, fake, _outside) = repo(&[("a", "owns: [made]")], "");
    repo.fixture.write("mine.txt", "being written by the user");
    fake.always(&works("echo x > made; echo x > \"$RUNR_ROOT/strayed.txt\""));
    let ran = repo.runr(&["run"], 0);
    let told = "`strayed.txt` in your own working tree changed while run";
    assert!(ran.err.contains(told), "{}", ran.err);
    assert!(!ran.err.contains("mine.txt"), "{}", ran.err);
    let run = repo.status("a")["last_run_id"].as_str().unwrap().to_owned();
    let report = repo.runr(&["report", &run], 0).out;
    let row = "strayed.txt changed in your own working tree meanwhile";
    assert!(report.contains(row), "{report}");
}
