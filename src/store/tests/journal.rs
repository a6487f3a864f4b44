//! Appending, reading, repairing: the journal on real files.

use super::*;

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
