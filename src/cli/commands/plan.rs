//! `runr plan`: shows what would run, in which order and for how long.

use std::path::PathBuf;
use std::time::Duration;

use crate::cli::dispatching::known_worker;
use crate::cli::selecting::{Selecting, may_be_stale};
use crate::cli::snapshot::fingerprints;
use crate::cli::{Context, Exit, diagnostic, workerless};
use crate::model::{Collision, StalePolicy};
use crate::orchestrate::Selection;
use crate::plan::TaskIx;
use crate::report::{Arrows, PlanReport};
use crate::sched::{self, Options, Resume, Setup};
use crate::simulate::simulate;
use crate::view;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// How many tasks run at once [default: `jobs` of the configuration, else the cores, at most 4]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    jobs: Option<u32>,
    /// Read this orchestration file
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    #[command(flatten)]
    selecting: Selecting,
    /// Let this worker do every selected task that has no `run:` of its own
    #[arg(long, value_name = "NAME")]
    worker: Option<String>,
    /// Run completed tasks again that are stale: their text, inputs or prerequisites changed since
    #[arg(long)]
    rerun_stale: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let mut project = context.project()?;
    project.asked_worker = args.worker.as_deref().map(Into::into);
    let loaded = context.load(&project, args.config.as_deref())?;
    known_worker(args.worker.as_deref(), &loaded)?;
    let store = context.stores(&project, &loaded.plan)?;
    let (plan, state) = (&loaded.plan, store.state());
    // Without the file's tracks these are all tasks of the repository.
    let selection = args.selecting.selection(plan, Selection::Tracks)?;
    let mut selected = args.selecting.select(plan, state, &selection);
    let policy = match args.rerun_stale {
        true => StalePolicy::Rerun,
        false => loaded.config.stale,
    };
    let again: Vec<TaskIx> = match policy {
        StalePolicy::Warn => Vec::new(),
        StalePolicy::Rerun => {
            let prints = fingerprints(context, loaded.projects(&project), plan, state)?;
            let looked_at = may_be_stale(plan, &selected, args.selecting.with(), policy);
            let again = view::rerun(plan, state, &prints, &looked_at);
            again.into_iter().collect()
        }
    };
    selected.extend(&again);
    selected.sort_unstable();
    selected.dedup();
    let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let jobs = args.jobs.or(loaded.config.jobs);
    let expected = sched::expected(plan, state);
    let durations: Vec<Duration> = expected.iter().map(|e| e.duration).collect();
    let problem = sched::build(Setup {
        plan,
        state,
        selected: &selected,
        again: &again,
        orch: None,
        resume: Resume::default(),
        collision: loaded.config.collision.unwrap_or(Collision::Serialize),
        options: Options {
            jobs: jobs.unwrap_or(u32::try_from(cores.min(4))?),
            fail_fast: false,
            wait: false,
            seed: 0,
        },
    });
    let forecast = simulate(problem, &durations);
    let report = PlanReport {
        plan,
        forecast: &forecast,
        expected: &expected,
    };
    if let (Some(warning), false) = (workerless::warning(plan), context.quiet()) {
        diagnostic::print(&mut context.err(), &[warning])?;
    }
    let mut out = context.out();
    if args.json {
        report.write_json(&mut out)?;
    } else {
        let end =
            jiff::Zoned::now().saturating_add(jiff::SignedDuration::try_from(forecast.makespan)?);
        let format = if forecast.makespan < Duration::from_secs(12 * 3600) {
            "%H:%M"
        } else {
            "%Y-%m-%d %H:%M"
        };
        let arrows = if context.unicode() {
            Arrows::Unicode
        } else {
            Arrows::Ascii
        };
        report.write_text(&mut out, &end.strftime(format).to_string(), arrows)?;
    }
    Ok(Exit::OK)
}
