//! Following a project while it changes, for screens that stay open: the dashboard and `runr watch`.
//!
//! Knows files, the journal and the file system's watches. Takes no lock, writes nothing, and knows no screen.

mod landed;
mod log_files;
mod prints;
mod reader;
mod trouble;
mod watching;

pub use log_files::LogFiles;
pub use reader::Reader;
pub use watching::Changed;
