//! The store on real files: appending, reading, repairing, the cache.

use std::fs;
use std::path::Path;

use crate::event::{Event, Verdict};
use crate::model::{Fingerprint, OrchId, ProcessRef, RunId, Status, StopReason, TaskId};
use crate::state::Illegal;
use crate::store::{Notice, Store, StoreError};

pub fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

pub fn orch() -> OrchId {
    OrchId::parse("orch-20260102-030405-aaaa").unwrap()
}

pub fn run(n: u32) -> RunId {
    RunId::new("2026-01-02T03:04:05Z".parse().unwrap(), n)
}

pub fn process() -> ProcessRef {
    ProcessRef {
        pid: 4711,
        start_ticks: 99,
        boot_id: "boot".to_owned(),
    }
}

pub fn started_orchestration() -> Event {
    Event::OrchestrationStarted {
        orch: orch(),
        owner: process(),
        command: "runr run".to_owned(),
        tasks: 3,
        jobs: 2,
        home: None,
    }
}

pub fn reserved(n: u32, name: &str) -> Event {
    Event::Reserved {
        orch: orch(),
        run: run(n),
        task: task(name),
        attempt: 1,
        fingerprint: Fingerprint::new([7; 16]),
        prerequisites: vec![(task("base.md"), Fingerprint::new([3; 16]))],
        claims: Vec::new(),
        pools: Vec::new(),
        again: false,
    }
}

pub fn ended(n: u32, verdict: Verdict) -> Event {
    Event::Ended {
        run: run(n),
        verdict,
        took_ms: 1200,
    }
}

pub fn by_hand(name: &str) -> Event {
    Event::CompletedByHand {
        task: task(name),
        by: "ada".to_owned(),
        note: Some("done on \"paper\"".to_owned()),
        fingerprint: Fingerprint::new([1; 16]),
        sha: None,
        checks: Vec::new(),
    }
}

/// A bit of everything: an inline step, a failure, an open run.
pub fn history() -> Vec<Vec<Event>> {
    vec![
        vec![started_orchestration(), reserved(1, "a.md")],
        vec![Event::Started {
            run: run(1),
            process: process(),
        }],
        vec![
            ended(1, Verdict::Completed { sha: None }),
            reserved(2, "engine/step-1"),
        ],
        vec![
            ended(2, Verdict::Completed { sha: None }),
            reserved(3, "net/b.md"),
        ],
        vec![
            ended(
                3,
                Verdict::Failed {
                    reason: StopReason::VerificationFailed,
                    message: Some("cargo test\u{1b}[31m".to_owned()),
                },
            ),
            reserved(4, "c.md"),
        ],
        vec![by_hand("d.md")],
    ]
}

/// A project whose journal holds [`history`].
pub fn project() -> (tempfile::TempDir, Store) {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    for events in history() {
        assert_eq!(store.append(events).unwrap().refused, []);
    }
    (dir, store)
}

fn everything(dir: &Path) -> Vec<(String, Vec<u8>)> {
    let mut files = Vec::new();
    let mut folders = vec![dir.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                files.push((path.display().to_string(), fs::read(&path).unwrap()));
            }
        }
    }
    files.sort();
    files
}

#[test]
fn reading_a_project_without_a_journal_makes_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(store.refresh().unwrap(), []);
    store.write_cache().unwrap();
    assert_eq!(everything(dir.path()), []);
    assert!(!store.has_journal());
}

#[test]
fn what_is_appended_is_read_by_everybody() {
    let dir = tempfile::tempdir().unwrap();
    let mut early = Store::open(dir.path()).unwrap();
    let mut writer = Store::open(dir.path()).unwrap();
    for events in history() {
        let count = events.len();
        let done = writer.append(events).unwrap();
        assert_eq!(done.news.len(), count);
        assert_eq!(early.refresh().unwrap(), done.news);
        assert_eq!(early.refresh().unwrap(), []);
    }
    let late = Store::open(dir.path()).unwrap();
    assert_eq!(late.state(), writer.state());
    assert_eq!(early.state(), writer.state());
    assert_eq!(writer.state().seq, 6);
    assert_eq!(writer.state().status(&task("a.md")), Status::Completed);
    assert_eq!(writer.state().status(&task("c.md")), Status::InProgress);
}

