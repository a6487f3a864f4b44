//! Disks that are full or fail: exit code 4, nothing lost, nothing told that is not written, and the next
//! command goes on. And runr killed at each of its writes to the journal, one after the other.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::world::{Ran, World, binary};

/// Is this program there? Without it the test says that it was skipped, except where the gate promised it.
fn has(program: &str) -> bool {
    let found = ["/usr/local/bin", "/usr/bin", "/bin"]
        .iter()
        .any(|dir| Path::new(dir).join(program).exists());
    if !found {
        assert!(
            std::env::var_os("RUNR_REQUIRE_TOOLS").is_none(),
            "`{program}` is missing"
        );
        say(&format!("skipped: no {program}"));
    }
    found
}

fn say(line: &str) {
    // The test's outcome does not hang on being heard.
    let _ = writeln!(std::io::stderr(), "{line}");
}

/// Four tasks in a diamond.
fn diamond(world: &World) {
    world.works("a", "", &[]);
    world.works("b", "", &["a"]);
    world.works("c", "", &["a"]);
    world.works("d", "", &["b", "c"]);
}

const EDGES: [(&str, &str); 4] = [("a", "b"), ("a", "c"), ("b", "d"), ("c", "d")];

/// Runs an orchestration whose calls on the journal meet a fault.
fn with_fault(world: &World, call: &str, fault: &str) -> Ran {
    let mut command = world.sealed("strace");
    let journal = world.root().join(".runr/journal.jsonl");
    command
        .args([
            "-f",
            "-qq",
            "-o",
            "/dev/null",
            "-e",
            &format!("trace={call}"),
            "-P",
        ])
        .arg(&journal)
        .args(["-e", &format!("inject={call}:{fault}")])
        .arg(binary())
        .args(["orchestrate", "run", "-j2"]);
    // It is only traced while it is known by its path.
    assert!(journal.exists());
    world.start(command).wait()
}

/// What must hold after a fault, and that the same command settles it.
fn recovers(world: &World, what: &str) {
    let before = world.growing_journal();
    before.assert_legal();
    let tasks = world.tasks();
    for task in before.completed() {
        assert_eq!(
            tasks[task.trim_end_matches(".md")]["status"],
            "completed",
            "{what}"
        );
    }
    world.run(&["orchestrate", "run"]).exits(0);
    world.ledger().assert_order(&EDGES);
    let journal = world.journal();
    journal.assert_legal();
    for task in before.completed() {
        let completions = journal
            .verdicts()
            .iter()
            .filter(|v| v.1 == task && v.2 == "completed")
            .count();
        assert_eq!(completions, 1, "{what}: `{task}` was completed before");
    }
    world.assert_nothing_survives();
}

/// A diamond in a project that has a journal already.
fn prepared() -> World {
    let world = World::new();
    world.task("z", "type: manual");
    world.run(&["tasks", "complete", "z"]).exits(0);
    diamond(&world);
    world
}

#[test]
fn a_journal_that_cannot_be_written_or_synced_ends_with_4() {
    if !has("strace") {
        return;
    }
    for (call, error) in [
        ("write", "ENOSPC"),
        ("write", "EIO"),
        ("fdatasync", "EIO"),
        ("fdatasync", "ENOSPC"),
    ] {
        for when in [1, 2, 4] {
            let world = prepared();
            let what = format!("{call} {when} gives {error}");
            let ran = with_fault(&world, call, &format!("error={error}:when={when}+"));
            assert_eq!(ran.code, 4, "{what}\n{}\n{}", ran.stdout, ran.stderr);
            assert!(
                ran.stderr.contains("journal.jsonl"),
                "{what}: {}",
                ran.stderr
            );
            world.ledger().assert_order(&EDGES);
            recovers(&world, &what);
        }
    }
}

