//! `runr gc`: removes what nothing needs, and nothing else.

use std::fs;

use runr::model::TaskId;
use runr::store::Store;

use crate::support::Fixture;

fn project() -> Fixture {
    Fixture::with(&[
        (".runr/tasks/good.md", "---\nrun: echo good\n---\n# G\n"),
        (
            ".runr/tasks/bad.md",
            "---\nrun: echo bad; test -e mended\nretries: 0\n---\n# B\n",
        ),
    ])
}

/// The latest run of a task.
fn latest(fixture: &Fixture, name: &str) -> String {
    let store = Store::open(&fixture.root()).unwrap();
    let task = store.state().task(&TaskId::parse(name).unwrap());
    task.last_run_id.unwrap().to_string()
}

fn has(fixture: &Fixture, path: &str) -> bool {
    fixture.root().join(".runr").join(path).exists()
}

#[test]
fn what_is_young_stays_and_a_dry_run_changes_nothing() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let before = fixture.snapshot();
    let ran = fixture.runr(&["gc"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert_eq!(
        ran.out,
        "freed 0 bytes: 0 runs, 0 orchestrations, 0 temporary files\n"
    );
    let ran = fixture.runr(&["gc", "--dry-run", "--older-than", "0s"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let good = latest(&fixture, "good.md");
    assert!(
        ran.out.contains(&format!(".runr/runs/{good}\n")),
        "{}",
        ran.out
    );
    assert!(ran.out.contains("would free"), "{}", ran.out);
    assert_eq!(fixture.snapshot(), before);
}

#[test]
fn settled_runs_go_and_what_is_unfinished_stays() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let first_bad = latest(&fixture, "bad.md");
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let (good, bad) = (latest(&fixture, "good.md"), latest(&fixture, "bad.md"));
    fixture.write(".runr/.task-status.json.4194305-0.tmp", "{");
    // A verdict that the journal does not know, and a folder of the older runr.
    fixture.write(".runr/runs/20260102-030405-zzzz/spec.json", "{}");
    fixture.write(".runr/runs/20260102-030405-zzzz/state.json", "{}");
    fixture.write(".runr/runs/20250108-143022/state.json", "{}");
    fixture.write(".runr/runs/notes/mine.txt", "mine");
    let ran = fixture.runr(&["gc", "--older-than", "0s", "--json"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let json: serde_json::Value = serde_json::from_str(&ran.out).unwrap();
    assert_eq!(json["runs"].as_array().unwrap().len(), 2, "{}", ran.out);
    assert!(json["bytes"].as_u64().unwrap() > 0);
    for (run, stays) in [
        (good.as_str(), false),
        (first_bad.as_str(), false),
        (bad.as_str(), true),
        ("20260102-030405-zzzz", true),
        ("20250108-143022", true),
        ("notes", true),
    ] {
        assert_eq!(has(&fixture, &format!("runs/{run}")), stays, "{run}");
    }
    assert!(!has(&fixture, ".task-status.json.4194305-0.tmp"));
    // Both orchestrations ended with work left: they can be resumed.
    let orchestrations = fs::read_dir(fixture.root().join(".runr/orchestrations")).unwrap();
    assert_eq!(orchestrations.count(), 2);
    // Settled, it goes too, and its task stays completed.
    fixture.write("mended", "");
    assert_eq!(fixture.runr(&["run"]).code, 0);
    assert_eq!(fixture.runr(&["gc", "--older-than", "0s"]).code, 0);
    assert!(!has(&fixture, &format!("runs/{bad}")));
    assert_eq!(fixture.runr(&["run"]).code, 0);
    assert_eq!(fixture.runr(&["status", "--tasks"]).code, 0);
    for command in [
        ["report", &good],
        ["logs", "good.md"],
        ["report", "good.md"],
    ] {
        let ran = fixture.runr(&command);
        assert!(ran.code < 4, "{command:?}: {}", ran.err);
    }
}

#[test]
fn an_open_run_and_its_orchestration_stay() {
    let fixture = Fixture::with(&[(
        ".runr/tasks/a.md",
        "---\nrun: echo ready > ready; cat hold\n---\n# A\n",
    )]);
    let fifo = |name: &str| {
        let path = fixture.root().join(name);
        let mode = rustix::fs::Mode::RUSR | rustix::fs::Mode::WUSR;
        rustix::fs::mknodat(rustix::fs::CWD, &path, rustix::fs::FileType::Fifo, mode, 0).unwrap();
        path
    };
    let (ready, hold) = (fifo("ready"), fifo("hold"));
    let mut child = fixture.command(&["run", "--quiet"]).spawn().unwrap();
    assert_eq!(fs::read_to_string(ready).unwrap(), "ready\n");
    let ran = fixture.runr(&["gc", "--older-than", "0s"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.err.contains("kept: 2 not over"), "{}", ran.err);
    assert!(has(
        &fixture,
        &format!("runs/{}/spec.json", latest(&fixture, "a.md"))
    ));
    fs::write(hold, "").unwrap();
    assert!(child.wait().unwrap().success());
}

#[test]
fn beside_a_damaged_journal_nothing_is_removed() {
    let fixture = project();
    assert_eq!(fixture.runr(&["run"]).code, 1);
    let path = fixture.root().join(".runr/journal.jsonl");
    let mut text = fs::read(&path).unwrap();
    let at = text.len() - 40;
    text[at] ^= 1;
    fs::write(&path, text).unwrap();
    fs::remove_file(fixture.root().join(".runr/task-status.json")).unwrap();
    let before = fixture.snapshot();
    let ran = fixture.runr(&["gc", "--older-than", "0s"]);
    assert_eq!(ran.code, 4, "{}", ran.out);
    assert!(ran.err.contains("runr doctor"), "{}", ran.err);
    assert_eq!(fixture.snapshot(), before);
}
