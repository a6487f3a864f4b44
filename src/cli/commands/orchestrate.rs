//! `runr orchestrate`: runs, awaits and lists orchestrations. (Skeleton.)

use std::path::Path;

use crate::cli::{Context, Exit, Failure};

#[derive(Debug, clap::Args)]
pub struct Args {}

pub fn run(_context: &Context, _args: Args) -> anyhow::Result<Exit> {
    Err(Failure::usage("not built yet").into())
}

/// What `orchestrate run` does in a folder that is a project, for `runr demo`. (Skeleton.)
pub fn run_in(_context: &Context, _dir: &Path) -> anyhow::Result<Exit> {
    Err(Failure::usage("not built yet").into())
}
