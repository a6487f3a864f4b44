//! `runr why`: explains why a task does not run, and what it would unblock.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::Why;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task, as `03`, `03-http` or `net/03-http.md`
    task: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let task = snapshot.task(&args.task)?;
    let why = Why::new(snapshot.facts(), task);
    let text = if args.json {
        why.json()? + "\n"
    } else {
        why.text(&look(context))
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
