//! What the dashboard shows and does: the answers behind the routes of [`crate::web`].
//!
//! Knows the commands and what they read. Takes no lock for reading and slows no run: one thread folds the journal
//! as it grows, only while somebody looks, and seldom while much happens.

mod act;
mod answer;
mod desk;
mod feed;
mod graph;
mod output;
mod pace;
mod people;
mod reply;
mod routes;
mod run_files;
mod seen;
mod session;
mod start;
mod task;
mod timeline;

pub use routes::routes;
pub use start::{Opening, run};
