//! Which events may still be written, given the state.

use crate::event::{Event, Verdict};
use crate::model::{OrchId, PoolTake, RunId, Status, TaskId, overlap};
use crate::state::State;

/// Why an event may not be written. Nothing was written; the caller has the newest state.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Illegal {
    #[error("`{task}` is already running (run {run})")]
    TaskRunning { task: TaskId, run: RunId },
    #[error("`{task}` is already completed")]
    AlreadyCompleted { task: TaskId },
    #[error("pool `{pool}` is in use")]
    PoolFull { pool: String },
    #[error("`{claim}` is claimed by `{task}` (run {run})")]
    Claimed {
        claim: String,
        task: TaskId,
        run: RunId,
    },
    #[error("run {run} is not open")]
    RunNotOpen { run: RunId },
    #[error("run {run} was started before")]
    RunKnown { run: RunId },
    #[error("`{task}` is {}, not awaiting approval", .status.word())]
    NotAwaitingApproval { task: TaskId, status: Status },
    #[error("`{task}` is not completed by that commit")]
    NoSuchCheckpoint { task: TaskId },
    #[error("orchestration {orch} is not open")]
    OrchestrationNotOpen { orch: OrchId },
}

impl State {
    /// Says whether an event may be written now.
    ///
    /// # Errors
    /// The rule it would break.
    pub fn check(&self, event: &Event) -> Result<(), Illegal> {
        match event {
            Event::Reserved {
                orch,
                run,
                task,
                claims,
                pools,
                again,
                ..
            } => {
                self.orchestration_open(orch)?;
                self.not_running(task)?;
                if self.open.contains_key(run) {
                    return Err(Illegal::RunKnown { run: run.clone() });
                }
                if !again && self.counts_as_completed(task, orch) {
                    return Err(Illegal::AlreadyCompleted { task: task.clone() });
                }
                self.pools_free(pools)?;
                self.claims_free(claims)
            }
            Event::Started { run, .. } => match self.open.get(run) {
                None => Err(Illegal::RunNotOpen { run: run.clone() }),
                Some(open) if open.process.is_some() => Err(Illegal::RunKnown { run: run.clone() }),
                Some(_) => Ok(()),
            },
            Event::Voided { run, .. } | Event::Ended { run, .. } | Event::Spent { run, .. } => {
                match self.open.get(run) {
                    None => Err(Illegal::RunNotOpen { run: run.clone() }),
                    Some(_) => Ok(()),
                }
            }
            Event::Skipped { orch, task } | Event::GivenUp { orch, task, .. } => {
                self.orchestration_open(orch)?;
                if self.status(task) == Status::Completed {
                    return Err(Illegal::AlreadyCompleted { task: task.clone() });
                }
                self.not_running(task)
            }
            Event::Claimed {
                run,
                task,
                claims,
                pools,
                ..
            } => {
                self.not_running(task)?;
                if self.open.contains_key(run) || self.claimed.contains_key(run) {
                    return Err(Illegal::RunKnown { run: run.clone() });
                }
                if matches!(
                    self.status(task),
                    Status::Completed | Status::AwaitingApproval
                ) {
                    return Err(Illegal::AlreadyCompleted { task: task.clone() });
                }
                self.pools_free(pools)?;
                self.claims_free(claims)
            }
            Event::ClaimEnded { run, .. } => match self.claimed.contains_key(run) {
                true => Ok(()),
                false => Err(Illegal::RunNotOpen { run: run.clone() }),
            },
            Event::CompletedByHand { task, .. } => self.not_running(task),
            // Whoever resets a claimed task takes it from its owner.
            Event::Reset { task, .. } => self.not_attempted(task),
            Event::Imported { task, .. } => {
                self.not_running(task)?;
                if self.tasks.contains_key(task) {
                    return Err(Illegal::AlreadyCompleted { task: task.clone() });
                }
                Ok(())
            }
            Event::Adopted { task, run, sha, .. } => {
                self.not_running(task)?;
                let known = self.tasks.get(task).is_some_and(|state| {
                    state.status == Status::Completed
                        && state.last_run_id == *run
                        && (run.is_some() || state.checkpoint_sha == *sha)
                });
                if known {
                    return Err(Illegal::AlreadyCompleted { task: task.clone() });
                }
                Ok(())
            }
            Event::CheckpointMissing { task, sha } => {
                self.not_running(task)?;
                match self.tasks.get(task) {
                    Some(state)
                        if state.status == Status::Completed
                            && state.checkpoint_sha.as_ref() == Some(sha) =>
                    {
                        Ok(())
                    }
                    _ => Err(Illegal::NoSuchCheckpoint { task: task.clone() }),
                }
            }
            Event::Approved { task, .. } | Event::Rejected { task, .. } => {
                match self.status(task) {
                    Status::AwaitingApproval => Ok(()),
                    status => Err(Illegal::NotAwaitingApproval {
                        task: task.clone(),
                        status,
                    }),
                }
            }
            Event::OrchestrationEnded { orch, .. } | Event::Detached { orch } => {
                self.orchestration_open(orch)
            }
            Event::OrchestrationStarted { .. }
            | Event::CancelRequested { .. }
            | Event::WorkerPaused { .. } => Ok(()),
        }
    }

