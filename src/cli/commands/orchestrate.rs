//! `runr orchestrate`: runs the orchestration file's tracks; awaits and lists orchestrations.

use std::collections::BTreeSet;
use std::io::Write as _;
use std::path::Path;

use crate::cli::dispatching::{Dispatching, Scope};
use crate::cli::exit::Failure;
use crate::cli::outside::Outside;
use crate::cli::running::{ended, running};
use crate::cli::runtime::block_on;
use crate::cli::{Context, Exit};
use crate::model::OrchId;
use crate::orchestrate::{Selection, WithPrerequisites, select};
use crate::report::Close;
use crate::state::Orchestration;
use crate::store::Store;
use crate::store::lock::{self, Held};

use super::{cancel, report, resume};

/// Runs the tracks of the orchestration file; awaits and lists orchestrations
#[derive(Debug, clap::Args)]
pub struct Args {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, clap::Subcommand)]
enum Command {
    /// Runs the steps of all tracks in dependency order; without an orchestration file, every task
    Run(Run),
    /// Waits until an orchestration ends; the exit code is its own
    Wait(Wait),
    /// Lists orchestrations, the newest first
    List(List),
    /// The same as `runr resume`
    Resume(resume::Args),
    /// The same as `runr cancel`
    Cancel(cancel::Args),
    /// The same as `runr report`
    Receipt(report::Args),
}

#[derive(Debug, clap::Args)]
struct Run {
    /// Run uncompleted prerequisites outside the tracks first
    #[arg(long)]
    with_deps: bool,
    #[command(flatten)]
    dispatching: Dispatching,
}

#[derive(Debug, clap::Args)]
struct Wait {
    /// The orchestration [default: the one that runs]
    #[arg(value_name = "ORCH")]
    orch: Option<String>,
}

#[derive(Debug, clap::Args)]
struct List {
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    match args.command {
        Command::Run(args) => run_tracks(context, &args),
        Command::Wait(args) => wait(context, &args),
        Command::List(args) => list(context, &args),
        Command::Resume(args) => resume::run(context, args),
        Command::Cancel(args) => cancel::run(context, args),
        Command::Receipt(args) => report::run(context, args),
    }
}

/// What `orchestrate run` does in a folder that is a project, for `runr demo`, which closes the summary itself.
///
/// # Errors
/// As `orchestrate run`.
pub fn run_in(context: &Context, dir: &Path) -> anyhow::Result<Exit> {
    let args = Run {
        with_deps: false,
        dispatching: Dispatching::closing(Close::Open),
    };
    run_tracks(&context.at(dir), &args)
}

fn run_tracks(context: &Context, args: &Run) -> anyhow::Result<Exit> {
    let with = if args.with_deps {
        WithPrerequisites::Yes
    } else {
        WithPrerequisites::No
    };
    args.dispatching.run(context, |plan, state| {
        Ok(Scope {
            selected: select(plan, state, &Selection::Tracks, with),
            again: BTreeSet::new(),
            outside: Outside::Waits,
            with,
        })
    })
}

fn wait(context: &Context, args: &Wait) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let mut store = context.store(&project)?;
    let orch = running(store.state(), args.orch.as_deref())?;
    let ended = block_on(ended(&mut store, &orch))?;
    let mut out = context.out();
    match ended {
        Some(exit) => {
            writeln!(out, "{orch} ended with exit code {exit}")?;
            Ok(Exit(exit))
        }
        None => Err(Failure {
            exit: Exit::FAILED,
            ..Failure::usage(format!(
                "{orch} is not running any more and has not ended: its process is gone"
            ))
        }
        .help(format!(
            "{}    goes on with it",
            resume::command(store.state(), &orch)
        ))
        .into()),
    }
}

fn list(context: &Context, args: &List) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let store = context.store(&project)?;
    let mut rows: Vec<(&OrchId, &Orchestration)> = store.state().orchestrations.iter().collect();
    rows.sort_by_key(|(id, o)| std::cmp::Reverse((o.started_at, (*id).clone())));
    let mut out = context.out();
    if args.json {
        let rows: Vec<_> = rows
            .iter()
            .map(|(id, o)| {
                serde_json::json!({
                    "orchestration": id, "state": word(&store, id, o), "command": o.command, "tasks": o.tasks,
                    "jobs": o.jobs, "started_at": o.started_at, "ended_at": o.ended_at, "exit": o.exit,
                })
            })
            .collect();
        let all = serde_json::json!({ "schema_version": 1, "orchestrations": rows });
        writeln!(out, "{all:#}")?;
        return Ok(Exit::OK);
    }
    if rows.is_empty() {
        writeln!(out, "no orchestration yet")?;
        if !context.quiet() {
            writeln!(context.err(), "  help: runr orchestrate run    starts one")?;
        }
    }
    for (id, o) in rows {
        let when = o
            .started_at
            .to_zoned(jiff::tz::TimeZone::system())
            .strftime("%Y-%m-%d %H:%M")
            .to_string();
        writeln!(
            out,
            "{id}  {when}  {:<11}  {:>4} {:<5}  {}",
            word(&store, id, o),
            o.tasks,
            if o.tasks == 1 { "task" } else { "tasks" },
            crate::report::sanitise(&o.command)
        )?;
    }
    Ok(Exit::OK)
}

fn word(store: &Store, id: &OrchId, entry: &Orchestration) -> String {
    match entry.exit {
        Some(0) => "completed".to_owned(),
        Some(1 | 3) if entry.cancelled => "cancelled".to_owned(),
        Some(3) => "incomplete".to_owned(),
        Some(129 | 130 | 143) => "interrupted".to_owned(),
        Some(code) => format!("exit {code}"),
        None => match lock::owner_lock(store.layout(), id) {
            Ok(Held::No) => "interrupted".to_owned(),
            // When it cannot be told, what the journal says stands.
            Ok(Held::Yes) | Err(_) => "running".to_owned(),
        },
    }
}
