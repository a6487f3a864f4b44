//! `runr report RUN`: what one attempt did.
//!
//! Knows the journal's entry and the attempt's own files, read by the caller.

use std::fmt::Write as _;
use std::time::Duration;

use serde::Serialize;

use crate::model::{
    AgentReport, CommandLine, FileChange, HandoffState, OrchId, RunSpec, RunState, TaskId,
    show_duration,
};
use crate::report::note::reason_text;
use crate::report::provenance::Provenance;
use crate::report::receipt::RunEntry;
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim};

/// Everything about one attempt.
#[derive(Debug, Clone, Copy)]
pub struct RunPage<'a> {
    pub task: &'a TaskId,
    /// `None`: a person or a session had claimed the task.
    pub orch: Option<&'a OrchId>,
    pub entry: &'a RunEntry,
    /// `None`: it never came so far.
    pub spec: Option<&'a RunSpec>,
    /// `None`: it has not ended, or was lost.
    pub state: Option<&'a RunState>,
    /// What it left for dependents, as people read it.
    pub handoff: Option<&'a str>,
    /// `None`: it left nothing in git.
    pub provenance: Option<Provenance<'a>>,
    /// Paths from the project root, in the order of their making.
    pub logs: &'a [String],
}

#[derive(Debug, Serialize)]
struct RunJson<'a> {
    schema_version: u32,
    task: &'a TaskId,
    orchestration: Option<&'a OrchId>,
    #[serde(flatten)]
    entry: &'a RunEntry,
    worker: Option<&'a str>,
    command: Option<&'a CommandLine>,
    exit_code: Option<i32>,
    signal: Option<i32>,
    ended_strays: u32,
    handoff: Option<&'a str>,
    diff: &'a [FileChange],
    tree: Option<&'a str>,
    logs: &'a [String],
}

impl RunPage<'_> {
    /// One JSON object on one line.
    ///
    /// # Errors
    /// None in practice: every part can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&RunJson {
            schema_version: 1,
            task: self.task,
            orchestration: self.orch,
            entry: self.entry,
            worker: self.spec.map(|spec| spec.worker.as_str()),
            command: self.spec.map(|spec| &spec.command),
            exit_code: self.state.and_then(|state| state.exit_code),
            signal: self.state.and_then(|state| state.signal),
            ended_strays: self.state.map_or(0, |state| state.ended_strays),
            handoff: self.handoff,
            diff: self.provenance.map_or(&[], |provenance| provenance.diff),
            tree: self.provenance.and_then(|provenance| provenance.tree),
            logs: self.logs,
        })
    }

    /// The same for people.
    #[must_use]
    pub fn to_text(&self, look: &Look) -> String {
        let (bold, dim) = (bold(), dim());
        let entry = self.entry;
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(
            text,
            "{bold}{}{bold:#}  {}",
            entry.run,
            entry.outcome.replace('_', " ")
        );
        let mut row = |name: &str, value: &str| {
            let _ = writeln!(text, "  {dim}{name:<8}{dim:#}  {}", one_line(value));
        };
        row("task", self.task.as_str());
        row("attempt", &entry.attempt.to_string());
        match self.orch {
            Some(orch) => row("part of", orch.as_str()),
            None => row("part of", "no orchestration: the task was claimed"),
        }
        let started = look.zone.to_datetime(entry.started_at);
        row(
            "started",
            &started.strftime("%Y-%m-%d %H:%M:%S").to_string(),
        );
        if let Some(took) = entry.took_ms {
            row("took", &show_duration(Duration::from_millis(took)));
        }
        if let Some(spec) = self.spec {
            row("worker", &format!("{}: {}", spec.worker, spec.command));
        }
        match (entry.stop_reason, &entry.message) {
            (Some(reason), message) => row("why", &reason_text(reason, message.as_deref())),
            (None, Some(message)) => row("said", message),
            (None, None) => {}
        }
        if let Some(state) = self.state {
            match (state.exit_code, state.signal) {
                (_, Some(signal)) => row("ended", &format!("by signal {signal}")),
                (Some(code), None) => row("ended", &format!("with exit code {code}")),
                (None, None) => {}
            }
            if state.ended_strays > 0 {
                let ended = state.ended_strays.to_string();
                row(
                    "strays",
                    &format!("{ended} processes outlived the worker and were ended"),
                );
            }
        }
        if let Some(spent) = entry.spent {
            row("used", &spent.line());
        }
        if let Some(agent) = &entry.agent {
            agent_rows(agent, &mut row);
        }
        let provenance = self.provenance.as_ref().map(Provenance::rows);
        for (name, value) in provenance.unwrap_or_default() {
            row(name, &value);
        }
        for check in &entry.checks {
            let how = match (check.passed, check.exit_code) {
                (true, _) => "passed".to_owned(),
                (false, Some(code)) => format!("failed with exit code {code}"),
                (false, None) => "failed without an exit code".to_owned(),
            };
            let took = show_duration(Duration::from_millis(check.took_ms));
            row("check", &format!("{}: {how}, {took}", check.command));
        }
        for log in self.logs {
            row("log", log);
        }
        if let Some(handoff) = self.handoff {
            let _ = writeln!(text, "\n{bold}Hand-off{bold:#}");
            for line in handoff.lines() {
                let _ = writeln!(text, "  {}", one_line(line));
            }
        }
        text
    }
}

fn agent_rows(agent: &AgentReport, row: &mut impl FnMut(&str, &str)) {
    if let Some(session) = &agent.session {
        row("session", session);
    }
    if let Some(model) = &agent.model {
        row("model", model);
    }
    if agent.starts > 1 {
        row("starts", &format!("{}, as its checks failed", agent.starts));
    }
    if agent.retries > 0 {
        row(
            "retries",
            &format!("{} requests were made again", agent.retries),
        );
    }
    for denial in &agent.denials {
        row("refused", denial);
    }
    if agent.malformed_lines > 0 {
        row(
            "unread",
            &format!("{} lines of its events", agent.malformed_lines),
        );
    }
    if let HandoffState::Malformed(why) = &agent.handoff {
        row("handoff", &format!("not kept: {why}"));
    }
}
