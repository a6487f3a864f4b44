//! The named failures of other tools, each one a test here: `nNN_what`, the number as in the list of the
//! reliability page. Real binary, real processes, through `runr orchestrate run`.
//!
//! 24 is about agents; it comes with these.

mod ends;
mod git;
mod liveness;
mod processes;
mod records;
mod state;
