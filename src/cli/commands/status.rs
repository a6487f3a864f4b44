//! `runr status`: shows how the tasks stand.

use std::io::Write as _;

use crate::cli::commands::adopt;
use crate::cli::inference::infer;
use crate::cli::snapshot::{Snapshot, look};
use crate::cli::{Context, Exit};
use crate::report::{GitReport, Overview, StatusJson, status_table};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// Show every task
    #[arg(long)]
    tasks: bool,
    /// With --tasks: also those of the other repositories of the configuration
    #[arg(long, requires = "tasks")]
    all_repos: bool,
    /// Show which tasks the history says are completed, and what differs from the journal
    #[arg(long)]
    infer_from_git: bool,
    /// With --infer-from-git: take over what git says is completed, everything certain, or the named tasks
    #[arg(long, value_name = "TASK", num_args = 0.., requires = "infer_from_git")]
    write: Option<Vec<String>>,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mut snapshot = Snapshot::read(context)?;
    let mut text = String::new();
    if args.infer_from_git {
        let look_at = |snapshot: &Snapshot| {
            let (plan, state) = (&snapshot.loaded.plan, snapshot.store.state());
            infer(context, snapshot.store.layout(), plan, state)
        };
        let mut inference = look_at(&snapshot)?;
        if let Some(names) = &args.write {
            adopt::run(context, &mut snapshot, &inference.inferred, names)?;
            snapshot = Snapshot::read(context)?;
            // What was taken over is no difference any more.
            inference = look_at(&snapshot)?;
        }
        let report = GitReport {
            plan: &snapshot.loaded.plan,
            inferred: &inference.inferred,
            task_files: adopt::task_files(&snapshot.loaded.config),
            later: &inference.later,
            unmatched: &inference.unmatched,
        };
        let shown = if args.json {
            serde_json::to_string(&report.json())? + "\n"
        } else {
            report.text(&look(context))
        };
        let offered = !args.json && args.write.is_none() && report.has_news();
        // With --write and --tasks the table says it all.
        if args.json || !args.tasks || args.write.is_none() {
            text.push_str(&shown);
        }
        if offered {
            text.push_str("\nrunr status --infer-from-git --write    takes over what is new\n");
        }
        if args.json || !args.tasks {
            context.out().write_all(text.as_bytes())?;
            return Ok(snapshot.exit());
        }
        if !text.is_empty() {
            text.push('\n');
        }
    }
    let facts = snapshot.facts();
    let shown = match args.all_repos {
        true => facts.plan.numbers().collect(),
        false => snapshot.all(),
    };
    text += &match (args.tasks, args.json) {
        (true, true) => serde_json::to_string(&StatusJson::new(&facts, &shown))?,
        (true, false) => status_table(&facts, &shown, &look(context)),
        (false, true) => Overview::new(facts).json()?,
        (false, false) => Overview::new(facts).text(&look(context)),
    };
    if args.json {
        text.push('\n');
    }
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}
