//! The named failures of other tools, each one a test here: `nNN_what`, the number as in the list of the
//! reliability page. Real binary, real processes, through `runr orchestrate run`.
//!
//! 4, 9 to 13, 21 and 24 are about git worktrees and agents; they come with these.

mod ends;
mod liveness;
mod processes;
mod records;
mod state;
