//! `runr dashboard`: a local page that shows everything and takes decisions.

use crate::cli::dashboard::{self, Opening};
use crate::cli::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Listen on this port instead of any free one
    #[arg(long, value_name = "N", default_value_t = 0, hide_default_value = true)]
    port: u16,
    /// Only print the address
    #[arg(long)]
    no_open: bool,
}

/// Serves until interrupted. It reads the journal as `status` does; what it changes goes through the same code as
/// `tasks complete`, `approve`, `reject` and `reset`.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let opening = if args.no_open {
        Opening::Print
    } else {
        Opening::Browser
    };
    dashboard::run(context, args.port, opening)
}
