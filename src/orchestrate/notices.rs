//! Which events somebody is to be told of, and in which words. Pure.
//!
//! Knows one orchestration. Does not know who is told, nor how.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{Occasion, OrchId, RunId, StopReason, TaskId};
use crate::state::State;

/// What is told, as a command gets it. Further keys may come; none is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub schema_version: u32,
    /// `finish`, `failure`, `needs_you` or `usage_limit`.
    pub event: &'static str,
    pub at: String,
    pub project: String,
    pub orchestration: OrchId,
    pub task: Option<TaskId>,
    pub run: Option<RunId>,
    /// The stable word of why.
    pub reason: Option<&'static str>,
    pub message: Option<String>,
    /// Of the orchestration, at its finish.
    pub exit: Option<u8>,
    /// One line for people.
    pub text: String,
    #[serde(skip)]
    pub occasion: Occasion,
}

/// Follows one orchestration.
#[derive(Debug)]
pub struct Notices {
    orch: OrchId,
    project: String,
    /// Its live runs.
    runs: BTreeMap<RunId, TaskId>,
}

/// What an event says of a task.
struct Said<'e> {
    occasion: Occasion,
    task: TaskId,
    run: Option<RunId>,
    reason: Option<StopReason>,
    message: Option<&'e str>,
    text: String,
}

impl Notices {
    #[must_use]
    pub fn new(orch: OrchId, project: String, state: &State) -> Self {
        let own = state.open.iter().filter(|(_, open)| open.orch == orch);
        let runs = own.map(|(run, open)| (run.clone(), open.task.clone()));
        Self {
            runs: runs.collect(),
            orch,
            project,
        }
    }

    /// What is to be told of an event; `None`: nothing, or it is another orchestration's.
    pub fn of(&mut self, recorded: &Recorded) -> Option<Notice> {
        let said = match &recorded.event {
            Event::Reserved {
                orch, run, task, ..
            } if *orch == self.orch => {
                self.runs.insert(run.clone(), task.clone());
                return None;
            }
            Event::Voided { run, .. } => {
                self.runs.remove(run);
                return None;
            }
            Event::Ended { run, verdict, .. } => {
                let task = self.runs.remove(run)?;
                ended(run, task, verdict)?
            }
            Event::Skipped { orch, task } if *orch == self.orch => Said {
                occasion: Occasion::NeedsYou,
                text: format!("{task} is yours to do"),
                task: task.clone(),
                run: None,
                reason: None,
                message: None,
            },
            Event::OrchestrationEnded { orch, exit } if *orch == self.orch => {
                let text = match exit {
                    0 => "all selected tasks are completed".to_owned(),
                    1 => "ended with failures".to_owned(),
                    3 => "ended with tasks left".to_owned(),
                    code => format!("ended with exit code {code}"),
                };
                let mut notice = self.notice(recorded, Occasion::Finish, text);
                notice.exit = Some(*exit);
                return Some(notice);
            }
            _ => return None,
        };
        let mut notice = self.notice(recorded, said.occasion, said.text);
        notice.task = Some(said.task);
        notice.run = said.run;
        notice.reason = said.reason.map(StopReason::word);
        notice.message = said.message.map(str::to_owned);
        Some(notice)
    }

    fn notice(&self, recorded: &Recorded, occasion: Occasion, text: String) -> Notice {
        Notice {
            schema_version: 1,
            event: occasion.word(),
            at: recorded.at.to_string(),
            project: self.project.clone(),
            orchestration: self.orch.clone(),
            task: None,
            run: None,
            reason: None,
            message: None,
            exit: None,
            text,
            occasion,
        }
    }
}

fn ended<'e>(run: &RunId, task: TaskId, verdict: &'e Verdict) -> Option<Said<'e>> {
    let (occasion, reason, message) = match verdict {
        Verdict::Completed { .. } => return None,
        Verdict::AwaitingApproval { .. } => (Occasion::NeedsYou, None, None),
        Verdict::Retry {
            reason, message, ..
        } => match reason {
            StopReason::UsageLimit => (Occasion::UsageLimit, Some(*reason), message.as_deref()),
            // It is tried again: not yet anybody's matter.
            _ => return None,
        },
        Verdict::Failed { reason, message } | Verdict::Stopped { reason, message } => {
            let occasion = match reason {
                StopReason::UsageLimit => Occasion::UsageLimit,
                // Somebody asked for it and knows.
                StopReason::Cancelled => return None,
                _ => Occasion::Failure,
            };
            (occasion, Some(*reason), message.as_deref())
        }
    };
    let text = match (occasion, reason) {
        (Occasion::NeedsYou, _) => format!("{task} waits for your approval"),
        (Occasion::UsageLimit, _) => format!("{task} waits: its worker is at its usage limit"),
        (_, Some(reason)) => format!("{task}: {reason}"),
        (_, None) => task.to_string(),
    };
    Some(Said {
        occasion,
        task,
        run: Some(run.clone()),
        reason,
        message,
        text,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_matters_to_people_is_told_once() {
        let orch = OrchId::parse("orch-20250108-144530-aaaa").unwrap();
        let other = OrchId::parse("orch-20250108-144530-bbbb").unwrap();
        let run = RunId::parse("20250108-144530-aaaa").unwrap();
        let task = TaskId::parse("a.md").unwrap();
        let stopped = |reason| Verdict::Stopped {
            reason,
            message: Some("m".into()),
        };
        for (verdict, expected) in [
            (Verdict::Completed { sha: None }, None),
            (
                Verdict::AwaitingApproval { sha: None },
                Some(("needs_you", "a.md waits for your approval")),
            ),
            (stopped(StopReason::Cancelled), None),
            (
                stopped(StopReason::Timeout),
                Some(("failure", "a.md: timeout")),
            ),
            (
                stopped(StopReason::UsageLimit),
                Some((
                    "usage_limit",
                    "a.md waits: its worker is at its usage limit",
                )),
            ),
        ] {
            let mut notices = Notices::new(orch.clone(), "/p".into(), &State::default());
            notices.runs.insert(run.clone(), task.clone());
            let event = Recorded {
                seq: 1,
                at: jiff::Timestamp::UNIX_EPOCH,
                event: Event::Ended {
                    run: run.clone(),
                    verdict,
                    took_ms: 1,
                },
            };
            let notice = notices.of(&event);
            let seen = notice.as_ref().map(|n| (n.event, n.text.as_str()));
            assert_eq!(seen, expected);
            assert_eq!(notices.of(&event), None, "told once");
        }
        let mut notices = Notices::new(orch.clone(), "/p".into(), &State::default());
        let mut ended = |orch: &OrchId| {
            notices.of(&Recorded {
                seq: 1,
                at: jiff::Timestamp::UNIX_EPOCH,
                event: Event::OrchestrationEnded {
                    orch: orch.clone(),
                    exit: 3,
                },
            })
        };
        assert_eq!(ended(&other), None);
        assert_eq!(ended(&orch).and_then(|n| n.exit), Some(3));
    }
}
