//! `runr mcp`: the same facts and a few acts for agents, over the Model Context Protocol on stdin and stdout.
//!
//! What tasks and logs say is somebody else's text: it is given inside of a fence, harmless and capped, and
//! never decides anything. Read-only unless the person who starts it says otherwise; approving is never
//! offered, nor anything that takes a command to run.
//!
//! `server` alone knows the protocol's library; `tools` names what is offered; `input` reads arguments
//! strictly; `answer` and `fence` make texts; `reading` and `writing` do the work.

mod answer;
mod fence;
mod input;
mod reading;
mod server;
mod tools;
mod writing;

pub use server::serve;
pub use tools::Access;
