//! A random orchestration: tasks, edges, limits and where everything stands.

use std::time::Duration;

use runr::model::{Backoff, RetryPolicy, TaskKind};
use runr::plan::TaskIx;
use runr::sched::{Initial, Item, Options, Problem};

use super::dice::Dice;

const PATTERNS: [&str; 7] = [
    "src", "src/a/**", "src/b/**", "docs/*", "docs/x", "lib", "**",
];

/// Makes the problem of a seed. Edges go from lower to higher numbers, but numbers are shuffled.
pub fn problem(dice: &mut Dice) -> Problem {
    let tasks = 1 + dice.below(16);
    let pools: Vec<u32> = (0..dice.below(3)).map(|_| 1 + dice.below(3)).collect();
    let claiming = dice.percent(40);
    let everything = dice.percent(50);
    let items = (0..tasks).map(|_| item(dice, &pools, claiming, everything));
    let items: Vec<Item> = items.collect();
    let mut names: Vec<u32> = (0..tasks).collect();
    for i in (1..tasks).rev() {
        names.swap(i as usize, dice.below(i + 1) as usize);
    }
    let density = dice.below(50);
    let mut edges = Vec::new();
    for b in 0..tasks {
        for a in 0..b {
            if dice.percent(density) {
                edges.push((TaskIx(names[a as usize]), TaskIx(names[b as usize])));
            }
        }
    }
    Problem {
        items,
        edges,
        pools,
        options: Options {
            jobs: 1 + dice.below(4),
            fail_fast: dice.percent(15),
            wait: dice.percent(50),
            seed: u64::from(dice.below(1000)),
        },
    }
}

fn item(dice: &mut Dice, pools: &[u32], claiming: bool, everything: bool) -> Item {
    let kind = match dice.below(10) {
        0 => TaskKind::Manual,
        1 | 2 => TaskKind::Hybrid,
        _ => TaskKind::Automated,
    };
    let initial = match dice.below(20) {
        0 | 1 => Initial::Completed,
        2 => Initial::RunningElsewhere,
        3 if kind != TaskKind::Manual => Initial::RunningHere,
        4 if kind == TaskKind::Hybrid => Initial::AwaitingApproval,
        5 if dice.percent(50) => Initial::Ended,
        6 if dice.percent(50) => Initial::Claimed,
        _ => Initial::Open,
    };
    let mut takes: Vec<(u32, u32)> = Vec::new();
    for (pool, capacity) in (0..).zip(pools) {
        if dice.percent(40) {
            takes.push((pool, 1 + dice.below(*capacity)));
        }
    }
    let claims = if claiming { dice.below(3) } else { 0 };
    Item {
        kind,
        selected: everything || dice.percent(85),
        initial,
        priority: if dice.percent(20) { 1 } else { 0 },
        expected: Duration::from_secs(u64::from(dice.below(4))),
        retry: RetryPolicy {
            max: dice.below(3),
            backoff: Backoff {
                base: Duration::from_secs(u64::from(dice.below(3))),
                max: Duration::from_secs(5),
            },
        },
        failures: 0,
        lost_in_a_row: dice.below(2),
        claims: (0..claims)
            .map(|_| (*dice.pick(&PATTERNS)).into())
            .collect(),
        pools: takes,
    }
}
