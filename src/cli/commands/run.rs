//! `runr run`: runs named tasks, all automated ones, or everything.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::cli::dispatching::{Dispatching, Scope};
use crate::cli::outside::Outside;
use crate::cli::selecting::Selecting;
use crate::cli::{Context, Exit};
use crate::orchestrate::Selection;
use crate::plan::Plan;
use crate::state::State;

/// Run tasks: the named ones, all automated ones, or every task of the repository
///
/// Everything selected that is not completed is attempted, failed and stopped tasks included.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  runr run --task 02-net              run one task; its prerequisites must be completed
  runr run --task 02-net --with-deps  run what it needs first
  runr run --auto-only -j 4           everything that needs no person, four at a time
  runr run -n                         what would happen, changing nothing")]
pub struct Args {
    #[command(flatten)]
    selecting: Selecting,
    /// Run the named tasks even if they are completed or their prerequisites are not
    #[arg(long, requires = "tasks")]
    force: bool,
    #[command(flatten)]
    dispatching: Dispatching,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let force = args.force;
    let selecting = args.selecting;
    args.dispatching.run(context, |plan, state| {
        let selection = selecting.selection(plan, Selection::All)?;
        let selected = selecting.select(plan, state, &selection);
        let again = match &selection {
            Selection::Named(tasks) if force => tasks.iter().copied().collect(),
            _ => BTreeSet::new(),
        };
        let outside = match &selection {
            _ if force => Outside::Ignored,
            Selection::Named(_) => Outside::Refused,
            _ => Outside::Waits,
        };
        if selecting.auto_only {
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
            with: selecting.with(),
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
