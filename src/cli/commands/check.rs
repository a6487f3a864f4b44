//! `runr check`: reads every file and reports all problems.

use std::io::Write as _;
use std::path::PathBuf;

use serde_json::json;

use crate::cli::{Context, Exit, diagnostic, workerless};
use crate::model::{Diagnostic, Severity};
use crate::project::{self, Loaded};

#[derive(Debug, clap::Args)]
pub struct Args {
    /// The orchestration file [default: .runr/orchestration.yaml, else orchestration.yaml]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
    /// Take warnings as errors
    #[arg(long)]
    strict: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let project = context.project()?;
    let (loaded, mut problems) = match project::load(&project, args.config.as_deref()) {
        Ok(mut loaded) => {
            let mut problems = std::mem::take(&mut loaded.warnings);
            problems.append(&mut loaded.elsewhere);
            problems.extend(workerless::warning(&loaded.plan));
            (Some(loaded), problems)
        }
        Err(problems) => (None, problems),
    };
    if args.strict {
        for problem in &mut problems {
            problem.severity = Severity::Error;
        }
    }
    let failed = problems
        .iter()
        .any(|problem| problem.severity == Severity::Error);
    if args.json {
        json_report(context, loaded.as_ref(), &problems)?;
    } else {
        if failed || !context.quiet() {
            diagnostic::print(&mut context.err(), &problems)?;
        }
        if let (Some(loaded), false) = (&loaded, failed) {
            let end = match problems.as_slice() {
                [] => "no problems".to_owned(),
                some => diagnostic::count(some),
            };
            writeln!(context.out(), "{}: {end}", counts(loaded))?;
        }
    }
    Ok(if failed { Exit::USAGE } else { Exit::OK })
}

/// `10 tasks, 14 dependencies, 3 tracks`.
fn counts(loaded: &Loaded) -> String {
    let plan = &loaded.plan;
    let counted =
        |n: usize, one: &str, more: &str| format!("{n} {}", if n == 1 { one } else { more });
    let mut parts = vec![
        counted(plan.tasks().len(), "task", "tasks"),
        counted(plan.graph().edge_count(), "dependency", "dependencies"),
    ];
    if loaded.orchestration.is_some() {
        parts.push(counted(plan.tracks().len(), "track", "tracks"));
    }
    let others = plan.repositories().others().len();
    if others > 0 {
        parts.push(counted(others + 1, "repository", "repositories"));
    }
    parts.join(", ")
}

fn json_report(
    context: &Context,
    loaded: Option<&Loaded>,
    problems: &[Diagnostic],
) -> anyhow::Result<()> {
    let plan = loaded.map(|loaded| &loaded.plan);
    let report = json!({
        "schema_version": 1,
        "tasks": plan.map(|plan| plan.tasks().len()),
        "dependencies": plan.map(|plan| plan.graph().edge_count()),
        "repositories": plan.map(|plan| plan.repositories().others().len() + 1),
        "tracks": plan.map(|plan| plan.tracks().len()),
        "problems": problems.iter().map(diagnostic::to_json).collect::<Vec<_>>(),
    });
    let mut out = context.out();
    writeln!(out, "{}", serde_json::to_string_pretty(&report)?)?;
    Ok(())
}
