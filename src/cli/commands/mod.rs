//! The commands, one thin file each.

mod adopt;
pub(in crate::cli) mod cancel;
mod check;
mod claim;
mod completions;
mod dashboard;
mod demo;
mod doctor;
mod gc;
pub(in crate::cli) mod graph;
mod hook;
mod init;
mod logs;
mod man;
mod mcp;
mod next;
mod orchestrate;
pub(in crate::cli) mod overview;
mod plan;
mod report;
mod resume;
mod run;
mod schema;
mod status;
pub(in crate::cli) mod tasks;
mod watch;
mod why;

use crate::cli::{Context, Exit};

/// What can be asked of runr.
#[derive(Debug, clap::Subcommand)]
pub enum Command {
    /// Makes and runs a small sample project
    Demo(demo::Args),
    /// Makes this folder a project
    Init(init::Args),
    /// Reads every file and reports all problems
    Check(check::Args),
    /// Shows the graph of tasks
    Graph(graph::Args),
    /// Shows what would run, in which order and for how long
    Plan(plan::Args),
    /// Runs tasks
    Run(run::Args),
    /// Runs, awaits and lists orchestrations
    Orchestrate(orchestrate::Args),
    /// Continues an orchestration that was interrupted
    Resume(resume::Args),
    /// Stops a running orchestration or task
    Cancel(cancel::Args),
    /// Shows how the tasks stand
    Status(status::Args),
    /// Lists, shows, writes and settles tasks
    Tasks(tasks::Args),
    /// Shows what can be done now
    Next(next::Args),
    /// Takes a task that is done outside of any orchestration
    Claim(claim::Args),
    /// Explains why a task does not run, and what it would unblock
    Why(why::Args),
    /// Shows the output of a run
    Logs(logs::Args),
    /// Shows everything live in the terminal, and takes decisions there
    Watch(watch::Args),
    /// Shows everything in the browser, and takes decisions there
    Dashboard(dashboard::Args),
    /// Tells what a run or an orchestration did
    Report(report::Args),
    /// Says what is wrong with runr's own files, and repairs it
    Doctor(doctor::Args),
    /// Removes what nothing needs any more
    Gc(gc::Args),
    /// Serves agents over the Model Context Protocol
    Mcp(mcp::Args),
    /// Records what happens in a session of an agent
    #[command(hide = true)]
    Hook(hook::Args),
    /// Prints the JSON Schema of a kind of file
    Schema(schema::Args),
    /// Prints a completion script for a shell
    Completions(completions::Args),
    /// Writes the manual pages
    Man(man::Args),
}

/// Runs one command.
pub fn run(context: &Context, command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Demo(args) => demo::run(context, args),
        Command::Init(args) => init::run(context, args),
        Command::Check(args) => check::run(context, args),
        Command::Graph(args) => graph::run(context, args),
        Command::Plan(args) => plan::run(context, args),
        Command::Run(args) => run::run(context, args),
        Command::Orchestrate(args) => orchestrate::run(context, args),
        Command::Resume(args) => resume::run(context, args),
        Command::Cancel(args) => cancel::run(context, args),
        Command::Status(args) => status::run(context, args),
        Command::Tasks(args) => tasks::run(context, args),
        Command::Next(args) => next::run(context, args),
        Command::Claim(args) => claim::run(context, args),
        Command::Why(args) => why::run(context, args),
        Command::Logs(args) => logs::run(context, args),
        Command::Watch(args) => watch::run(context, args),
        Command::Dashboard(args) => dashboard::run(context, args),
        Command::Report(args) => report::run(context, args),
        Command::Doctor(args) => doctor::run(context, args),
        Command::Gc(args) => gc::run(context, args),
        Command::Mcp(args) => mcp::run(context, args),
        Command::Hook(args) => Ok(hook::run(context, &args)),
        Command::Schema(args) => schema::run(context, args),
        Command::Completions(args) => completions::run(context, args),
        Command::Man(args) => man::run(context, args),
    }
}
