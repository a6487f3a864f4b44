//! Everything that has to do with git.
//!
//! `trailers`, `history` and `told` are pure; `reading` starts git for commands that only read, `scan` and
//! `changes` say what they ask it.

pub mod changes;
pub mod history;
pub mod reading;
pub mod scan;
pub mod told;
pub mod trailers;
