//! Puts a new journal in the place of a damaged one; the damaged one is kept.
//!
//! Knows files and the journal's lock. What goes into the new journal is `salvage.rs`'s to say. Who calls
//! it has seen that no orchestrator lives: one that does would fold everything a second time.

use std::fs::OpenOptions;
use std::io;
use std::path::PathBuf;

use jiff::Timestamp;

use crate::model::RunId;
use crate::store::line::{self, Header};
use crate::store::salvage::{self, Lost, Restored, Sources, Told};
use crate::store::status_file::{self, Found};
use crate::store::survey::{Survey, Wound};
use crate::store::{Layout, StoreError, examine, first_write, read_spec, replace};

/// What a repair did.
#[derive(Debug)]
pub struct Repaired {
    /// Where the damaged journal is kept; `None` when there was none at all.
    pub kept: Option<PathBuf>,
    pub wounds: Vec<Wound>,
    /// Lines that stand in the new journal as they stood in the old one.
    pub lines: u64,
    /// Lines from behind the damage, and from other records.
    pub salvaged: u64,
    pub restored: Vec<Restored>,
    pub lost: Vec<Lost>,
}

/// Replaces a journal that is damaged, or that has lost lines. `None`: nothing was wrong with it.
///
/// At any instant the journal is either the old file or the whole new one, and before the new one is put
/// in its place a copy of the old one is on disk. The new one has an id of its own, so that every reader
/// and the status cache begin anew.
///
/// # Errors
/// When something cannot be read or written, or a newer runr wrote it. The journal is unchanged then.
pub fn repair(layout: &Layout, now: Timestamp) -> Result<Option<Repaired>, StoreError> {
    first_write::prepare(layout)?;
    let path = layout.journal_lock();
    let lock = OpenOptions::new()
        .read(true)
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    lock.lock().map_err(StoreError::io("lock", &path))?;
    let journal = layout.journal();
    let text = examine::read(&journal)?;
    let survey = Survey::of(text.as_deref().unwrap_or_default());
    if let Some((line, event)) = survey.unknown {
        return Err(StoreError::NewerEvent {
            path: journal,
            line,
            event,
        });
    }
    if let Some(Header { format, .. }) = survey.header.clone().filter(|_| survey.is_newer()) {
        return Err(StoreError::Newer {
            path: journal,
            format,
        });
    }
    let id = survey.header.as_ref().map(|header| header.id.as_str());
    let cache = match status_file::read(&layout.status_cache())? {
        Found::Ours(cache)
            if id.is_none_or(|id| id == cache.id) && cache.position.seq > survey.position.seq =>
        {
            Some(cache)
        }
        _ => None,
    };
    if survey.wounds.is_empty() && cache.is_none() {
        return Ok(None);
    }
    let made = salvage::salvage(Sources {
        good: &survey.good,
        later: survey.later,
        cache: cache.as_ref().map(|cache| &cache.state),
        told: &|run| told(layout, run),
        now,
    });
    let random = getrandom::u64()
        .map_err(|error| StoreError::io("begin", &journal)(io::Error::other(error)))?;
    let broken = |error: serde_json::Error| StoreError::io("write", &journal)(error.into());
    let mut new = line::encode_header(&Header {
        format: line::FORMAT,
        id: format!("{random:016x}"),
    })
    .map_err(broken)?;
    if let (Some(text), Some(_)) = (&text, &survey.header) {
        // As they stand: what is whole is not written anew.
        let begin = text
            .iter()
            .position(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let end = usize::try_from(survey.position.offset).unwrap_or(text.len());
        new.extend_from_slice(text.get(begin..end).unwrap_or_default());
    }
    for ((at, events), seq) in made.lines.iter().zip(survey.position.seq + 1..) {
        new.extend(line::encode(seq, *at, events.iter()).map_err(broken)?);
    }
    let kept = match &text {
        Some(text) => Some(replace::keep(
            &layout.quarantine(),
            "journal.damaged",
            text,
        )?),
        None => None,
    };
    replace::replace(&journal, &new).map_err(StoreError::io("replace", &journal))?;
    Ok(Some(Repaired {
        kept,
        wounds: survey.wounds,
        lines: survey.good.len() as u64,
        salvaged: made.lines.len() as u64,
        restored: made.restored,
        lost: made.lost,
    }))
}

/// What the folder of a run says about it: its specification, which only the orchestrator wrote.
fn told(layout: &Layout, run: &RunId) -> Option<Told> {
    let spec = read_spec(&layout.run(run)).ok()?;
    (spec.run == *run).then_some(Told {
        task: spec.task,
        orch: spec.orch,
        attempt: spec.attempt,
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;
    use std::fs;

    use super::*;
    use crate::event::{Event, Verdict};
    use crate::model::{CommandLine, RunSpec, Status, TaskId, Timeouts, VerifyPolicy};
    use crate::state::State;
    use crate::store::tests::{ended, orch, process, reserved, run, started_orchestration, task};
    use crate::store::{RUN_VERSION, Store, create_run};

    const COMPLETED: Verdict = Verdict::Completed { sha: None };

    fn spec(n: u32, name: &str) -> RunSpec {
        RunSpec {
            schema_version: RUN_VERSION,
            run: run(n),
            orch: orch(),
            task: task(name),
            attempt: 1,
            title: name.to_owned(),
            worker: "shell".to_owned(),
            root: "/p".into(),
            tree: "/p".into(),
            lock: "/p/lock".into(),
            command: CommandLine::Shell("true".to_owned()),
            env: Vec::new(),
            secrets: Vec::new(),
            verify: VerifyPolicy::default(),
            timeouts: Timeouts {
                startup: None,
                idle: None,
                wall: None,
                grace: std::time::Duration::from_secs(1),
            },
            agent: None,
            previous: None,
            git: None,
        }
    }

    /// One line each: an orchestration, runs of three tasks, a person's words.
    fn story() -> Vec<Event> {
        let by = || "ada".to_owned();
        let started = |n| Event::Started {
            run: run(n),
            process: process(),
        };
        let failed = Verdict::Failed {
            reason: crate::model::StopReason::WorkerFailed,
            message: None,
        };
        vec![
            started_orchestration(),
            reserved(1, "a.md"),
            started(1),
            ended(1, COMPLETED),
            reserved(2, "b.md"),
            started(2),
            ended(2, failed),
            reserved(3, "c.md"),
            started(3),
            ended(3, Verdict::AwaitingApproval { sha: None }),
            Event::Approved {
                task: task("c.md"),
                by: by(),
                note: None,
                sha: None,
            },
            Event::CompletedByHand {
                task: task("d.md"),
                by: by(),
                note: None,
                fingerprint: crate::model::Fingerprint::new([1; 16]),
                sha: None,
                checks: Vec::new(),
            },
            reserved(4, "b.md"),
            started(4),
            ended(4, COMPLETED),
        ]
    }

    struct Project {
        dir: tempfile::TempDir,
    }

    impl Project {
        fn new() -> Self {
            Self::with_cache_behind(usize::MAX)
        }
        /// Writes the status cache when so many events are told.
        fn with_cache_behind(events: usize) -> Self {
            let project = Self {
                dir: tempfile::tempdir().unwrap(),
            };
            let mut store = Store::open(project.dir.path()).unwrap();
            for (event, told) in story().into_iter().zip(1..) {
                let done = store.append(vec![event]).unwrap();
                assert_eq!(done.refused, []);
                if told == events {
                    store.write_cache().unwrap();
                }
            }
            for (n, name) in [(1, "a.md"), (2, "b.md"), (3, "c.md"), (4, "b.md")] {
                create_run(store.layout(), &spec(n, name)).unwrap();
            }
            project
        }
        fn layout(&self) -> Layout {
            Layout::new(self.dir.path())
        }
        fn lines(&self) -> Vec<Vec<u8>> {
            let text = fs::read(self.layout().journal()).unwrap();
            text.split_inclusive(|byte| *byte == b'\n')
                .map(<[u8]>::to_vec)
                .collect()
        }
        fn write(&self, lines: &[Vec<u8>]) {
            fs::write(self.layout().journal(), lines.concat()).unwrap();
        }
        fn repair(&self) -> Repaired {
            let now = Timestamp::now();
            let repaired = repair(&self.layout(), now).unwrap().unwrap();
            assert!(
                repair(&self.layout(), now).unwrap().is_none(),
                "once is enough"
            );
            repaired
        }
        fn state(&self) -> State {
            let store = Store::open(self.dir.path()).unwrap();
            assert!(store.damage().is_none());
            store.state().clone()
        }
    }

    fn statuses(state: &State) -> BTreeMap<TaskId, Status> {
        let tasks = state.tasks.iter();
        tasks.map(|(id, task)| (id.clone(), task.status)).collect()
    }

    #[test]
    fn whichever_line_is_damaged_no_completion_behind_it_is_dropped() {
        let count = Project::new().lines().len();
        for damaged in 0..count {
            let project = Project::new();
            let before = statuses(&project.state());
            let mut lines = project.lines();
            lines[damaged][12] ^= 4;
            project.write(&lines);
            let repaired = project.repair();
            assert_eq!(repaired.wounds.len(), 1, "line {damaged}");
            assert_eq!(fs::read(repaired.kept.unwrap()).unwrap(), lines.concat());
            let mut expected = before;
            // What only the damaged line said cannot be known without the cache.
            match damaged {
                // The end of `a.md`: its run is open again, for recovery to settle.
                4 => drop(expected.insert(task("a.md"), Status::InProgress)),
                11 => drop(expected.insert(task("c.md"), Status::AwaitingApproval)),
                12 => drop(expected.remove(&task("d.md"))),
                15 => drop(expected.insert(task("b.md"), Status::InProgress)),
                _ => {}
            }
            assert_eq!(statuses(&project.state()), expected, "line {damaged}");
            let mut store = Store::open(project.dir.path()).unwrap();
            let reset = Event::Reset {
                task: task("e.md"),
                by: "ada".to_owned(),
                note: None,
            };
            assert_eq!(store.append(vec![reset]).unwrap().refused, []);
        }
    }

    #[test]
    fn what_the_damaged_line_itself_said_comes_from_the_cache() {
        let count = Project::new().lines().len();
        for damaged in 0..count {
            let project = Project::new();
            let before = statuses(&project.state());
            Store::open(project.dir.path())
                .unwrap()
                .write_cache()
                .unwrap();
            let mut lines = project.lines();
            lines[damaged][12] ^= 4;
            project.write(&lines);
            project.repair();
            assert_eq!(statuses(&project.state()), before, "line {damaged}");
        }
    }

    #[test]
    fn an_older_cache_tells_what_it_covers_and_the_lines_tell_the_rest() {
        for events in [4, 8, 11, 13] {
            for damaged in 0..=events {
                let project = Project::with_cache_behind(events);
                let before = statuses(&project.state());
                let mut lines = project.lines();
                lines[damaged][12] ^= 4;
                // A second wound, in what the cache covers too.
                lines[events / 2][20] ^= 4;
                project.write(&lines);
                let repaired = project.repair();
                assert_eq!(statuses(&project.state()), before, "{damaged} of {events}");
                assert_eq!(repaired.lost, [], "{damaged} of {events}");
            }
        }
    }

    #[test]
    fn a_journal_that_lost_its_end_or_is_gone_comes_back_from_the_cache() {
        for kept in [Some(3), Some(7), Some(1), None] {
            let project = Project::new();
            let before = statuses(&project.state());
            Store::open(project.dir.path())
                .unwrap()
                .write_cache()
                .unwrap();
            match kept {
                Some(kept) => project.write(&project.lines()[..kept]),
                None => fs::remove_file(project.layout().journal()).unwrap(),
            }
            let repaired = project.repair();
            assert_eq!(repaired.kept.is_some(), kept.is_some());
            assert_eq!(statuses(&project.state()), before, "{kept:?}");
        }
    }

    #[test]
    fn a_completion_that_nothing_explains_is_named() {
        let project = Project::new();
        let mut lines = project.lines();
        lines[2][12] ^= 4;
        project.write(&lines);
        fs::remove_dir_all(project.layout().run(&run(1))).unwrap();
        let repaired = project.repair();
        let what = "completed";
        assert_eq!(repaired.lost, [Lost::Run { run: run(1), what }]);
        assert_eq!(project.state().status(&task("a.md")), Status::Pending);
    }

    #[test]
    fn a_newer_journal_is_left_alone() {
        let project = Project::new();
        let mut lines = project.lines();
        lines[5][12] ^= 4;
        let header = Header {
            format: line::FORMAT + 1,
            id: "x".to_owned(),
        };
        lines[0] = line::encode_header(&header).unwrap();
        project.write(&lines);
        assert!(matches!(
            repair(&project.layout(), Timestamp::now()),
            Err(StoreError::Newer { .. })
        ));
        assert_eq!(project.lines(), lines);
    }
}
