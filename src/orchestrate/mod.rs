//! One orchestration: from a plan and a selection to a finished journal.
//!
//! Knows everything but the command line. The driver owns all mutable state and runs on one thread: it
//! turns what happens (attempts that end, a journal that grows, signals, timers) into the scheduler's
//! inputs and carries the effects out, in order, with one append to the journal a tick.

mod agents;
pub mod approval;
mod babysit;
mod cleaning;
mod containment;
mod dispatch;
mod display;
mod driver;
mod error;
mod frozen;
pub mod ground;
mod landing;
mod news;
mod notices;
mod owners;
pub mod people;
mod recover;
mod selection;
pub mod session;
mod signals;
pub mod sites;
mod status_files;
mod teller;
mod wake;

pub use display::Surface;
pub use error::{NoGround, OrchestrateError};
pub use frozen::{Engaged, FrozenPlan, Rules};
pub use recover::{Ask, Recovered, Recovery, end_all};
pub use selection::{Selection, Unmet, WithPrerequisites, select, unmet};
pub use signals::{Signalled, Signals};
pub use wake::JournalWatch;
