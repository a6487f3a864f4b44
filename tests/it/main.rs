//! Integration tests: the real binary, end to end.

mod concurrent;
mod crash;
mod disk;
mod field_failures;
mod world;
