//! (Skeleton.)

mod sanitise;

pub use sanitise::sanitise;
