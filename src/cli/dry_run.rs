//! `--dry-run`: what would happen, worked out by the scheduler itself under a virtual clock.

use std::io::Write as _;

use crate::cli::{Context, Exit};
use crate::model::{Task, TaskKind, show_duration};
use crate::orchestrate::session::Request;
use crate::plan::TaskIx;
use crate::project::Loaded;
use crate::report::one_line;
use crate::sched::{self, Resume};
use crate::simulate::simulate;
use crate::store::Store;

/// Prints the order in which tasks would be started. Changes nothing.
pub fn print(
    context: &Context,
    request: &Request,
    loaded: &Loaded,
    store: &Store,
) -> anyhow::Result<Exit> {
    let again: Vec<TaskIx> = request.again.iter().copied().collect();
    let mut problem = sched::build(sched::Setup {
        plan: &loaded.plan,
        state: store.state(),
        selected: &request.selected,
        again: &again,
        orch: None,
        resume: Resume::default(),
        collision: request.rules.collision,
        options: sched::Options {
            jobs: request.jobs,
            fail_fast: request.rules.fail_fast,
            wait: false,
            seed: 0,
        },
    });
    if request.rules.ignore_outside {
        problem.forget_outside();
    }
    let expected: Vec<_> = sched::expected(&loaded.plan, store.state())
        .iter()
        .map(|e| e.duration)
        .collect();
    let forecast = simulate(problem, &expected);
    let plan = &loaded.plan;
    let mut out = context.out();
    let jobs = forecast.jobs;
    let jobs = format!("{jobs} {}", if jobs == 1 { "job" } else { "jobs" });
    match forecast.attempts.len() {
        0 => writeln!(out, "nothing would run")?,
        1 => writeln!(out, "would run 1 task:")?,
        n => writeln!(
            out,
            "would run {n} tasks with {jobs}, about {}:",
            show_duration(forecast.makespan)
        )?,
    }
    let width = forecast
        .attempts
        .iter()
        .map(|a| plan.task(a.task).id.as_str().len())
        .max()
        .unwrap_or(0)
        .min(40);
    for attempt in &forecast.attempts {
        let task = plan.task(attempt.task);
        let start = show_duration(attempt.start);
        writeln!(
            out,
            "  {start:>8}  {:<width$}  {}",
            one_line(task.id.as_str()),
            what(task)
        )?;
    }
    for (what, tasks) in [
        ("left to people", &forecast.people),
        ("after people", &forecast.after_people),
        (
            "blocked by what this run does not include",
            &forecast.blocked,
        ),
    ] {
        if !tasks.is_empty() {
            let names: Vec<&str> = tasks.iter().map(|ix| plan.task(*ix).id.as_str()).collect();
            writeln!(out, "{what}: {}", one_line(&names.join(", ")))?;
        }
    }
    Ok(Exit::OK)
}

fn what(task: &Task) -> String {
    match (&task.command, task.kind) {
        (_, TaskKind::Manual) => "left to a person".to_owned(),
        (Some(command), _) => one_line(&command.to_string()).into_owned(),
        (None, _) => task.worker.as_deref().unwrap_or("no worker").to_owned(),
    }
}
