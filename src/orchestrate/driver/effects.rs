//! From the scheduler's effects to events in the journal, and what follows from those accepted.

use tokio::time::Instant;

use super::attempts::tell;
use super::{Alive, Orchestrator, Pending, Then};
use crate::event::{Event, Verdict};
use crate::model::{RunId, StopReason};
use crate::orchestrate::OrchestrateError;
use crate::plan::TaskIx;
use crate::sched::{self, Effect, Input, Kill, Refusal, Settle};
use crate::state::Illegal;

impl Orchestrator {
    pub(super) fn carry_out(&mut self, effect: Effect) -> Result<(), OrchestrateError> {
        match effect {
            Effect::Reserve { task } => {
                let again = self.again.contains(&task);
                let attempt = self.sites.prepare(&self.plan, task, &self.store, again)?;
                self.reserve(task, attempt.run.clone());
                self.pending.push(Pending {
                    event: attempt.reserved.clone(),
                    then: Then::Launch {
                        task,
                        attempt: Box::new(attempt),
                    },
                });
            }
            Effect::Settle { task, how } => {
                let mut then = Then::Nothing;
                let event = match self.ended.remove(&task) {
                    Some(ended) => {
                        self.run_of.remove(&task);
                        if let Some(spent) = ended.spent {
                            let run = ended.run.clone();
                            self.pending.push(Pending {
                                event: Event::Spent { run, spent },
                                then: Then::Nothing,
                            });
                        }
                        if matches!(how, Settle::Completed) {
                            then = Then::Completed(self.plan.whose(task), ended.done);
                        }
                        match verdict(how, ended.message, ended.commit) {
                            Ok(verdict) => Event::Ended {
                                run: ended.run,
                                verdict,
                                took_ms: ended.took_ms,
                            },
                            Err(message) => Event::Voided {
                                run: ended.run,
                                message,
                            },
                        }
                    }
                    None => match how {
                        Settle::Failed(reason) | Settle::Stopped(reason) => Event::GivenUp {
                            orch: self.sites.orch().clone(),
                            task: self.plan.task(task).id.clone(),
                            reason,
                            message: None,
                        },
                        // Without an attempt there is nothing else to say.
                        Settle::Completed
                        | Settle::AwaitingApproval
                        | Settle::Retry { .. }
                        | Settle::Void => return Ok(()),
                    },
                };
                self.pending.push(Pending { event, then });
            }
            Effect::Skip { task } => {
                let event = Event::Skipped {
                    orch: self.sites.orch().clone(),
                    task: self.plan.task(task).id.clone(),
                };
                self.pending.push(Pending {
                    event,
                    then: Then::Nothing,
                });
            }
            Effect::End { task, kill } => self.end_attempt(task, kill),
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Finish => self.finished = true,
        }
        Ok(())
    }

    fn end_attempt(&mut self, task: TaskIx, kill: Kill) {
        if let Some(alive) = self
            .run_of
            .get(&task)
            .and_then(|run| self.alive.get_mut(run))
        {
            match &alive.ask {
                Some(ask) => tell(ask, kill),
                None => alive.end = Some(kill),
            }
        }
    }

    /// From here on it can be told to end, though nothing is written of it yet.
    fn reserve(&mut self, task: TaskIx, run: RunId) {
        let alive = Alive {
            task,
            ask: None,
            end: None,
            since: Instant::now(),
        };
        self.run_of.insert(task, run.clone());
        self.alive.insert(run, alive);
    }

    /// Its reservation was not written: nothing came of it.
    fn unreserve(&mut self, task: TaskIx) {
        if let Some(run) = self.run_of.remove(&task) {
            self.alive.remove(&run);
        }
    }

    /// Appends all pending events as one line, then does what follows from the accepted ones.
    pub(super) async fn write(&mut self) -> Result<(), OrchestrateError> {
        let pending = std::mem::take(&mut self.pending);
        let appended = self
            .store
            .append(pending.iter().map(|p| p.event.clone()).collect())?;
        let mut refused = appended.refused;
        let mut unwritten = appended.unwritten;
        let mut accepted = Vec::new();
        for pending in pending {
            if let Some(i) = unwritten.iter().position(|event| *event == pending.event) {
                // Nothing follows from what is not written; whatever waits to begin is let go.
                unwritten.swap_remove(i);
                self.unwritten(pending.then).await;
                continue;
            }
            match refused.iter().position(|r| r.event == pending.event) {
                Some(i) => self.refused(pending, refused.swap_remove(i).why)?,
                None => accepted.push(pending.then),
            }
        }
        self.hear(&appended.news)?;
        self.heed_lost();
        for then in accepted {
            match then {
                Then::Nothing => {}
                Then::Completed(whose, done) => self.completed(whose, done)?,
                Then::Release(lock) => drop(lock),
                Then::Launch { attempt, .. } => self.launch(*attempt)?,
                Then::Go { run, held } => self.go(run, *held).await,
            }
        }
        Ok(())
    }

    /// An event of a repository that cannot be written any more.
    async fn unwritten(&mut self, then: Then) {
        match then {
            Then::Launch { task, .. } => {
                self.unreserve(task);
                // It was never begun, and this orchestration begins nothing more.
                let why = Refusal::Impossible(StopReason::InternalError);
                self.inputs.push_back(Input::Refused { task, why });
            }
            Then::Go { run, held } => self.let_go_lost(&run, *held).await,
            Then::Nothing | Then::Completed(..) | Then::Release(_) => {}
        }
    }

    fn refused(&mut self, pending: Pending, why: Illegal) -> Result<(), OrchestrateError> {
        match (pending.then, why) {
            (Then::Launch { task, .. }, why) => {
                self.unreserve(task);
                let why = match why {
                    Illegal::TaskRunning { .. } => Refusal::Running,
                    Illegal::AlreadyCompleted { .. } => Refusal::Completed,
                    Illegal::PoolFull { .. } | Illegal::Claimed { .. } => Refusal::Busy,
                    // Another orchestrator drew the same id in the same second: draw again.
                    Illegal::RunKnown { .. } => Refusal::Busy,
                    source => {
                        return Err(OrchestrateError::Refused {
                            orch: self.sites.orch().clone(),
                            source,
                        });
                    }
                };
                self.inputs.push_back(Input::Refused { task, why });
                if why == Refusal::Busy {
                    // The task waits for what others hold, as it is now.
                    let usage = sched::usage(&self.plan, self.store.state(), self.sites.orch());
                    self.inputs.push_back(usage);
                }
                Ok(())
            }
            // A person or another orchestration was faster; the news says so.
            (Then::Nothing, _)
                if matches!(pending.event, Event::Skipped { .. } | Event::GivenUp { .. }) =>
            {
                Ok(())
            }
            (_, source) => Err(OrchestrateError::Refused {
                orch: self.sites.orch().clone(),
                source,
            }),
        }
    }
}

/// The verdict for the journal; `Err`: the attempt is void.
fn verdict(how: Settle, message: Option<String>, sha: Option<String>) -> Result<Verdict, String> {
    Ok(match how {
        Settle::Completed => Verdict::Completed { sha },
        Settle::AwaitingApproval => Verdict::AwaitingApproval { sha },
        Settle::Retry {
            reason,
            counted,
            wait,
        } => Verdict::Retry {
            reason,
            message,
            counted,
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        },
        Settle::Failed(reason) => Verdict::Failed { reason, message },
        Settle::Stopped(reason) => Verdict::Stopped { reason, message },
        Settle::Void => return Err(message.unwrap_or_default()),
    })
}
