//! What to do next. Pure: [`Scheduler::handle`] takes what happened and the time, and answers with
//! what to do, in order.
//!
//! Knows the model, the plan and (only where a [`Problem`] is built, in `build` and `expected`) the state. Does not
//! know run ids, files, processes or the journal: the driver carries the effects out and reports back.
//! The same inputs at the same times give the same effects.
//!
//! Reading order: `problem` (what is given), `input` and `effect` (the two vocabularies), `rank` (who goes
//! first), `queue` (who fits: pools and claims), `retry` (who goes again), `scheduler` (the state machine), `halt` (requests to stop),
//! `outcome` (what it would answer when asked).
//!
//! **What holds.** A task starts only when its prerequisites are completed. Nothing is started beyond `jobs`
//! living attempts (those taken over by a resume count), a pool's capacity or a claim that is held. One task that does
//! not fit never holds up another that does; therefore a wide task may be overtaken, but only by tasks
//! of this orchestration that have not run yet and their bounded retries, so it does run. Against other
//! orchestrations no such promise is made. [`Effect::Finish`] comes exactly once.
//!
//! The verdict on an attempt does not depend on whether anything is dispatched any more, unless the attempt
//! itself was asked to end: a retry that is not made after all leaves its task pending, with the reason, for `resume`.
//! A task that was asked to end is never retried.
//!
//! **What it costs.** O((V + E) log V) for a whole orchestration. Tasks that need the same pools and claims
//! queue as one class, and only the classes that waited for what has just been returned are looked at again.

mod build;
mod effect;
mod expected;
mod halt;
mod input;
mod links;
mod outcome;
mod phase;
mod problem;
mod queue;
mod rank;
mod retry;
#[cfg(test)]
pub(crate) mod sample;
#[cfg(test)]
mod scenarios;
mod scheduler;
mod scope;

pub use build::{Resume, Setup, build, claims, pools, pools_of_worker, usage};
pub use effect::{Effect, Kill, Settle};
pub use expected::{Basis, Expected, expected};
pub use input::{AttemptEnd, Cancel, Elsewhere, Input, Refusal};
pub(crate) use links::Links;
pub use outcome::{Outcome, Tally};
pub use problem::{Initial, Item, Options, Problem};
pub use scheduler::Scheduler;
