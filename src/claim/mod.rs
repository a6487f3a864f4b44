//! Work done outside of any orchestration: a person or a session takes a task, says that it is done, or
//! gives it back.
//!
//! A claim is a run like any other in the journal, but nobody attends it: it lasts until its owner ends it.
//! What decides that the work is good is the same as everywhere, the task's checks, run by an attempt of its
//! own; a word alone is recorded as a word. What was changed is committed when that is asked for.
//!
//! Knows the plan, the journal, attempts and the repository. Does not know the command line or the protocol by which it is
//! asked.

mod check;
mod complete;
mod desk;
mod error;
mod keep;
mod take;

pub use complete::{Completion, How, Unchecked};
pub use desk::Desk;
pub use error::ClaimError;
pub use keep::{Keep, Kept};
