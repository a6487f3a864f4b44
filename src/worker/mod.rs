//! Who does the work: for each worker its command line, and the environment that it may see. Pure.
//!
//! Knows the model. Does not know processes or files: [`crate::attempt`] starts what is decided here.

/// The worker that runs commands.
pub const SHELL: &str = "shell";

mod environment;
mod secrets;
mod shell;

pub use environment::{COOKIE, environment, identity};
pub use secrets::{Filter, Secrets, holds_secret};
pub use shell::invocation;
