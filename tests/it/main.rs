//! Integration tests: the real binary, end to end.

mod demo;
mod examples;
mod init;
mod readme;
mod support_sealed;
