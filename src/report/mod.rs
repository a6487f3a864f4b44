//! (Skeleton.)

pub mod sanitise;
