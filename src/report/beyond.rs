//! What tasks wait for in other repositories, down to what can be acted on.
//!
//! Knows the facts. A task of this repository is told of where it stands.

use std::collections::BTreeSet;

use crate::model::{Status, Whose};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::view::Class;

/// The tasks of other repositories that the open ones among `tasks` wait for, directly or not, and that wait for nothing
/// themselves: they run, failed, are ready, need a person, or cannot be read; or are completed where their dependents do
/// not find it. By number, without `tasks`.
#[must_use]
pub fn waited_for_elsewhere(facts: &Facts<'_>, tasks: &[TaskIx]) -> Vec<TaskIx> {
    if facts.plan.repositories().is_alone() {
        return Vec::new();
    }
    let own: BTreeSet<TaskIx> = tasks.iter().copied().collect();
    let open = |ix: &TaskIx| facts.view(*ix).status != Status::Completed;
    let mut waiting: Vec<TaskIx> = own.iter().copied().filter(open).collect();
    let mut seen: BTreeSet<TaskIx> = waiting.iter().copied().collect();
    while let Some(ix) = waiting.pop() {
        // What cannot be read waits for nothing that is known.
        if facts.view(ix).status == Status::Unknown {
            continue;
        }
        for before in facts.plan.graph().prerequisites(ix) {
            let held_back = facts.view(before).outside.is_some();
            if (open(&before) || held_back) && seen.insert(before) && open(&before) {
                waiting.push(before);
            }
        }
    }
    let there = seen.into_iter().filter(|ix| !own.contains(ix));
    there
        .filter(|ix| facts.plan.whose(*ix) != Whose::Home)
        .filter(|ix| facts.view(*ix).class() != Class::Blocked)
        .collect()
}
