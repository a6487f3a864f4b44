//! The one vocabulary of everything that happens. The journal is a sequence of these.
//!
//! Knows the model. Does not know how events are stored ([`crate::store`]), what they mean for the
//! state ([`crate::state`]) or how they are shown ([`crate::report`]).

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    Fingerprint, OrchId, PassedCheck, PoolTake, ProcessRef, Provenance, RunId, Source, Spent,
    Status, StopReason, TaskId,
};

/// How an attempt ended for its task, after retries were considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is")]
pub enum Verdict {
    /// `sha` is the checkpoint; in place there is none.
    Completed { sha: Option<String> },
    /// Hybrid: the worker's half is done.
    AwaitingApproval { sha: Option<String> },
    /// The task goes back to pending and is tried again.
    Retry {
        reason: StopReason,
        message: Option<String>,
        /// Does it use up one of the task's retries?
        counted: bool,
        /// Milliseconds to wait before the next attempt.
        wait_ms: u64,
    },
    /// A bad verdict on the work, final for this orchestration.
    Failed {
        reason: StopReason,
        message: Option<String>,
    },
    /// No verdict, final for this orchestration unless it is resumed.
    Stopped {
        reason: StopReason,
        message: Option<String>,
    },
}

/// What a request to cancel is about.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum CancelTarget {
    Orchestration(OrchId),
    Task(TaskId),
}

