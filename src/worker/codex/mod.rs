//! The worker `codex`: `codex exec --json`.
//!
//! Knows its arguments and its event stream as seen with version 0.169.0.

mod arguments;
mod events;
mod reset_time;

pub use arguments::arguments;
pub use events::Events;
pub use reset_time::reset_time;
