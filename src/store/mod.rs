//! The journal and everything kept beside it: the only place that reads and writes `.runr/` state.
//!
//! Knows the model, the events and the fold. Does not know the plan, the scheduler or the screen.

mod error;
mod journal;
mod layout;
mod replace;

pub use error::StoreError;
pub use journal::{Appended, Refused, Store};
pub use layout::Layout;
pub use replace::replace;
