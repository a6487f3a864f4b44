//! What the scheduler is given: the graph and its tasks in numbers.
//!
//! Knows nothing of where the numbers come from; `build` does.

use std::time::Duration;

use crate::model::{RetryPolicy, TaskKind};
use crate::plan::TaskIx;

/// Where a task stands when the orchestration begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Initial {
    /// To be done.
    Open,
    /// Completed: it releases its dependents and is not run.
    Completed,
    /// Completed, but its commit is not in the branch that this orchestration builds on: not run, and
    /// its dependents stay blocked.
    CompletedOutside,
    /// Another orchestration is at it.
    RunningElsewhere,
    /// A person or a session outside has taken it.
    Claimed,
    /// An attempt of this very orchestration is alive (after `resume`).
    RunningHere,
    /// Hybrid, waiting for a person.
    AwaitingApproval,
    /// This orchestration ended it before (`resume`); it is not run and blocks its dependents.
    Ended,
}

/// One task in numbers.
#[derive(Debug, Clone, PartialEq)]
pub struct Item {
    pub kind: TaskKind,
    /// Is it this orchestration's to do? Others count only as prerequisites.
    pub selected: bool,
    pub initial: Initial,
    pub priority: i32,
    /// How long it is expected to take; decides only who goes first.
    pub expected: Duration,
    pub retry: RetryPolicy,
    /// Counted failures and attempts lost in a row so far in this orchestration.
    pub failures: u32,
    pub lost_in_a_row: u32,
    /// Path patterns; empty when collisions are of no concern.
    pub claims: Vec<Box<str>>,
    /// Capacity to take while it runs: numbers of `Problem::pools`, and how much. Small.
    pub pools: Vec<(u32, u32)>,
}

/// Rules of one orchestration.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Options {
    /// Attempts alive at once; at least 1.
    pub jobs: u32,
    /// After the first final failure nothing more is dispatched.
    pub fail_fast: bool,
    /// Stay when only people can make progress.
    pub wait: bool,
    /// For the jitter of retries.
    pub seed: u64,
}

/// The graph and its tasks in numbers. `items[i]` is `TaskIx(i)`, in file order, which is the last
/// word among equals.
#[derive(Debug, Clone, PartialEq)]
pub struct Problem {
    pub items: Vec<Item>,
    /// (prerequisite, dependent), any order, without duplicates, acyclic, numbers of `items`.
    pub edges: Vec<(TaskIx, TaskIx)>,
    /// The capacity of each pool. A task that takes more than there is ends as stopped when it is reached.
    pub pools: Vec<u32>,
    pub options: Options,
}

impl Problem {
    /// Says of completed tasks that what they made is not in this orchestration's branch.
    pub fn hold_back(&mut self, tasks: &[TaskIx]) {
        for task in tasks {
            let item = &mut self.items[task.0 as usize];
            if item.initial == Initial::Completed {
                item.initial = Initial::CompletedOutside;
            }
        }
    }

    /// Drops the edges from what is neither selected nor completed: nothing waits for it.
    pub fn forget_outside(&mut self) {
        let items = &self.items;
        self.edges.retain(|(prerequisite, _)| {
            let item = &items[prerequisite.0 as usize];
            item.selected || item.initial == Initial::Completed
        });
    }
}
