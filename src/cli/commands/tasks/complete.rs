//! `runr tasks complete`: a person says that a task is done.

use std::io::Write as _;

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit};
use crate::event::Event;
use crate::model::Status;
use crate::plan::TaskIx;

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
    let mut settlement = Settlement::open(context)?;
    let mut tasks = settlement.tasks(&args.tasks)?;
    let (claimed, unclaimed): (Vec<TaskIx>, Vec<TaskIx>) =
        tasks.iter().partition(|ix| settlement.is_claimed(**ix));
    if !claimed.is_empty() {
        settlement.complete_claimed(context, &claimed, args.note.as_deref())?;
        if unclaimed.is_empty() {
            return Ok(Exit::OK);
        }
        tasks = unclaimed;
    }
    say_early(context, &settlement, &tasks)?;
    let events = tasks
        .iter()
        .map(|ix| {
            let task = settlement.task(*ix);
            Event::CompletedByHand {
                task: task.id.clone(),
                by: settlement.by.clone(),
                note: args.note.clone(),
                fingerprint: task.text,
            }
        })
        .collect();
    settlement.append(context, events, |event| match event {
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
