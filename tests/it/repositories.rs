//! Tasks that need tasks of other repositories, run where they are.

mod page;
mod people;
mod reading;
mod running;
mod trouble;
