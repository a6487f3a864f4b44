//! The screen of a running orchestration: fed with events and output lines, it draws bars, prints plain
//! lines, or writes the events as JSON lines.
//!
//! Knows the events of one orchestration. Does not know the clock, the files that output comes from, or
//! whether there is a terminal: times are handed in, and the caller chooses the mode.

mod bars;
mod estimate;
mod progress;
mod said;
mod screen;

pub use estimate::Estimate;
pub use screen::{Mode, Screen, ScreenInfo};
