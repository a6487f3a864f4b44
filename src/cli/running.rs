//! Which orchestration is meant, and waiting until it ends.

use crate::attempt::Live;
use crate::cli::exit::Failure;
use crate::model::OrchId;
use crate::orchestrate::{JournalWatch, OrchestrateError};
use crate::state::State;
use crate::store::Store;

/// The orchestration that a command means: the named one, else the only one that has not ended.
///
/// # Errors
/// When the name is none, or it is not clear which is meant.
pub fn running(state: &State, name: Option<&str>) -> anyhow::Result<OrchId> {
    if let Some(name) = name {
        let orch = OrchId::parse(name).map_err(|error| Failure::usage(error.to_string()))?;
        if !state.orchestrations.contains_key(&orch) {
            return Err(Failure::usage(format!("no orchestration {orch}"))
                .help("runr orchestrate list    shows their ids")
                .into());
        }
        return Ok(orch);
    }
    let mut open = state
        .orchestrations
        .iter()
        .filter(|(_, o)| o.ended_at.is_none());
    match (open.next(), open.next()) {
        (Some((orch, _)), None) => Ok(orch.clone()),
        (None, _) => Err(Failure::usage("no orchestration is running")
            .help("runr orchestrate list    shows the ones that ended")
            .into()),
        (Some((a, _)), Some((b, _))) => Err(Failure::usage(format!(
            "several orchestrations are running: {a}, {b}{}",
            if open.next().is_some() {
                " and more"
            } else {
                ""
            }
        ))
        .help("name the one you mean")
        .into()),
    }
}

/// Waits until an orchestration has ended and gives its exit code; `None`: its orchestrator is gone
/// without having ended it.
///
/// # Errors
/// When the journal cannot be read or watched.
pub async fn ended(store: &mut Store, orch: &OrchId) -> Result<Option<u8>, OrchestrateError> {
    let mut journal = JournalWatch::new(store.layout())?;
    loop {
        store.refresh()?;
        let exit = match store.state().orchestrations.get(orch) {
            Some(entry) => entry.exit,
            None => Some(0),
        };
        if exit.is_some() {
            return Ok(exit);
        }
        let owner = store
            .state()
            .orchestrations
            .get(orch)
            .map(|o| o.owner.clone());
        let gone = async {
            match owner.clone().map(Live::adopt) {
                Some(Ok(Some(mut owner))) => {
                    if owner.ended().await.is_err() {
                        // It cannot be watched; the journal still can.
                        std::future::pending().await
                    }
                }
                Some(Ok(None)) => {}
                Some(Err(_)) | None => std::future::pending().await,
            }
        };
        tokio::select! {
            () = journal.grown() => {}
            () = gone => {
                store.refresh()?;
                let entry = store.state().orchestrations.get(orch);
                let still_open = entry.is_some_and(|entry| entry.exit.is_none() && Some(&entry.owner) == owner.as_ref());
                if still_open {
                    return Ok(None);
                }
            }
        }
    }
}
