//! `runr tasks show`: one task with its settings, its text and its history.

use std::io::Write as _;

use crate::cli::snapshot::{Snapshot, look};
use crate::cli::task_text::TaskText;
use crate::cli::{Context, Exit};
use crate::report::sanitise;

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
    let ix = snapshot.task(&args.task)?;
    let text = TaskText::read(context, &snapshot, ix)?;
    let page = text.page(&snapshot);
    let mut out = context.out();
    if args.json {
        writeln!(out, "{}", page.json()?)?;
    } else {
        out.write_all(page.to_text(&look(context)).as_bytes())?;
        if let Some(text) = &text.file {
            writeln!(out, "\n{}", sanitise(text.trim_end()))?;
        }
    }
    Ok(snapshot.exit())
}
