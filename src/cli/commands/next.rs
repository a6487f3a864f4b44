//! `runr next`: shows what can be done now.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit, evidence};
use crate::report::Next;

/// Of how many needs the evidence is read: it costs a question to git each.
const WITH_EVIDENCE: usize = 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show only what needs a person, what holds up most work first, each with what there is to look at and the answers
    #[arg(long)]
    people: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let next = Next::new(snapshot.facts());
    let text = match (args.people, args.json) {
        (false, false) => next.text(&look(context)),
        (false, true) => next.json()? + "\n",
        (true, json) => {
            let mut seen = Vec::new();
            for need in next.people().iter().take(WITH_EVIDENCE) {
                let (found, troubles) =
                    evidence::read(snapshot.facts(), &snapshot.store.places(), need);
                for trouble in troubles {
                    writeln!(context.err(), "warning: {trouble}")?;
                }
                seen.push(found);
            }
            match json {
                true => next.people_json(&seen)? + "\n",
                false => next.people_text(&seen, &look(context)),
            }
        }
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
