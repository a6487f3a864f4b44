//! runr's own files, shared, stale, torn or edited: 6, 7, 8, 18.

use std::fs;

use rustix::process::Signal;

use crate::world::World;

#[test]
fn n06_a_stale_lock_file_blocks_every_later_command() {
    let world = World::new();
    world.gate("gate");
    world.works("a", "../gate", &[]);
    let running = world.spawn(&["orchestrate", "run"]);
    let worker = world.until_started("a");
    let attempt = worker.parent().unwrap();
    running.signal(Signal::KILL);
    attempt.kill();
    worker.kill();
    running.wait().exits(137);
    let locks = world.root().join(".runr/locks");
    let names: Vec<_> = fs::read_dir(&locks)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert!(
        names.len() >= 3,
        "journal, orchestration and task: {names:?}"
    );
    // What others write into their lock files says nothing here.
    for name in &names {
        fs::write(name, "1\n").unwrap();
    }
    world.run(&["tasks", "list"]).exits(0);
    world.open("gate", "pass");
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.statuses(), "a completed");
    for name in &names {
        assert!(name.exists(), "a lock file was removed: {}", name.display());
    }
}

#[test]
fn n07_two_writers_and_one_update_lost() {
    let world = World::new();
    let names: Vec<String> = (0..16).map(|number| format!("t{number:02}")).collect();
    for name in &names {
        world.task(name, "type: manual");
    }
    let writers: Vec<_> = names
        .iter()
        .map(|name| world.spawn(&["tasks", "complete", name]))
        .collect();
    for writer in writers {
        writer.wait().exits(0);
    }
    let tasks = world.tasks();
    for name in &names {
        assert_eq!(tasks[name]["status"], "completed", "`{name}` was lost");
    }
    assert_eq!(world.journal().of("completed_by_hand").count(), 16);
    // The cache says the same.
    let cache = fs::read_to_string(world.root().join(".runr/task-status.json")).unwrap();
    let cache: serde_json::Value = serde_json::from_str(&cache).unwrap();
    assert_eq!(cache["schema_version"], 1);
    let completed = cache["tasks"]
        .as_object()
        .unwrap()
        .values()
        .filter(|task| task["status"] == "completed");
    assert_eq!(completed.count(), 16);
}

#[test]
fn n08_truncated_json_read_as_empty_and_then_everything_erased() {
    let world = World::new();
    for name in ["a", "b", "c"] {
        world.works(name, "", &[]);
    }
    world.run(&["orchestrate", "run", "-j1"]).exits(0);
    let all = "a completed, b completed, c completed";
    let cache = world.root().join(".runr/task-status.json");
    let journal = world.root().join(".runr/journal.jsonl");
    let (whole_cache, whole) = (fs::read(&cache).unwrap(), fs::read(&journal).unwrap());

    // The cache is nothing but a cache, however little of it is left.
    for length in [0, 1, whole_cache.len() / 2, whole_cache.len() - 1] {
        fs::write(&cache, &whole_cache[..length]).unwrap();
        assert_eq!(world.statuses(), all, "with {length} bytes of the cache");
    }
    fs::remove_file(&cache).unwrap();
    assert_eq!(world.statuses(), all);
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.ledger().tasks("start"), ["a", "b", "c"]);

    // A torn last line is not there; the lines before it are, and go on.
    fs::remove_file(&cache).unwrap();
    let lines: Vec<usize> = whole
        .iter()
        .enumerate()
        .filter(|(_, byte)| **byte == b'\n')
        .map(|(at, _)| at + 1)
        .collect();
    let cut = (lines[lines.len() - 2] + lines[lines.len() - 1]) / 2;
    fs::write(&journal, &whole[..cut]).unwrap();
    assert_eq!(world.statuses(), all);
    assert_eq!(
        fs::read(&journal).unwrap(),
        &whole[..cut],
        "a reader repaired something"
    );
    world.run(&["tasks", "reset", "c"]).exits(0);
    assert_eq!(world.statuses(), "a completed, b completed, c pending");
    let mended = fs::read(&journal).unwrap();
    assert!(mended.starts_with(&whole[..lines[lines.len() - 2]]));
    world.journal();
    let kept: Vec<_> = fs::read_dir(world.root().join(".runr/quarantine"))
        .unwrap()
        .collect();
    assert_eq!(kept.len(), 1, "what was cut off is kept");

    // Damage in the middle: reads give what is certain, writes refuse, and every byte stays.
    let mut damaged = whole.clone();
    let at = lines[2] + 20;
    damaged[at] ^= 1;
    for (text, what) in [
        (damaged, "a flipped bit"),
        (whole[lines[1]..].to_vec(), "a lost beginning"),
        (Vec::from(b"[]\n"), "something else"),
    ] {
        let _ = fs::remove_file(&cache);
        fs::write(&journal, &text).unwrap();
        for args in [
            ["orchestrate", "run"].as_slice(),
            &["tasks", "complete", "a"],
            &["tasks", "reset", "a"],
        ] {
            let ran = world.run(args).exits(4);
            assert!(
                ran.stderr.contains("journal.jsonl"),
                "{what}: {}",
                ran.stderr
            );
        }
        assert_eq!(
            fs::read(&journal).unwrap(),
            text,
            "{what}: the journal was changed"
        );
        assert_eq!(
            world.ledger().tasks("start"),
            ["a", "b", "c"],
            "{what}: something ran"
        );
    }
}

#[test]
fn n18_done_by_a_raw_edit_of_the_status_file() {
    let world = World::new();
    world.task("a", "run: exit 1");
    world.works("b", "", &["a"]);
    world.run(&["orchestrate", "run"]).exits(1);
    let cache = world.root().join(".runr/task-status.json");
    let honest = fs::read_to_string(&cache).unwrap();
    let edited = honest.replace("\"failed\"", "\"completed\"");
    assert_ne!(honest, edited);
    fs::write(&cache, &edited).unwrap();
    let ran = world.run(&["status", "--tasks"]).exits(0);
    assert!(
        ran.stderr.contains("task-status.json"),
        "the edit is not reported:\n{}",
        ran.stderr
    );
    assert_eq!(world.statuses(), "a failed, b pending");
    world.run(&["orchestrate", "run"]).exits(1);
    assert_eq!(
        world.ledger().tasks("start"),
        [""; 0],
        "`b` started on a lie"
    );
    let cache = fs::read_to_string(&cache).unwrap();
    assert!(
        cache.contains("\"failed\"") && !cache.contains("\"completed\""),
        "{cache}"
    );
}
