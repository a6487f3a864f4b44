//! Waits for the deaths of the orchestrators whose attempts hold up ours.
//!
//! An orchestrator that is killed writes nothing: the journal never grows, its attempts stay open, and
//! whoever waits for one of them would wait for ever. Its process and its owner lock tell instead.
//! Knows who owns what. Does not know what follows from a death; that is recovery.

use std::collections::BTreeSet;

use tokio::task::JoinSet;

use crate::attempt::Live;
use crate::model::{OrchId, ProcessRef, Whose};
use crate::orchestrate::OrchestrateError;
use crate::store::{Layout, Store, lock};

/// The owners that are watched, one future each.
#[derive(Debug, Default)]
pub struct Owners {
    futures: JoinSet<((Whose, OrchId), Result<(), OrchestrateError>)>,
    watched: BTreeSet<(Whose, OrchId)>,
}

impl Owners {
    /// Watches the owner of every orchestration that has open runs in a repository, except those that `ours` names.
    pub fn watch(&mut self, whose: Whose, store: &Store, ours: impl Fn(&OrchId) -> bool) {
        let state = store.state();
        for open in state.open.values() {
            let orch = &open.orch;
            let key = (whose, orch.clone());
            if ours(orch) || self.watched.contains(&key) {
                continue;
            }
            let owner = state.orchestrations.get(orch).map(|o| o.owner.clone());
            self.watched.insert(key.clone());
            let layout = store.layout().clone();
            self.futures.spawn(async move {
                let gone = gone(layout, &key.1, owner).await;
                (key, gone)
            });
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.futures.is_empty()
    }

    /// The next orchestration whose owner is gone and whose owner lock in that repository was free an instant ago; never,
    /// when nothing is watched. It is not watched any more. Cancel safe.
    ///
    /// # Errors
    /// When an owner's process or lock cannot be watched.
    pub async fn next(&mut self) -> Result<(Whose, OrchId), OrchestrateError> {
        loop {
            match self.futures.join_next().await {
                Some(Ok((key, gone))) => {
                    self.watched.remove(&key);
                    return gone.map(|()| key);
                }
                // A panic in the future is a defect of ours; show it where it is seen.
                Some(Err(error)) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic())
                }
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }
}

async fn gone(
    layout: Layout,
    orch: &OrchId,
    owner: Option<ProcessRef>,
) -> Result<(), OrchestrateError> {
    let watching = |source| OrchestrateError::Io {
        doing: "watch the owner of",
        path: layout.orchestration(orch),
        source,
    };
    if let Some(owner) = owner
        && let Some(mut live) = Live::adopt(owner).map_err(watching)?
    {
        live.ended().await.map_err(watching)?;
    }
    // A killed owner's lock can outlive it for an instant in a child that it was just starting; or
    // somebody else recovers it, who may die in turn.
    let (layout, orch) = (layout.clone(), orch.clone());
    let waited = tokio::task::spawn_blocking(move || lock::wait_for_owner_lock(&layout, &orch));
    match waited.await {
        Ok(waited) => Ok(waited?),
        Err(error) => std::panic::resume_unwind(error.into_panic()),
    }
}
