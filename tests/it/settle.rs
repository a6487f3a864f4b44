//! `runr tasks complete|approve|reject|reset`, and what they do when runr's own files are bad.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use runr::event::{Event, Verdict};
use runr::model::{Fingerprint, OrchId, ProcessRef, RunId, Status, TaskId};
use runr::store::Store;

struct Project {
    dir: tempfile::TempDir,
}

/// What a command answered.
#[derive(Debug)]
struct Answer {
    code: Option<i32>,
    out: String,
    err: String,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            dir: tempfile::tempdir().unwrap(),
        };
        project.task("00-setup.md", "run: 'true'");
        project.task("net/03-http.md", "run: 'true'\ndepends_on: 00-setup.md");
        project.task("05-keys.md", "type: manual\ndepends_on: 00-setup.md");
        project.task("06-copy.md", "type: hybrid\nrun: 'true'");
        project
    }

    fn root(&self) -> &Path {
        self.dir.path()
    }

    fn task(&self, name: &str, frontmatter: &str) {
        let path = self.root().join(".runr/tasks").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, format!("---\n{frontmatter}\n---\n# {name}\n")).unwrap();
    }

    fn runr(&self, args: &[&str]) -> Answer {
        let done = Command::new(env!("CARGO_BIN_EXE_runr"))
            .args(args)
            .current_dir(self.root())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap_or_default())
            .env("HOME", self.root())
            .env("USER", "ada")
            .output()
            .unwrap();
        Answer {
            code: done.status.code(),
            out: String::from_utf8(done.stdout).unwrap(),
            err: String::from_utf8(done.stderr).unwrap(),
        }
    }

    fn store(&self) -> Store {
        Store::open(self.root()).unwrap()
    }

    fn append(&self, events: Vec<Event>) {
        assert_eq!(self.store().append(events).unwrap().refused, []);
    }

    /// Every file and its bytes.
    fn files(&self) -> BTreeMap<PathBuf, Vec<u8>> {
        let mut files = BTreeMap::new();
        let mut folders = vec![self.root().to_owned()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else {
                    files.insert(path.clone(), fs::read(&path).unwrap());
                }
            }
        }
        files
    }
}

