//! Integration tests: the real binary, end to end.

mod scheduler_properties;
