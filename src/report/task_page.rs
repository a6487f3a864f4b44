//! `runr tasks show`: settings, prerequisites, dependents and history of one task.
//!
//! Knows the facts and the task's runs. Its text is the caller's to print.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::model::{CommandLine, RunId, Status, TaskId, show_duration};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::next::expected;
use crate::report::note::{notes, reason_text};
use crate::report::receipt::RunEntry;
use crate::report::sanitise::one_line;
use crate::report::status_json::TaskJson;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim, status_style, status_words};
use crate::report::text::first_line;

/// Everything about one task.
#[derive(Debug, Clone, Copy)]
pub struct TaskPage<'a> {
    pub facts: Facts<'a>,
    pub task: TaskIx,
    /// Of its whole history, in order.
    pub runs: &'a [RunEntry],
    /// Where the worker's output of a run lies, from the project root.
    pub logs: &'a BTreeMap<RunId, String>,
    /// The task file's text; `None`: an inline step.
    pub text: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct Settings<'a> {
    file: String,
    worker: Option<&'a str>,
    command: Option<&'a CommandLine>,
    owns: &'a [Box<str>],
    inputs: &'a [Box<str>],
    /// Names only: values may be secrets.
    env: Vec<&'a str>,
    pools: BTreeMap<&'a str, u32>,
    priority: i32,
    estimate_s: Option<f64>,
    expected_s: f64,
    model: Option<&'a str>,
    budget_usd: Option<f64>,
    retries: u32,
    verify: &'a [CommandLine],
    timeout_s: Option<f64>,
    idle_timeout_s: Option<f64>,
    startup_timeout_s: Option<f64>,
    grace_s: f64,
    fingerprint: String,
}

#[derive(Debug, Serialize)]
struct RunJson<'a> {
    #[serde(flatten)]
    run: &'a RunEntry,
    log: Option<&'a str>,
}

#[derive(Debug, Serialize)]
struct PageJson<'a> {
    schema_version: u32,
    task: TaskJson,
    settings: Settings<'a>,
    prerequisites: Vec<&'a TaskId>,
    dependents: Vec<&'a TaskId>,
    runs: Vec<RunJson<'a>>,
    text: Option<&'a str>,
}

