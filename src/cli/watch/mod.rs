//! `runr watch` between the pure [`crate::screen`] and the world: the terminal, signals, files and decisions.
//!
//! One thread draws. Others wait for keys, for signals, for the journal, for a log; each sends what has happened. Takes
//! no lock: whatever is slow here slows nobody else.

mod estimate;
mod happening;
mod keys;
mod moments;
mod show;
mod signals;
mod tail;
mod terminal;

pub use show::run;
