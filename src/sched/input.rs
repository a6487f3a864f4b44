//! What the scheduler is told.
//!
//! Knows no run ids and no journal: the driver translates.

use std::time::Duration;

use crate::model::StopReason;
use crate::plan::TaskIx;

/// Something that happened, told to the scheduler. `now` counts from the orchestration's start by the
/// monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The first input, once. What comes before it is noted and acted upon by it.
    Begin,
    /// A reservation that an [`Effect::Reserve`](crate::sched::Effect::Reserve) asked for was refused
    /// by the journal; nothing was started. What the journal knows better follows as `Elsewhere` or
    /// `Usage`.
    Refused {
        task: TaskIx,
        why: Refusal,
    },
    /// An attempt of this orchestration is over and nothing of it is alive.
    Ended {
        task: TaskIx,
        how: AttemptEnd,
    },
    /// The journal says something new about a task that this orchestration did not do itself. In the journal's
    /// order; what an append of ours found written before it is told before any later input, so that old
    /// news of a task never follow the end of an attempt that was reserved after them.
    Elsewhere {
        task: TaskIx,
        now: Elsewhere,
    },
    /// What other orchestrations hold now: used capacity a pool (by the numbers of `Problem::pools`),
    /// and claimed patterns. Replaces what was said before.
    Usage {
        pools: Vec<u32>,
        claims: Vec<String>,
    },
    /// The tasks of a pool are not started before `until`, whatever is free; `None`: not any more at all, and those that
    /// are ready now or later end as stopped with [`StopReason::AuthRequired`].
    Paused {
        pool: u32,
        until: Option<Duration>,
    },
    /// A time asked for by [`Effect::WakeAt`](crate::sched::Effect::WakeAt) has come.
    Timer,
    Cancel(Cancel),
}

/// Why the journal refused a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another attempt at the task is alive. `Elsewhere` says what becomes of it.
    Running,
    /// The task has been completed meanwhile.
    Completed,
    /// A pool or a claim is taken by another orchestration. The next `Input::Usage`, which the driver
    /// must give even when it believes that nothing changed, says when to try again.
    Busy,
    /// The task cannot be dispatched at all (its file vanished or is invalid, its worker is missing):
    /// final, with this reason; answered with a final `Settle`.
    Impossible(StopReason),
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    Succeeded,
    Unsuccessful(StopReason),
    /// Its worker ran into a limit of its service: it is made again, uncounted, and not before `until`.
    Limited {
        until: Option<Duration>,
    },
    /// The attempt never started its worker: it does not count and is made again.
    Void,
}

/// What became of a task outside this orchestration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// By a person, an approval or another orchestration. Releases dependents, also of a task that
    /// failed here.
    Completed,
    /// The same, but what it made is not in the branch that this orchestration builds on: dependents stay blocked.
    CompletedOutside,
    /// Another orchestration is at it.
    Running,
    /// A person or a session outside has taken it.
    Claimed,
    /// Not completed and nobody is at it (another's attempt failed, or a person reset it). A task
    /// that this orchestration had ended for itself stays as it is; any other is reached anew.
    Free,
    /// A person sent the hybrid task back to its worker: it runs again, also here.
    Rejected,
    /// Another orchestration's attempt at a hybrid task awaits approval.
    AwaitingApproval,
}

/// A request to stop.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Cancel {
    /// Dispatch nothing more; let running attempts end by themselves.
    Drain,
    /// Dispatch nothing more; ask running attempts to end.
    Stop,
    /// As `Stop`, at once and without grace.
    Kill,
    /// End one task: its attempt when it runs, else it is not dispatched any more.
    Task(TaskIx),
}
