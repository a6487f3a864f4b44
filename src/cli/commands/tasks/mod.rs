//! `runr tasks`: lists, shows and settles tasks.

mod list;
mod show;

use crate::cli::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists tasks
    List(list::Args),
    /// Shows one task: its settings, its text, its history
    Show(show::Args),
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::List(args) => list::run(context, args),
        Command::Show(args) => show::run(context, args),
    }
}
