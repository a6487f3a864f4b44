//! The command line: arguments, environment, output streams and exit codes live here and nowhere else.
//!
//! Knows everything below it. Each file of `commands` is one command: its arguments (a clap struct
//! whose doc comments are what users read) and a `run` that calls the library and prints.

mod args;
mod claiming;
mod commands;
mod completion;
mod conclusion;
mod containment;
mod context;
mod dashboard;
mod deciding;
mod diagnostic;
mod dispatching;
mod dry_run;
mod elsewhere;
mod evidence;
mod exit;
mod following;
mod inference;
mod log_output;
mod mcp;
mod names;
mod outside;
mod quoting;
mod released;
mod running;
mod runs;
mod runtime;
mod selecting;
mod snapshot;
mod subject;
mod task_text;
mod there;
mod watch;
mod workerless;

use std::process::ExitCode;

use clap::Parser;

use commands::overview::{self, Form};

pub use context::Context;
pub use dashboard::routes as dashboard_routes;
pub use exit::{Exit, Failure};

/// Parses the arguments, runs the command, prints its error if there is one, and gives the exit code.
#[must_use]
pub fn main() -> ExitCode {
    if let Some(exit) = completion::answer() {
        return exit.into();
    }
    let args = match args::Args::try_parse() {
        Ok(args) => args,
        Err(error) => {
            let code = if error.use_stderr() {
                Exit::USAGE
            } else {
                Exit::OK
            };
            // Nobody is left to tell when this fails.
            let _ = error.print();
            return code.into();
        }
    };
    let context = Context::new(args.global);
    let done = match (args.command, args.json) {
        (None, false) => overview::run(&context, Form::Text),
        (None, true) => overview::run(&context, Form::Json),
        (Some(command), false) => commands::run(&context, command),
        (Some(_), true) => Err(Failure::usage(
            "`--json` stands before the command, where it means `runr` alone",
        )
        .help("put it behind the command, as in `runr status --json`")
        .into()),
    };
    match done {
        Ok(exit) => exit.into(),
        Err(error) => exit::report(&context, &error).into(),
    }
}
