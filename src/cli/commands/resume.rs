//! `runr resume`: continues an orchestration that was interrupted.

use crate::cli::dispatching::Dispatching;
use crate::cli::exit::Failure;
use crate::cli::{Context, Exit};
use crate::model::OrchId;
use crate::report::shell_word;
use crate::sched::Resume;
use crate::state::{Orchestration, State};

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
                return Err(
                    Failure::usage(format!("there is no orchestration `{orch}`"))
                        .help(list)
                        .into(),
                );
            }
            orch
        }
        None => latest(store.state()).ok_or_else(|| none_here(store.state()))?,
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
    unfinished(state, |o| o.home.is_none()).cloned()
}

fn unfinished(state: &State, wanted: impl Fn(&Orchestration) -> bool) -> Option<&OrchId> {
    let all = state.orchestrations.iter();
    all.filter(|(_, o)| o.exit != Some(0) && wanted(o))
        .max_by_key(|(id, o)| (o.started_at, *id))
        .map(|(id, _)| id)
}

/// One that works here too may have been started in another repository.
fn none_here(state: &State) -> Failure {
    match unfinished(state, |o| o.home.is_some()) {
        None => Failure::usage("there is no orchestration to resume")
            .help("runr orchestrate run    starts one"),
        Some(orch) => Failure::usage(format!("{orch} was started in another repository"))
            .help(format!("{}    goes on with it", command(state, orch))),
    }
}

/// The command that continues an orchestration, where it was started.
#[must_use]
pub fn command(state: &State, orch: &OrchId) -> String {
    let entry = state.orchestrations.get(orch);
    match entry.and_then(|entry| entry.home.as_deref()) {
        None => format!("runr resume {orch}"),
        Some(home) => format!("runr -C {} resume {orch}", shell_word(home)),
    }
}
