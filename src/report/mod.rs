//! Events and states become lines, tables, bars and JSON, written to a given `Write`.
//!
//! Knows the model, the events, the plan, the state and the views. Does not know the terminal's
//! abilities, the environment, the clock or the time zone: they are handed in. Everything that comes
//! from outside passes [`sanitise`] before it is written for people.

mod counts;
mod facts;
mod note;
mod sanitise;
mod status_json;
mod status_table;
mod style;
mod text;

pub use counts::Counts;
pub use facts::{Facts, Liveness};
pub use note::{Note, complete_command, notes};
pub use sanitise::{one_line, sanitise};
pub use status_json::{StatusJson, TaskJson};
pub use status_table::{Look, status_table};
pub use style::{Glyphs, status_words};
pub use text::{listing, shell_word};
