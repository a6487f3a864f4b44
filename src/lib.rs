//! runr runs a repository's tasks in dependency order and always knows which are done.
//! (Crate doc to be completed: architecture and invariants.)

pub mod attempt;
pub mod cli;
pub mod event;
pub mod model;
pub mod orchestrate;
pub mod plan;
pub mod project;
pub mod render;
pub mod report;
pub mod scaffold;
pub mod sched;
pub mod simulate;
pub mod spec;
pub mod state;
pub mod store;
pub mod view;
pub mod worker;
