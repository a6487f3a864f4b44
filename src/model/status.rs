//! The states of a task that are stored, and the words for why one stopped.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A stored state of a task (`ready`, `blocked` and `stale` are worked out when shown).
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Default, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Status {
    /// Never run, reset, or between two retries.
    #[default]
    Pending,
    /// An attempt is alive.
    InProgress,
    /// Verified, or a person said so.
    Completed,
    /// The work has a bad verdict.
    Failed,
    /// No verdict: cancelled, timed out, process lost.
    Stopped,
    /// Manual: an orchestration came to it and left it to a person.
    Skipped,
    /// Hybrid: the first half is done, a person must approve.
    AwaitingApproval,
    /// Of a task of another repository that cannot be read. Never in a journal.
    Unknown,
}

impl Status {
    /// The word of `--json` and of task-status.json.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::InProgress => "in_progress",
            Self::Completed => "completed",
            Self::Failed => "failed",
            Self::Stopped => "stopped",
            Self::Skipped => "skipped",
            Self::AwaitingApproval => "awaiting_approval",
            Self::Unknown => "unknown",
        }
    }
}

/// Who said that a task is completed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    Run,
    Manual,
    Git,
}

/// Why a run did not complete its task. The words are stable.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum StopReason {
    WorkerFailed,
    VerificationFailed,
    ScopeViolation,
    MergeConflict,
    NoChanges,
    Timeout,
    IdleTimeout,
    StartupTimeout,
    BudgetExceeded,
    UsageLimit,
    AuthRequired,
    WorkerMissing,
    Cancelled,
    Orphaned,
    WorktreeMissing,
    CheckpointMissing,
    TaskChanged,
    InternalError,
}

impl StopReason {
    /// The stable word, as in `--json`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::WorkerFailed => "worker_failed",
            Self::VerificationFailed => "verification_failed",
            Self::ScopeViolation => "scope_violation",
            Self::MergeConflict => "merge_conflict",
            Self::NoChanges => "no_changes",
            Self::Timeout => "timeout",
            Self::IdleTimeout => "idle_timeout",
            Self::StartupTimeout => "startup_timeout",
            Self::BudgetExceeded => "budget_exceeded",
            Self::UsageLimit => "usage_limit",
            Self::AuthRequired => "auth_required",
            Self::WorkerMissing => "worker_missing",
            Self::Cancelled => "cancelled",
            Self::Orphaned => "orphaned",
            Self::WorktreeMissing => "worktree_missing",
            Self::CheckpointMissing => "checkpoint_missing",
            Self::TaskChanged => "task_changed",
            Self::InternalError => "internal_error",
        }
    }

    /// Does this reason judge the work (`failed`), or only say that there is no verdict (`stopped`)?
    #[must_use]
    pub fn is_verdict(self) -> bool {
        matches!(
            self,
            Self::WorkerFailed
                | Self::VerificationFailed
                | Self::ScopeViolation
                | Self::MergeConflict
                | Self::NoChanges
        )
    }
}

/// In words for people: `verification failed`.
impl fmt::Display for StopReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let words = self.word().replace('_', " ");
        f.pad(&words)
    }
}