#[test]
fn an_illegal_event_is_refused_and_the_others_are_written() {
    let (dir, mut first) = project();
    let mut second = Store::open(dir.path()).unwrap();
    // Both want the same task; only the state under the lock decides.
    let done = first.append(vec![reserved(10, "e.md")]).unwrap();
    assert!(done.refused.is_empty());
    let done = second
        .append(vec![reserved(11, "e.md"), by_hand("f.md")])
        .unwrap();
    assert_eq!(done.refused.len(), 1);
    assert_eq!(
        done.refused[0].why,
        Illegal::TaskRunning {
            task: task("e.md"),
            run: run(10)
        }
    );
    assert_eq!(
        done.news.len(),
        2,
        "the other's reservation and its own completion"
    );
    // Each event meets the state after the one before it in the same line.
    let done = second
        .append(vec![reserved(12, "g.md"), reserved(13, "g.md")])
        .unwrap();
    assert_eq!((done.news.len(), done.refused.len()), (1, 1));
}

#[test]
fn when_nothing_is_legal_nothing_is_written() {
    let (dir, mut store) = project();
    let before = fs::read(store.layout().journal()).unwrap();
    let done = store.append(vec![by_hand("c.md")]).unwrap();
    assert_eq!((done.news.len(), done.refused.len()), (0, 1));
    assert_eq!(store.append(Vec::new()).unwrap().news, []);
    assert_eq!(fs::read(store.layout().journal()).unwrap(), before);
    drop(dir);

    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let done = store.append(vec![reserved(1, "a.md")]).unwrap();
    assert_eq!((done.news.len(), done.refused.len()), (0, 1));
    assert_eq!(everything(dir.path()), []);

    // What another wrote meanwhile is told all the same.
    let mut other = Store::open(dir.path()).unwrap();
    other.append(vec![by_hand("b.md")]).unwrap();
    let done = store.append(vec![by_hand("c.md")]).unwrap();
    assert_eq!(done.news.len(), 2);
}

#[test]
fn a_torn_end_is_not_there_for_readers_and_kept_aside_by_the_next_writer() {
    for torn in [
        &b"{\"seq\":7,\"at\":\"2026"[..],
        b"{\"seq\":7\0\0\0\0}\n",
        b"\0\0\0\0\0\0\0",
        b"x",
    ] {
        let (dir, store) = project();
        let journal = store.layout().journal();
        let whole = fs::read(&journal).unwrap();
        fs::write(&journal, [&whole[..], torn].concat()).unwrap();
        let mut reader = Store::open(dir.path()).unwrap();
        assert_eq!(reader.state(), store.state());
        assert!(reader.damage().is_none());
        assert_eq!(fs::read(&journal).unwrap().len(), whole.len() + torn.len());
        let done = reader.append(vec![by_hand("f.md")]).unwrap();
        assert_eq!(done.refused, []);
        let [Notice::TornEndCut { bytes, kept }] = reader.notices() else {
            panic!("{:?}", reader.notices());
        };
        assert_eq!(*bytes, torn.len() as u64);
        assert_eq!(fs::read(kept).unwrap(), torn);
        let now = fs::read(&journal).unwrap();
        assert_eq!(now[..whole.len()], whole);
        assert_eq!(Store::open(dir.path()).unwrap().state(), reader.state());
    }
}

#[test]
fn a_torn_first_line_is_begun_again() {
    let dir = tempfile::tempdir().unwrap();
    fs::create_dir(dir.path().join(".runr")).unwrap();
    for torn in ["", "{\"runr_jour"] {
        fs::write(dir.path().join(".runr/journal.jsonl"), torn).unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        store.append(vec![by_hand("a.md")]).unwrap();
        assert_eq!(store.state().seq, 1);
        assert_eq!(Store::open(dir.path()).unwrap().state(), store.state());
    }
}

