//! What runr writes into commit messages, and what messages say about tasks.
//!
//! Knows text only. Whether a commit counts, and which of several does, is decided elsewhere.

mod read;
#[cfg(test)]
mod tests;
mod write;

pub use read::{Group, Reverted, Section, read, strip};
pub use write::{ByHand, Trailers, remarks, task_path};
