//! Everything that has to do with git.
//!
//! `trailers` is pure text.

pub mod trailers;
