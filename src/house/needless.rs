//! Which folders nothing needs any more, and why the others stay. Pure, but for [`clear`].
//!
//! Knows the journal's state and what lies there. A folder goes only when every reason to keep it is
//! ruled out.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;

use crate::house::contents::{Contents, Has, OrchFolder, RunFolder};
use crate::model::{OrchId, RunId, Status};
use crate::state::{State, TaskState};

/// What the journal says, and what was asked.
#[derive(Debug)]
pub struct Question<'a> {
    pub state: &'a State,
    /// Every run that the journal names, and when it ended.
    pub ends: &'a BTreeMap<RunId, Option<Timestamp>>,
    pub now: Timestamp,
    pub older_than: Duration,
}

/// Why a folder stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kept {
    /// It is not over.
    Open,
    /// The latest run of a task that is not settled, or an orchestration that can be resumed.
    Unsettled,
    /// It holds a verdict that the journal does not have.
    Unrecorded,
    /// The older runr's.
    Foreign,
    /// The orchestration that `report` and `resume` mean without a name.
    Latest,
    /// Its working tree stays.
    Tree,
    Young,
}

impl Kept {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "not over",
            Self::Unsettled => "of unfinished work",
            Self::Unrecorded => "with a verdict that the journal does not have",
            Self::Foreign => "of the older runr",
            Self::Latest => "the latest",
            Self::Tree => "with a working tree that stays",
            Self::Young => "not old enough",
        }
    }
}

/// What can go, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Needless {
    /// Paths with their sizes in bytes.
    pub runs: Vec<(PathBuf, u64)>,
    pub orchestrations: Vec<(PathBuf, u64)>,
    pub temporary: Vec<(PathBuf, u64)>,
    /// How many folders stay, by reason.
    pub kept: BTreeMap<Kept, usize>,
}

impl Needless {
    /// Of everything that can go.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.all().map(|(_, bytes)| bytes).sum()
    }

    /// Everything that can go, in order.
    pub fn all(&self) -> impl Iterator<Item = &(PathBuf, u64)> {
        let folders = self.runs.iter().chain(&self.orchestrations);
        folders.chain(&self.temporary)
    }
}

/// Decides.
#[must_use]
pub fn needless(contents: &Contents, question: &Question<'_>) -> Needless {
    let mut found = Needless {
        temporary: contents.temporary.clone(),
        ..Needless::default()
    };
    let latest: BTreeSet<&RunId> = {
        let unsettled = question.state.tasks.values().filter(|task| unsettled(task));
        unsettled
            .filter_map(|task| task.last_run_id.as_ref())
            .collect()
    };
    for folder in &contents.runs {
        match keep_run(folder, contents, &latest, question) {
            Some(why) => *found.kept.entry(why).or_default() += 1,
            None => found.runs.push((folder.path.clone(), folder.bytes)),
        }
    }
    let last = contents.orchestrations.iter().map(|it| &it.orch).max();
    for folder in &contents.orchestrations {
        match keep_orchestration(folder, last, question) {
            Some(why) => *found.kept.entry(why).or_default() += 1,
            None => found
                .orchestrations
                .push((folder.path.clone(), folder.bytes)),
        }
    }
    found
}

/// Will somebody want to know how its latest run went?
pub(super) fn unsettled(task: &TaskState) -> bool {
    match task.status {
        Status::InProgress | Status::Failed | Status::Stopped | Status::AwaitingApproval => true,
        // Between two retries, or rejected.
        Status::Pending => task.last_run_id.is_some(),
        Status::Completed | Status::Skipped | Status::Unknown => false,
    }
}

fn keep_run(
    folder: &RunFolder,
    contents: &Contents,
    latest: &BTreeSet<&RunId>,
    question: &Question<'_>,
) -> Option<Kept> {
    let ended = question.ends.get(&folder.run);
    let state = question.state;
    let open = state.open.contains_key(&folder.run) || state.claimed.contains_key(&folder.run);
    if open || contents.alive.contains(&folder.run) {
        return Some(Kept::Open);
    }
    match (folder.has, ended) {
        (Has::Nothing, _) => return Some(Kept::Foreign),
        (Has::Verdict, None | Some(None)) => return Some(Kept::Unrecorded),
        _ => {}
    }
    if latest.contains(&folder.run) {
        return Some(Kept::Unsettled);
    }
    if contents.trees.contains(&folder.run) {
        return Some(Kept::Tree);
    }
    let over = ended.copied().flatten().unwrap_or(folder.modified);
    young(over, question).then_some(Kept::Young)
}

