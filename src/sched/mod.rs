//! What to do next. Pure: [`Scheduler::handle`] takes what happened and the time, and answers with
//! what to do, in order.
//!
//! Knows the model and the plan. Does not know run ids, files, processes or the journal: the driver
//! carries the effects out and reports back. The same inputs at the same times give the same effects.

mod problem;
mod scheduler;

pub use problem::{Initial, Item, Options, Problem};
pub use scheduler::Scheduler;

use std::time::Duration;

use crate::model::StopReason;
use crate::plan::TaskIx;

/// Something that happened, told to the scheduler. `now` counts from the orchestration's start by the
/// monotonic clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Input {
    /// The first input, once.
    Begin,
    /// A reservation that an [`Effect::Reserve`] asked for was refused by the journal; nothing was
    /// started. What the journal knows better follows as `Elsewhere` or `Usage`.
    Refused {
        task: TaskIx,
        why: Refusal,
    },
    /// An attempt of this orchestration is over and nothing of it is alive.
    Ended {
        task: TaskIx,
        how: AttemptEnd,
    },
    /// The journal says something new about a task that this orchestration did not do itself.
    Elsewhere {
        task: TaskIx,
        now: Elsewhere,
    },
    /// What other orchestrations hold now: used capacity a pool, and claimed patterns. Replaces what
    /// was said before.
    Usage {
        pools: Vec<u32>,
        claims: Vec<String>,
    },
    /// A time asked for by [`Effect::WakeAt`] has come.
    Timer,
    Cancel(Cancel),
}

/// Why the journal refused a reservation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refusal {
    /// Another attempt at the task is alive.
    Running,
    /// The task has been completed meanwhile.
    Completed,
    /// A pool or a claim is taken by another orchestration; an `Input::Usage` will say when to try again.
    Busy,
    /// The task cannot be dispatched at all (its file vanished or is invalid, its worker is missing):
    /// final, with this reason.
    Impossible(StopReason),
}

/// How an attempt ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttemptEnd {
    Succeeded,
    Unsuccessful(StopReason),
    /// The attempt never started its worker: it does not count and is made again.
    Void,
}

/// What became of a task outside this orchestration.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Elsewhere {
    /// By a person, an approval or another orchestration.
    Completed,
    /// Another orchestration is at it.
    Running,
    /// Not completed and nobody is at it (another's attempt failed, or a person reset it). A task
    /// that this orchestration had ended for itself stays as it is.
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

/// Something to do. Carried out in the order given.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Reserve an attempt in the journal and start it.
    Reserve { task: TaskIx },
    /// Write the verdict on the attempt that has just ended.
    Settle { task: TaskIx, how: Settle },
    /// A manual task was reached: record that it is left to a person.
    Skip { task: TaskIx },
    /// Ask the task's running attempt to end.
    End { task: TaskIx, kill: Kill },
    /// Give [`Input::Timer`] at this time (or later). A new one replaces the one before.
    WakeAt(Duration),
    /// Nothing more will happen: leave.
    Finish,
}

/// With grace or at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kill {
    Gracefully,
    Now,
}

/// The verdict on an ended attempt, for its task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Settle {
    Completed,
    AwaitingApproval,
    Retry {
        reason: StopReason,
        counted: bool,
        wait: Duration,
    },
    Failed(StopReason),
    Stopped(StopReason),
    Void,
}
