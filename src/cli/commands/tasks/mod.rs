//! `runr tasks`: lists, shows, writes and settles tasks, one file each.

mod add;
pub mod approve;
mod changes;
pub mod complete;
mod edit;
mod import;
mod list;
mod own_checks;
pub mod reject;
pub mod reset;
mod settle;
mod show;

use crate::cli::{Context, Exit};

#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Lists all tasks
    List(list::Args),
    /// Shows everything known about one task
    Show(show::Args),
    /// Writes a new task file
    Add(add::Args),
    /// Changes the frontmatter of a task and nothing else
    Edit(edit::Args),
    /// Takes over the tasks of another tool
    Import(import::Args),
    /// Says that a task is done, by hand
    Complete(complete::Args),
    /// Accepts the worker's half of a hybrid task
    Approve(approve::Args),
    /// Sends a hybrid task back to its worker
    Reject(reject::Args),
    /// Makes a task count as never run
    Reset(reset::Args),
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::List(args) => list::run(context, args),
        Command::Show(args) => show::run(context, args),
        Command::Add(args) => add::run(context, args),
        Command::Edit(args) => edit::run(context, args),
        Command::Import(args) => import::run(context, args),
        Command::Complete(args) => complete::run(context, args),
        Command::Approve(args) => approve::run(context, args),
        Command::Reject(args) => reject::run(context, args),
        Command::Reset(args) => reset::run(context, args),
    }
}
