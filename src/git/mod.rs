//! The only caller of git.
//!
//! Knows the model. [`Git`] starts git so that nothing of a repository's configuration runs a program;
//! everything else here is built on it. `trailers` is pure text. Plain `std`: an attempt's process uses this
//! as it is, and the orchestrator calls it where waiting a few milliseconds does no harm.

pub mod checkpoint;
mod command;
pub mod contained;
mod error;
pub mod guard;
pub mod integrate;
pub mod landing;
pub mod lock;
pub mod repository;
#[cfg(test)]
mod sample;
pub mod setup;
pub mod trailers;
pub mod worktree;

pub use command::{Answer, Git, is_object};
pub use error::GitError;
pub use repository::{Head, Repository};