fn keep_orchestration(
    folder: &OrchFolder,
    last: Option<&OrchId>,
    question: &Question<'_>,
) -> Option<Kept> {
    let state = question.state;
    let known = state.orchestrations.get(&folder.orch);
    let of_it = |orch: &OrchId| *orch == folder.orch;
    if known.is_some_and(|it| it.ended_at.is_none())
        || state.open.values().any(|run| of_it(&run.orch))
    {
        return Some(Kept::Open);
    }
    let mut tasks = state.tasks.values();
    if known.is_some_and(|it| it.exit != Some(0))
        || tasks.any(|task| unsettled(task) && task.orch.as_ref().is_some_and(of_it))
    {
        return Some(Kept::Unsettled);
    }
    if last == Some(&folder.orch) {
        return Some(Kept::Latest);
    }
    let over = known.and_then(|it| it.ended_at).unwrap_or(folder.modified);
    young(over, question).then_some(Kept::Young)
}

pub(super) fn young(over: Timestamp, question: &Question<'_>) -> bool {
    let age = question.now.duration_since(over);
    Duration::try_from(age).map_or(true, |age| age < question.older_than)
}

/// What was removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Clearance {
    pub removed: usize,
    pub bytes: u64,
}

/// Removes what can go. What is gone already is no error.
///
/// # Errors
/// The path that could not be removed; what stands before it is gone.
pub fn clear(needless: &Needless) -> Result<Clearance, (PathBuf, io::Error)> {
    let mut done = Clearance::default();
    for (path, bytes) in needless.all() {
        let removed = match path.is_dir() {
            true => fs::remove_dir_all(path),
            false => fs::remove_file(path),
        };
        match removed {
            Ok(()) => {
                done.removed += 1;
                done.bytes += bytes;
            }
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err((path.clone(), error)),
        }
    }
    Ok(done)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Recorded, Verdict};
    use crate::model::{Fingerprint, ProcessRef, StopReason, TaskId};

    const HOUR: Duration = Duration::from_secs(3600);

    fn at(hours: i64) -> Timestamp {
        Timestamp::from_second(1_800_000_000 + hours * 3600).unwrap()
    }
    fn run(n: u32) -> RunId {
        RunId::new(at(0), n)
    }
    fn orch(n: u32) -> OrchId {
        OrchId::new(at(0), n)
    }

    /// One orchestration with a run for each of these ends; `None`: it is open.
    fn state(ends: Vec<Option<Verdict>>, exit: Option<u8>) -> State {
        let owner = ProcessRef {
            pid: 1,
            start_ticks: 1,
            boot_id: "x".to_owned(),
        };
        let mut events = vec![Event::OrchestrationStarted {
            orch: orch(1),
            owner,
            command: String::new(),
            tasks: 1,
            jobs: 1,
            home: None,
        }];
        for (verdict, n) in ends.into_iter().zip(0..) {
            events.push(Event::Reserved {
                orch: orch(1),
                run: run(n),
                task: TaskId::parse(&format!("{n}.md")).unwrap(),
                attempt: 1,
                fingerprint: Fingerprint::new([0; 16]),
                prerequisites: Vec::new(),
                claims: Vec::new(),
                pools: Vec::new(),
                again: false,
            });
            events.extend(verdict.map(|verdict| Event::Ended {
                run: run(n),
                verdict,
                took_ms: 1,
            }));
        }
        events.extend(exit.map(|exit| Event::OrchestrationEnded {
            orch: orch(1),
            exit,
        }));
        let mut state = State::default();
        for (event, seq) in events.into_iter().zip(1..) {
            let at = at(0);
            state.apply(&Recorded { seq, at, event });
        }
        state
    }

    fn ask<'a>(
        state: &'a State,
        ends: &'a BTreeMap<RunId, Option<Timestamp>>,
        hours: i64,
    ) -> Question<'a> {
        Question {
            state,
            ends,
            now: at(hours),
            older_than: HOUR,
        }
    }

    #[test]
    fn every_reason_to_keep_a_run_is_heeded() {
        let reason = StopReason::WorkerFailed;
        let failed = || Verdict::Failed {
            reason,
            message: None,
        };
        let completed = || Verdict::Completed { sha: None };
        let retry = Verdict::Retry {
            reason,
            message: None,
            counted: true,
            wait_ms: 0,
        };
        let approval = Verdict::AwaitingApproval { sha: None };
        let stopped = Verdict::Stopped {
            reason: StopReason::Cancelled,
            message: None,
        };
        let ended = Some(Some(at(0)));
        for (verdict, has, end, hours, expected) in [
            (Some(completed()), Has::Verdict, ended, 2, None),
            (Some(completed()), Has::Verdict, ended, 0, Some(Kept::Young)),
            (
                Some(completed()),
                Has::Verdict,
                None,
                2,
                Some(Kept::Unrecorded),
            ),
            (
                Some(completed()),
                Has::Verdict,
                Some(None),
                2,
                Some(Kept::Unrecorded),
            ),
            (
                Some(completed()),
                Has::Nothing,
                ended,
                2,
                Some(Kept::Foreign),
            ),
            (Some(completed()), Has::Specification, None, 2, None),
            (
                Some(failed()),
                Has::Verdict,
                ended,
                2,
                Some(Kept::Unsettled),
            ),
            (Some(stopped), Has::Verdict, ended, 2, Some(Kept::Unsettled)),
            (
                Some(approval),
                Has::Verdict,
                ended,
                2,
                Some(Kept::Unsettled),
            ),
            (Some(retry), Has::Verdict, ended, 2, Some(Kept::Unsettled)),
            (None, Has::Verdict, Some(None), 2, Some(Kept::Open)),
        ] {
            let state = state(vec![verdict.clone()], None);
            let folder = RunFolder {
                path: PathBuf::from("r"),
                run: run(0),
                bytes: 10,
                modified: at(0),
                has,
            };
            let mut contents = Contents {
                runs: vec![folder],
                ..Contents::default()
            };
            let ends: BTreeMap<_, _> = end.map(|end| (run(0), end)).into_iter().collect();
            let found = needless(&contents, &ask(&state, &ends, hours));
            let kept = found.kept.keys().next().copied();
            assert_eq!(kept, expected, "{verdict:?} {has:?} {end:?} {hours}");
            assert_eq!(found.bytes(), if expected.is_none() { 10 } else { 0 });
            contents.alive.insert(run(0));
            let found = needless(&contents, &ask(&state, &ends, hours));
            assert_eq!(found.kept.keys().next(), Some(&Kept::Open));
        }
    }

    #[test]
    fn every_reason_to_keep_an_orchestration_is_heeded() {
        let completed = Some(Verdict::Completed { sha: None });
        let failed = Some(Verdict::Failed {
            reason: StopReason::WorkerFailed,
            message: None,
        });
        for (verdict, exit, folders, hours, expected) in [
            (completed.clone(), Some(0), 2, 2, None),
            (completed.clone(), Some(0), 1, 2, Some(Kept::Latest)),
            (completed.clone(), Some(0), 2, 0, Some(Kept::Young)),
            (completed.clone(), Some(1), 2, 2, Some(Kept::Unsettled)),
            (failed, Some(0), 2, 2, Some(Kept::Unsettled)),
            (completed, None, 2, 2, Some(Kept::Open)),
            (None, Some(0), 2, 2, Some(Kept::Open)),
        ] {
            let state = state(vec![verdict], exit);
            let folder = |n| OrchFolder {
                path: PathBuf::from("o"),
                orch: orch(n),
                bytes: 10,
                modified: at(1000),
            };
            let contents = Contents {
                orchestrations: (1..=folders).map(folder).collect(),
                ..Contents::default()
            };
            let ends = BTreeMap::new();
            let question = ask(&state, &ends, hours);
            let last = contents.orchestrations.iter().map(|it| &it.orch).max();
            let kept = keep_orchestration(&contents.orchestrations[0], last, &question);
            assert_eq!(kept, expected, "{exit:?} {folders} {hours}");
        }
    }
}
