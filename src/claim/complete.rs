//! Saying that a claimed task is done: its checks decide.
//!
//! Knows what is recorded and committed when they pass. How they are run is [`crate::claim::check`]'s matter.

use crate::claim::check::Checking;
use crate::claim::keep::Proof;
use crate::claim::{ClaimError, Desk, Keep, Kept};
use crate::event::{Event, Verdict};
use crate::model::{Outcome, Remark, RunId, RunState, Settled, TaskKind};
use crate::plan::TaskIx;

/// What happens when a task has no checks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unchecked {
    /// A person's word is enough; it is recorded as that.
    Accept,
    /// An agent's word decides nothing.
    Refuse,
}

/// How a task is completed.
#[derive(Debug, Clone)]
pub struct How {
    pub unchecked: Unchecked,
    pub keep: Keep,
    pub note: Option<String>,
}

/// What became of the request.
#[derive(Debug, Clone, PartialEq)]
pub enum Completion {
    /// The checks passed, or there are none and that is accepted.
    Completed { run: RunId, checks: u32, kept: Kept },
    /// Hybrid: the checks passed, a person must approve.
    AwaitingApproval { run: RunId, checks: u32 },
    /// A check did not pass: the task is still claimed.
    NotYet { run: RunId, state: Box<RunState> },
}

impl Desk<'_> {
    /// Runs the checks of a claimed task, commits its work if that is asked for, brings HEAD's commits to the
    /// orchestrations that wait for it, and records that it is done; all of it only if every check passes. `stop`
    /// ends the checks early.
    ///
    /// # Errors
    /// When the task is not the caller's, has no checks and that is refused, its checks cannot be run, or its work
    /// cannot be committed or brought; the task is still claimed then.
    pub async fn complete(
        &mut self,
        ix: TaskIx,
        how: How,
        stop: impl Future<Output = ()>,
    ) -> Result<Completion, ClaimError> {
        self.store.refresh()?;
        let (run, claim) = self.own(ix)?;
        let task = self.plan.task(ix);
        let verify = &task.policy.verify;
        self.may_keep(task, how.keep)?;
        let mut checks = 0;
        let mut passed_checks = Vec::new();
        if !verify.commands.is_empty() || !verify.higher.is_empty() {
            let checking = Checking {
                run: &run,
                attempt: claim.attempt,
                tree: &self.project.root,
            };
            let state = self.check(&checking, task, stop).await?;
            let passed = state.checks.iter().filter(|check| check.passed).count();
            if state.outcome != Outcome::Succeeded || passed < state.checks.len() {
                let state = Box::new(state);
                return Ok(Completion::NotYet { run, state });
            }
            // What a higher tier would check may not have been called for.
            checks = u32::try_from(passed).unwrap_or(u32::MAX);
            passed_checks = state.checks;
        }
        if checks == 0 && how.unchecked == Unchecked::Refuse {
            return Err(ClaimError::NoChecks {
                task: task.id.clone(),
            });
        }
        // It may have been ended by a person while its checks ran.
        self.store.refresh()?;
        self.own(ix)?;
        let said = Remark {
            settled: Settled::Completed,
            by: self.who.by.clone(),
            note: how.note.clone(),
        };
        let proof = Proof {
            checks: &passed_checks,
            said: &said,
        };
        let kept = self.keep((&run, &claim), task, how.keep, &proof)?;
        // A completion without a commit says so wherever it is shown.
        let sha = kept.sha.clone();
        let hybrid = task.kind == TaskKind::Hybrid;
        self.now = jiff::Timestamp::now().max(self.now);
        let took_ms = self.since(claim.claimed_at);
        self.record(Event::ClaimEnded {
            run: run.clone(),
            who: self.who.clone(),
            verdict: Some(match hybrid {
                true => Verdict::AwaitingApproval { sha },
                false => Verdict::Completed { sha },
            }),
            checks,
            took_ms,
            note: how.note,
        })?;
        Ok(match hybrid {
            true => Completion::AwaitingApproval { run, checks },
            false => Completion::Completed { run, checks, kept },
        })
    }
}
