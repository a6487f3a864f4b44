//! The journal against accidents: cut anywhere, bits flipped, several writers, a watching git.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use runr::event::{Event, Recorded, Verdict};
use runr::model::{Fingerprint, OrchId, ProcessRef, RunId, Status, StopReason, TaskId};
use runr::state::State;
use runr::store::{Store, StoreError};

fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn by_hand(name: &str) -> Event {
    Event::CompletedByHand {
        task: task(name),
        by: "ada".to_owned(),
        note: None,
        fingerprint: Fingerprint::new([1; 16]),
        sha: None,
        checks: Vec::new(),
    }
}

/// Six tasks, some of which fail; a person in between.
fn history() -> Vec<Vec<Event>> {
    let orch = OrchId::parse("orch-20260102-030405-aaaa").unwrap();
    let process = ProcessRef {
        pid: 17,
        start_ticks: 5,
        boot_id: "0b3a0e3e-9d8c-4f9e-8d29-6a3a3f2b7c11".to_owned(),
    };
    let run = |n: u32| RunId::new("2026-01-02T03:04:05Z".parse().unwrap(), n);
    let mut lines = vec![vec![Event::OrchestrationStarted {
        orch: orch.clone(),
        owner: process.clone(),
        command: "runr run".to_owned(),
        tasks: 6,
        jobs: 1,
        home: None,
    }]];
    for n in 0..6_u32 {
        lines.push(vec![Event::Reserved {
            orch: orch.clone(),
            run: run(n),
            task: task(&format!("net/{n:02}-päge.md")),
            attempt: 1,
            fingerprint: Fingerprint::new([7; 16]),
            prerequisites: Vec::new(),
            claims: vec![format!("src/{n}/**")],
            pools: Vec::new(),
            again: false,
        }]);
        lines.push(vec![Event::Started {
            run: run(n),
            process: process.clone(),
        }]);
        let verdict = match n % 3 {
            0 => Verdict::Failed {
                reason: StopReason::VerificationFailed,
                message: Some("cargo test: 2 failed".to_owned()),
            },
            _ => Verdict::Completed { sha: None },
        };
        lines.push(vec![
            Event::Ended {
                run: run(n),
                verdict,
                took_ms: 1000,
            },
            by_hand(&format!("people/{n}.md")),
        ]);
    }
    lines
}

struct Sample {
    _dir: tempfile::TempDir,
    bytes: Vec<u8>,
    events: Vec<Recorded>,
    /// How many events the last line holds.
    last: usize,
}

fn sample() -> Sample {
    let dir = tempfile::tempdir().unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    let mut events = Vec::new();
    let mut last = 0;
    for line in history() {
        last = line.len();
        let done = store.append(line).unwrap();
        assert_eq!(done.refused, []);
        events.extend(done.news);
    }
    let bytes = fs::read(store.layout().journal()).unwrap();
    Sample {
        _dir: dir,
        bytes,
        events,
        last,
    }
}

/// A project whose journal is put there again and again, and one reader of it.
struct Reread {
    dir: tempfile::TempDir,
    store: Store,
}

impl Reread {
    fn new() -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".runr")).unwrap();
        let store = Store::open(dir.path()).unwrap();
        Self { dir, store }
    }

    /// Gives what a reader makes of these bytes. The file was away in between each time, so the reader begins anew:
    /// where it was only replaced, the reader would hold what it has read against it.
    fn read(&mut self, bytes: &[u8]) -> Vec<Recorded> {
        let journal = self.dir.path().join(".runr/journal.jsonl");
        if self.store.has_journal() {
            fs::remove_file(&journal).unwrap();
            assert_eq!(self.store.refresh().unwrap(), []);
        }
        let new = self.dir.path().join("new");
        fs::write(&new, bytes).unwrap();
        fs::rename(new, journal).unwrap();
        self.store.refresh().unwrap()
    }
}

fn fold(events: &[Recorded]) -> State {
    let mut state = State::default();
    for recorded in events {
        assert_eq!(state.check(&recorded.event), Ok(()), "an illegal prefix");
        state.apply(recorded);
    }
    state
}

#[test]
fn cut_anywhere_the_whole_lines_before_the_cut_are_read() {
    let sample = sample();
    let mut reader = Reread::new();
    let line_ends: Vec<usize> = (0..sample.bytes.len())
        .filter(|i| sample.bytes[*i] == b'\n')
        .collect();
    for cut in 0..=sample.bytes.len() {
        let events = reader.read(&sample.bytes[..cut]);
        let lines = line_ends.iter().filter(|end| **end < cut).count();
        let whole = sample
            .events
            .iter()
            .filter(|e| e.seq < lines as u64)
            .count();
        assert_eq!(events, sample.events[..whole], "cut at {cut}");
        assert_eq!(reader.store.state(), &fold(&events), "cut at {cut}");
        assert!(reader.store.damage().is_none(), "cut at {cut}");
    }
}