#[test]
fn damage_is_read_up_to_and_never_written_behind() {
    let (dir, store) = project();
    let journal = store.layout().journal();
    let whole = fs::read_to_string(&journal).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let join = |lines: &[&str]| lines.iter().map(|l| format!("{l}\n")).collect::<String>();
    for (name, text, line, folded) in [
        ("a bit", whole.replacen("\"jobs\":2", "\"jobs\":3", 1), 2, 0),
        (
            "a missing line",
            join(&[lines[0], lines[1], lines[3]]),
            3,
            1,
        ),
        ("a line twice", join(&[lines[0], lines[1], lines[1]]), 3, 1),
        ("an empty line", join(&[lines[0], lines[1], ""]), 3, 1),
        ("no first line", join(&lines[1..]), 1, 0),
        (
            "zeros inside",
            whole.replacen("\"jobs\":2", "\"jobs\":\0", 1),
            2,
            0,
        ),
        ("something else", "hello\n".to_owned(), 1, 0),
    ] {
        fs::write(&journal, &text).unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let before = everything(dir.path());
        match store.damage() {
            Some(StoreError::Corrupt { line: at, .. }) => assert_eq!(*at, line, "{name}"),
            other => panic!("{name}: {other:?}"),
        }
        assert_eq!(store.state().seq, folded, "{name}");
        assert!(matches!(
            store.append(vec![by_hand("z.md")]),
            Err(StoreError::Corrupt { .. })
        ));
        store.write_cache().unwrap();
        assert_eq!(everything(dir.path()), before, "{name}");
    }
}

#[test]
fn damage_that_the_cache_hides_from_readers_stops_the_first_writer() {
    let (dir, mut store) = project();
    store.write_cache().unwrap();
    let journal = store.layout().journal();
    let text = fs::read_to_string(&journal).unwrap();
    fs::write(&journal, text.replacen("\"jobs\":2", "\"jobs\":3", 1)).unwrap();
    let mut reader = Store::open(dir.path()).unwrap();
    assert_eq!(reader.state(), store.state());
    let before = fs::read(&journal).unwrap();
    assert!(matches!(
        reader.append(vec![by_hand("z.md")]),
        Err(StoreError::Corrupt { line: 2, .. })
    ));
    assert!(reader.damage().is_some());
    assert_eq!(fs::read(&journal).unwrap(), before);
}

#[test]
fn a_journal_that_lost_what_the_cache_knows_is_not_begun_anew() {
    for cut in ["missing", "empty", "shorter", "other end"] {
        let (dir, mut store) = project();
        store.write_cache().unwrap();
        let journal = store.layout().journal();
        let text = fs::read(&journal).unwrap();
        match cut {
            "missing" => fs::remove_file(&journal).unwrap(),
            "empty" => fs::write(&journal, "").unwrap(),
            "shorter" => fs::write(&journal, &text[..text.len() - 3]).unwrap(),
            _ => {
                let mut other = text.clone();
                let digit = other.len() - 4;
                other[digit] = if other[digit] == b'0' { b'1' } else { b'0' };
                fs::write(&journal, other).unwrap();
            }
        }
        let mut again = Store::open(dir.path()).unwrap();
        assert_eq!(again.state(), store.state(), "{cut}");
        let before = everything(dir.path());
        for _ in 0..2 {
            assert!(
                matches!(
                    again.append(vec![by_hand("z.md")]),
                    Err(StoreError::Lost { .. })
                ),
                "{cut}"
            );
        }
        assert_eq!(everything(dir.path()), before, "{cut}");
    }
}

#[test]
fn a_journal_of_a_newer_runr_is_read_and_not_written() {
    let (dir, store) = project();
    let journal = store.layout().journal();
    let whole = fs::read_to_string(&journal).unwrap();
    let seal = |object: &str| {
        let body = &object[..object.len() - 1];
        format!(
            "{body},\"crc\":\"{:08x}\"}}\n",
            crc32c::crc32c(body.as_bytes())
        )
    };
    let known = r#"{"event":"reset","task":"a.md","by":"x"}"#;
    let line = seal(&format!(
        r#"{{"seq":7,"at":"2026-01-02T03:04:05Z","events":[{{"event":"teleported"}},{known}]}}"#
    ));
    fs::write(&journal, whole.clone() + &line).unwrap();
    let mut newer = Store::open(dir.path()).unwrap();
    assert_eq!(newer.state().status(&task("a.md")), Status::Pending);
    assert!(matches!(
        newer.append(vec![by_hand("z.md")]),
        Err(StoreError::NewerEvent { line: 8, event, .. }) if event == "teleported"
    ));

    let (_, rest) = whole.split_once('\n').unwrap();
    fs::write(&journal, seal(r#"{"runr_journal":2,"id":"x"}"#) + rest).unwrap();
    let mut newer = Store::open(dir.path()).unwrap();
    assert_eq!(newer.state(), store.state());
    assert!(matches!(
        newer.append(vec![by_hand("z.md")]),
        Err(StoreError::Newer { format: 2, .. })
    ));
}

#[test]
fn a_journal_that_was_replaced_is_read_anew() {
    let (dir, mut store) = project();
    let (other, mut theirs) = project();
    theirs.append(vec![by_hand("only-there.md")]).unwrap();
    let journal = store.layout().journal();
    fs::copy(theirs.layout().journal(), dir.path().join("copy")).unwrap();
    fs::rename(dir.path().join("copy"), &journal).unwrap();
    assert!(!store.refresh().unwrap().is_empty());
    assert_eq!(store.state(), theirs.state());
    store.append(vec![by_hand("z.md")]).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().state(), store.state());
    drop(other);
}

#[test]
fn the_cache_restores_the_whole_state_and_only_the_rest_is_folded() {
    let (dir, mut store) = project();
    store.write_cache().unwrap();
    let cached = Store::open(dir.path()).unwrap();
    assert_eq!(cached.state(), store.state());
    store.append(vec![by_hand("z.md")]).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().state(), store.state());
    // That the cache was used at all shows when the journal before it is not looked at.
    assert!(!cached.verified);
    fs::remove_file(store.layout().status_cache()).unwrap();
    assert_eq!(Store::open(dir.path()).unwrap().state(), store.state());
}

