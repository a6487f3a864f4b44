//! `runr tasks complete`: a person says that a task is done.

use std::collections::BTreeSet;
use std::io::Write as _;

use anyhow::Context as _;

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit};
use crate::event::Event;
use crate::model::Status;
use crate::plan::TaskIx;
use crate::project;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks, as `03`, `03-http` or `net/03-http.md`
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,
    /// Why, or what was done; shown with the task
    #[arg(long)]
    note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let settlement = Settlement::open(context)?;
    let tasks = settlement.tasks(&args.tasks)?;
    say_early(context, &settlement, &tasks)?;
    let mut events = Vec::new();
    let mut accepted = BTreeSet::new();
    for ix in &tasks {
        let task = settlement.task(*ix);
        let state = settlement.store.state().tasks.get(&task.id);
        if state.is_some_and(|s| s.status == Status::Completed && s.checkpoint_sha.is_some()) {
            accepted.insert(task.id.clone());
        }
        // What it is completed with is what it is compared with from now on, its inputs included.
        let fingerprint = project::fingerprint(&settlement.project, task)
            .with_context(|| format!("cannot read the inputs of `{}`", task.id))?;
        events.push(Event::CompletedByHand {
            task: task.id.clone(),
            by: settlement.by.clone(),
            note: args.note.clone(),
            fingerprint,
        });
    }
    settlement.append(context, events, |event| match event {
        Event::CompletedByHand { task, .. } if accepted.contains(task) => {
            Some(format!("accepted {task} as it is; its checkpoint stays"))
        }
        Event::CompletedByHand { task, .. } => {
            Some(format!("completed {task} by hand, no checkpoint"))
        }
        _ => None,
    })
}

/// A person may be ahead of the graph; that is their right, and worth a line.
fn say_early(context: &Context, settlement: &Settlement, tasks: &[TaskIx]) -> anyhow::Result<()> {
    if context.quiet() {
        return Ok(());
    }
    for ix in tasks {
        let waiting: Vec<&str> = settlement
            .plan
            .graph()
            .prerequisites(*ix)
            .into_iter()
            .filter(|p| !tasks.contains(p))
            .map(|p| &settlement.task(p).id)
            .filter(|id| settlement.store.state().status(id) != Status::Completed)
            .map(|id| id.as_str())
            .collect();
        if !waiting.is_empty() {
            writeln!(
                context.err(),
                "note: {} comes before its prerequisites, which are not completed: {}",
                settlement.task(*ix).id,
                waiting.join(", ")
            )?;
        }
    }
    Ok(())
}