/// Something that happened. Field names are the journal's format: never rename one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "event")]
pub enum Event {
    /// An orchestrator took its owner lock and begins to dispatch; with a known id, it resumes.
    OrchestrationStarted {
        orch: OrchId,
        owner: ProcessRef,
        /// As typed, for people.
        command: String,
        /// How many tasks it selected.
        tasks: u32,
        jobs: u32,
        /// It was started in another repository, whose root this is: its plan is there.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        home: Option<String>,
    },
    /// One attempt at a task was decided on. From here to its end the task is in progress, and its
    /// claims and pools are taken.
    Reserved {
        orch: OrchId,
        run: RunId,
        task: TaskId,
        /// Counts from 1 over the task's life since its last reset.
        attempt: u32,
        fingerprint: Fingerprint,
        /// The fingerprints that its direct prerequisites were completed with.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        prerequisites: Vec<(TaskId, Fingerprint)>,
        /// Path patterns that no other live attempt may overlap.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        claims: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pools: Vec<PoolTake>,
        /// The task may be completed already: it is run again on purpose.
        #[serde(default, skip_serializing_if = "std::ops::Not::not")]
        again: bool,
    },
    /// The attempt's process holds the task's lock; its worker may start once this is on disk.
    Started { run: RunId, process: ProcessRef },
    /// The attempt never started its worker; it does not count.
    Voided { run: RunId, message: String },
    /// The attempt is over and nothing of it is alive.
    Ended {
        run: RunId,
        #[serde(flatten)]
        verdict: Verdict,
        took_ms: u64,
    },
    /// A person or a session outside took the task: it is in progress as a run of theirs, which no
    /// orchestration attends.
    Claimed {
        run: RunId,
        task: TaskId,
        /// As in `reserved`.
        attempt: u32,
        who: Provenance,
        /// The process of the session, to see whether its owner is still there. `None`: a person.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        holder: Option<ProcessRef>,
        fingerprint: Fingerprint,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        prerequisites: Vec<(TaskId, Fingerprint)>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        claims: Vec<String>,
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        pools: Vec<PoolTake>,
    },
    /// A claimed run is over.
    ClaimEnded {
        run: RunId,
        who: Provenance,
        /// `None`: it was released, and the task is what it was before.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        verdict: Option<Verdict>,
        /// How many checks passed. Without any, a completion is somebody's word.
        checks: u32,
        took_ms: u64,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// What the attempt used, as far as its worker tells; before its end, in the same line.
    Spent {
        run: RunId,
        #[serde(flatten)]
        spent: Spent,
    },
    /// A worker ran into a limit of its service: nobody starts it before `until`.
    WorkerPaused {
        worker: String,
        run: RunId,
        until: Timestamp,
    },
    /// A manual task was reached and left to a person.
    Skipped { orch: OrchId, task: TaskId },
    /// The orchestration came to the task, or was told to leave it, and will not attempt it.
    GivenUp {
        orch: OrchId,
        task: TaskId,
        reason: StopReason,
        message: Option<String>,
    },
    /// The commit of a completed task is nowhere, and nothing reachable says the same: it has to be done again.
    CheckpointMissing { task: TaskId, sha: String },
    /// A person says that the task is done.
    CompletedByHand {
        task: TaskId,
        by: String,
        note: Option<String>,
        fingerprint: Fingerprint,
        /// The person's commit that says so.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha: Option<String>,
        /// The checks that ran before, all of which passed. Without any, it is the person's word.
        #[serde(default, skip_serializing_if = "Vec::is_empty")]
        checks: Vec<PassedCheck>,
    },
    /// A person accepts the worker's half of a hybrid task.
    Approved {
        task: TaskId,
        by: String,
        note: Option<String>,
        /// The worker's half on the orchestration's branch; in place there is none.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        sha: Option<String>,
    },
    /// A person sends a hybrid task back to its worker.
    Rejected {
        task: TaskId,
        by: String,
        note: Option<String>,
    },
    /// The task counts as never run.
    Reset {
        task: TaskId,
        by: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        note: Option<String>,
    },
    /// Taken over from files that an older runr wrote, or another tool.
    Imported {
        task: TaskId,
        status: Status,
        run: Option<RunId>,
        when: Timestamp,
        sha: Option<String>,
        source: Source,
        reason: Option<StopReason>,
        message: Option<String>,
        /// What the task said when it was taken over; `None`: nobody knows.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        fingerprint: Option<Fingerprint>,
    },
    /// A person takes over a completion that git tells of.
    Adopted {
        task: TaskId,
        run: Option<RunId>,
        /// `None`: only the task's file says it.
        sha: Option<String>,
        /// When the commit was made.
        when: Timestamp,
        fingerprint: Option<Fingerprint>,
        by: String,
    },
    /// Somebody asks an orchestrator to stop a task or everything.
    CancelRequested {
        target: CancelTarget,
        /// Let running attempts end by themselves.
        drain: bool,
        by: String,
    },
    /// The orchestrator's terminal closed; its attempts go on without it.
    Detached { orch: OrchId },
    /// The orchestrator has written its receipt and leaves.
    OrchestrationEnded { orch: OrchId, exit: u8 },
}

/// The task that an event names itself, by whichever reference it is looked at.
macro_rules! task_of {
    ($event:expr) => {
        match $event {
            Self::Reserved { task, .. }
            | Self::Claimed { task, .. }
            | Self::Skipped { task, .. }
            | Self::GivenUp { task, .. }
            | Self::CheckpointMissing { task, .. }
            | Self::CompletedByHand { task, .. }
            | Self::Approved { task, .. }
            | Self::Rejected { task, .. }
            | Self::Reset { task, .. }
            | Self::Imported { task, .. }
            | Self::Adopted { task, .. }
            | Self::CancelRequested {
                target: CancelTarget::Task(task),
                ..
            } => Some(task),
            Self::OrchestrationStarted { .. }
            | Self::Started { .. }
            | Self::Voided { .. }
            | Self::Ended { .. }
            | Self::ClaimEnded { .. }
            | Self::Spent { .. }
            | Self::WorkerPaused { .. }
            | Self::CancelRequested { .. }
            | Self::Detached { .. }
            | Self::OrchestrationEnded { .. } => None,
        }
    };
}

impl Event {
    /// The run that it tells of, if it is about one.
    #[must_use]
    pub fn run(&self) -> Option<&RunId> {
        match self {
            Self::Reserved { run, .. }
            | Self::Started { run, .. }
            | Self::Voided { run, .. }
            | Self::Spent { run, .. }
            | Self::WorkerPaused { run, .. }
            | Self::Claimed { run, .. }
            | Self::ClaimEnded { run, .. }
            | Self::Ended { run, .. } => Some(run),
            Self::Imported { run, .. } => run.as_ref(),
            _ => None,
        }
    }

    /// The task that it names itself; what is told of a run only does not.
    #[must_use]
    pub fn task(&self) -> Option<&TaskId> {
        task_of!(self)
    }

    fn task_mut(&mut self) -> Option<&mut TaskId> {
        task_of!(self)
    }

    /// The same event with other names of tasks. `None`: its task has no name there; a prerequisite without one is
    /// left out.
    #[must_use]
    pub fn renamed(&self, naming: &dyn Fn(&TaskId) -> Option<TaskId>) -> Option<Self> {
        let mut event = self.clone();
        if let Some(task) = event.task_mut() {
            *task = naming(task)?;
        }
        if let Self::Reserved { prerequisites, .. } | Self::Claimed { prerequisites, .. } =
            &mut event
        {
            *prerequisites = prerequisites
                .iter()
                .filter_map(|(id, print)| Some((naming(id)?, *print)))
                .collect();
        }
        Some(event)
    }
}

/// An event with its place in the journal. Events of one line share `seq` and `at`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    pub seq: u64,
    pub at: Timestamp,
    pub event: Event,
}