#[test]
fn of_two_writers_the_slower_one_does_not_put_the_older_state_over_the_newer() {
    let (dir, mut slow) = project();
    let cache = slow.layout().status_cache();
    slow.write_cache().unwrap();
    slow.append(vec![by_hand("y.md")]).unwrap();
    let mut quick = Store::open(dir.path()).unwrap();
    quick.append(vec![by_hand("z.md")]).unwrap();
    quick.write_cache().unwrap();
    let newest = fs::read(&cache).unwrap();
    slow.write_cache().unwrap();
    assert_eq!(fs::read(&cache).unwrap(), newest);
    // Gone, or of another journal, it is no newer state.
    fs::remove_file(&cache).unwrap();
    slow.append(vec![by_hand("x.md")]).unwrap();
    quick.append(vec![by_hand("w.md")]).unwrap();
    slow.write_cache().unwrap();
    assert!(cache.exists());
}

#[test]
fn the_cache_has_the_documented_keys() {
    let (_dir, mut store) = project();
    store.write_cache().unwrap();
    let text = fs::read(store.layout().status_cache()).unwrap();
    let json: serde_json::Value = serde_json::from_slice(&text).unwrap();
    assert_eq!(json["schema_version"], 1);
    let a = &json["tasks"][".runr/tasks/a.md"];
    assert_eq!(a["status"], "completed");
    assert_eq!(a["last_run_id"], run(1).as_str());
    for key in ["completed_at", "updated_at"] {
        assert!(a[key].as_str().is_some_and(|at| at.ends_with('Z')), "{key}");
    }
    assert_eq!(a["attempts"], 1);
    assert_eq!(a["source"], "run");
    assert_eq!(a["fingerprint"], "07".repeat(16));
    for key in ["checkpoint_sha", "stop_reason", "message"] {
        assert!(a[key].is_null() && a.get(key).is_some(), "{key}");
    }
    assert_eq!(
        json["tasks"][".runr/tasks/net/b.md"]["stop_reason"],
        "verification_failed"
    );
    assert_eq!(json["tasks"].as_object().unwrap().len(), 4);
    assert_eq!(json["inline_steps"]["engine/step-1"]["status"], "completed");
}

#[test]
fn a_hand_edit_is_reported_kept_and_not_obeyed() {
    let (dir, mut store) = project();
    store.write_cache().unwrap();
    let path = store.layout().status_cache();
    let text = fs::read_to_string(&path).unwrap();
    for edit in [
        text.replacen("\"failed\"", "\"completed\"", 1),
        text.trim_end().to_owned(),
        text[..text.len() / 2].to_owned(),
        "not json".to_owned(),
        String::new(),
        r#"{"schema_version":1,"tasks":{".runr/tasks/c.md":{"status":"completed"}}}"#.to_owned(),
    ] {
        fs::write(&path, &edit).unwrap();
        let mut again = Store::open(dir.path()).unwrap();
        assert_eq!(again.state(), store.state());
        assert_eq!(again.notices(), [Notice::StatusEdited]);
        again.write_cache().unwrap();
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
        let kept: Vec<String> = fs::read_dir(again.layout().quarantine())
            .unwrap()
            .map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap())
            .collect();
        assert!(kept.contains(&edit), "{edit}");
    }
}

