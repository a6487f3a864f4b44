//! `runr next`: shows what can be done now.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::{Next, Whose};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show only what needs a person, the most useful first
    #[arg(long)]
    people: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let next = Next::new(snapshot.facts());
    let whose = if args.people {
        Whose::Peoples
    } else {
        Whose::Everybodys
    };
    let text = if args.json {
        next.json(whose)? + "\n"
    } else {
        next.text(whose, &look(context))
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
