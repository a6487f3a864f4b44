//! (Skeleton.)

mod sanitise;

pub use sanitise::{one_line, sanitise};