    fn orchestration_open(&self, orch: &OrchId) -> Result<(), Illegal> {
        match self.orchestrations.get(orch) {
            Some(entry) if entry.ended_at.is_none() => Ok(()),
            _ => Err(Illegal::OrchestrationNotOpen { orch: orch.clone() }),
        }
    }

    /// A completed inline step counts only within the orchestration that completed it.
    #[must_use]
    pub fn counts_as_completed(&self, task: &TaskId, orch: &OrchId) -> bool {
        self.tasks.get(task).is_some_and(|state| {
            state.status == Status::Completed
                && (!task.is_inline() || state.orch.as_ref() == Some(orch))
        })
    }

    fn not_running(&self, task: &TaskId) -> Result<(), Illegal> {
        self.not_attempted(task)?;
        match self.claimed_run(task) {
            Some((run, _)) => Err(Illegal::TaskRunning {
                task: task.clone(),
                run: run.clone(),
            }),
            None => Ok(()),
        }
    }

    fn not_attempted(&self, task: &TaskId) -> Result<(), Illegal> {
        if self.status(task) != Status::InProgress {
            return Ok(());
        }
        match self.open_run(task) {
            Some((run, _)) => Err(Illegal::TaskRunning {
                task: task.clone(),
                run: run.clone(),
            }),
            None => Ok(()),
        }
    }

    fn pools_free(&self, wanted: &[PoolTake]) -> Result<(), Illegal> {
        for want in wanted {
            let used: u32 = self
                .open
                .values()
                .flat_map(|run| &run.pools)
                .chain(self.claimed.values().flat_map(|run| &run.pools))
                .filter(|taken| taken.pool == want.pool)
                .map(|taken| taken.take)
                .fold(0, u32::saturating_add);
            if used.saturating_add(want.take) > want.of {
                return Err(Illegal::PoolFull {
                    pool: want.pool.to_string(),
                });
            }
        }
        Ok(())
    }

    fn claims_free(&self, wanted: &[String]) -> Result<(), Illegal> {
        let attempts = self.open.iter();
        let attempts = attempts.map(|(run, open)| (run, &open.task, &open.claims));
        let outside = self.claimed.iter();
        let outside = outside.map(|(run, claim)| (run, &claim.task, &claim.claims));
        for (run, task, held) in attempts.chain(outside) {
            for held in held {
                if let Some(claim) = wanted.iter().find(|claim| overlap(claim, held)) {
                    return Err(Illegal::Claimed {
                        claim: claim.clone(),
                        task: task.clone(),
                        run: run.clone(),
                    });
                }
            }
        }
        Ok(())
    }
}

impl Verdict {
    /// Is this the end of the task for its orchestration?
    #[must_use]
    pub fn is_final(&self) -> bool {
        !matches!(self, Self::Retry { .. })
    }
}
