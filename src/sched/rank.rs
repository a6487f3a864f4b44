//! Who goes first among ready tasks: higher priority, then the longest remaining path, then file order.
//!
//! Worked out once, so that afterwards a task's rank is one number and every queue holds numbers.

use std::cmp::Reverse;
use std::time::Duration;

use crate::sched::links::Links;
use crate::sched::problem::{Initial, Item};

/// The order of all tasks: rank 0 goes first.
#[derive(Debug)]
pub(crate) struct Ranks {
    by_task: Vec<u32>,
    by_rank: Vec<u32>,
}

impl Ranks {
    pub(crate) fn new(items: &[Item], links: &Links) -> Self {
        let remaining = remaining(items, links);
        let mut by_rank: Vec<u32> = (0..u32::try_from(items.len()).unwrap_or(u32::MAX)).collect();
        by_rank.sort_unstable_by_key(|task| {
            let i = *task as usize;
            (Reverse(items[i].priority), Reverse(remaining[i]), *task)
        });
        let mut by_task = vec![0; items.len()];
        for (rank, task) in (0..).zip(&by_rank) {
            by_task[*task as usize] = rank;
        }
        Self { by_task, by_rank }
    }

    pub(crate) fn of(&self, task: u32) -> u32 {
        self.by_task[task as usize]
    }

    pub(crate) fn task(&self, rank: u32) -> u32 {
        self.by_rank[rank as usize]
    }
}

/// The longest path from each task's start to the end of everything that waits for it. What this
/// orchestration will not run (completed, ended or not selected) is no part of any path: its dependents
/// do not become ready by anything done here.
fn remaining(items: &[Item], links: &Links) -> Vec<Duration> {
    let mut remaining = vec![Duration::ZERO; items.len()];
    for task in links.order.iter().rev() {
        let item = &items[*task as usize];
        let open = !matches!(
            item.initial,
            Initial::Completed | Initial::CompletedOutside | Initial::Ended
        );
        if open && item.selected {
            let after = links.dependents.of(*task).iter();
            let longest = after.map(|d| remaining[*d as usize]).max();
            remaining[*task as usize] = item.expected.saturating_add(longest.unwrap_or_default());
        }
    }
    remaining
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::TaskIx;
    use crate::sched::sample::item;

    fn order(items: &[Item], edges: &[(u32, u32)]) -> Vec<u32> {
        let edges: Vec<_> = edges
            .iter()
            .map(|(a, b)| (TaskIx(*a), TaskIx(*b)))
            .collect();
        Ranks::new(items, &Links::new(items.len(), &edges)).by_rank
    }

    #[test]
    fn priority_then_path_then_file_order() {
        let mut items = vec![item(), item(), item(), item()];
        assert_eq!(order(&items, &[]), [0, 1, 2, 3]);
        assert_eq!(order(&items, &[(2, 3)]), [2, 0, 1, 3]);
        items[1].expected = Duration::from_secs(9);
        assert_eq!(order(&items, &[(2, 3)]), [1, 2, 0, 3]);
        items[3].priority = 1;
        assert_eq!(order(&items, &[(2, 3)]), [3, 1, 2, 0]);
    }

    #[test]
    fn what_does_not_run_here_lengthens_no_path() {
        for change in [
            (|item| item.initial = Initial::Completed) as fn(&mut Item),
            |item| item.initial = Initial::Ended,
            |item| item.selected = false,
        ] {
            let mut items = vec![item(), item(), item(), item()];
            change(&mut items[2]);
            // 1 → 2 → 3 would be the longest path.
            let ranks = order(&items, &[(1, 2), (2, 3)]);
            assert_eq!(ranks[..2], [0, 1]);
        }
    }
}