#[test]
fn after_a_cut_anywhere_the_next_writer_goes_on() {
    let sample = sample();
    for cut in (0..sample.bytes.len()).step_by(211) {
        let mut reader = Reread::new();
        let before = reader.read(&sample.bytes[..cut]);
        let done = reader.store.append(vec![by_hand("late.md")]).unwrap();
        assert_eq!(done.refused, []);
        let seq = before.last().map_or(0, |event| event.seq) + 1;
        assert_eq!(
            done.news.last().map(|event| event.seq),
            Some(seq),
            "cut at {cut}"
        );
        let again = Store::open(reader.dir.path()).unwrap();
        assert_eq!(again.state(), reader.store.state());
        // Not a byte is gone: what was cut off lies in quarantine.
        let journal = fs::read(again.layout().journal()).unwrap();
        let line_end = sample.bytes[..cut]
            .iter()
            .rposition(|b| *b == b'\n')
            .map_or(0, |end| end + 1);
        assert_eq!(journal[..line_end], sample.bytes[..line_end]);
        if line_end < cut {
            let kept = fs::read(again.layout().quarantine().join("journal.torn")).unwrap();
            assert_eq!(kept, sample.bytes[line_end..cut]);
        }
    }
}

#[test]
fn none_of_20_000_bit_flips_slips_through() {
    let sample = sample();
    let mut reader = Reread::new();
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut next = || {
        // xorshift: the same flips in every run.
        random ^= random << 13;
        random ^= random >> 7;
        random ^= random << 17;
        random
    };
    let (mut detected, mut torn) = (0, 0);
    for round in 0..20_000 {
        let mut bytes = sample.bytes.clone();
        let bit = usize::try_from(next() % (bytes.len() as u64 * 8)).unwrap();
        bytes[bit / 8] ^= 1 << (bit % 8);
        let events = reader.read(&bytes);
        assert!(
            sample.events.starts_with(&events),
            "round {round}: bit {bit} was folded"
        );
        assert!(
            events.len() < sample.events.len(),
            "round {round}: bit {bit} was not seen"
        );
        assert_eq!(reader.store.state(), &fold(&events), "round {round}");
        match reader.store.damage() {
            Some(StoreError::Corrupt { .. }) => detected += 1,
            None => {
                // Only a last line without its newline, or with a zero in it, may pass for torn.
                assert_eq!(events.len(), sample.events.len() - sample.last, "bit {bit}");
                torn += 1;
            }
            Some(other) => panic!("round {round}: {other}"),
        }
    }
    assert_eq!(detected + torn, 20_000);
    assert!(torn < 100, "{torn} flips passed for a torn end");
}

/// How many appends each of the writers below makes.
const APPENDS: usize = 250;

fn write_many(root: &Path, writer: &str) {
    let mut store = Store::open(root).unwrap();
    for n in 0..APPENDS {
        let done = store
            .append(vec![by_hand(&format!("{writer}/{n:03}.md"))])
            .unwrap();
        assert_eq!(done.refused, []);
    }
}

/// The other process of the test below: it does nothing unless it was told where to write.
#[test]
fn a_writer_in_a_process_of_its_own() {
    if let (Some(root), Ok(writer)) = (
        std::env::var_os("RUNR_TEST_JOURNAL_ROOT"),
        std::env::var("RUNR_TEST_JOURNAL_WRITER"),
    ) {
        write_many(&PathBuf::from(root), &writer);
    }
}

#[test]
fn four_writers_in_threads_and_processes_lose_nothing() {
    let dir = tempfile::tempdir().unwrap();
    let spawn = |writer: &str| {
        Command::new(std::env::current_exe().unwrap())
            .args(["--exact", "journal::a_writer_in_a_process_of_its_own"])
            .env("RUNR_TEST_JOURNAL_ROOT", dir.path())
            .env("RUNR_TEST_JOURNAL_WRITER", writer)
            .stdout(Stdio::null())
            .spawn()
            .unwrap()
    };
    let children = [spawn("process-a"), spawn("process-b")];
    std::thread::scope(|scope| {
        scope.spawn(|| write_many(dir.path(), "thread-a"));
        scope.spawn(|| write_many(dir.path(), "thread-b"));
    });
    for mut child in children {
        assert!(child.wait().unwrap().success());
    }
    let store = Store::open(dir.path()).unwrap();
    assert!(store.damage().is_none());
    assert_eq!(store.state().seq, 4 * APPENDS as u64, "gapless");
    for writer in ["process-a", "process-b", "thread-a", "thread-b"] {
        for n in 0..APPENDS {
            let id = task(&format!("{writer}/{n:03}.md"));
            assert_eq!(store.state().status(&id), Status::Completed, "{id}");
        }
    }
    assert!(!store.layout().quarantine().exists(), "nothing was torn");
}

