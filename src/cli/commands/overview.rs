//! `runr` alone: where things stand and up to three next commands. (Skeleton.)

use crate::cli::{Context, Exit, Failure};

pub fn run(_context: &Context) -> anyhow::Result<Exit> {
    Err(Failure::usage("not built yet").into())
}
