//! A full-screen view in a terminal: its state, what keys and news do to it, how it is drawn.
//!
//! Pure. [`Model::update`] takes one [`Msg`] and gives what is asked of the world; [`draw()`] paints a model into a
//! frame and changes nothing. Knows the plan, the state and the words of reports. Does not know files, processes, the
//! clock or the terminal: the command `runr watch` has these.

mod ask;
mod browse;
mod detail;
mod draw;
mod filter;
mod hint;
mod key;
mod layout;
mod levels;
mod log;
mod model;
mod moment;
mod prompt;
mod rows;
#[cfg(test)]
pub(crate) mod samples;
#[cfg(test)]
mod tests;
mod tree;
mod typed;

pub use ask::{Ask, Msg, News, Source};
pub use draw::{Paint, draw};
pub use key::Key;
pub use model::Model;
pub use moment::{Moment, NeverRead, Shown};
