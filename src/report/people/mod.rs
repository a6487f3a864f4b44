//! What needs people: one list for `runr next --people`, the dashboard, `runr watch` and receipts.
//!
//! [`needs_people`] says what and in which order, [`Evidence`] what there is to look at, [`answers()`] what can be typed.
//! Knows the facts. What lies in run folders and in git is read by the caller and handed in.

mod answers;
mod entry;
mod evidence;
mod list;
mod text;

pub use answers::{Answer, answers};
pub use entry::NeedJson;
pub use evidence::Evidence;
pub use list::{Asked, Need, Trouble, needs_people};
pub use text::needs_text;
