//! Who does the work: for each worker its command line, its environment, and what its output means. Pure.
//!
//! Knows the model. Does not know processes or files: [`crate::attempt`] starts what is decided here and
//! hands over the bytes that come back.

/// The worker that runs commands.
pub const SHELL: &str = "shell";
/// The worker that is Claude Code.
pub const CLAUDE_CODE: &str = "claude-code";
/// The worker that is Codex.
pub const CODEX: &str = "codex";

mod account;
mod claude_code;
mod codex;
mod custom;
mod environment;
mod handoff;
mod judge;
mod lines;
mod prompt;
mod reader;
#[cfg(test)]
mod recorded_tests;
mod secrets;
mod shell;
mod start;

pub use account::{Account, Said, Trouble, TroubleKind};
pub use claude_code::SENT_BACK;
pub use environment::{COOKIE, ROOT, agent_names, environment, identity, marks};
pub use handoff::{Handoff, HandoffError, STRICT_SCHEMA, of as handoff_of};
pub use judge::{Exit, Lingered, NeedsWord, Resumed, WorkEnd, judge};
pub use prompt::{Prompt, go_on, send_back};
pub use reader::{Clock, Reader};
pub use secrets::{Filter, Secrets, holds_secret};
pub use shell::invocation;
pub use start::{Input, PromptTooLong, Start};
