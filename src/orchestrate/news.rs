//! What others wrote to the journal, as inputs of the scheduler. Pure.

use std::collections::BTreeMap;

use crate::event::{CancelTarget, Event, Recorded, Verdict};
use crate::model::{OrchId, RunId};
use crate::plan::{Plan, TaskIx};
use crate::sched::{self, Cancel, Elsewhere, Input};
use crate::state::State;

/// Follows the runs of other orchestrations, so that their ends can be told to the scheduler.
#[derive(Debug)]
pub struct News {
    orch: OrchId,
    /// Live runs of others at tasks of our plan.
    foreign: BTreeMap<RunId, Option<TaskIx>>,
}

impl News {
    #[must_use]
    pub fn new(orch: OrchId, plan: &Plan, state: &State) -> Self {
        let foreign = state
            .open
            .iter()
            .filter(|(_, open)| open.orch != orch)
            .map(|(run, open)| (run.clone(), plan.find(&open.task)));
        let claimed = state.claimed.iter();
        let foreign = claimed
            .map(|(run, claim)| (run.clone(), plan.find(&claim.task)))
            .chain(foreign)
            .collect();
        Self { orch, foreign }
    }

    /// What the scheduler should know of these events. `state` is the fold after all of them.
    pub fn inputs(&mut self, news: &[Recorded], plan: &Plan, state: &State) -> Vec<Input> {
        let mut inputs = Vec::new();
        let mut usage_changed = false;
        let elsewhere = |task: Option<TaskIx>, now| task.map(|task| Input::Elsewhere { task, now });
        for Recorded { event, .. } in news {
            let input = match event {
                Event::Reserved {
                    orch, run, task, ..
                } if *orch != self.orch => {
                    usage_changed = true;
                    let task = plan.find(task);
                    self.foreign.insert(run.clone(), task);
                    elsewhere(task, Elsewhere::Running)
                }
                Event::Ended { run, .. }
                | Event::Voided { run, .. }
                | Event::ClaimEnded { run, .. } => match self.foreign.remove(run) {
                    None => None,
                    Some(task) => {
                        usage_changed = true;
                        elsewhere(task, left_as(event))
                    }
                },
                Event::Claimed { run, task, .. } => {
                    usage_changed = true;
                    let task = plan.find(task);
                    self.foreign.insert(run.clone(), task);
                    elsewhere(task, Elsewhere::Claimed)
                }
                Event::CompletedByHand { task, .. }
                | Event::Approved { task, .. }
                | Event::Adopted { task, .. } => elsewhere(plan.find(task), Elsewhere::Completed),
                Event::Rejected { task, .. } => elsewhere(plan.find(task), Elsewhere::Rejected),
                Event::Reset { task, .. } | Event::CheckpointMissing { task, .. } => {
                    // A reset may have ended a claim.
                    usage_changed = true;
                    elsewhere(plan.find(task), Elsewhere::Free)
                }
                Event::CancelRequested {
                    target: CancelTarget::Orchestration(orch),
                    drain,
                    ..
                } if *orch == self.orch => Some(Input::Cancel(if *drain {
                    Cancel::Drain
                } else {
                    Cancel::Stop
                })),
                Event::CancelRequested {
                    target: CancelTarget::Task(task),
                    ..
                } => plan
                    .find(task)
                    .map(|task| Input::Cancel(Cancel::Task(task))),
                Event::Reserved { .. }
                | Event::CancelRequested { .. }
                | Event::OrchestrationStarted { .. }
                | Event::Started { .. }
                | Event::Spent { .. }
                | Event::WorkerPaused { .. }
                | Event::Skipped { .. }
                | Event::GivenUp { .. }
                | Event::Imported { .. }
                | Event::Detached { .. }
                | Event::OrchestrationEnded { .. } => None,
            };
            inputs.extend(input);
        }
        if usage_changed {
            inputs.push(sched::usage(plan, state, &self.orch));
        }
        inputs
    }
}

/// How the end of a run leaves its task.
fn left_as(end: &Event) -> Elsewhere {
    let verdict = match end {
        Event::Ended { verdict, .. } => Some(verdict),
        Event::ClaimEnded { verdict, .. } => verdict.as_ref(),
        _ => None,
    };
    match verdict {
        Some(Verdict::Completed { .. }) => Elsewhere::Completed,
        Some(Verdict::AwaitingApproval { .. }) => Elsewhere::AwaitingApproval,
        Some(Verdict::Retry { .. } | Verdict::Failed { .. } | Verdict::Stopped { .. }) | None => {
            Elsewhere::Free
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Fingerprint, PoolTake, StopReason, TaskId};
    use crate::plan::sample;

    fn recorded(seq: u64, event: Event) -> Recorded {
        Recorded {
            seq,
            at: jiff::Timestamp::UNIX_EPOCH,
            event,
        }
    }

    #[test]
    fn only_what_others_did_is_news() {
        let plan = sample(&[("a.md", &[]), ("b.md", &[])]);
        let ours = OrchId::parse("orch-20250108-144530-aaaa").unwrap();
        let theirs = OrchId::parse("orch-20250108-144530-bbbb").unwrap();
        let mut state = State::default();
        let mut news = News::new(ours.clone(), &plan, &state);
        let reserve = |orch: &OrchId, run: &str, task: &str| Event::Reserved {
            orch: orch.clone(),
            run: RunId::parse(run).unwrap(),
            task: TaskId::parse(task).unwrap(),
            attempt: 1,
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims: vec!["src/**".into()],
            pools: vec![PoolTake {
                pool: "db".into(),
                take: 2,
                of: 3,
            }],
            again: false,
        };
        let failed = |run: &str| Event::Ended {
            run: RunId::parse(run).unwrap(),
            verdict: Verdict::Failed {
                reason: StopReason::WorkerFailed,
                message: None,
            },
            took_ms: 5,
        };
        let mut seq = 0;
        let mut tell = |event: Event| {
            seq += 1;
            let event = recorded(seq, event);
            state.apply(&event);
            news.inputs(&[event], &plan, &state)
        };
        assert_eq!(tell(reserve(&ours, "20250108-144530-aaaa", "a.md")), []);
        assert_eq!(
            tell(reserve(&theirs, "20250108-144530-bbbb", "b.md")),
            [
                Input::Elsewhere {
                    task: TaskIx(1),
                    now: Elsewhere::Running
                },
                Input::Usage {
                    pools: Vec::new(),
                    claims: vec!["src/**".into()]
                },
            ]
        );
        assert_eq!(tell(failed("20250108-144530-aaaa")), []);
        assert_eq!(
            tell(failed("20250108-144530-bbbb")),
            [
                Input::Elsewhere {
                    task: TaskIx(1),
                    now: Elsewhere::Free
                },
                Input::Usage {
                    pools: Vec::new(),
                    claims: Vec::new()
                },
            ]
        );
        let cancel = |target| Event::CancelRequested {
            target,
            drain: false,
            by: "me".into(),
        };
        assert_eq!(tell(cancel(CancelTarget::Orchestration(theirs))), []);
        assert_eq!(
            tell(cancel(CancelTarget::Orchestration(ours))),
            [Input::Cancel(Cancel::Stop)]
        );
    }
}
