//! Events and states become lines, tables, bars and JSON, written to a given `Write`.
//!
//! Knows the model, the events, the plan, the state and the views. Does not know the terminal's
//! abilities, the environment, the clock or the time zone: they are handed in. Everything that comes
//! from outside passes [`sanitise()`] before it is written for people.

mod beyond;
mod counts;
mod facts;
mod inferred;
mod interrupted;
pub mod live;
mod log_text;
mod next;
mod next_commands;
mod note;
mod overview;
mod paused;
pub mod people;
mod plan;
mod provenance;
pub mod receipt;
mod remedy;
mod run_page;
mod sanitise;
mod status_json;
mod status_table;
mod style;
mod summary;
mod task_page;
mod text;
mod unread;
mod why;

#[cfg(test)]
mod fixture;

pub use counts::Counts;
pub use facts::{Facts, Liveness, Processes};
pub use inferred::{GitJson, GitReport, GitTaskJson, LaterChange, LaterChanges};
pub use log_text::{last_line, last_lines, shown_line};
pub use next::{Next, expected};
pub use next_commands::{NextCommand, next_commands, next_with};
pub use note::{Note, complete_command, notes};
pub use overview::{NotLandedJson, Overview, end_words, not_landed_json};
pub use paused::{paused, waits_for_worker};
pub use plan::{Arrows, PlanReport};
pub use provenance::Provenance;
pub use remedy::{Remedy, merge_command, place};
pub use run_page::RunPage;
pub use sanitise::{is_harmful, one_line, sanitise};
pub use status_json::{StatusJson, TaskJson, class_word};
pub use status_table::{Look, status_table};
pub use style::{Glyphs, class_style, status_style, status_words};
pub use summary::{Close, Remains, SummaryLook, summary};
pub use task_page::TaskPage;
pub use text::{columns, count, cut, first_line, listing, pad, shell_word};
pub use unread::{look_at, look_at_needed};
pub use why::Why;
