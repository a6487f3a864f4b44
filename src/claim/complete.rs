//! Saying that a claimed task is done: its checks decide, in an attempt of their own.
//!
//! The attempt's worker is a command that does nothing: the work was done before, outside. Everything else
//! is as in any run: the checks' logs, limits, processes, and the secrets kept out of what is written.

use std::fs::{self, File};
use std::io;

use crate::attempt;
use crate::claim::keep::Proof;
use crate::claim::{ClaimError, Desk, Keep, Kept};
use crate::event::{Event, Verdict};
use crate::model::{
    CommandLine, OrchId, Outcome, Remark, RunId, RunSpec, RunState, Settled, Task, TaskKind,
};
use crate::plan::TaskIx;
use crate::state::ClaimedRun;
use crate::store::{create_run, lock, read_state};
use crate::worker;

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
            let state = self.check(&run, &claim, task, stop).await?;
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

    async fn check(
        &self,
        run: &RunId,
        claim: &ClaimedRun,
        task: &Task,
        stop: impl Future<Output = ()>,
    ) -> Result<RunState, ClaimError> {
        let _alone = self.alone(task)?;
        let layout = self.store.layout();
        // The folder of an earlier try at the same run: nobody else writes there.
        match fs::remove_dir_all(layout.run(run)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(system("remove the logs of the last checks")(error));
            }
            _ => {}
        }
        let (spec, secrets) = self.spec(run, claim, task);
        let dir = create_run(layout, &spec)?;
        let launch = |source| ClaimError::Launch {
            task: task.id.clone(),
            source,
        };
        let held = attempt::start(&self.exe, &dir, &secrets)
            .await
            .map_err(launch)?;
        let mut live = held.go().await.map_err(system("start the checks"))?;
        let watch = system("wait for the checks");
        let stopped = tokio::select! {
            ended = live.ended() => { ended.map_err(&watch)?; false }
            () = stop => true,
        };
        if stopped {
            live.terminate().map_err(system("stop the checks"))?;
            live.ended().await.map_err(&watch)?;
            return Err(ClaimError::Interrupted);
        }
        read_state(layout, run)?.ok_or_else(|| ClaimError::NoVerdict {
            task: task.id.clone(),
        })
    }

    /// Two requests at once would write one folder.
    fn alone(&self, task: &Task) -> Result<File, ClaimError> {
        let path = self.store.layout().task_lock(&task.id);
        lock::try_take(&path.with_extension("claim"))?.ok_or_else(|| ClaimError::BeingChecked {
            task: task.id.clone(),
        })
    }

    fn spec(
        &self,
        run: &RunId,
        claim: &ClaimedRun,
        task: &Task,
    ) -> (RunSpec, Vec<(String, String)>) {
        let env = worker::environment(self.env.iter().cloned(), &task.env);
        let (secrets, plain): (Vec<_>, Vec<_>) = env
            .into_iter()
            .partition(|(name, value)| worker::holds_secret(name, value));
        let layout = self.store.layout();
        let spec = RunSpec {
            schema_version: 1,
            run: run.clone(),
            // No orchestration has it; the contract of an attempt wants a name.
            orch: OrchId::of_claim(run),
            task: task.id.clone(),
            attempt: claim.attempt,
            title: task.title.to_string(),
            worker: "claim".to_owned(),
            root: self.project.root.clone(),
            tree: self.project.root.clone(),
            lock: layout.task_lock(&task.id),
            command: CommandLine::Argv(vec!["true".to_owned()]),
            env: plain,
            secrets: secrets.iter().map(|(name, _)| name.clone()).collect(),
            verify: task.policy.verify.clone(),
            timeouts: task.policy.timeouts.clone(),
            previous: None,
            git: None,
            agent: None,
        };
        (spec, secrets)
    }
}

pub(super) fn system(doing: &'static str) -> impl Fn(io::Error) -> ClaimError {
    move |source| ClaimError::System { doing, source }
}
