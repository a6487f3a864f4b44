//! Opens the journals of several repositories at once.

use crate::model::Repository;
use crate::store::{Store, StoreError};

/// Opens the stores of repositories, several at once. `None`: it was clear before that it cannot be read.
pub(super) fn all(others: &[Repository]) -> Vec<Option<Result<Store, StoreError>>> {
    let open = |other: &Repository| match other.unknown {
        Some(_) => None,
        None => Some(Store::open(&other.root)),
    };
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = threads.min(others.len()).max(1);
    if threads == 1 {
        return others.iter().map(open).collect();
    }
    let share = others.len().div_ceil(threads);
    std::thread::scope(|scope| {
        let running: Vec<_> = others
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(open).collect::<Vec<_>>()))
            .collect();
        let joined = running.into_iter().flat_map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect()
    })
}
