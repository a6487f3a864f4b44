//! The state and the one function that changes it.

mod claims;
mod join;

pub use join::Naming;

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::{CancelTarget, Event, Recorded, Verdict};
use crate::model::{
    Fingerprint, OrchId, PoolTake, ProcessRef, Provenance, Remark, RunId, Settled, Source, Spent,
    Status, StopReason, TaskId, Usd,
};

/// How many ended orchestrations are remembered; older ones are found by their receipts.
const ENDED_KEPT: usize = 20;
/// How many completed attempts a task's expected duration is learnt from.
const DURATIONS_KEPT: usize = 5;
/// How many remarks of people are remembered.
const REMARKS_KEPT: usize = 5;

/// Everything that is known about one task.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct TaskState {
    pub status: Status,
    pub last_run_id: Option<RunId>,
    pub completed_at: Option<Timestamp>,
    pub checkpoint_sha: Option<String>,
    pub updated_at: Option<Timestamp>,
    /// Attempts since the last reset; voided ones do not count.
    pub attempts: u32,
    pub source: Option<Source>,
    /// Of the latest completion.
    pub fingerprint: Option<Fingerprint>,
    pub stop_reason: Option<StopReason>,
    pub message: Option<String>,
    /// What its direct prerequisites were when its latest completed attempt started.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub prerequisites: Vec<(TaskId, Fingerprint)>,
    /// The orchestration that touched it last.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub orch: Option<OrchId>,
    /// Milliseconds that its latest completed attempts took, the newest last, at most five.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub durations_ms: Vec<u64>,
    /// Attempts lost in a row.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub lost_in_a_row: u32,
    /// Counted failures in a row within `orch`.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub counted_failures: u32,
    /// What its latest completed attempts cost, the newest last, at most five; of those whose worker tells.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub costs: Vec<Usd>,
    /// What its attempts within `orch` have cost so far.
    #[serde(default, skip_serializing_if = "is_nothing")]
    pub spent_in_orch: Usd,
    /// The run whose work a person has sent back: the next attempt goes on with it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sent_back: Option<RunId>,
    /// What people have said since its latest completion, the newest last; the commit that follows passes it on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_nothing(usd: &Usd) -> bool {
    *usd == Usd::ZERO
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &u32) -> bool {
    *n == 0
}

impl TaskState {
    /// The median of its latest durations in milliseconds.
    #[must_use]
    pub fn expected_ms(&self) -> Option<u64> {
        let mut sorted = self.durations_ms.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

impl TaskState {
    fn remark(&mut self, settled: Settled, by: &str, note: Option<&str>) {
        self.remarks.push(Remark {
            settled,
            by: by.to_owned(),
            note: note.map(ToOwned::to_owned),
        });
        let excess = self.remarks.len().saturating_sub(REMARKS_KEPT);
        self.remarks.drain(..excess);
    }

    /// The median of what its latest completed attempts cost.
    #[must_use]
    pub fn expected_cost(&self) -> Option<Usd> {
        let mut sorted = self.costs.clone();
        sorted.sort_unstable();
        sorted.get(sorted.len() / 2).copied()
    }
}

/// An attempt that is not known to have ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct OpenRun {
    pub orch: OrchId,
    pub task: TaskId,
    pub attempt: u32,
    pub fingerprint: Fingerprint,
    pub prerequisites: Vec<(TaskId, Fingerprint)>,
    pub claims: Vec<String>,
    pub pools: Vec<PoolTake>,
    pub reserved_at: Timestamp,
    /// `None`: reserved, its worker has not started.
    pub process: Option<ProcessRef>,
    /// What it has used, once that is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// What the task was before, for the case that the attempt turns out void.
    before: Box<TaskState>,
}

/// A run that a person or a session outside works on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ClaimedRun {
    pub task: TaskId,
    pub attempt: u32,
    pub who: Provenance,
    /// `None`: a person.
    pub holder: Option<ProcessRef>,
    pub fingerprint: Fingerprint,
    pub prerequisites: Vec<(TaskId, Fingerprint)>,
    pub claims: Vec<String>,
    pub pools: Vec<PoolTake>,
    pub claimed_at: Timestamp,
    /// What the task was before, for the case that it is released.
    pub before: Box<TaskState>,
}

/// One invocation that dispatches or dispatched.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Orchestration {
    pub owner: ProcessRef,
    pub command: String,
    pub tasks: u32,
    pub jobs: u32,
    pub started_at: Timestamp,
    pub ended_at: Option<Timestamp>,
    pub exit: Option<u8>,
    pub detached: bool,
    /// What its attempts have used.
    #[serde(default)]
    pub spent: Spent,
    /// The root of the repository where it was started and has its plan; `None`: here.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home: Option<String>,
    /// Known only from another repository's journal.
    #[serde(skip)]
    pub abroad: bool,
}

