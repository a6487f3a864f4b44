//! A graph as levels: what could begin together, if everything before it were done.

use crate::plan::{Plan, TaskIx};
use crate::screen::tree::Tree;

/// The tasks of each level, by number; the first level needs nothing.
#[must_use]
pub fn levels(plan: &Plan, tree: &Tree) -> Vec<Vec<TaskIx>> {
    let count = tree.level.iter().max().map_or(0, |last| *last as usize + 1);
    let mut levels = vec![Vec::new(); count];
    for ix in plan.numbers() {
        levels[tree.level[ix.0 as usize] as usize].push(ix);
    }
    levels
}
