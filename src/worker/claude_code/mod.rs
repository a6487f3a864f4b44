//! The worker `claude-code`: Claude Code without its screen (`claude -p`), with its events as JSON lines.
//!
//! Knows its arguments and its event stream as seen with versions 2.1.197 and 2.1.330.

mod arguments;
mod events;
mod gate;

pub use arguments::arguments;
pub use events::Events;
pub use gate::SENT_BACK;