#[test]
fn two_writers_never_both_reserve_one_task() {
    let dir = tempfile::tempdir().unwrap();
    let orch = OrchId::parse("orch-20260102-030405-aaaa").unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(history().swap_remove(0)).unwrap();
    let wins: usize = std::thread::scope(|scope| {
        let writers: Vec<_> = (0..2)
            .map(|writer| {
                let orch = &orch;
                let root = dir.path();
                scope.spawn(move || {
                    let mut store = Store::open(root).unwrap();
                    let mut wins = 0;
                    for n in 0..100 {
                        let done = store
                            .append(vec![Event::Reserved {
                                orch: orch.clone(),
                                run: RunId::new(
                                    "2026-01-02T03:04:05Z".parse().unwrap(),
                                    2 * n + writer,
                                ),
                                task: task(&format!("{n}.md")),
                                attempt: 1,
                                fingerprint: Fingerprint::new([0; 16]),
                                prerequisites: Vec::new(),
                                claims: Vec::new(),
                                pools: Vec::new(),
                                again: false,
                            }])
                            .unwrap();
                        wins += usize::from(done.refused.is_empty());
                    }
                    wins
                })
            })
            .collect();
        writers.into_iter().map(|w| w.join().unwrap()).sum()
    });
    assert_eq!(wins, 100);
    store.refresh().unwrap();
    assert_eq!(store.state().open.len(), 100);
}

#[test]
fn git_sees_nothing_but_tasks_and_configuration() {
    let dir = tempfile::tempdir().unwrap();
    let git = |args: &[&str]| {
        let out = Command::new("git")
            .args(["-c", "core.excludesFile=/dev/null"])
            .args(args)
            .current_dir(dir.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", dir.path())
            .env("GIT_CONFIG_NOSYSTEM", "1")
            .output()
            .unwrap();
        assert!(out.status.success(), "{out:?}");
        String::from_utf8(out.stdout).unwrap()
    };
    git(&["init", "--quiet"]);
    let runr = dir.path().join(".runr");
    fs::create_dir_all(runr.join("tasks/net")).unwrap();
    for file in [
        "tasks/a.md",
        "tasks/net/b.md",
        "config.yaml",
        "runr.config.json",
        "orchestration.yaml",
    ] {
        fs::write(runr.join(file), "x").unwrap();
    }
    let before = git(&["status", "--porcelain", "--untracked-files=all"]);
    assert_eq!(before.lines().count(), 5, "{before}");
    let mut store = Store::open(dir.path()).unwrap();
    store.append(vec![by_hand("a.md")]).unwrap();
    store.write_cache().unwrap();
    fs::create_dir_all(runr.join("runs/20260102-030405-aaaa/tasks")).unwrap();
    fs::write(runr.join("runs/20260102-030405-aaaa/tasks/x"), "x").unwrap();
    assert_eq!(
        git(&["status", "--porcelain", "--untracked-files=all"]),
        before
    );
}

#[test]
fn an_ignore_file_of_the_users_stays_as_it_is() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join(".runr/.gitignore");
    fs::create_dir(dir.path().join(".runr")).unwrap();
    fs::write(&path, "mine\n").unwrap();
    let mut store = Store::open(dir.path()).unwrap();
    store.append(vec![by_hand("a.md")]).unwrap();
    assert_eq!(fs::read_to_string(path).unwrap(), "mine\n");
}

#[test]
fn the_journal_and_the_status_file_of_format_1_stay_readable() {
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/formats/v1");
    for with_status in [true, false] {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join(".runr")).unwrap();
        let names: &[&str] = if with_status {
            &["journal.jsonl", "task-status.json"]
        } else {
            &["journal.jsonl"]
        };
        for name in names {
            fs::copy(fixture.join(name), dir.path().join(".runr").join(name)).unwrap();
        }
        let mut store = Store::open(dir.path()).unwrap();
        assert!(store.damage().is_none(), "{:?}", store.damage());
        assert_eq!(store.notices(), []);
        let state = store.state();
        assert_eq!(state.seq, 15);
        for (name, status) in [
            ("00-setup.md", Status::Completed),
            ("01-basic-engine.md", Status::Completed),
            ("02-networking.md", Status::Failed),
            ("03-docs.md", Status::Stopped),
            ("04-theme.md", Status::InProgress),
            ("05-api-keys.md", Status::Skipped),
            ("06-copy.md", Status::AwaitingApproval),
            ("07-again.md", Status::Pending),
            ("engine/step-1", Status::Completed),
        ] {
            assert_eq!(state.status(&task(name)), status, "{name}");
        }
        assert_eq!(state.open.len(), 1);
        assert_eq!(state.orchestrations.len(), 2);
        // And it can be gone on with.
        assert_eq!(store.append(vec![by_hand("08.md")]).unwrap().refused, []);
    }
}
