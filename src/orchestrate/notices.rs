//! Which events somebody is to be told of, and in which words. Pure.
//!
//! Knows one orchestration and its plan. Does not know who is told, nor how.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{Occasion, OrchId, RunId, StopReason, TaskId};
use crate::plan::Plan;
use crate::report::{complete_command, first_line, shell_word};
use crate::state::State;
use crate::view::Ask;

/// What is told, as a command gets it. Further keys may come; none is renamed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Notice {
    pub schema_version: u32,
    /// `finish`, `failure`, `needs_you` or `usage_limit`.
    pub event: &'static str,
    pub at: String,
    /// The folder of the project.
    pub project: String,
    pub orchestration: OrchId,
    pub task: Option<TaskId>,
    /// Of the task.
    pub title: Option<String>,
    pub run: Option<RunId>,
    /// The stable word of why.
    pub reason: Option<&'static str>,
    pub message: Option<String>,
    /// Who is at a usage limit.
    pub worker: Option<String>,
    /// When that limit ends.
    pub until: Option<String>,
    /// Of the orchestration, at its finish.
    pub exit: Option<u8>,
    /// What can be typed in the project's folder, the most useful first.
    pub next: Vec<String>,
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
    plan: Plan,
    /// Its live runs.
    runs: BTreeMap<RunId, TaskId>,
    /// Until when workers are at limits that were told of.
    limits: BTreeMap<String, Timestamp>,
}

impl Notices {
    #[must_use]
    pub fn new(orch: OrchId, project: String, plan: Plan, state: &State) -> Self {
        let own = state.open.iter().filter(|(_, open)| open.orch == orch);
        let runs = own.map(|(run, open)| (run.clone(), open.task.clone()));
        Self {
            runs: runs.collect(),
            orch,
            project,
            plan,
            limits: BTreeMap::new(),
        }
    }

    /// What is to be told of an event; `None`: nothing, or it is another orchestration's.
    pub fn of(&mut self, recorded: &Recorded) -> Option<Notice> {
        match &recorded.event {
            Event::Reserved {
                orch, run, task, ..
            } if *orch == self.orch => {
                self.runs.insert(run.clone(), task.clone());
                None
            }
            Event::Voided { run, .. } => {
                self.runs.remove(run);
                None
            }
            Event::WorkerPaused { worker, run, until } => {
                let task = self.runs.get(run)?.clone();
                let told = self.limits.get(worker);
                if told.is_some_and(|told| recorded.at < *told) {
                    // Several runs of one worker meet one limit.
                    return None;
                }
                self.limits.insert(worker.clone(), *until);
                let mut notice = self.about(recorded, Occasion::UsageLimit, &task);
                notice.run = Some(run.clone());
                notice.reason = Some(StopReason::UsageLimit.word());
                notice.text = format!("the worker {worker} is at its usage limit until {until:.0}");
                notice.worker = Some(worker.clone());
                notice.until = Some(until.to_string());
                notice.next = vec!["runr status".to_owned()];
                Some(notice)
            }
            Event::Ended { run, verdict, .. } => {
                let task = self.runs.remove(run)?;
                let mut notice = match verdict {
                    // What is tried again is not yet anybody's matter; of a limit its worker tells.
                    Verdict::Completed { .. } | Verdict::Retry { .. } => return None,
                    Verdict::AwaitingApproval { .. } => {
                        self.needs_you(recorded, &task, (Ask::Approve, Some(run)))
                    }
                    Verdict::Failed { reason, message } | Verdict::Stopped { reason, message } => {
                        let message = message.as_deref();
                        self.failure(recorded, &task, (*reason, message, Some(run)))?
                    }
                };
                notice.run = Some(run.clone());
                Some(notice)
            }
            Event::GivenUp {
                orch,
                task,
                reason,
                message,
            } if *orch == self.orch => {
                self.failure(recorded, task, (*reason, message.as_deref(), None))
            }
            Event::Skipped { orch, task } if *orch == self.orch => {
                Some(self.needs_you(recorded, task, (Ask::Do, None)))
            }
            Event::OrchestrationEnded { orch, exit } if *orch == self.orch => {
                let mut notice = self.notice(recorded, Occasion::Finish);
                let report = || "runr report".to_owned();
                (notice.text, notice.next) = match exit {
                    0 => (
                        "all selected tasks are completed".to_owned(),
                        vec![report()],
                    ),
                    1 => ("ended with failures".to_owned(), vec![report()]),
                    3 => (
                        "ended with tasks left".to_owned(),
                        vec!["runr next --people".to_owned(), report()],
                    ),
                    129 | 130 | 143 => (
                        "was interrupted".to_owned(),
                        vec![format!("runr resume {orch}")],
                    ),
                    code => (format!("ended with exit code {code}"), vec![report()]),
                };
                notice.exit = Some(*exit);
                Some(notice)
            }
            _ => None,
        }
    }

