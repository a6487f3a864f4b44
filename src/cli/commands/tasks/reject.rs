//! `runr tasks reject`: a person sends a hybrid task back to its worker.

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit, Failure, there};
use crate::event::Event;
use crate::report::shell_word;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The task, as `03`, `03-http` or `net/03-http.md`
    pub task: String,
    /// What the worker should do better
    #[arg(long)]
    pub note: String,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    if args.note.trim().is_empty() {
        let task = shell_word(&args.task);
        return Err(
            Failure::usage("a rejection needs a note that says something, and `--note` is empty")
                .help(format!(
                    "runr tasks reject {task} --note \"WHAT SHOULD BE BETTER\"    is what its worker is told"
                ))
                .into(),
        );
    }
    let named = std::slice::from_ref(&args.task);
    let there = there::each(context, named, |context, tasks| {
        let note = args.note.clone();
        let task = tasks.into_iter().next().unwrap_or_default();
        run(context, Args { task, note })
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let settlement = Settlement::open(context)?;
    let events = settlement
        .tasks(&[args.task])?
        .into_iter()
        .map(|ix| Event::Rejected {
            task: settlement.task(ix).id.clone(),
            by: settlement.by.clone(),
            note: Some(args.note.clone()),
        })
        .collect();
    settlement.append(context, events, |event| match event {
        Event::Rejected { task, .. } => Some(format!(
            "rejected {task}; it is attempted again by the orchestration that runs, else by the next"
        )),
        _ => None,
    })
}
