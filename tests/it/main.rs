//! Integration tests: the real binary, end to end.

mod demo;
mod examples;
mod init;
mod support_sealed;
mod attempt;
mod processes;
mod support_attempt;
mod journal;