    fn needs_you(
        &self,
        recorded: &Recorded,
        task: &TaskId,
        (ask, run): (Ask, Option<&RunId>),
    ) -> Notice {
        let mut notice = self.about(recorded, Occasion::NeedsYou, task);
        let what = match ask {
            Ask::Do => "is yours to do",
            Ask::Approve => "waits for your approval",
        };
        notice.text = match &notice.title {
            Some(title) => format!("{task} {what}: {title}"),
            None => format!("{task} {what}"),
        };
        notice.next.push(match run {
            Some(run) => format!("runr report {run}"),
            None => format!("runr tasks show {}", shell_word(task.as_str())),
        });
        let ix = self.plan.find(task);
        let answer = ix.map(|ix| complete_command(&self.plan, ix, ask));
        notice.next.extend(answer);
        notice
    }

    /// A task that is not tried again; `None`: somebody asked for it and knows.
    fn failure(
        &self,
        recorded: &Recorded,
        task: &TaskId,
        (reason, message, run): (StopReason, Option<&str>, Option<&RunId>),
    ) -> Option<Notice> {
        let occasion = match reason {
            StopReason::Cancelled => return None,
            StopReason::UsageLimit => Occasion::UsageLimit,
            _ => Occasion::Failure,
        };
        let mut notice = self.about(recorded, occasion, task);
        notice.reason = Some(reason.word());
        notice.message = message.map(str::to_owned);
        notice.text = match message
            .map(|text| first_line(text, "…"))
            .filter(|line| !line.is_empty())
        {
            Some(line) => format!("{task}: {reason}: {line}"),
            None => format!("{task}: {reason}"),
        };
        let name = shell_word(task.as_str());
        notice.next = vec![
            match (reason, run) {
                (StopReason::AuthRequired | StopReason::WorkerMissing, _) => {
                    "runr doctor".to_owned()
                }
                (_, Some(_)) => format!("runr logs {name}"),
                (_, None) => format!("runr why {name}"),
            },
            match task.is_inline() {
                true => "runr orchestrate run".to_owned(),
                false => format!("runr run --task {name}"),
            },
        ];
        Some(notice)
    }

    fn about(&self, recorded: &Recorded, occasion: Occasion, task: &TaskId) -> Notice {
        let mut notice = self.notice(recorded, occasion);
        let title = self.plan.find(task).map(|ix| &self.plan.task(ix).title);
        let title = title.filter(|title| !title.is_empty() && ***title != *task.as_str());
        notice.title = title.map(ToString::to_string);
        notice.task = Some(task.clone());
        notice
    }

