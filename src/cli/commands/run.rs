//! `runr run`: runs named tasks, all automated ones, or everything.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::cli::dispatching::{Dispatching, Scope};
use crate::cli::names;
use crate::cli::outside::Outside;
use crate::cli::{Context, Exit};
use crate::orchestrate::{Selection, WithPrerequisites, select};
use crate::plan::Plan;
use crate::state::State;

/// Run tasks: the named ones, all automated ones, or every task of the repository
///
/// Everything selected that is not completed is attempted, failed and stopped tasks included.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runr run --task 02-net            run one task; its prerequisites must be completed
  runr run --task 02-net --with-deps  run what it needs first
  runr run --auto-only -j 4         everything that needs no person, four at a time
  runr run -n                       what would happen, changing nothing")]
pub struct Args {
    /// Run this task (may be given several times)
    #[arg(
        short,
        long = "task",
        value_name = "TASK",
        conflicts_with = "auto_only"
    )]
    tasks: Vec<String>,
    /// Run all automated tasks; manual and hybrid ones are left and listed
    #[arg(long)]
    auto_only: bool,
    /// Run uncompleted prerequisites of the selected tasks first
    #[arg(long)]
    with_deps: bool,
    /// Run the named tasks even if they are completed or their prerequisites are not
    #[arg(long, requires = "tasks")]
    force: bool,
    #[command(flatten)]
    dispatching: Dispatching,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let force = args.force;
    let (names, auto_only, with_deps) = (args.tasks, args.auto_only, args.with_deps);
    args.dispatching.run(context, |plan, state| {
        let selection = if auto_only {
            Selection::AutoOnly
        } else if names.is_empty() {
            Selection::All
        } else {
            let found: Result<Vec<_>, _> =
                names.iter().map(|name| names::task(plan, name)).collect();
            Selection::Named(found?)
        };
        let with = if with_deps {
            WithPrerequisites::Yes
        } else {
            WithPrerequisites::No
        };
        let selected = select(plan, state, &selection, with);
        let again = match &selection {
            Selection::Named(tasks) if force => tasks.iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        let outside = match &selection {
            _ if force => Outside::Ignored,
            Selection::Named(_) => Outside::Refused,
            _ => Outside::Waits,
        };
        if auto_only {
            let left: Vec<_> = plan
                .numbers()
                .filter(|ix| selected.binary_search(ix).is_err())
                .collect();
            say_left(context, plan, state, &left)?;
        }
        Ok(Scope {
            selected,
            again,
            outside,
        })
    })
}

fn say_left(
    context: &Context,
    plan: &Plan,
    state: &State,
    left: &[crate::plan::TaskIx],
) -> anyhow::Result<()> {
    use crate::model::{Status, TaskKind};
    if context.quiet() {
        return Ok(());
    }
    let mut err = context.err();
    for ix in left {
        let task = plan.task(*ix);
        if task.kind != TaskKind::Automated && state.status(&task.id) != Status::Completed {
            writeln!(err, "left to a person: {} ({})", task.id, task.kind.word())?;
        }
    }
    Ok(())
}
