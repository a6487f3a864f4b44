//! Where a task is, as one orchestration sees it.

use std::time::Duration;

use crate::model::{RetryPolicy, StopReason, TaskKind};
use crate::sched::effect::Kill;
use crate::sched::problem::Initial;
use crate::sched::retry::Record;

/// Each with the condition under which it holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Phase {
    /// A prerequisite is not completed; or it is not selected; or nothing is dispatched any more.
    Waiting,
    /// Selected, for a worker, every prerequisite completed: in the queue.
    Ready,
    /// An attempt of this orchestration is alive. `asked`: it was asked to end.
    Running {
        asked: Option<Kill>,
    },
    /// Between two attempts, until this time.
    Retrying {
        until: Duration,
        reason: StopReason,
    },
    /// Another orchestration is at it.
    RunningElsewhere,
    /// A person or a session outside has taken it, for as long as they like: it is not waited for.
    Claimed,
    /// Manual and reached: left to a person.
    Skipped,
    /// Hybrid, the worker's half is done.
    AwaitingApproval,
    /// By an attempt of this orchestration.
    CompletedHere,
    /// Before, or by somebody else.
    CompletedElsewhere,
    /// Completed, but not in the branch that this orchestration builds on.
    CompletedOutside,
    Failed(StopReason),
    Stopped(StopReason),
    /// Ended by this orchestration before it was resumed.
    EndedBefore,
}

impl Phase {
    pub(crate) fn new(initial: Initial) -> Self {
        match initial {
            Initial::Open => Self::Waiting,
            Initial::Completed => Self::CompletedElsewhere,
            Initial::CompletedOutside => Self::CompletedOutside,
            Initial::RunningElsewhere => Self::RunningElsewhere,
            Initial::RunningHere => Self::Running { asked: None },
            Initial::Claimed => Self::Claimed,
            Initial::AwaitingApproval => Self::AwaitingApproval,
            Initial::Ended => Self::EndedBefore,
        }
    }

    pub(crate) fn is_completed(self) -> bool {
        matches!(self, Self::CompletedHere | Self::CompletedElsewhere)
    }

    /// Has this orchestration ended it without completing it?
    pub(crate) fn is_unsuccessful(self) -> bool {
        matches!(self, Self::Failed(_) | Self::Stopped(_) | Self::EndedBefore)
    }

    /// Did this orchestration end it, so that only a completion by somebody else changes it?
    pub(crate) fn is_final_here(self) -> bool {
        self == Self::CompletedHere || self.is_unsuccessful()
    }
}

/// One task of the scheduler.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) phase: Phase,
    /// Prerequisites that are not completed.
    pub(crate) missing: u32,
    pub(crate) selected: bool,
    /// Somebody asked that it is not dispatched any more.
    pub(crate) cancelled: bool,
    pub(crate) kind: TaskKind,
    pub(crate) record: Record,
    pub(crate) retry: RetryPolicy,
}
