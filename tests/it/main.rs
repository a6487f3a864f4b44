//! Integration tests: the real binary, end to end.

mod attempt;
mod processes;
mod support_attempt;
mod journal;
