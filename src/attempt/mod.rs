//! One run in a process of its own: `runr attempt DIR`.
//!
//! The process leads a session of its own, holds its task's lock, and does what `DIR/spec.json` asks:
//! the worker, then the verification. Its last act is to replace `DIR/state.json` with its verdict.
//! It owns every process that it starts, directly or not, and none of them outlives it.
//!
//! Knows the model, git, the worker's command line and its environment. Does not know the journal, the
//! plan, retries, or who started it: `launch` is the other end of the pipe. Everything but `launch`
//! and `live` is plain std and rustix: a process that is started once for each task run must not pay
//! for a runtime or a command line parser.

pub mod approval;
mod bill;
mod command;
mod conclude;
mod conversation;
mod early;
mod events_file;
mod gate;
mod ground;
mod handshake;
mod kin;
mod launch;
mod limits;
mod live;
mod marked;
mod mend;
mod outcome;
mod output;
mod perform;
mod process_ref;
mod program;
mod redacting;
mod scope;
mod sweep;
mod tree;
mod turn;
mod verify;
mod watch;

// Everything that only Linux can do; another Unix needs a file with the same names.
#[cfg(target_os = "linux")]
#[path = "linux.rs"]
mod os;
#[cfg(not(target_os = "linux"))]
compile_error!("the functions of `src/attempt/linux.rs` are not written for this system yet");

pub use bill::spent_so_far;
pub use conversation::{EVENTS, HANDOFF, SESSION};
pub use early::{AttemptExit, REFUSED, early_main};
pub use ground::{EXCLUDES, INDEX};
pub use launch::{Held, LaunchError, start};
pub use live::Live;
pub use marked::{Marked, marked};
pub use mend::tail;
pub use outcome::brief;
pub use process_ref::{process_of, this_boot};
pub use scope::{Bounds, Outside, outside};
pub use sweep::sweep;