/// The fold of all events up to `seq`.
#[derive(Debug, Clone, PartialEq, Default, Serialize, Deserialize)]
pub struct State {
    pub seq: u64,
    pub tasks: BTreeMap<TaskId, TaskState>,
    pub open: BTreeMap<RunId, OpenRun>,
    /// Runs of people and sessions outside, which are not known to be over.
    pub claimed: BTreeMap<RunId, ClaimedRun>,
    /// All that have not ended, and the latest that have.
    pub orchestrations: BTreeMap<OrchId, Orchestration>,
    /// Workers that ran into a limit, and when that is over.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paused: BTreeMap<String, Timestamp>,
    /// What was spent, by day (UTC, days since 1970); the latest days only.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub days: BTreeMap<i64, Usd>,
}

/// How many days' spending is remembered.
const DAYS_KEPT: usize = 7;

fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 3600)
}

/// The status that a reason stands for.
fn bad_status(reason: StopReason) -> Status {
    match reason.is_verdict() {
        true => Status::Failed,
        false => Status::Stopped,
    }
}

impl State {
    /// A task's state; one that nothing happened to is pending.
    #[must_use]
    pub fn task(&self, id: &TaskId) -> TaskState {
        self.tasks.get(id).cloned().unwrap_or_default()
    }

    /// A task's status without copying the rest.
    #[must_use]
    pub fn status(&self, id: &TaskId) -> Status {
        self.tasks
            .get(id)
            .map_or(Status::Pending, |task| task.status)
    }

    /// The live attempt at a task, if there is one.
    #[must_use]
    pub fn open_run(&self, task: &TaskId) -> Option<(&RunId, &OpenRun)> {
        self.open.iter().find(|(_, run)| run.task == *task)
    }

    /// The same tasks with the fingerprints of their latest completions.
    fn latest(&self, recorded: &[(TaskId, Fingerprint)]) -> Vec<(TaskId, Fingerprint)> {
        let now = |id: &TaskId| self.tasks.get(id).and_then(|task| task.fingerprint);
        recorded
            .iter()
            .map(|(id, then)| (id.clone(), now(id).unwrap_or(*then)))
            .collect()
    }

