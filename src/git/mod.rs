//! The only caller of git.
//!
//! Knows the model. [`Git`] starts git so that nothing of a repository's configuration runs a program; what
//! changes a repository is built on it. `reading` starts git for commands that only read, `log`, `scan`, `later`
//! and `changes` say what they ask it. `trailers`, `history` and `told` are pure. Plain `std`: an attempt's process uses this as it
//! is, and the orchestrator calls it where waiting a few milliseconds does no harm.

mod answer;
pub mod beginning;
pub mod beside;
pub mod changes;
pub mod checked_out;
pub mod checkpoint;
mod child;
mod command;
pub mod contained;
pub mod diff;
pub mod diff_text;
mod error;
pub mod files;
pub mod guard;
pub mod history;
pub mod integrate;
pub mod join;
pub mod landing;
pub mod later;
pub mod lock;
pub mod log;
pub mod reading;
pub mod refs;
pub mod repository;
#[cfg(test)]
mod sample;
pub mod scan;
pub mod setup;
pub mod told;
pub mod trailers;
pub mod uncommitted;
pub mod walk;
pub mod worktree;

pub use answer::{Answer, is_object};
pub use command::Git;
pub use error::GitError;
pub use repository::{Head, Repository};
