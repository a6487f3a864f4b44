//! Integration tests: the real binary, end to end.

mod bad_inputs;
mod check;
mod example_file;
mod support;
