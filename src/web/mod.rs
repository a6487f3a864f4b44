//! The dashboard's server: who may ask, what is answered with which headers, how long anything may take.
//!
//! Knows HTTP and the files of the page. Does not know tasks, journals or commands: what is behind a route is
//! handed in by the command. Bound to loopback, and everything that holds data asks for a token; the order of
//! the checks is that of [`judge`].

mod assets;
mod guard;
mod headers;
mod keys;
mod patient;
mod route;
mod serve;
mod stream;

pub use assets::{ASSETS, Asset};
pub use guard::{Denied, Hosts, Request, judge};
pub use headers::dress;
pub use keys::{Entry, Keys, Secret};
pub use patient::Patient;
pub use route::{Access, Method, Route, find};
pub use serve::{Limits, serve};
pub use stream::{Message, Messages, stream};
