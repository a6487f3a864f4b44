//! Finds out what is so about an open run: its verdict, its task's lock, its process.
//!
//! Only looks. [`recovery`](crate::store::recovery) decides what follows from it.

use crate::model::RunId;
use crate::state::OpenRun;
use crate::store::lock::{self, Held};
use crate::store::recovery::{Attempt, Facts, TaskLock};
use crate::store::{Layout, StoreError, process, run_folder};

/// Gathers the facts about one open run.
///
/// The lock and the process are looked at before the verdict: an attempt that ends meanwhile has
/// written its verdict before it lets go, and is not taken for lost.
///
/// # Errors
/// When a file is there and cannot be read, or is of a newer format.
pub fn facts(layout: &Layout, run: &RunId, open: &OpenRun) -> Result<Facts, StoreError> {
    let lock = match lock::task_lock(layout, &open.task)? {
        Held::Yes => TaskLock::Held,
        Held::No => TaskLock::Free,
    };
    let attempt = open.process.as_ref().map(|of| {
        if !process::is_of_this_boot(of) {
            Attempt::OfAnotherBoot
        } else if process::is_alive(of) {
            Attempt::Alive
        } else {
            Attempt::Gone
        }
    });
    Ok(Facts {
        verdict: run_folder::read_state(layout, run)?,
        lock,
        attempt,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::Store;
    use crate::store::tests::{process, reserved, run, started_orchestration, task};

    #[test]
    fn lock_process_and_verdict_are_seen_as_they_are() {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let events = vec![started_orchestration(), reserved(1, "a.md")];
        store.append(events).unwrap();
        let look = |store: &Store| {
            let facts = facts(store.layout(), &run(1), &store.state().open[&run(1)]).unwrap();
            (facts.verdict.is_some(), facts.lock, facts.attempt)
        };
        assert_eq!(look(&store), (false, TaskLock::Free, None));
        let _lock = lock::try_take(&store.layout().task_lock(&task("a.md"))).unwrap();
        assert_eq!(look(&store), (false, TaskLock::Held, None));
        let alive = process::this().unwrap();
        for (of, expected) in [
            (alive.clone(), Attempt::Alive),
            (
                crate::model::ProcessRef {
                    start_ticks: 1,
                    ..alive
                },
                Attempt::Gone,
            ),
            (process(), Attempt::OfAnotherBoot),
        ] {
            let mut open = store.state().open[&run(1)].clone();
            open.process = Some(of);
            let facts = facts(store.layout(), &run(1), &open).unwrap();
            assert_eq!(facts.attempt, Some(expected));
        }
    }
}
