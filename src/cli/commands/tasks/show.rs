//! `runr tasks show`. (Skeleton.)

use crate::cli::{Context, Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_context: &Context, _args: Args) -> anyhow::Result<Exit> {
    Err(Failure::usage("not built yet").into())
}
