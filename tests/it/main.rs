//! Integration tests: the real binary, end to end.

mod journal;
mod settle;
