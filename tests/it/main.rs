//! Integration tests: the real binary, end to end.

mod architecture;
mod attempt;
mod bad_inputs;
mod check;
mod concurrent;
mod crash;
mod demo;
mod disk;
mod example_file;
mod examples;
mod field_failures;
mod git_history;
mod graph;
mod init;
mod journal;
mod logs;
mod processes;
mod readme;
mod scheduler_properties;
mod settle;
mod status;
mod support;
mod support_attempt;
mod support_sealed;
mod why;
mod world;