#[test]
fn a_newer_cache_is_left_alone() {
    // `tasks` of another shape must not hide the version.
    for text in [
        r#"{"schema_version":2,"tasks":[]}"#,
        r#"{"schema_version":2,"tasks":{}}"#,
    ] {
        let (dir, store) = project();
        let path = store.layout().status_cache();
        fs::write(&path, text).unwrap();
        let mut again = Store::open(dir.path()).unwrap();
        assert_eq!(again.state(), store.state());
        again.append(vec![by_hand("z.md")]).unwrap();
        assert!(matches!(
            again.write_cache(),
            Err(StoreError::Newer { format: 2, .. })
        ));
        assert_eq!(fs::read_to_string(&path).unwrap(), text);
    }
}

fn older_project() -> tempfile::TempDir {
    fn copy(from: &Path, to: &Path) {
        fs::create_dir_all(to).unwrap();
        for entry in fs::read_dir(from).unwrap() {
            let from = entry.unwrap().path();
            let to = to.join(from.file_name().unwrap());
            if from.is_dir() {
                copy(&from, &to);
            } else {
                fs::copy(&from, &to).unwrap();
            }
        }
    }
    let dir = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/older-runr");
    copy(&fixture, &dir.path().join(".runr"));
    dir
}

#[test]
fn files_of_the_older_runr_are_shown_and_taken_over_by_the_first_writer() {
    let dir = older_project();
    let before = everything(dir.path());
    let mut store = Store::open(dir.path()).unwrap();
    assert_eq!(everything(dir.path()), before, "reading wrote something");
    assert!(store.notices().contains(&Notice::OlderShown { tasks: 4 }));
    let unreadable = |store: &Store| {
        store
            .notices()
            .iter()
            .filter(|notice| matches!(notice, Notice::OlderUnreadable { .. }))
            .count()
    };
    assert_eq!(unreadable(&store), 2, "{:?}", store.notices());
    for (name, status, sha) in [
        ("00-setup.md", Status::Completed, Some("abc1234")),
        ("01-basic-engine.md", Status::Completed, Some("def5678")),
        ("02-networking.md", Status::Failed, None),
        ("04-theme.md", Status::Stopped, None),
        ("05-api-keys.md", Status::Pending, None),
    ] {
        let state = store.state().task(&task(name));
        assert_eq!(
            (state.status, state.checkpoint_sha.as_deref()),
            (status, sha),
            "{name}"
        );
    }
    let shown = store.state().tasks.clone();

    let done = store.append(vec![by_hand("05-api-keys.md")]).unwrap();
    assert_eq!((done.news.len(), done.refused.len()), (5, 0));
    let mut expected = shown;
    expected.insert(
        task("05-api-keys.md"),
        store.state().task(&task("05-api-keys.md")),
    );
    assert_eq!(store.state().tasks, expected);
    let kept = dir.path().join(".runr/task-status.json.imported");
    assert!(store.notices().contains(&Notice::OlderImported {
        tasks: 4,
        kept: Some(kept.clone())
    }));
    store.write_cache().unwrap();
    let original = &before
        .iter()
        .find(|(path, _)| path.ends_with("task-status.json"))
        .unwrap()
        .1;
    assert_eq!(&fs::read(kept).unwrap(), original);

    // Once only: afterwards they are not looked at.
    let again = Store::open(dir.path()).unwrap();
    assert_eq!(again.state(), store.state());
    assert_eq!(again.notices(), []);
}

#[test]
fn a_take_over_that_was_interrupted_is_done_by_the_next_writer() {
    let dir = older_project();
    // The first writer made the journal and died before its first line.
    let mut first = Store::open(dir.path()).unwrap();
    let shown = first.state().tasks.len();
    first.append(vec![by_hand("y.md")]).unwrap();
    let journal = first.layout().journal();
    let text = fs::read_to_string(&journal).unwrap();
    let (header, _) = text.split_once('\n').unwrap();
    for left in [
        format!("{header}\n"),
        format!("{header}\n{{\"seq\":1,\"at\""),
    ] {
        fs::write(&journal, left).unwrap();
        let mut reader = Store::open(dir.path()).unwrap();
        assert_eq!(reader.state().tasks.len(), shown);
        let mut second = Store::open(dir.path()).unwrap();
        second.append(vec![by_hand("z.md")]).unwrap();
        assert_eq!(second.state().tasks.len(), shown + 1);
        assert_eq!(reader.refresh().unwrap().len(), shown + 1);
        assert_eq!(reader.state(), second.state());
    }
}
