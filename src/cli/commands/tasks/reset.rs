//! `runr tasks reset`: a task counts as never run.

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit, there};
use crate::event::Event;

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The tasks, as `03`, `03-http` or `net/03-http.md`
    #[arg(value_name = "TASK", required = true)]
    pub tasks: Vec<String>,
    /// Why; the commit that follows says it too
    #[arg(long)]
    pub note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let there = there::each(context, &args.tasks, |context, tasks| {
        let note = args.note.clone();
        run(context, Args { tasks, note })
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let settlement = Settlement::open(context)?;
    let events = settlement
        .tasks(&args.tasks)?
        .into_iter()
        .map(|ix| Event::Reset {
            task: settlement.task(ix).id.clone(),
            by: settlement.by.clone(),
            note: args.note.clone(),
        })
        .collect();
    settlement.append(context, events, |event| match event {
        Event::Reset { task, .. } => Some(format!("reset {task}, it counts as never run")),
        _ => None,
    })
}
