//! New task files: one that a person asks for, or many taken over from another tool.
//!
//! Knows how a task file is written and what the files of other tools look like. Pure: does not read or write files, and
//! does not check what it makes against the project; who writes it does so first. What other tools wrote is not trusted:
//! sizes are limited, names made safe, control characters dropped.

mod arrange;
mod backlog;
mod beads;
mod checklist;
mod draft;
mod error;
mod formats;
mod graph;
mod naming;
mod outside;
mod taskmaster;

pub use arrange::{Arranged, Arrangement, arrange};
pub use draft::Draft;
pub use error::IntakeError;
pub use formats::{Format, Given, MAX_FILE, broken_json, detect, places, read, settings};
pub use naming::{could_mean, next_name, reference, slug};
pub use outside::{Batch, Label, Outside, State};
