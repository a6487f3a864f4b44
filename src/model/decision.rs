//! What a person decides about a task, on whatever screen.
//!
//! Knows ids. Does not know whether the journal will allow it.

use crate::model::{OrchId, TaskId};

/// One decision.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The work is done.
    Complete { task: TaskId, note: Option<String> },
    /// The worker's half is good.
    Approve { task: TaskId, note: Option<String> },
    /// It is not, for this reason.
    Reject { task: TaskId, note: String },
    /// The task counts as never run.
    Reset { task: TaskId, note: Option<String> },
    /// A task is asked to stop, or not to be started.
    CancelTask { task: TaskId },
    /// An orchestration is asked to stop.
    CancelAll { orch: OrchId },
}
