//! What is so, given everything that happened: `state == fold(events)`.
//!
//! Knows the model and the events. Pure: no files, no clock. [`State::apply`] is the one function
//! that changes a task's state; [`State::check`] says beforehand whether an event is still legal, so
//! that of two writers only one can win.

mod fold;
mod join;
mod known;
mod legal;

pub use join::Naming;
pub use known::{ClaimedRun, OpenRun, Orchestration, State, TaskState};
pub use legal::Illegal;
