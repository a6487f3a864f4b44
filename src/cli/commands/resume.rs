//! `runr resume`: continues an orchestration that was interrupted.

use crate::cli::dispatching::Dispatching;
use crate::cli::exit::Failure;
use crate::cli::{Context, Exit};
use crate::model::OrchId;
use crate::sched::Resume;
use crate::state::State;

/// Continue an orchestration that was interrupted: lost, cancelled and unstarted tasks run
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The orchestration [default: the latest that is not all done]
    #[arg(value_name = "ORCH")]
    orch: Option<String>,
    /// Run its failed tasks again too
    #[arg(long)]
    retry_failed: bool,
    #[command(flatten)]
    dispatching: Dispatching,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let store = context.store(&project)?;
    let orch = match &args.orch {
        Some(name) => {
            let list = "runr orchestrate list    shows their ids";
            let orch = OrchId::parse(name)
                .map_err(|error| Failure::usage(error.to_string()).help(list))?;
            // The state forgets the oldest; their folders stay.
            if !store.layout().orchestration(&orch).is_dir() {
                return Err(Failure::usage(format!("no orchestration {orch}"))
                    .help(list)
                    .into());
            }
            orch
        }
        None => latest(store.state()).ok_or_else(|| {
            Failure::usage("there is no orchestration to resume")
                .help("runr orchestrate run    starts one")
        })?,
    };
    let retry = if args.retry_failed {
        Resume::RetryFailed
    } else {
        Resume::KeepFailed
    };
    args.dispatching.resume(context, &orch, retry)
}

/// The latest orchestration that did not end with everything done.
fn latest(state: &State) -> Option<OrchId> {
    state
        .orchestrations
        .iter()
        .filter(|(_, o)| o.exit != Some(0) && o.home.is_none())
        .max_by_key(|(id, o)| (o.started_at, (*id).clone()))
        .map(|(id, _)| id.clone())
}
