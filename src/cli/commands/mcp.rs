//! `runr mcp`: serves agents on stdin and stdout.

use crate::cli::mcp::{self, Access};
use crate::cli::{Context, Exit};

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Speaks the Model Context Protocol on stdin and stdout; an agent's program starts it. `runr init --with-claude` \
tells Claude Code how.")]
pub struct Args {
    /// Also offer what changes something: to claim, complete, give back and add tasks, never to approve them
    #[arg(long)]
    allow_write: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let access = match args.allow_write {
        true => Access::Write,
        false => Access::Read,
    };
    mcp::serve(context, access)
}
