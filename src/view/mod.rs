//! What is shown of a task but never stored: ready, blocked, stale, what needs a person, what a
//! completion would set free. Plan and state in, plain values out.
//!
//! Knows the model, the plan and the state. Pure: no files, no clock; fingerprints of inputs are
//! handed in. Does not know how any of it is written on a screen ([`crate::report`]).

mod inferred;
mod outside;
mod owners;
mod people;
mod rerun;
mod task;
mod unblock;
mod waits;
mod written;

pub use inferred::{
    Difference, Evidence, Facts as FileFacts, Found, Inferred, TaskFiles, inferred,
};
pub use outside::{NotLanded, Outside, Whereabouts, hold_back};
pub use owners::Owners;
pub use people::Ask;
pub use rerun::rerun;
pub use task::{Class, Stale, Standing, TaskView, tasks, tasks_of, tasks_with};
pub use unblock::Unblocker;
pub use waits::{Wait, Waits, waits};
pub use written::written;

#[cfg(test)]
pub(crate) mod tests;
