//! `--dry-run`: what would happen, worked out by the scheduler itself under a virtual clock.

use std::io::Write as _;

use crate::cli::{Context, Exit};
use crate::model::{OrchId, Task, TaskKind, show_duration};
use crate::orchestrate::Rules;
use crate::plan::{Plan, TaskIx};
use crate::report::{PlanReport, first_line, one_line};
use crate::sched::{self, Resume};
use crate::simulate::{Forecast, simulate};
use crate::state::State;

/// What is about to be run.
#[derive(Debug)]
pub struct Preview<'a> {
    pub plan: &'a Plan,
    pub state: &'a State,
    pub selected: &'a [TaskIx],
    /// Run although they are completed.
    pub again: &'a [TaskIx],
    /// The orchestration that is continued.
    pub orch: Option<&'a OrchId>,
    pub resume: Resume,
    pub rules: Rules,
    pub jobs: u32,
}

/// For whom it is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    Text,
    /// As `runr plan --json`.
    Json,
}

impl Preview<'_> {
    /// Prints the order in which tasks would be started. Changes nothing.
    ///
    /// # Errors
    /// When stdout cannot be written.
    pub fn print(&self, context: &Context, format: Format) -> anyhow::Result<Exit> {
        let mut problem = sched::build(sched::Setup {
            plan: self.plan,
            state: self.state,
            selected: self.selected,
            again: self.again,
            orch: self.orch,
            resume: self.resume,
            collision: self.rules.collision,
            options: sched::Options {
                jobs: self.jobs,
                fail_fast: self.rules.fail_fast,
                wait: false,
                seed: 0,
            },
        });
        if self.rules.ignore_outside {
            problem.forget_outside();
        }
        let expected = sched::expected(self.plan, self.state);
        let durations: Vec<_> = expected.iter().map(|e| e.duration).collect();
        let forecast = simulate(problem, &durations);
        match format {
            Format::Text => text(context, self, &forecast),
            Format::Json => {
                let report = PlanReport {
                    plan: self.plan,
                    forecast: &forecast,
                    expected: &expected,
                };
                report.write_json(&mut context.out())?;
                Ok(Exit::OK)
            }
        }
    }
}

fn text(context: &Context, preview: &Preview<'_>, forecast: &Forecast) -> anyhow::Result<Exit> {
    let (plan, going_on) = (preview.plan, preview.orch.is_some());
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
            what(context, task)
        )?;
    }
    let blocked = match going_on {
        true => "blocked by what failed, or is not included",
        false => "blocked by what this run does not include",
    };
    for (what, tasks) in [
        ("left to people", &forecast.people),
        ("after people", &forecast.after_people),
        (blocked, &forecast.blocked),
    ] {
        if !tasks.is_empty() {
            let names: Vec<&str> = tasks.iter().map(|ix| plan.task(*ix).id.as_str()).collect();
            writeln!(out, "{what}: {}", one_line(&names.join(", ")))?;
        }
    }
    Ok(Exit::OK)
}

fn what(context: &Context, task: &Task) -> String {
    match (&task.command, task.kind) {
        (_, TaskKind::Manual) => "left to a person".to_owned(),
        (Some(command), _) => first_line(&command.to_string(), context.glyphs().ellipsis()),
        (None, _) => task.worker.as_deref().unwrap_or("no worker").to_owned(),
    }
}
