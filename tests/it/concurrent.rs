//! Several commands at once over one project: orchestrations that share pools, claims and tasks, people in
//! other terminals, and signals.

mod people;
mod rules;
mod shared;
mod signals;
