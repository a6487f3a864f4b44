//! `runr cancel`: stops a running orchestration or one task of it.

use std::io::Write as _;

use crate::cli::commands::resume;
use crate::cli::exit::Failure;
use crate::cli::running::{ended, running};
use crate::cli::runtime::block_on;
use crate::cli::{Context, Exit, names, there};
use crate::event::{CancelTarget, Event};
use crate::model::{Status, TaskId};
use crate::orchestrate::{Ask, FrozenPlan, OrchestrateError, Recovery, end_all};
use crate::state::State;
use crate::store::Store;
use crate::store::lock::{self, Held};

/// Stop a running orchestration or task: attempts are asked to end, then ended
#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// An orchestration or a task [default: the orchestration that runs]
    #[arg(value_name = "ORCH|TASK")]
    what: Option<String>,
    /// Start nothing more, but let running tasks end by themselves
    #[arg(long)]
    drain: bool,
    /// Do not wait until it has stopped
    #[arg(long)]
    no_wait: bool,
}

impl Args {
    /// Asks this task or orchestration to stop, and does not wait until it has.
    #[must_use]
    pub fn asking(what: String) -> Self {
        Self {
            what: Some(what),
            drain: false,
            no_wait: true,
        }
    }
}

/// The task of an open run, by its whole name; `.md` may be left off.
fn running_task(state: &State, name: &str) -> Option<TaskId> {
    let mut open = state.open.values().map(|run| &run.task);
    let is_meant = |id: &&TaskId| {
        let id = id.as_str();
        id == name || id.strip_suffix(".md") == Some(name)
    };
    open.find(is_meant).cloned()
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let named = args.what.iter().cloned().collect::<Vec<_>>();
    let there = there::each(context, &named, |context, names| {
        let what = names.into_iter().next();
        run(
            context,
            Args {
                what,
                ..args.clone()
            },
        )
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let project = context.project()?;
    let mut store = context.store(&project)?;
    let by = context.person(&project)?;
    let named_task = args
        .what
        .as_deref()
        .filter(|name| !name.starts_with("orch-"));
    if let Some(name) = named_task {
        // What runs can be stopped whatever state the files are in.
        let task = match running_task(store.state(), name) {
            Some(task) => task,
            None => {
                let loaded = context.load(&project, None)?;
                let ix = names::task(&loaded.plan, name)?;
                loaded.plan.task(ix).id.clone()
            }
        };
        if store
            .state()
            .orchestrations
            .values()
            .all(|o| o.ended_at.is_some())
        {
            return Err(
                Failure::usage(format!("`{task}` is not running: no orchestration is")).into(),
            );
        }
        let running = store.state().status(&task) == Status::InProgress;
        let target = CancelTarget::Task(task.clone());
        store.append(vec![Event::CancelRequested {
            target,
            drain: args.drain,
            by,
        }])?;
        let mut out = context.out();
        match running {
            true => writeln!(out, "asked {task} to stop")?,
            false => writeln!(
                out,
                "{task} will not be started by the orchestrations that run now"
            )?,
        }
        return Ok(Exit::OK);
    }
    let orch = running(store.state(), args.what.as_deref())?;
    if store
        .state()
        .orchestrations
        .get(&orch)
        .is_some_and(|o| o.ended_at.is_some())
    {
        writeln!(context.out(), "{orch} has ended already")?;
        return Ok(Exit::OK);
    }
    let ended_runs = if lock::owner_lock(store.layout(), &orch)? == Held::No {
        // Nobody is there to ask: end what is left of it here.
        let mut ended = block_on(end_left_over(&mut store, args.drain))?;
        // Without its plan nothing is known of other repositories.
        let frozen = FrozenPlan::read(store.layout(), &orch).ok();
        for other in frozen.into_iter().flat_map(|frozen| frozen.others) {
            let mut there = Store::open(&other.root)?;
            ended += block_on(end_left_over(&mut there, args.drain))?;
        }
        ended
    } else {
        let target = CancelTarget::Orchestration(orch.clone());
        store.append(vec![Event::CancelRequested {
            target,
            drain: args.drain,
            by,
        }])?;
        if args.no_wait {
            writeln!(context.out(), "asked {orch} to stop")?;
            return Ok(Exit::OK);
        }
        block_on(ended(&mut store, &orch))?;
        0
    };
    let mut out = context.out();
    writeln!(out, "{orch} has stopped")?;
    if ended_runs > 0 {
        writeln!(
            out,
            "its orchestrator was gone; attempts ended: {ended_runs}"
        )?;
    }
    if !context.quiet() {
        writeln!(
            context.err(),
            "  help: {}    goes on with it",
            resume::command(store.state(), &orch)
        )?;
    }
    Ok(Exit::OK)
}

async fn end_left_over(store: &mut Store, drain: bool) -> Result<usize, OrchestrateError> {
    let recovered = Recovery {
        store,
        hybrid: &|_| false,
        own: None,
    }
    .run()
    .await?;
    let ask = if drain { Ask::Nothing } else { Ask::ToEnd };
    end_all(store, recovered, ask, &|_| false).await
}