    fn notice(&self, recorded: &Recorded, occasion: Occasion) -> Notice {
        Notice {
            schema_version: 1,
            event: occasion.word(),
            at: recorded.at.to_string(),
            project: self.project.clone(),
            orchestration: self.orch.clone(),
            task: None,
            title: None,
            run: None,
            reason: None,
            message: None,
            worker: None,
            until: None,
            exit: None,
            next: Vec::new(),
            text: String::new(),
            occasion,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn what_matters_to_people_is_told_once() {
        let orch = OrchId::parse("orch-20250108-144530-aaaa").unwrap();
        let following = || {
            let plan = sample(&[("a.md", &[])]);
            Notices::new(orch.clone(), "/p".into(), plan, &State::default())
        };
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
                Some(("failure", "a.md: timeout: m")),
            ),
            (
                stopped(StopReason::UsageLimit),
                Some(("usage_limit", "a.md: usage limit: m")),
            ),
        ] {
            let mut notices = following();
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
        let mut notices = following();
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

    #[test]
    fn a_limit_is_told_once_with_its_worker_and_its_end() {
        let orch = OrchId::parse("orch-20250108-144530-aaaa").unwrap();
        let plan = sample(&[("a.md", &[]), ("b.md", &[])]);
        let mut notices = Notices::new(orch, "/p".into(), plan, &State::default());
        let runs = ["20250108-144530-aaaa", "20250108-144530-bbbb"];
        let runs = runs.map(|run| RunId::parse(run).unwrap());
        for (run, task) in runs.iter().zip(["a.md", "b.md"]) {
            let task = TaskId::parse(task).unwrap();
            notices.runs.insert(run.clone(), task);
        }
        let foreign = RunId::parse("20250108-144530-cccc").unwrap();
        let mut told = |at: &str, run: &RunId, until: &str| {
            let notice = notices.of(&Recorded {
                seq: 1,
                at: at.parse().unwrap(),
                event: Event::WorkerPaused {
                    worker: "claude-code".into(),
                    run: run.clone(),
                    until: until.parse().unwrap(),
                },
            })?;
            assert_eq!(notice.worker.as_deref(), Some("claude-code"));
            Some((notice.until.unwrap(), notice.text))
        };
        let (first, second) = ("2025-01-08T15:00:00Z", "2025-01-08T16:00:00.5Z");
        assert_eq!(told("2025-01-08T14:50:00Z", &foreign, first), None);
        assert_eq!(
            told("2025-01-08T14:50:00Z", &runs[0], first),
            Some((
                first.to_owned(),
                format!("the worker claude-code is at its usage limit until {first}")
            ))
        );
        assert_eq!(told("2025-01-08T14:50:01Z", &runs[1], first), None);
        // The next limit is another one.
        let text = told("2025-01-08T15:00:01Z", &runs[1], second).unwrap().1;
        assert!(text.ends_with("until 2025-01-08T16:00:00Z"), "{text}");
    }

    #[test]
    fn what_can_be_typed_is_told() {
        let orch = OrchId::parse("orch-20250108-144530-aaaa").unwrap();
        let run = RunId::parse("20250108-144530-aaaa").unwrap();
        let task = TaskId::parse("a b.md").unwrap();
        let failed = |reason| Verdict::Failed {
            reason,
            message: None,
        };
        let ended = |verdict| Event::Ended {
            run: run.clone(),
            verdict,
            took_ms: 1,
        };
        let given_up = |reason| Event::GivenUp {
            orch: orch.clone(),
            task: task.clone(),
            reason,
            message: None,
        };
        let over = |exit| Event::OrchestrationEnded {
            orch: orch.clone(),
            exit,
        };
        for (event, next) in [
            (
                ended(Verdict::AwaitingApproval { sha: None }),
                &[
                    "runr report 20250108-144530-aaaa",
                    "runr tasks approve 'a b.md'",
                ][..],
            ),
            (
                ended(failed(StopReason::WorkerFailed)),
                &["runr logs 'a b.md'", "runr run --task 'a b.md'"],
            ),
            (
                ended(failed(StopReason::AuthRequired)),
                &["runr doctor", "runr run --task 'a b.md'"],
            ),
            (
                given_up(StopReason::TaskChanged),
                &["runr why 'a b.md'", "runr run --task 'a b.md'"],
            ),
            (
                Event::Skipped {
                    orch: orch.clone(),
                    task: task.clone(),
                },
                &["runr tasks show 'a b.md'", "runr tasks complete 'a b.md'"],
            ),
            (over(0), &["runr report"]),
            (over(3), &["runr next --people", "runr report"]),
            (over(130), &["runr resume orch-20250108-144530-aaaa"]),
        ] {
            let plan = sample(&[("a b.md", &[])]);
            let mut notices = Notices::new(orch.clone(), "/p".into(), plan, &State::default());
            notices.runs.insert(run.clone(), task.clone());
            let notice = notices.of(&Recorded {
                seq: 1,
                at: Timestamp::UNIX_EPOCH,
                event,
            });
            assert_eq!(notice.unwrap().next, next);
        }
    }
}
