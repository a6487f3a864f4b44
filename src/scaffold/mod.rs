//! What `init` and `demo` write: the content of files, and which checks suit a folder.
//!
//! Knows nothing of runr's other parts: it is text in, text out. Does not know where the files go, and
//! reads and writes none: `cli` does, and never over a file that is there.

pub mod claude;
mod demo;
mod detect;
mod file;
mod json_edit;
mod kinds;
mod starter;

pub use claude::EVENTS;
pub use demo::{TITLE_TASK, demo};
pub use detect::{Found, READ, Surroundings, detect};
pub use file::NewFile;
pub use json_edit::EditError;
pub use starter::{configuration, hello};
