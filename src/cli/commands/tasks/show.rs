//! `runr tasks show`: one task with its settings, its text and its history.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;

use crate::cli::runs::read_states;
use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::model::RunId;
use crate::report::receipt::{RunEntry, Runs, RunsOf};
use crate::report::{TaskPage, sanitise};
use crate::store::history;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task: its name below .runr/tasks/, with or without .md
    task: String,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let ix = snapshot.task(&args.task)?;
    let task = snapshot.facts().task(ix);
    let layout = snapshot.store.layout();
    let mut events = Vec::new();
    history(layout, &mut |recorded| events.push(recorded))?;
    let mut ids: Vec<RunId> = Vec::new();
    for recorded in &events {
        if let crate::event::Event::Reserved { run, task: of, .. } = &recorded.event
            && *of == task.id
        {
            ids.push(run.clone());
        }
    }
    let states = read_states(context, layout, &ids)?;
    let mut runs = Runs::new(RunsOf::Task(task.id.clone()), &states);
    events.iter().for_each(|recorded| runs.take(recorded));
    let runs: Vec<RunEntry> = runs.take_of(&task.id);
    let logs: BTreeMap<RunId, String> = runs
        .iter()
        .map(|entry| entry.run.clone())
        .filter(|run| layout.run(run).join("worker.log").is_file())
        .map(|run| {
            let path = format!(".runr/runs/{run}/worker.log");
            (run, path)
        })
        .collect();
    // An inline step has no file of its own.
    let text = if task.id.is_inline() {
        None
    } else {
        let path = snapshot.project.root.join(&*task.place.file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        Some(text)
    };
    let page = TaskPage {
        facts: snapshot.facts(),
        task: ix,
        runs: &runs,
        logs: &logs,
        text: text.as_deref(),
    };
    let mut out = context.out();
    if args.json {
        writeln!(out, "{}", page.json()?)?;
    } else {
        out.write_all(page.to_text(&look(context)).as_bytes())?;
        if let Some(text) = &text {
            writeln!(out, "\n{}", sanitise(text.trim_end()))?;
        }
    }
    Ok(snapshot.exit())
}
