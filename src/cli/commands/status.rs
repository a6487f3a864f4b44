//! `runr status`: shows how the tasks stand.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::{Overview, StatusJson, status_table};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show every task
    #[arg(long)]
    tasks: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let facts = snapshot.facts();
    let mut text = match (args.tasks, args.json) {
        (true, true) => serde_json::to_string(&StatusJson::new(&facts, &snapshot.all()))?,
        (true, false) => status_table(&facts, &snapshot.all(), &look(context)),
        (false, true) => Overview::new(facts).json()?,
        (false, false) => Overview::new(facts).text(&look(context)),
    };
    if args.json {
        text.push('\n');
    }
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
