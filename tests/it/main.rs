//! Integration tests: the real binary, end to end.

mod attempt;
mod demo;
mod examples;
mod init;
mod readme;
mod journal;
mod processes;
mod support_attempt;
mod support_sealed;
mod graph;
mod scheduler_properties;
mod concurrent;
mod crash;
mod disk;
mod field_failures;
mod world;
mod bad_inputs;
mod check;
mod example_file;
mod support;
mod settle;
