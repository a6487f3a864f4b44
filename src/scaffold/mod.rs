//! What `init` and `demo` write: the content of files, and which checks suit a folder.
//!
//! Knows nothing of runr's other parts: it is text in, text out. Does not know where the files go, and
//! reads and writes none: `cli` does, and never over a file that is there.

mod demo;
mod detect;
mod file;
mod kinds;
mod starter;

pub use demo::{TITLE_TASK, demo};
pub use detect::{Found, READ, Surroundings, detect};
pub use file::NewFile;
pub use starter::{configuration, hello};
