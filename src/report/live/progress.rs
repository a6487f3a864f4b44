//! What the events mean for a watcher: who runs, how much is done, and what to say about each event.
//!
//! Knows the events of one orchestration, and those of others as far as they are about its tasks. Does
//! not draw.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, Provenance, RunId, Status, TaskId};
use crate::report::live::said::{Mark, Said, Weight, of_decision, of_end, said};
use crate::report::text::count;

/// A running task as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    pub run: RunId,
    pub task: TaskId,
    pub since: Timestamp,
    /// Its worker has begun.
    pub started: bool,
    pub last_output: String,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Whose {
    Ours,
    Others,
}

#[derive(Debug)]
struct KnownRun {
    task: TaskId,
    attempt: u32,
    whose: Whose,
}

/// What has happened so far.
#[derive(Debug)]
pub struct Progress {
    orch: OrchId,
    selected: BTreeSet<TaskId>,
    completed: BTreeSet<TaskId>,
    /// Those without a good end, and which status that gave them: failed or stopped.
    bad: BTreeMap<TaskId, Status>,
    runs: BTreeMap<RunId, KnownRun>,
    /// In the order of their start.
    running: Vec<Running>,
}

impl Progress {
    #[must_use]
    pub fn new(orch: OrchId, selected: BTreeSet<TaskId>, completed: BTreeSet<TaskId>) -> Self {
        let completed = completed.intersection(&selected).cloned().collect();
        Self {
            orch,
            selected,
            completed,
            bad: BTreeMap::new(),
            runs: BTreeMap::new(),
            running: Vec::new(),
        }
    }

    #[must_use]
    pub fn running(&self) -> &[Running] {
        &self.running
    }
    #[must_use]
    pub fn done(&self) -> usize {
        self.completed.len()
    }
    #[must_use]
    pub fn failed(&self) -> usize {
        self.ended_as(Status::Failed)
    }
    #[must_use]
    pub fn stopped(&self) -> usize {
        self.ended_as(Status::Stopped)
    }
    fn ended_as(&self, status: Status) -> usize {
        self.bad.values().filter(|ended| **ended == status).count()
    }
    #[must_use]
    pub fn total(&self) -> usize {
        self.selected.len()
    }

    /// A run that was alive before the first event, as after a resume.
    pub fn adopt(&mut self, run: &RunId, task: &TaskId, attempt: u32, since: Timestamp) {
        self.know(run, task, attempt, Whose::Ours);
        self.begin(run, task, since);
        self.mark_started(run, since);
    }

    /// The latest line of a running task's output.
    pub fn output(&mut self, task: &TaskId, line: &str) {
        if let Some(running) = self.running.iter_mut().find(|r| r.task == *task) {
            line.clone_into(&mut running.last_output);
        }
    }

    /// Takes an event in; says something when it is of interest here.
    pub fn take(&mut self, recorded: &Recorded) -> Option<Said> {
        let at = recorded.at;
        match &recorded.event {
            Event::OrchestrationStarted {
                orch, tasks, jobs, ..
            } if *orch == self.orch => Some(Said {
                mark: Mark::None,
                task: None,
                what: format!(
                    "{orch}: {}, {}",
                    count(*tasks as usize, "task", "tasks"),
                    count(*jobs as usize, "job", "jobs")
                ),
                weight: Weight::Passing,
            }),
            Event::Reserved {
                orch,
                run,
                task,
                attempt,
                ..
            } => {
                let whose = if *orch == self.orch {
                    self.begin(run, task, at);
                    self.bad.remove(task);
                    Whose::Ours
                } else {
                    Whose::Others
                };
                self.know(run, task, *attempt, whose);
                None
            }
            Event::Started { run, .. } => {
                let known = self.runs.get(run).filter(|k| k.whose == Whose::Ours)?;
                let what = match known.attempt {
                    1 => "started".to_owned(),
                    n => format!("started, attempt {n}"),
                };
                let task = known.task.clone();
                self.mark_started(run, at);
                Some(said(
                    Mark::Status(Status::InProgress),
                    &task,
                    what,
                    Weight::Passing,
                ))
            }
            Event::WorkerPaused { worker, until, .. } => Some(Said {
                mark: Mark::Status(Status::Stopped),
                task: None,
                what: format!("the worker {worker} has reached a limit and waits until {until}"),
                weight: Weight::Lasting,
            }),
            Event::Voided { run, message } => {
                let known = self.forget(run)?;
                let what = format!("did not start: {message}");
                (known.whose == Whose::Ours)
                    .then(|| said(Mark::Again, &known.task, what, Weight::Lasting))
            }
            Event::Ended {
                run,
                verdict,
                took_ms,
            } => {
                let known = self.forget(run)?;
                self.ended(&known, verdict, Duration::from_millis(*took_ms))
            }
            Event::Claimed {
                run,
                task,
                attempt,
                who,
                ..
            } => {
                self.know(run, task, *attempt, Whose::Others);
                let what = format!("taken by {who}, who says when it is done");
                self.selected.contains(task).then(|| {
                    said(
                        Mark::Status(Status::InProgress),
                        task,
                        what,
                        Weight::Lasting,
                    )
                })
            }
            Event::ClaimEnded {
                run, verdict, who, ..
            } => {
                let known = self.forget(run)?;
                self.claim_ended(&known.task, verdict.as_ref(), who)
            }
            event => self.decided(event),
        }
    }

