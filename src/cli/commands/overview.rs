//! `runr` alone: where things stand and up to three next commands. As JSON it is what `runr status --json` prints.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::Overview;

/// How it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    Text,
    Json,
}

pub fn run(context: &Context, form: Form) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let overview = Overview::new(snapshot.facts());
    let text = match form {
        Form::Text => overview.text(&look(context)),
        Form::Json => overview.json()? + "\n",
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