#[test]
fn killed_at_each_of_its_writes_it_recovers() {
    if !has("strace") {
        return;
    }
    for call in ["write", "fdatasync"] {
        let mut when = 1;
        loop {
            let world = prepared();
            let ran = with_fault(&world, call, &format!("signal=SIGKILL:when={when}"));
            if ran.code == 0 {
                break;
            }
            assert_eq!(ran.code, 137, "{}\n{}", ran.stdout, ran.stderr);
            recovers(&world, &format!("killed at {call} {when}"));
            when += 1;
        }
        assert!(
            when > 5,
            "only {when} calls of {call}: not where the journal is written"
        );
    }
}

/// A small file system of its own, which ends with the test.
struct Tmpfs(PathBuf);

impl Tmpfs {
    /// `None`: this test may not mount.
    fn new(at: &Path, options: &str) -> Option<Self> {
        let mounted = Command::new("mount")
            .args(["-t", "tmpfs", "-o", options, "tmpfs"])
            .arg(at)
            .output();
        if mounted.is_ok_and(|output| output.status.success()) {
            return Some(Self(at.to_owned()));
        }
        say("skipped: no mount");
        None
    }
}

impl Drop for Tmpfs {
    fn drop(&mut self) {
        // A mount that stays is seen in the failure to remove the folder.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

/// Takes all room that is left.
fn fill(path: &Path) {
    let mut file = fs::File::create(path).unwrap();
    let block = [0x20; 4096];
    while file.write_all(&block).is_ok() {}
    // The last bytes of the last block too.
    while file.write_all(b" ").is_ok() {}
}

#[test]
fn a_full_disk_ends_with_4_and_loses_nothing() {
    let dir = tempfile::TempDir::with_prefix("runr-").unwrap();
    let state = dir.path().join("project/.runr");
    fs::create_dir_all(&state).unwrap();
    let Some(tmpfs) = Tmpfs::new(&state, "size=1m") else {
        return;
    };
    let world = World::at(dir);
    world.works("z", "", &[]);
    world.run(&["orchestrate", "run"]).exits(0);
    world.gate("gate");
    world.works("a", "../gate", &[]);
    world.works("b", "", &["a"]);
    let running = world.spawn(&["orchestrate", "run"]);
    world.until_started("a");
    let stuffing = tmpfs.0.join("stuffing");
    fill(&stuffing);
    world.open("gate", "pass");
    let ran = running.wait().exits(4);
    assert!(!ran.stderr.is_empty());
    assert_eq!(
        world.ledger().count("start", "b"),
        0,
        "something was started on a full disk"
    );
    // Reading goes on without room.
    assert_eq!(world.tasks()["z"]["status"], "completed");
    world.run(&["status", "--tasks"]).exits(0);
    fs::remove_file(stuffing).unwrap();
    world.open("gate", "pass");
    world.run(&["orchestrate", "run"]).exits(0);
    assert_eq!(world.statuses(), "a completed, b completed, z completed");
    assert_eq!(world.ledger().count("start", "z"), 1);
    world.ledger().assert_order(&[("a", "b")]);
    world.journal().assert_legal();
    world.assert_nothing_survives();
    drop(tmpfs);
}

/// The kernel's answer is replaced by a network file system's: its number stands in the first bytes.
#[cfg(target_endian = "little")]
#[test]
fn a_network_file_system_is_refused_for_locks() {
    if !has("strace") {
        return;
    }
    let world = prepared();
    let before = world.ledger().tasks("start");
    for (args, code) in [
        (["orchestrate", "run"].as_slice(), 4),
        (&["run"], 4),
        (&["doctor"], 1),
    ] {
        let mut command = world.sealed("strace");
        command
            .args(["-f", "-qq", "-o", "/dev/null", "-e", "trace=statfs", "-e"])
            .arg("inject=statfs:poke_exit=@arg2=6969")
            .arg(binary())
            .args(args);
        let ran = world.start(command).wait();
        assert_eq!(ran.code, code, "{args:?}\n{}\n{}", ran.stdout, ran.stderr);
        let said = format!("{}{}", ran.stdout, ran.stderr);
        assert!(said.contains("on a network file system (nfs)"), "{said}");
    }
    assert_eq!(world.ledger().tasks("start"), before, "nothing was started");
}
