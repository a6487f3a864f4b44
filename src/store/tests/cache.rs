//! The state that is kept beside the journal.

use super::*;

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
