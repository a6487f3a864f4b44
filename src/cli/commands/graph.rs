//! `runr graph`: shows the graph of tasks. (Skeleton.)

use crate::cli::{Context, Exit, Failure};
use crate::plan::Plan;
use crate::state::State;

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_context: &Context, _args: Args) -> anyhow::Result<Exit> {
    Err(Failure::usage("not built yet").into())
}

/// The picture of the whole graph, coloured by status, for `runr demo`. (Skeleton.)
pub fn svg(_plan: &Plan, _state: &State) -> anyhow::Result<String> {
    Err(Failure::usage("not built yet").into())
}