    fn claim_ended(
        &mut self,
        task: &TaskId,
        verdict: Option<&Verdict>,
        who: &Provenance,
    ) -> Option<Said> {
        if !self.selected.contains(task) {
            return None;
        }
        let (mark, what) = match verdict {
            Some(Verdict::Completed { .. }) => {
                self.completed.insert(task.clone());
                self.bad.remove(task);
                (
                    Mark::Status(Status::Completed),
                    format!("completed by {who}"),
                )
            }
            Some(Verdict::AwaitingApproval { .. }) => (
                Mark::Status(Status::AwaitingApproval),
                format!("done by {who}, awaits approval"),
            ),
            _ => (Mark::Again, format!("given back by {who}")),
        };
        Some(said(mark, task, what, Weight::Lasting))
    }

    fn ended(&mut self, known: &KnownRun, verdict: &Verdict, took: Duration) -> Option<Said> {
        let task = &known.task;
        if !self.selected.contains(task) {
            return None;
        }
        if known.whose == Whose::Others {
            let Verdict::Completed { .. } = verdict else {
                return None;
            };
            self.completed.insert(task.clone());
            return Some(said(
                Mark::Status(Status::Completed),
                task,
                "completed by another orchestration".to_owned(),
                Weight::Lasting,
            ));
        }
        match verdict {
            Verdict::Completed { .. } => {
                self.completed.insert(task.clone());
            }
            Verdict::Failed { .. } => {
                self.bad.insert(task.clone(), Status::Failed);
            }
            Verdict::Stopped { .. } => {
                self.bad.insert(task.clone(), Status::Stopped);
            }
            Verdict::AwaitingApproval { .. } | Verdict::Retry { .. } => {}
        }
        Some(of_end(task, verdict, took))
    }

    fn decided(&mut self, event: &Event) -> Option<Said> {
        let said = of_decision(event, &self.orch)?;
        let Some(task) = &said.task else {
            return Some(said);
        };
        if !self.selected.contains(task) {
            return None;
        }
        match said.mark {
            Mark::Status(Status::Completed) => {
                self.completed.insert(task.clone());
                self.bad.remove(task);
            }
            Mark::Status(Status::Pending) => {
                self.completed.remove(task);
                self.bad.remove(task);
            }
            _ => {}
        }
        Some(said)
    }

    fn know(&mut self, run: &RunId, task: &TaskId, attempt: u32, whose: Whose) {
        self.runs.insert(
            run.clone(),
            KnownRun {
                task: task.clone(),
                attempt,
                whose,
            },
        );
    }

    fn begin(&mut self, run: &RunId, task: &TaskId, since: Timestamp) {
        self.running.push(Running {
            run: run.clone(),
            task: task.clone(),
            since,
            started: false,
            last_output: String::new(),
        });
    }

    fn mark_started(&mut self, run: &RunId, at: Timestamp) {
        if let Some(running) = self.running.iter_mut().find(|r| r.run == *run) {
            running.started = true;
            running.since = at;
        }
    }

    fn forget(&mut self, run: &RunId) -> Option<KnownRun> {
        self.running.retain(|r| r.run != *run);
        self.runs.remove(run)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::StopReason;
    use crate::view::tests::{Story, id, orch, print};

    #[test]
    fn who_is_stopped_has_not_failed() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("c.md", &[])]);
        let stopped = |reason| Verdict::Stopped {
            reason,
            message: None,
        };
        story.ended("a.md", stopped(StopReason::Cancelled));
        story.failed("b.md");
        story.ended("c.md", stopped(StopReason::Timeout));
        story.completed_by_hand("c.md", print(0));
        let all = ["a.md", "b.md", "c.md"].map(id).into();
        let mut progress = Progress::new(orch(), all, BTreeSet::new());
        for recorded in &story.events {
            progress.take(recorded);
        }
        assert_eq!(
            (progress.failed(), progress.stopped(), progress.done()),
            (1, 1, 1)
        );
    }
}