fn task(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

fn run() -> RunId {
    RunId::parse("20260102-030405-aaaa").unwrap()
}

/// An attempt at a task that has not ended.
fn attempt(name: &str) -> Vec<Event> {
    let orch = OrchId::parse("orch-20260102-030405-aaaa").unwrap();
    vec![
        Event::OrchestrationStarted {
            orch: orch.clone(),
            owner: ProcessRef {
                pid: 1,
                start_ticks: 1,
                boot_id: "b".to_owned(),
            },
            command: "runr run".to_owned(),
            tasks: 1,
            jobs: 1,
            home: None,
        },
        Event::Reserved {
            orch,
            run: run(),
            task: task(name),
            attempt: 1,
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims: Vec::new(),
            pools: Vec::new(),
            again: false,
        },
    ]
}

fn first_half_done(name: &str) -> Vec<Event> {
    let mut events = attempt(name);
    events.push(Event::Ended {
        run: run(),
        verdict: Verdict::AwaitingApproval { sha: None },
        took_ms: 1,
    });
    events
}

#[test]
fn completing_says_what_it_did_and_what_it_releases() {
    let project = Project::new();
    let answer = project.runr(&["tasks", "complete", "00", "--note", "by phone"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
    assert_eq!(
        answer.out,
        "completed 00-setup.md by hand, no checkpoint\nnow ready: 05-keys.md (needs you), net/03-http.md\n"
    );
    let journal = fs::read_to_string(project.root().join(".runr/journal.jsonl")).unwrap();
    assert!(
        journal.contains(r#""by":"ada","note":"by phone""#),
        "{journal}"
    );
    let status = fs::read_to_string(project.root().join(".runr/task-status.json")).unwrap();
    assert!(
        status.contains(r#"".runr/tasks/00-setup.md": {"status":"completed""#),
        "{status}"
    );
    assert!(status.contains(r#""source":"manual""#), "{status}");

    let answer = project.runr(&["tasks", "reset", ".runr/tasks/00-setup.md"]);
    assert_eq!(answer.code, Some(0));
    assert_eq!(
        answer.out,
        "reset 00-setup.md, it counts as never run\nblocked again: 05-keys.md, net/03-http.md\n"
    );
}

#[test]
fn completing_ahead_of_prerequisites_is_allowed_and_said() {
    let project = Project::new();
    let answer = project.runr(&["tasks", "complete", "net/03-http"]);
    assert_eq!(answer.code, Some(0));
    assert!(
        answer.err.contains("not completed: 00-setup.md"),
        "{}",
        answer.err
    );
    let answer = project.runr(&["-q", "tasks", "complete", "05", "00"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
}

#[test]
fn a_running_task_is_busy_and_stays_as_it_is() {
    let project = Project::new();
    project.append(attempt("00-setup.md"));
    let before = fs::read(project.root().join(".runr/journal.jsonl")).unwrap();
    for command in ["complete", "reset"] {
        let answer = project.runr(&["tasks", command, "00"]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(75), ""));
        assert!(
            answer.err.contains("runr cancel 00-setup.md"),
            "{}",
            answer.err
        );
    }
    assert_eq!(
        fs::read(project.root().join(".runr/journal.jsonl")).unwrap(),
        before
    );
    // The others of the same command are settled all the same.
    let answer = project.runr(&["tasks", "complete", "00", "06"]);
    assert_eq!(answer.code, Some(75));
    assert_eq!(answer.out, "completed 06-copy.md by hand, no checkpoint\n");
}

#[test]
fn a_hybrid_task_is_approved_or_sent_back() {
    let project = Project::new();
    for name in ["06", "05"] {
        let answer = project.runr(&["tasks", "approve", name]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""));
        assert!(answer.err.contains("help: "), "{}", answer.err);
    }
    project.append(first_half_done("06-copy.md"));
    let answer = project.runr(&["tasks", "reject", "06", "--note", "shorter"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    let state = project.store().state().task(&task("06-copy.md"));
    assert_eq!(state.status, Status::Pending);
    assert_eq!(state.message.as_deref(), Some("rejected: shorter"));

    let project = Project::new();
    project.append(first_half_done("06-copy.md"));
    let answer = project.runr(&["tasks", "approve", "06"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert_eq!(
        project.store().state().status(&task("06-copy.md")),
        Status::Completed
    );
}

#[test]
fn names_that_mean_no_single_task_change_nothing() {
    let project = Project::new();
    let before = project.files();
    for (name, help) in [
        ("00-steup", "did you mean `00-setup.md`?"),
        ("0", "`net/03-http.md`"),
        ("zebra", ""),
    ] {
        let answer = project.runr(&["tasks", "complete", "06", name]);
        assert_eq!((answer.code, answer.out.as_str()), (Some(2), ""), "{name}");
        assert!(answer.err.contains(help), "{}", answer.err);
    }
    assert_eq!(project.files(), before);
}

#[test]
fn bad_files_of_runrs_own_end_the_command_with_4_and_stay_as_they_are() {
    let project = Project::new();
    for name in ["00", "05", "06"] {
        assert_eq!(project.runr(&["tasks", "complete", name]).code, Some(0));
    }
    let runr = project.root().join(".runr");
    let (journal, cache) = (runr.join("journal.jsonl"), runr.join("task-status.json"));
    let whole = fs::read_to_string(&journal).unwrap();
    let status = fs::read_to_string(&cache).unwrap();
    let lines: Vec<&str> = whole.lines().collect();
    let join = |lines: &[&str]| {
        lines
            .iter()
            .map(|line| format!("{line}\n"))
            .collect::<String>()
    };
    let seal = |object: &str| {
        let body = &object[..object.len() - 1];
        format!(
            "{body},\"crc\":\"{:08x}\"}}\n",
            crc32c::crc32c(body.as_bytes())
        )
    };
    let newer_event = whole.clone()
        + &seal(r#"{"seq":4,"at":"2026-01-02T03:04:05Z","events":[{"event":"teleported"}]}"#);
    let newer_format = seal(r#"{"runr_journal":9,"id":"x"}"#) + &join(&lines[1..]);
    let cases: [(&str, Option<String>, bool); 12] = [
        (
            "one letter is another",
            Some(whole.replacen("\"ada\"", "\"eva\"", 1)),
            false,
        ),
        (
            "the same under a cache",
            Some(whole.replacen("\"ada\"", "\"eva\"", 1)),
            true,
        ),
        (
            "a line is missing",
            Some(join(&[lines[0], lines[2], lines[3]])),
            false,
        ),
        (
            "a line is there twice",
            Some(join(&[lines[0], lines[1], lines[1]])),
            false,
        ),
        (
            "an empty line",
            Some(join(&[lines[0], "", lines[1]])),
            false,
        ),
        ("the first line is missing", Some(join(&lines[1..])), false),
        (
            "zeros in the middle",
            Some(whole.replacen("\"ada\"", "\"\0\0\0\"", 1)),
            false,
        ),
        ("it is something else", Some("# Notes\n".to_owned()), false),
        ("a newer format", Some(newer_format), false),
        ("a newer event", Some(newer_event), false),
        ("shorter than its cache", Some(join(&lines[..2])), true),
        ("gone, but its cache is there", None, true),
    ];
    for (name, text, cached) in cases {
        match text {
            Some(text) => fs::write(&journal, text).unwrap(),
            None => fs::remove_file(&journal).unwrap(),
        }
        if cached {
            fs::write(&cache, &status).unwrap();
        } else {
            let _ = fs::remove_file(&cache);
        }
        let before = project.files();
        let answer = project.runr(&["tasks", "complete", "net/03-http.md"]);
        assert_eq!(
            (answer.code, answer.out.as_str()),
            (Some(4), ""),
            "{name}: {answer:?}"
        );
        assert!(answer.err.contains("error: "), "{name}: {}", answer.err);
        assert!(answer.err.contains("help: "), "{name}: {}", answer.err);
        assert_eq!(project.files(), before, "{name}");
    }
    fs::write(&journal, &whole).unwrap();
    assert_eq!(
        project.runr(&["tasks", "complete", "net/03-http.md"]).code,
        Some(0)
    );
}

#[test]
fn the_first_change_takes_the_older_runrs_files_over_and_says_so() {
    let project = Project::new();
    let status = project.root().join(".runr/task-status.json");
    let older =
        Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/older-runr/task-status.json");
    fs::copy(&older, &status).unwrap();
    let answer = project.runr(&["tasks", "complete", "05"]);
    assert_eq!(answer.code, Some(0), "{answer:?}");
    assert!(answer.err.contains("took 3 tasks over"), "{}", answer.err);
    assert_eq!(
        fs::read(project.root().join(".runr/task-status.json.imported")).unwrap(),
        fs::read(older).unwrap()
    );
    assert_eq!(
        project.store().state().status(&task("00-setup.md")),
        Status::Completed
    );
    let answer = project.runr(&["tasks", "complete", "06"]);
    assert_eq!((answer.code, answer.err.as_str()), (Some(0), ""));
}