    /// Brings the state forward by one event.
    ///
    /// Total: an event that names something unknown changes nothing but `seq`, so that a journal
    /// which is whole always folds. Whether an event *should* be written is [`State::check`]'s matter.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { seq, at, event } = recorded;
        self.seq = *seq;
        let at = *at;
        match event {
            Event::OrchestrationStarted {
                orch,
                owner,
                command,
                tasks,
                jobs,
                home,
            } => {
                let entry =
                    self.orchestrations
                        .entry(orch.clone())
                        .or_insert_with(|| Orchestration {
                            owner: owner.clone(),
                            command: command.clone(),
                            tasks: *tasks,
                            jobs: *jobs,
                            started_at: at,
                            ended_at: None,
                            exit: None,
                            detached: false,
                            spent: Spent::default(),
                            home: home.clone(),
                            abroad: false,
                        });
                entry.owner = owner.clone();
                entry.jobs = *jobs;
                entry.ended_at = None;
                entry.exit = None;
                entry.detached = false;
            }
            Event::Reserved {
                orch,
                run,
                task,
                attempt,
                fingerprint,
                prerequisites,
                claims,
                pools,
                ..
            } => {
                let state = self.tasks.entry(task.clone()).or_default();
                let before = Box::new(state.clone());
                state.status = Status::InProgress;
                state.attempts = *attempt;
                state.last_run_id = Some(run.clone());
                state.sent_back = None;
                if state.orch.as_ref() != Some(orch) {
                    state.counted_failures = 0;
                    state.spent_in_orch = Usd::ZERO;
                }
                state.orch = Some(orch.clone());
                state.stop_reason = None;
                state.message = None;
                state.updated_at = Some(at);
                self.open.insert(
                    run.clone(),
                    OpenRun {
                        orch: orch.clone(),
                        task: task.clone(),
                        attempt: *attempt,
                        fingerprint: *fingerprint,
                        prerequisites: prerequisites.clone(),
                        claims: claims.clone(),
                        pools: pools.clone(),
                        reserved_at: at,
                        process: None,
                        spent: None,
                        before,
                    },
                );
            }
            Event::Started { run, process } => {
                if let Some(open) = self.open.get_mut(run) {
                    open.process = Some(process.clone());
                }
            }
            Event::Voided { run, .. } => {
                if let Some(open) = self.open.remove(run) {
                    self.tasks.insert(open.task, *open.before);
                }
            }
            Event::Ended {
                run,
                verdict,
                took_ms,
            } => {
                if let Some(open) = self.open.remove(run) {
                    self.end(open, verdict, *took_ms, at);
                }
            }
            Event::Claimed { .. } => self.claim(event, at),
            Event::ClaimEnded {
                run,
                verdict,
                checks,
                note,
                ..
            } => {
                if let Some(claim) = self.claimed.remove(run) {
                    let proof = claims::Proof {
                        checks: *checks,
                        note: note.as_deref(),
                    };
                    self.end_claim(claim, verdict.as_ref(), proof, at);
                }
            }
            Event::Spent { run, spent } => self.spend(run, *spent, at),
            Event::WorkerPaused { worker, until, .. } => {
                self.paused.retain(|_, until| *until > at);
                let known = self.paused.entry(worker.clone()).or_insert(*until);
                *known = (*known).max(*until);
            }
            Event::Skipped { orch, task } => {
                let state = self.touch(task, Status::Skipped, at);
                state.orch = Some(orch.clone());
            }
            Event::GivenUp {
                orch,
                task,
                reason,
                message,
            } => {
                let state = self.touch(task, bad_status(*reason), at);
                state.orch = Some(orch.clone());
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
            Event::CheckpointMissing { task, sha } => {
                let state = self.touch(task, Status::Stopped, at);
                state.stop_reason = Some(StopReason::CheckpointMissing);
                state.message = Some(format!("its commit {sha} is gone"));
                state.completed_at = None;
                state.checkpoint_sha = None;
            }
            Event::CompletedByHand {
                task,
                note,
                fingerprint,
                sha,
                ..
            } => {
                let before = self
                    .tasks
                    .get(task)
                    .filter(|s| s.status == Status::Completed);
                // Who says "done" of what is completed accepts it as it is, on top of what it needs as
                // that is now: its commit is still its commit.
                let kept = before.and_then(|s| s.checkpoint_sha.clone());
                let prerequisites = before.map_or_else(Vec::new, |s| self.latest(&s.prerequisites));
                let state = self.touch(task, Status::Completed, at);
                state.remarks.clear();
                state.source = Some(Source::Manual);
                state.fingerprint = Some(*fingerprint);
                state.completed_at = Some(at);
                state.checkpoint_sha = sha.clone().or(kept);
                if sha.is_some() {
                    state.last_run_id = None;
                }
                state.message.clone_from(note);
                state.prerequisites = prerequisites;
            }
            Event::Approved {
                task, note, sha, ..
            } => {
                let state = self.touch(task, Status::Completed, at);
                state.remarks.clear();
                if sha.is_some() {
                    state.checkpoint_sha.clone_from(sha);
                }
                state.source = Some(Source::Run);
                state.completed_at = Some(at);
                state.message.clone_from(note);
            }
            Event::Rejected { task, by, note } => {
                let state = self.touch(task, Status::Pending, at);
                state.remark(Settled::Rejected, by, note.as_deref());
                state.sent_back.clone_from(&state.last_run_id);
                state.message = Some(match note {
                    Some(note) => format!("rejected: {note}"),
                    None => "rejected".to_owned(),
                });
            }
            Event::Reset { task, by, note } => {
                self.claimed.retain(|_, claim| claim.task != *task);
                // What was learnt about its duration and cost stays.
                let state = self.touch(task, Status::Pending, at);
                let durations_ms = std::mem::take(&mut state.durations_ms);
                let costs = std::mem::take(&mut state.costs);
                state.remark(Settled::Reset, by, note.as_deref());
                let remarks = std::mem::take(&mut state.remarks);
                self.tasks.insert(
                    task.clone(),
                    TaskState {
                        durations_ms,
                        costs,
                        remarks,
                        updated_at: Some(at),
                        ..TaskState::default()
                    },
                );
            }
            Event::Imported {
                task,
                status,
                run,
                when,
                sha,
                source,
                reason,
                message,
                fingerprint,
            } => {
                let state = self.touch(task, *status, *when);
                state.fingerprint = *fingerprint;
                state.last_run_id.clone_from(run);
                state.attempts = u32::from(run.is_some());
                state.checkpoint_sha.clone_from(sha);
                state.source = Some(*source);
                state.stop_reason = *reason;
                state.message.clone_from(message);
                state.completed_at = (*status == Status::Completed).then_some(*when);
            }
            Event::Adopted {
                task,
                run,
                sha,
                when,
                fingerprint,
                ..
            } => {
                let state = self.touch(task, Status::Completed, at);
                state.source = Some(Source::Git);
                state.last_run_id.clone_from(run);
                state.attempts = state.attempts.max(u32::from(run.is_some()));
                state.checkpoint_sha.clone_from(sha);
                state.fingerprint = *fingerprint;
                state.completed_at = Some(*when);
                state.prerequisites.clear();
            }
            Event::CancelRequested {
                target: CancelTarget::Orchestration(_) | CancelTarget::Task(_),
                ..
            } => {}
            Event::Detached { orch } => {
                if let Some(entry) = self.orchestrations.get_mut(orch) {
                    entry.detached = true;
                }
            }
            Event::OrchestrationEnded { orch, exit } => {
                if let Some(entry) = self.orchestrations.get_mut(orch) {
                    entry.ended_at = Some(at);
                    entry.exit = Some(*exit);
                }
                self.forget_old_orchestrations();
            }
        }
    }

