//! `runr tasks approve`: a person accepts the worker's half of a hybrid task.

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit};
use crate::event::Event;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The tasks, as `03`, `03-http` or `net/03-http.md`
    #[arg(value_name = "TASK", required = true)]
    tasks: Vec<String>,
    /// Shown with the task
    #[arg(long)]
    note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let settlement = Settlement::open(context)?;
    let events = settlement
        .tasks(&args.tasks)?
        .into_iter()
        .map(|ix| Event::Approved {
            task: settlement.task(ix).id.clone(),
            by: settlement.by.clone(),
            note: args.note.clone(),
            sha: None,
        })
        .collect();
    settlement.append(context, events, |event| match event {
        Event::Approved { task, .. } => Some(format!("approved {task}, it is completed")),
        _ => None,
    })
}
