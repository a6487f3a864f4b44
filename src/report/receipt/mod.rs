//! The account of one orchestration: what ran, how long, why it stopped, what next.
//!
//! [`Receipt::gather`] is pure: the facts, the journal's events and the attempts' own answers in, a
//! value out, which is written as JSON (its serde form) and as Markdown.

mod gather;
mod markdown;
mod runs;
mod types;

pub use gather::{Subject, failed_check};
pub use runs::{Runs, RunsOf};
pub use types::{Ending, HeldBackBy, NeedEntry, Receipt, RunEntry, TaskEntry};
