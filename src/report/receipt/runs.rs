//! The attempts that the events tell of, by task.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, RunId, RunState, TaskId};
use crate::report::receipt::RunEntry;

/// Whose attempts are gathered.
#[derive(Debug, Clone)]
pub enum RunsOf {
    Orchestration(OrchId),
    Task(TaskId),
}

/// Gathers attempts from events, given in order.
#[derive(Debug)]
pub struct Runs<'a> {
    of: RunsOf,
    states: &'a BTreeMap<RunId, RunState>,
    task: BTreeMap<RunId, TaskId>,
    runs: BTreeMap<TaskId, Vec<RunEntry>>,
}

impl<'a> Runs<'a> {
    /// `states` are the attempts' own final answers, as far as they are known.
    #[must_use]
    pub fn new(of: RunsOf, states: &'a BTreeMap<RunId, RunState>) -> Self {
        Self {
            of,
            states,
            task: BTreeMap::new(),
            runs: BTreeMap::new(),
        }
    }

    /// The attempts at a task, in order; they are taken out.
    pub fn take_of(&mut self, task: &TaskId) -> Vec<RunEntry> {
        self.runs.remove(task).unwrap_or_default()
    }

    /// Takes an event in; one that is about something else changes nothing.
    pub fn take(&mut self, recorded: &Recorded) {
        match &recorded.event {
            Event::Reserved {
                orch,
                run,
                task,
                attempt,
                ..
            } => {
                let ours = match &self.of {
                    RunsOf::Orchestration(wanted) => wanted == orch,
                    RunsOf::Task(wanted) => wanted == task,
                };
                if !ours {
                    return;
                }
                self.task.insert(run.clone(), task.clone());
                self.begin(run, task, *attempt, recorded.at);
            }
            Event::Claimed {
                run, task, attempt, ..
            } => {
                // No orchestration's.
                if matches!(&self.of, RunsOf::Task(wanted) if wanted == task) {
                    self.task.insert(run.clone(), task.clone());
                    self.begin(run, task, *attempt, recorded.at);
                }
            }
            Event::ClaimEnded {
                run,
                verdict,
                took_ms,
                who,
                note,
                ..
            } => {
                if let Some(entry) = self.entry(run) {
                    entry.took_ms = Some(*took_ms);
                    let said = note.clone().unwrap_or_else(|| format!("by {who}"));
                    match verdict {
                        Some(verdict) => settle(entry, verdict, Some(said)),
                        None => {
                            "released".clone_into(&mut entry.outcome);
                            entry.message = Some(said);
                        }
                    }
                }
            }
            Event::Started { run, .. } => {
                if let Some(entry) = self.entry(run) {
                    entry.started_at = recorded.at;
                }
            }
            Event::Spent { run, spent } => {
                if let Some(entry) = self.entry(run) {
                    entry.spent = Some(*spent);
                }
            }
            Event::Voided { run, message } => {
                if let Some(entry) = self.entry(run) {
                    "void".clone_into(&mut entry.outcome);
                    entry.message = Some(message.clone());
                    entry.took_ms = Some(0);
                }
            }
            Event::Ended {
                run,
                verdict,
                took_ms,
            } => {
                let said = self.states.get(run).and_then(|state| state.message.clone());
                if let Some(entry) = self.entry(run) {
                    entry.took_ms = Some(*took_ms);
                    settle(entry, verdict, said);
                }
            }
            _ => {}
        }
    }

    fn begin(&mut self, run: &RunId, task: &TaskId, attempt: u32, at: Timestamp) {
        let state = self.states.get(run);
        let checks = state.map(|state| state.checks.clone());
        let git = state.and_then(|state| state.git.clone());
        self.runs.entry(task.clone()).or_default().push(RunEntry {
            run: run.clone(),
            attempt,
            started_at: at,
            took_ms: None,
            outcome: "running".to_owned(),
            stop_reason: None,
            message: None,
            checks: checks.unwrap_or_default(),
            spent: None,
            agent: self.states.get(run).and_then(|state| state.agent.clone()),
            git: git.map(Box::new),
        });
    }

    fn entry(&mut self, run: &RunId) -> Option<&mut RunEntry> {
        let task = self.task.get(run)?;
        self.runs
            .get_mut(task)?
            .iter_mut()
            .rfind(|entry| entry.run == *run)
    }
}

fn settle(entry: &mut RunEntry, verdict: &Verdict, said: Option<String>) {
    let (outcome, reason, message) = match verdict {
        Verdict::Completed { .. } => ("completed", None, said),
        Verdict::AwaitingApproval { .. } => ("awaiting_approval", None, said),
        Verdict::Retry {
            reason, message, ..
        } => ("retry", Some(*reason), message.clone().or(said)),
        Verdict::Failed { reason, message } => ("failed", Some(*reason), message.clone().or(said)),
        Verdict::Stopped { reason, message } => {
            ("stopped", Some(*reason), message.clone().or(said))
        }
    };
    outcome.clone_into(&mut entry.outcome);
    entry.stop_reason = reason;
    entry.message = message;
}
