//! Tasks that need tasks of other repositories, run where they are.

mod lost;
mod page;
mod people;
mod reading;
mod remedies;
mod running;
mod trouble;
