//! Small problems for tests.

use std::time::Duration;

use crate::model::{Backoff, RetryPolicy, TaskKind};
use crate::plan::TaskIx;
use crate::sched::{Initial, Item, Options, Problem};

/// A selected, open task of one second that is never retried.
pub(crate) fn item() -> Item {
    Item {
        kind: TaskKind::Automated,
        selected: true,
        initial: Initial::Open,
        priority: 0,
        expected: Duration::from_secs(1),
        retry: RetryPolicy {
            max: 0,
            backoff: Backoff {
                base: Duration::from_secs(1),
                max: Duration::from_secs(60),
            },
        },
        failures: 0,
        lost_in_a_row: 0,
        claims: Vec::new(),
        pools: Vec::new(),
    }
}

/// Tasks with these edges and two jobs.
pub(crate) fn problem(items: Vec<Item>, edges: &[(u32, u32)]) -> Problem {
    Problem {
        items,
        edges: edges
            .iter()
            .map(|(a, b)| (TaskIx(*a), TaskIx(*b)))
            .collect(),
        pools: Vec::new(),
        options: Options {
            jobs: 2,
            fail_fast: false,
            wait: false,
            seed: 1,
        },
    }
}
