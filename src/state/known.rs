//! Everything that is known: what [`State::apply`] makes of the events, and what can be read off it at once.
//!
//! Knows the model. What an event does to it is the fold's matter.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Fingerprint, OrchId, PassedCheck, PoolTake, ProcessRef, Provenance, Remark, RunId, Source,
    Spent, Status, StopReason, TaskId, Usd,
};

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
    /// What passed before a person's word completed it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub checks: Vec<PassedCheck>,
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
    pub(super) before: Box<TaskState>,
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
    /// Somebody asked it to stop.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub cancelled: bool,
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

    /// The claimed run of a task, if a person or a session outside has taken it.
    #[must_use]
    pub fn claimed_run(&self, task: &TaskId) -> Option<(&RunId, &ClaimedRun)> {
        self.claimed.iter().find(|(_, run)| run.task == *task)
    }

    /// What has been spent on the day of a time.
    #[must_use]
    pub fn spent_on(&self, at: Timestamp) -> Usd {
        self.days.get(&day(at)).copied().unwrap_or_default()
    }
}

/// The day of a time: UTC, days since 1970.
pub(super) fn day(at: Timestamp) -> i64 {
    at.as_second().div_euclid(24 * 3600)
}
