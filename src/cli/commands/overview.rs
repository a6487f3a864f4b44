//! `runr` alone: where things stand and up to three next commands.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::Overview;

pub fn run(context: &Context) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let text = Overview::new(snapshot.facts()).text(&look(context));
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
