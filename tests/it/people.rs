//! `runr next --people`: what waits for a person, with what there is to look at and what to type.

use serde_json::Value;

use crate::support_git::Repo;

fn needs(repo: &Repo) -> Vec<Value> {
    let ran = repo.runr(&["next", "--people", "--json"], 0);
    let told: Value = serde_json::from_str(&ran.out).unwrap();
    assert!(told.get("ready").is_none());
    told["needs_people"].as_array().unwrap().clone()
}

fn commands(need: &Value) -> Vec<&str> {
    let answers = need["answers"].as_array().unwrap().iter();
    answers.map(|a| a["command"].as_str().unwrap()).collect()
}

#[test]
fn each_kind_comes_with_its_evidence_and_its_answers_and_they_work() {
    let repo = Repo::with(&[
        (
            "wide",
            "run: echo x > other.txt\nowns: [src/**]\nretries: 0",
        ),
        (
            "broken",
            "run: echo said\nverify: 'echo why; false'\nretries: 0",
        ),
        (
            "copy",
            "type: hybrid\nrun: 'echo one > copy.txt'\nverify: 'test -e copy.txt'",
        ),
        ("after-copy", "depends_on: copy\nrun: 'true'"),
        ("last", "depends_on: after-copy\nrun: 'true'"),
    ]);
    repo.fixture.write(
        ".runr/tasks/keys.md",
        "---\ntype: manual\n---\n# Get the keys\n\nAsk at the desk.\n",
    );
    repo.commit("keys");
    repo.runr(&["run"], 1);
    let found = needs(&repo);
    let told: Vec<(&str, &str, u64)> = found
        .iter()
        .map(|need| {
            (
                need["task"].as_str().unwrap(),
                need["ask"].as_str().unwrap(),
                need["holds_up"].as_u64().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("copy.md", "approve", 2),
            ("broken.md", "decide", 0),
            ("keys.md", "do", 0),
            ("wide.md", "decide", 0),
        ]
    );
    let [copy, broken, keys, wide] = found.as_slice() else {
        panic!("{found:?}");
    };
    let seen = &copy["evidence"];
    assert_eq!(seen["diff"][0]["path"], "copy.txt", "{seen}");
    assert_eq!(seen["checks"][0]["passed"], true, "{seen}");
    assert_eq!(broken["evidence"]["log"][0], "why", "{broken}");
    assert_eq!(broken["evidence"]["checks"][0]["passed"], false, "{broken}");
    assert_eq!(keys["evidence"]["asked"][0], "Ask at the desk.");
    assert_eq!(commands(keys), ["runr tasks complete keys.md"]);
    assert_eq!(wide["evidence"]["outside"][0], "other.txt", "{wide}");
    assert_eq!(
        commands(wide)[..2],
        [
            "runr tasks edit wide.md --set 'owns=[src/**, other.txt]'",
            "runr run --task wide.md"
        ]
    );
    let text = repo.runr(&["next", "--people"], 0).out;
    for part in ["Ask at the desk.", "│   why", "copy.txt +1 -0"] {
        assert!(text.replace('|', "│").contains(part), "{part}: {text}");
    }
    // The answers are typed as they stand.
    repo.runr(
        &[
            "tasks",
            "edit",
            "wide.md",
            "--set",
            "owns=[src/**, other.txt]",
        ],
        0,
    );
    repo.commit("wider");
    repo.runr(&["run", "--task", "wide.md"], 0);
    repo.runr(&["tasks", "approve", "copy.md"], 0);
    repo.runr(&["tasks", "complete", "keys.md"], 0);
    let left = needs(&repo);
    assert_eq!(left.len(), 1, "{left:?}");
    assert_eq!(left[0]["task"], "broken.md");
}

#[test]
fn a_report_asks_nobody_for_what_was_done_since() {
    let repo = Repo::with(&[("copy", "type: manual"), ("keys", "type: manual")]);
    repo.runr(&["run"], 3);
    let before = repo.runr(&["report"], 0).out;
    assert!(before.contains("runr tasks complete keys.md"), "{before}");
    repo.runr(&["tasks", "complete", "keys"], 0);
    let after = repo.runr(&["report"], 0).out;
    assert!(after.contains("since then completed: keys.md"), "{after}");
    assert!(!after.contains("runr tasks complete keys.md"), "{after}");
    assert!(after.contains("runr tasks complete copy.md"), "{after}");
}

#[test]
fn who_lacks_the_program_of_a_worker_is_not_sent_to_an_empty_log() {
    let repo = Repo::with(&[("a", "worker: absent")]);
    repo.fixture.write(
        ".runr/config.yaml",
        "workers: { absent: { command: [no-such-agent-anywhere] } }\n",
    );
    repo.commit("configured");
    let out = repo.runr(&["run"], 1).out;
    assert!(out.contains("worker missing"), "{out}");
    assert!(
        out.contains("runr run --task a.md  tries it again, once its worker is installed"),
        "{out}"
    );
    assert!(!out.contains("runr logs"), "{out}");
    // It has used nothing.
    assert!(!out.contains("used:"), "{out}");
}