impl<'a> TaskPage<'a> {
    fn settings(&self) -> Settings<'a> {
        let task = self.facts.task(self.task);
        let seconds = |d: Option<Duration>| d.map(|d| d.as_secs_f64());
        let timeouts = &task.policy.timeouts;
        Settings {
            file: task.place.to_string(),
            worker: task.worker.as_deref(),
            command: task.command.as_ref(),
            owns: &task.owns,
            inputs: &task.inputs,
            env: task.env.iter().map(|(name, _)| &**name).collect(),
            pools: task.pools.iter().map(|p| (&*p.pool, p.take)).collect(),
            priority: task.priority,
            estimate_s: seconds(task.estimate),
            expected_s: expected(&self.facts, self.task).as_secs_f64(),
            model: task.model.as_deref(),
            budget_usd: task.budget_usd,
            retries: task.policy.retry.max,
            verify: &task.policy.verify.commands,
            timeout_s: seconds(timeouts.wall),
            idle_timeout_s: seconds(timeouts.idle),
            startup_timeout_s: seconds(timeouts.startup),
            grace_s: timeouts.grace.as_secs_f64(),
            fingerprint: task.text.to_string(),
        }
    }

    /// One JSON object on one line.
    ///
    /// # Errors
    /// None in practice: every part can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        let graph = self.facts.plan.graph();
        serde_json::to_string(&PageJson {
            schema_version: 1,
            task: TaskJson::new(&self.facts, self.task),
            settings: self.settings(),
            prerequisites: self.facts.ids(&graph.prerequisites(self.task)),
            dependents: self.facts.ids(&graph.dependents(self.task)),
            runs: self
                .runs
                .iter()
                .map(|run| RunJson {
                    run,
                    log: self.logs.get(&run.run).map(String::as_str),
                })
                .collect(),
            text: self.text,
        })
    }

    /// The same for people, without the task's text.
    #[must_use]
    pub fn to_text(&self, look: &Look) -> String {
        let facts = &self.facts;
        let task = facts.task(self.task);
        let mut text = String::new();
        let (bold, dim) = (bold(), dim());
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{bold}{}{bold:#}", one_line(&task.title));
        text.push_str(&self.status_line(self.task, look, 0));
        text.push('\n');
        for (name, value) in self.rows(look.glyphs.ellipsis()) {
            let _ = writeln!(text, "  {dim}{name:<10}{dim:#}  {}", one_line(&value));
        }
        let graph = facts.plan.graph();
        for (heading, tasks) in [
            ("Prerequisites", graph.prerequisites(self.task)),
            ("Dependents", graph.dependents(self.task)),
        ] {
            if !tasks.is_empty() {
                let _ = writeln!(text, "\n{bold}{heading}{bold:#}");
            }
            for other in tasks {
                text.push_str(&self.status_line(other, look, 2));
            }
        }
        if !self.runs.is_empty() {
            let _ = writeln!(text, "\n{bold}Runs{bold:#}");
        }
        for run in self.runs {
            text.push_str(&self.run_line(run, look));
        }
        if let Some(log) = self.runs.last().and_then(|run| self.logs.get(&run.run)) {
            let _ = writeln!(text, "  {dim}output of the last: {log}{dim:#}");
        }
        text
    }

    fn status_line(&self, ix: TaskIx, look: &Look, indent: usize) -> String {
        let status = self.facts.view(ix).status;
        let style = status_style(status);
        let mut line = format!(
            "{}{style}{}{style:#} {}  {style}{}{style:#}",
            " ".repeat(indent),
            look.glyphs.status(status),
            one_line(self.facts.task(ix).id.as_str()),
            status_words(status)
        );
        for note in notes(&self.facts, ix) {
            line.push_str("  ");
            line.push_str(&note.text(&self.facts, ix));
        }
        line.push('\n');
        line
    }

    /// What passed before a person's word completed it.
    fn checked(&self) -> Vec<String> {
        let recorded = self.facts.recorded(self.task);
        let passed = recorded.map_or(&[][..], |recorded| &recorded.checks);
        let one = passed.iter().map(|check| {
            let took = show_duration(Duration::from_millis(check.took_ms));
            format!("{} passed in {took}", check.command)
        });
        one.collect()
    }

    fn rows(&self, ellipsis: &str) -> Vec<(&'static str, String)> {
        let task = self.facts.task(self.task);
        if self.facts.view(self.task).status == Status::Unknown {
            // Nothing more is known of it.
            let place = match self.facts.plan.has_its_file(self.task) {
                true => "written in",
                false => "named in",
            };
            return vec![(place, task.place.to_string())];
        }
        let policy = &task.policy;
        let list = |items: &[Box<str>]| (!items.is_empty()).then(|| items.join(", "));
        let track = task
            .track
            .and_then(|t| self.facts.plan.tracks().get(t.0 as usize))
            .map(|track| track.name.to_string());
        let checks: Vec<String> = policy
            .verify
            .commands
            .iter()
            .map(ToString::to_string)
            .collect();
        let env: Vec<&str> = task.env.iter().map(|(name, _)| &**name).collect();
        let pools: Vec<String> = task
            .pools
            .iter()
            .map(|p| format!("{} ({} of {})", p.pool, p.take, p.of))
            .collect();
        let limits: Vec<String> = [
            ("start-up", policy.timeouts.startup),
            ("idle", policy.timeouts.idle),
            ("in all", policy.timeouts.wall),
        ]
        .into_iter()
        .filter_map(|(name, limit)| Some(format!("{name} {}", show_duration(limit?))))
        .collect();
        let joined = |items: Vec<String>| (!items.is_empty()).then(|| items.join(", "));
        let expected = format!("about {}", show_duration(expected(&self.facts, self.task)));
        let rows = [
            ("written in", Some(task.place.to_string())),
            ("type", Some(task.kind.word().to_owned())),
            ("track", track),
            ("worker", task.worker.as_ref().map(ToString::to_string)),
            (
                "runs",
                task.command
                    .as_ref()
                    .map(|command| first_line(&command.to_string(), ellipsis)),
            ),
            ("verify", joined(checks)),
            ("checked", joined(self.checked())),
            ("owns", list(&task.owns)),
            ("inputs", list(&task.inputs)),
            ("tags", list(&task.tags)),
            ("env", (!env.is_empty()).then(|| env.join(", "))),
            ("pools", joined(pools)),
            (
                "priority",
                (task.priority != 0).then(|| task.priority.to_string()),
            ),
            ("takes", Some(expected)),
            ("timeouts", joined(limits)),
            ("retries", Some(policy.retry.max.to_string())),
            ("model", task.model.as_ref().map(ToString::to_string)),
            ("budget", task.budget_usd.map(|usd| format!("{usd} USD"))),
        ];
        rows.into_iter()
            .filter_map(|(name, value)| Some((name, value?)))
            .collect()
    }

    fn run_line(&self, run: &RunEntry, look: &Look) -> String {
        let status = match run.outcome.as_str() {
            "completed" => Status::Completed,
            "awaiting_approval" => Status::AwaitingApproval,
            "failed" => Status::Failed,
            "running" => Status::InProgress,
            _ => Status::Stopped,
        };
        let style = status_style(status);
        let when = look
            .zone
            .to_datetime(run.started_at)
            .strftime("%Y-%m-%d %H:%M");
        let mut line = format!(
            "  {style}{}{style:#} {}  {when}  {}",
            look.glyphs.status(status),
            run.run,
            run.outcome.replace('_', " ")
        );
        if let Some(took) = run.took_ms {
            let _ = write!(line, "  {}", show_duration(Duration::from_millis(took)));
        }
        match (run.stop_reason, &run.message) {
            (Some(reason), message) => {
                let _ = write!(line, "  {}", reason_text(reason, message.as_deref()));
            }
            (None, Some(message)) => {
                let _ = write!(line, "  {}", one_line(message));
            }
            (None, None) => {}
        }
        line.push('\n');
        line
    }
}
