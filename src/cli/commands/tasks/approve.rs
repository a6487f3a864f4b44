//! `runr tasks approve`: a person accepts the worker's half of a hybrid task.

use std::io::Write as _;

use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::runtime::block_on;
use crate::cli::{Context, Exit, Failure, there};
use crate::event::Event;
use crate::model::{Settled, Status};
use crate::orchestrate::approval::{self, Approval};

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The tasks, as `03`, `03-http` or `net/03-http.md`
    #[arg(value_name = "TASK", required = true)]
    pub tasks: Vec<String>,
    /// Shown with the task
    #[arg(long)]
    pub note: Option<String>,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let there = there::each(context, &args.tasks, |context, tasks| {
        let args = Args {
            tasks,
            ..args.clone()
        };
        run(context, args)
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let settlement = Settlement::open(context)?;
    let layout = settlement.store.layout().clone();
    let exe = std::env::current_exe()?;
    let said = settlement.remark(Settled::Approved, args.note.clone());
    let mut runs = Vec::new();
    let mut events = Vec::new();
    for ix in settlement.tasks(&args.tasks)? {
        let task = settlement.task(ix).id.clone();
        let state = settlement.store.state().task(&task);
        // What does not await approval is the journal's to refuse.
        let run = (state.status == Status::AwaitingApproval)
            .then_some(state.last_run_id)
            .flatten()
            .filter(|run| layout.run(run).join("spec.json").is_file());
        let mut sha = None;
        if let Some(run) = run {
            match block_on(approval::integrate(&exe, &layout, &run, &said))? {
                Approval::InPlace => {}
                Approval::Integrated(commit) => {
                    sha = Some(commit);
                    runs.push(run);
                }
                Approval::Refused(why) => {
                    return Err(Failure {
                        exit: Exit::FAILED,
                        ..Failure::usage(format!("`{task}` stays as it is: {why}"))
                    }
                    .help(format!(
                        "runr tasks reject {task} --note WHY    sends it back to its worker"
                    ))
                    .into());
                }
            }
        }
        events.push(Event::Approved {
            task,
            by: settlement.by.clone(),
            note: args.note.clone(),
            sha,
        });
    }
    let exit = settlement.append(context, events, |event| match event {
        Event::Approved { task, .. } => Some(format!("approved {task}, it is completed")),
        _ => None,
    })?;
    for run in runs {
        for line in approval::settle(&layout, &run)? {
            writeln!(context.out(), "{line}")?;
        }
    }
    Ok(exit)
}
