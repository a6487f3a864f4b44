//! Everything about one task, as `runr tasks show --json` has it.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::Seen;
use crate::cli::runs::read_states;
use crate::event::Event;
use crate::model::RunId;
use crate::plan::TaskIx;
use crate::report::TaskPage;
use crate::report::receipt::{Runs, RunsOf};
use crate::store::history;

/// One JSON object.
///
/// # Errors
/// When the journal or the task's file cannot be read.
pub fn page(desk: &Desk, seen: &Seen, ix: TaskIx) -> anyhow::Result<String> {
    let facts = seen.facts();
    let task = facts.task(ix);
    let mut events = Vec::new();
    let mut ids: Vec<RunId> = Vec::new();
    history(&desk.layout, &mut |recorded| {
        if let Event::Reserved { run, task: of, .. } = &recorded.event
            && *of == task.id
        {
            ids.push(run.clone());
        }
        // Of the others' runs nothing is kept.
        if recorded.event.run().is_some_and(|run| ids.contains(run)) {
            events.push(recorded);
        }
    })?;
    let (context, _) = desk.context.through("dashboard");
    let states = read_states(&context, &desk.layout, &ids)?;
    let mut runs = Runs::new(RunsOf::Task(task.id.clone()), &states);
    events.iter().for_each(|recorded| runs.take(recorded));
    let text = if task.id.is_inline() {
        None
    } else {
        let path = desk.project.root.join(&*task.place.file);
        let text = std::fs::read_to_string(&path)
            .with_context(|| format!("cannot read `{}`", path.display()))?;
        Some(text)
    };
    let page = TaskPage {
        facts,
        task: ix,
        runs: &runs.take_of(&task.id),
        logs: &BTreeMap::new(),
        text: text.as_deref(),
    };
    Ok(page.json()?)
}
