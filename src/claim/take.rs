//! Taking a task, and giving it back.

use crate::claim::{ClaimError, Desk};
use crate::event::Event;
use crate::model::{RunId, Status};
use crate::plan::TaskIx;
use crate::project;
use crate::sched;
use crate::view::{self, Standing};

impl Desk<'_> {
    /// Takes a task: from now on it is in progress as a run of the caller's, with its claims and pools.
    ///
    /// # Errors
    /// When it waits for another, is at work, completed, or needs what somebody else holds; nothing was
    /// recorded then.
    pub fn take(&mut self, ix: TaskIx) -> Result<RunId, ClaimError> {
        self.store.refresh()?;
        let task = self.plan.task(ix);
        let state = self.store.state();
        if task.id.is_inline() {
            return Err(ClaimError::Step {
                task: task.id.clone(),
            });
        }
        if state.status(&task.id) == Status::AwaitingApproval {
            return Err(ClaimError::AwaitingApproval {
                task: task.id.clone(),
            });
        }
        let standing = view::tasks(self.plan, state).swap_remove(ix.0 as usize);
        if let Standing::Blocked(by) = standing.standing {
            return Err(ClaimError::Blocked {
                task: task.id.clone(),
                by: by.iter().map(|p| self.plan.task(*p).id.clone()).collect(),
            });
        }
        let fingerprint =
            project::fingerprint(self.project, task).map_err(|source| ClaimError::Inputs {
                task: task.id.clone(),
                source,
            })?;
        let prerequisites = self
            .plan
            .graph()
            .prerequisites(ix)
            .into_iter()
            .filter_map(|p| {
                let id = &self.plan.task(p).id;
                Some((id.clone(), state.tasks.get(id)?.fingerprint?))
            })
            .collect();
        let attempt = state.tasks.get(&task.id).map_or(0, |known| known.attempts) + 1;
        let run = self.new_run()?;
        self.record(Event::Claimed {
            run: run.clone(),
            task: task.id.clone(),
            attempt,
            who: self.who.clone(),
            holder: self.holder.clone(),
            fingerprint,
            prerequisites,
            claims: sched::claims(task, self.collision)
                .iter()
                .map(ToString::to_string)
                .collect(),
            pools: task.pools.to_vec(),
        })?;
        Ok(run)
    }

    /// Gives a task back: it is what it was before it was taken.
    ///
    /// # Errors
    /// When nobody has it, or another session has.
    pub fn release(&mut self, ix: TaskIx, note: Option<String>) -> Result<RunId, ClaimError> {
        self.store.refresh()?;
        let (run, claim) = self.own(ix)?;
        let took_ms = self.since(claim.claimed_at);
        self.record(Event::ClaimEnded {
            run: run.clone(),
            who: self.who.clone(),
            verdict: None,
            checks: 0,
            took_ms,
            note,
        })?;
        Ok(run)
    }

    /// Milliseconds from `then` to now; none when the clock went back.
    pub(super) fn since(&self, then: jiff::Timestamp) -> u64 {
        u64::try_from(self.now.duration_since(then).as_millis()).unwrap_or(0)
    }

    /// A run id that nobody has.
    pub(super) fn new_run(&self) -> Result<RunId, ClaimError> {
        loop {
            let random = getrandom::u32().map_err(|error| ClaimError::System {
                doing: "draw a run id",
                source: std::io::Error::other(error),
            })?;
            let run = RunId::new(self.now, random);
            if !self.store.layout().run(&run).exists() {
                return Ok(run);
            }
        }
    }
}
