//! What `run`, `orchestrate run`, `resume` and `demo` share: the flags of a dispatch, and the way from a
//! selection to an exit code.

mod flags;
mod resume;
mod start;
mod surroundings;

pub use flags::Dispatching;
pub use start::Scope;
pub use surroundings::known_worker;
