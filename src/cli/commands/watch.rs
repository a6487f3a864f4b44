//! `runr watch`: everything live in the terminal, and decisions there.

use std::path::PathBuf;

use crate::cli::{Context, Exit, watch};

/// Follow what runs, or what ran last, on the whole terminal
///
/// Shows the graph as a tree or as levels, the log of the selected task as it grows, what it waits for and what it would
/// set free, and what needs you. Keys approve, reject, complete, reset and cancel, each after a question; `?` shows them
/// all. Leaving it does not touch the run, and any number of people may watch.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Use this orchestration file instead of the one that the orchestration was started with
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    watch::run(context, args.config.as_deref())
}
