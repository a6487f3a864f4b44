//! Records that must stay what they are: 5, 25, 26, 30.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use crate::world::World;

#[test]
fn n05_the_summary_overwrites_the_full_record() {
    let world = World::new();
    world.write(
        "flaky.sh",
        "n=$(ls .runr/runs | wc -l)\nseq 1 5000 | sed \"s/^/attempt $n line /\"\ntest \"$n\" = 2\n",
    );
    world.task("a", "run: [sh, flaky.sh]\nretries: 1");
    world.run(&["orchestrate", "run"]).exits(0);
    let journal = world.journal();
    let verdicts: Vec<String> = journal.verdicts().into_iter().map(|v| v.2).collect();
    assert_eq!(verdicts, ["retry", "completed"]);
    let logs = || -> Vec<String> {
        let runs = journal
            .of("reserved")
            .map(|event| event["run"].as_str().unwrap().to_owned());
        runs.map(|run| {
            fs::read_to_string(world.root().join(format!(".runr/runs/{run}/worker.log"))).unwrap()
        })
        .collect()
    };
    let before = logs();
    for (number, log) in before.iter().enumerate() {
        let expected: String = (1..=5000)
            .map(|line| format!("attempt {} line {line}\n", number + 1))
            .collect();
        assert_eq!(*log, expected, "of attempt {}", number + 1);
    }
    // Telling about them shortens nothing.
    for args in [
        ["report"].as_slice(),
        &["logs", "a"],
        &["status", "--tasks"],
        &["orchestrate", "run"],
    ] {
        world.run(args).exits(0);
    }
    assert!(before == logs());
}

#[test]
fn n25_two_run_ids_in_one_second_share_a_folder() {
    let world = World::new();
    for number in 0..60 {
        world.task(&format!("t{number:02}"), "run: echo $RUNR_RUN_ID");
    }
    world.run(&["orchestrate", "run", "-j8"]).exits(0);
    let journal = world.journal();
    let runs: Vec<String> = journal
        .of("reserved")
        .map(|event| event["run"].as_str().unwrap().to_owned())
        .collect();
    let different: BTreeSet<&String> = runs.iter().collect();
    assert_eq!((runs.len(), different.len()), (60, 60));
    let seconds: BTreeSet<&str> = runs.iter().map(|run| &run[..15]).collect();
    assert!(
        seconds.len() < 60,
        "no two in one second: the test shows nothing"
    );
    for run in &runs {
        let dir = world.root().join(".runr/runs").join(run);
        assert_eq!(
            fs::read_to_string(dir.join("worker.log")).unwrap(),
            format!("{run}\n")
        );
        let spec: serde_json::Value =
            serde_json::from_slice(&fs::read(dir.join("spec.json")).unwrap()).unwrap();
        assert_eq!(spec["run"], run.as_str());
    }
}

#[test]
fn n26_the_tools_own_files_make_the_tree_dirty() {
    let world = World::new();
    world.task("a", "run: 'true'");
    world.task("m", "type: manual");
    let git = |args: &[&str]| {
        let mut command = world.sealed("git");
        command.args(args);
        world.output(command).exits(0).stdout
    };
    git(&["init", "-q"]);
    git(&["config", "user.name", "t"]);
    git(&["config", "user.email", "t@localhost"]);
    git(&["add", "-A"]);
    git(&["commit", "-qm", "tasks"]);
    for _ in 0..2 {
        world.run(&["orchestrate", "run"]).exits(3);
        world.run(&["status", "--tasks"]).exits(0);
        world.run(&["report"]).exits(0);
        assert_eq!(git(&["status", "--porcelain", "--untracked-files=all"]), "");
    }
    world.run(&["tasks", "complete", "m"]).exits(0);
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(git(&["status", "--porcelain", "--untracked-files=all"]), "");
    // Nothing of the user's own ignore rules was touched for that.
    assert!(!world.root().join(".gitignore").exists());
    let exclude = fs::read_to_string(world.root().join(".git/info/exclude")).unwrap_or_default();
    assert!(!exclude.contains("runr"), "{exclude}");
}

#[test]
fn n30_a_dry_run_changes_something() {
    let fresh = World::new();
    let used = World::new();
    for world in [&fresh, &used] {
        world.works("a", "", &[]);
        world.task("b", "depends_on: a.md\nrun: exit 1");
        world.task("m", "depends_on: a.md\ntype: manual");
        world.works("c", "", &["m"]);
    }
    used.run(&["orchestrate", "run"]).exits(1);
    for world in [&fresh, &used] {
        let before = photograph(world.root());
        for args in [
            ["orchestrate", "run", "-n"].as_slice(),
            &["run", "-n"],
            &["run", "--auto-only", "--dry-run"],
            &["run", "--task", "c", "--with-deps", "-n"],
            &["plan"],
            &["check"],
            &["graph"],
            &["next"],
            &["why", "c"],
            &["tasks", "list"],
        ] {
            world.run(args).exits(0);
            let after = photograph(world.root());
            let changed: Vec<&PathBuf> = before
                .keys()
                .chain(after.keys())
                .filter(|path| before.get(*path) != after.get(*path))
                .collect();
            assert!(
                changed.is_empty(),
                "`runr {}` changed {changed:?}",
                args.join(" ")
            );
        }
    }
    // What it says it would start is what is started.
    let ran = fresh.run(&["orchestrate", "run", "-n"]).exits(0);
    let told = ran.stdout;
    let first = told
        .find("a.md")
        .unwrap_or_else(|| panic!("`a.md` is not named:\n{told}"));
    assert!(
        told.find("b.md").is_some_and(|second| first < second),
        "{told}"
    );
}

/// Every path with its content and the time of its last change.
fn photograph(root: &Path) -> BTreeMap<PathBuf, (SystemTime, Vec<u8>)> {
    let mut found = BTreeMap::new();
    let mut folders = vec![root.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let meta = fs::symlink_metadata(&path).unwrap();
            let content = if meta.is_dir() {
                folders.push(path.clone());
                Vec::new()
            } else {
                fs::read(&path).unwrap()
            };
            found.insert(path, (meta.modified().unwrap(), content));
        }
    }
    found
}
