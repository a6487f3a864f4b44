//! What the scheduler asks for.

use std::time::Duration;

use crate::model::StopReason;
use crate::plan::TaskIx;

/// Something to do. Carried out in the order given.
#[must_use]
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Reserve an attempt in the journal and start it. Answered by `Input::Refused` or, in the end,
    /// by `Input::Ended`.
    Reserve { task: TaskIx },
    /// Write the verdict on the attempt that has just ended. When no attempt of the task is open (it
    /// is `Impossible`, or was cancelled before it started), the verdict is final and stands for the task:
    /// the driver records that it was given up.
    Settle { task: TaskIx, how: Settle },
    /// A manual task was reached: record that it is left to a person.
    Skip { task: TaskIx },
    /// Ask the task's running attempt to end.
    End { task: TaskIx, kill: Kill },
    /// Give [`Input::Timer`](crate::sched::Input::Timer) at this time (or later). A new one replaces
    /// the one before.
    WakeAt(Duration),
    /// Nothing more will happen: leave. Given once, last; every later input has no effect.
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
    /// The next attempt follows after `wait`, unless everything stops before.
    Retry {
        reason: StopReason,
        counted: bool,
        wait: Duration,
    },
    Failed(StopReason),
    Stopped(StopReason),
    /// The attempt does not count; the task is made again at once.
    Void,
}
