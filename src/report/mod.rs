//! (Skeleton.)

mod plan;
mod sanitise;

pub use plan::{Arrows, PlanReport};
pub use sanitise::{one_line, sanitise};
