//! What an older runr has left.

use super::*;

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