    /// What has been spent on the day of a time.
    #[must_use]
    pub fn spent_on(&self, at: Timestamp) -> Usd {
        self.days.get(&day(at)).copied().unwrap_or_default()
    }

    fn spend(&mut self, run: &RunId, spent: Spent, at: Timestamp) {
        let Some(open) = self.open.get_mut(run) else {
            return;
        };
        open.spent = Some(spent);
        if let Some(orch) = self.orchestrations.get_mut(&open.orch) {
            orch.spent = orch.spent.plus(spent);
        }
        let cost = spent.cost_usd.unwrap_or_default();
        if let Some(task) = self.tasks.get_mut(&open.task) {
            task.spent_in_orch = task.spent_in_orch.plus(cost);
        }
        if cost > Usd::ZERO {
            let known = self.days.entry(day(at)).or_default();
            *known = known.plus(cost);
            while self.days.len() > DAYS_KEPT {
                self.days.pop_first();
            }
        }
    }

    fn touch(&mut self, task: &TaskId, status: Status, at: Timestamp) -> &mut TaskState {
        let state = self.tasks.entry(task.clone()).or_default();
        state.status = status;
        state.updated_at = Some(at);
        state.stop_reason = None;
        state.message = None;
        state
    }

    fn end(&mut self, open: OpenRun, verdict: &Verdict, took_ms: u64, at: Timestamp) {
        let state = self.touch(&open.task, Status::Pending, at);
        let lost = matches!(
            verdict,
            Verdict::Retry {
                reason: StopReason::Orphaned,
                ..
            } | Verdict::Stopped {
                reason: StopReason::Orphaned,
                ..
            }
        );
        state.lost_in_a_row = if lost { state.lost_in_a_row + 1 } else { 0 };
        match verdict {
            Verdict::Completed { sha } | Verdict::AwaitingApproval { sha } => {
                state.status = match verdict {
                    Verdict::Completed { .. } => Status::Completed,
                    _ => Status::AwaitingApproval,
                };
                state.counted_failures = 0;
                state.source = Some(Source::Run);
                state.fingerprint = Some(open.fingerprint);
                state.prerequisites = open.prerequisites;
                state.checkpoint_sha.clone_from(sha);
                state.completed_at = (state.status == Status::Completed).then_some(at);
                state.durations_ms.push(took_ms);
                let excess = state.durations_ms.len().saturating_sub(DURATIONS_KEPT);
                state.durations_ms.drain(..excess);
                state
                    .costs
                    .extend(open.spent.and_then(|spent| spent.cost_usd));
                let excess = state.costs.len().saturating_sub(DURATIONS_KEPT);
                state.costs.drain(..excess);
            }
            Verdict::Retry {
                reason,
                message,
                counted,
                ..
            } => {
                state.counted_failures += u32::from(*counted);
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
            Verdict::Failed { reason, message } | Verdict::Stopped { reason, message } => {
                state.status = match verdict {
                    Verdict::Failed { .. } => Status::Failed,
                    _ => Status::Stopped,
                };
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
        }
        match state.status {
            Status::Completed => state.remarks.clear(),
            _ => state.completed_at = None,
        }
    }

    fn forget_old_orchestrations(&mut self) {
        let ended: Vec<OrchId> = {
            let mut ended: Vec<_> = self
                .orchestrations
                .iter()
                .filter_map(|(id, o)| Some((o.ended_at?, id)))
                .collect();
            ended.sort();
            let excess = ended.len().saturating_sub(ENDED_KEPT);
            ended[..excess]
                .iter()
                .map(|(_, id)| (*id).clone())
                .collect()
        };
        for id in ended {
            self.orchestrations.remove(&id);
        }
    }
}
