//! A project in a folder of its own, real workers that write a ledger outside `.runr`, and the means to
//! look at all of it from outside: the journal's text, `/proc`, the exit codes.
//!
//! Nothing here knows runr's types: what a test reads is what any other program would read.

mod journal;
mod ledger;
mod process;
mod project;
mod until;

pub use journal::Journal;
pub use ledger::Ledger;
pub use process::{
    Proc, Ran, Running, processes_called, processes_inside, processes_naming, with_cookie,
};
pub use project::{World, binary};
pub use until::{Came, Watch};
