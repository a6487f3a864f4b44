//! How each task stands, for those who ask, and whether waiting makes sense.
//!
//! Only reads the scheduler's phases; decides nothing but [`Scheduler::others_can_help`].

use std::time::Duration;

use crate::model::StopReason;
use crate::plan::TaskIx;
use crate::sched::Scheduler;
use crate::sched::phase::Phase;

/// How a task stands in this orchestration. After `Finish`: how it ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// Not this orchestration's to do, and neither completed nor at work elsewhere.
    NotSelected,
    /// Waits for prerequisites that may still be completed.
    Waiting,
    /// Every prerequisite is completed: it waits for a job, a pool or a claim, or was not started because everything stopped.
    Ready,
    /// A prerequisite, direct or not, failed, was stopped or is itself not selected and open. `by` is the first
    /// such task by number among the nearest.
    Blocked {
        by: TaskIx,
    },
    Running,
    /// Between two attempts; `until` counts from the orchestration's start.
    Retrying {
        until: Duration,
        reason: StopReason,
    },
    RunningElsewhere,
    Skipped,
    AwaitingApproval,
    Completed,
    /// Completed, but not in the branch that this orchestration builds on.
    CompletedOutside,
    Failed(StopReason),
    Stopped(StopReason),
    /// This orchestration had ended it before it was resumed.
    EndedBefore,
}

/// How many selected tasks stand how. Every selected task counts once.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Tally {
    pub selected: u32,
    pub completed: u32,
    /// Including those that failed before a resume.
    pub failed: u32,
    pub stopped: u32,
    /// Here.
    pub running: u32,
    pub running_elsewhere: u32,
    pub retrying: u32,
    pub ready: u32,
    pub waiting: u32,
    pub blocked: u32,
    pub skipped: u32,
    pub awaiting_approval: u32,
}

impl Tally {
    fn add(&mut self, outcome: Outcome) {
        self.selected += 1;
        *match outcome {
            Outcome::Completed | Outcome::CompletedOutside => &mut self.completed,
            Outcome::Failed(_) | Outcome::EndedBefore => &mut self.failed,
            Outcome::Stopped(_) => &mut self.stopped,
            Outcome::Running => &mut self.running,
            Outcome::RunningElsewhere => &mut self.running_elsewhere,
            Outcome::Retrying { .. } => &mut self.retrying,
            Outcome::Ready => &mut self.ready,
            Outcome::Waiting | Outcome::NotSelected => &mut self.waiting,
            Outcome::Blocked { .. } => &mut self.blocked,
            Outcome::Skipped => &mut self.skipped,
            Outcome::AwaitingApproval => &mut self.awaiting_approval,
        } += 1;
    }
}

impl Scheduler {
    /// How every task stands, by number. O(V + E).
    #[must_use]
    pub fn outcomes(&self) -> Vec<Outcome> {
        let mut outcomes = vec![Outcome::Waiting; self.nodes.len()];
        for task in &self.links.order {
            outcomes[*task as usize] =
                self.outcome_after(*task, |before| outcomes[before as usize]);
        }
        outcomes
    }

    /// How one task stands. O(V + E) for a waiting one; ask [`Scheduler::outcomes`] for many.
    #[must_use]
    pub fn outcome(&self, task: TaskIx) -> Outcome {
        match self.nodes[task.0 as usize].phase {
            Phase::Waiting => self.outcomes()[task.0 as usize],
            _ => self.outcome_after(task.0, |_| Outcome::Waiting),
        }
    }

    /// Counts the selected tasks by how they stand. O(V + E).
    #[must_use]
    pub fn tally(&self) -> Tally {
        let mut tally = Tally::default();
        for (node, outcome) in self.nodes.iter().zip(self.outcomes()) {
            if node.selected {
                tally.add(outcome);
            }
        }
        tally
    }

    fn outcome_after(&self, task: u32, before: impl Fn(u32) -> Outcome) -> Outcome {
        let node = &self.nodes[task as usize];
        match node.phase {
            Phase::Waiting if !node.selected => Outcome::NotSelected,
            Phase::Waiting if node.missing == 0 => Outcome::Ready,
            Phase::Waiting => {
                let mut blocked =
                    self.links
                        .prerequisites
                        .of(task)
                        .iter()
                        .filter_map(|p| match before(*p) {
                            Outcome::Blocked { by } => Some(by),
                            Outcome::Failed(_)
                            | Outcome::Stopped(_)
                            | Outcome::EndedBefore
                            | Outcome::CompletedOutside
                            | Outcome::NotSelected => Some(TaskIx(*p)),
                            _ => None,
                        });
                blocked
                    .next()
                    .map_or(Outcome::Waiting, |by| Outcome::Blocked { by })
            }
            Phase::Ready => Outcome::Ready,
            Phase::Running { .. } => Outcome::Running,
            Phase::Retrying { until, reason } => Outcome::Retrying { until, reason },
            Phase::RunningElsewhere => Outcome::RunningElsewhere,
            // What somebody has taken is left to them, as a manual task is.
            Phase::Skipped | Phase::Claimed => Outcome::Skipped,
            Phase::AwaitingApproval => Outcome::AwaitingApproval,
            Phase::CompletedHere | Phase::CompletedElsewhere => Outcome::Completed,
            Phase::CompletedOutside => Outcome::CompletedOutside,
            Phase::Failed(reason) => Outcome::Failed(reason),
            Phase::Stopped(reason) => Outcome::Stopped(reason),
            Phase::EndedBefore => Outcome::EndedBefore,
        }
    }

    /// Nothing runs here and nothing can be started: can somebody else bring a selected task forward, so that it makes
    /// sense to stay? Other orchestrations that are at work (or hold what a ready task needs) can; with
    /// `wait` also people, and whoever may come to complete what is not selected. A failure here is nobody's to repair.
    pub(super) fn others_can_help(&self) -> bool {
        let wait = self.options.wait;
        let mut hopeful = vec![false; self.nodes.len()];
        for task in &self.links.order {
            let node = &self.nodes[*task as usize];
            let hope = match node.phase {
                Phase::Waiting if node.selected || wait => {
                    let mut needs = self.links.prerequisites.of(*task).iter();
                    needs.all(|p| hopeful[*p as usize])
                }
                Phase::Waiting => false,
                Phase::Skipped | Phase::Claimed | Phase::AwaitingApproval => wait,
                Phase::Ready | Phase::Running { .. } | Phase::Retrying { .. } => true,
                Phase::RunningElsewhere => true,
                Phase::CompletedHere | Phase::CompletedElsewhere => true,
                Phase::CompletedOutside
                | Phase::Failed(_)
                | Phase::Stopped(_)
                | Phase::EndedBefore => false,
            };
            if hope && node.selected && !node.phase.is_completed() {
                return true;
            }
            hopeful[*task as usize] = hope;
        }
        false
    }
}
