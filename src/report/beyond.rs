//! What tasks wait for in other repositories, down to what can be acted on.
//!
//! Knows the facts. A task of this repository is told of where it stands.

use std::collections::BTreeSet;

use crate::model::{Status, Whose};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::view::Class;

/// The tasks of other repositories that the open ones among `tasks` wait for, directly or not, and that wait for nothing
/// that is not completed themselves: they run, failed, are ready, need a person, or cannot be read; or are completed where
/// their dependents do not find it. By number, without `tasks`.
#[must_use]
pub fn waited_for_elsewhere(facts: &Facts<'_>, tasks: &[TaskIx]) -> Vec<TaskIx> {
    let plan = facts.plan;
    if plan.repositories().is_alone() {
        return Vec::new();
    }
    let open = |ix: &TaskIx| facts.view(*ix).status != Status::Completed;
    let own: BTreeSet<TaskIx> = tasks.iter().copied().collect();
    let waiting: Vec<TaskIx> = own.iter().copied().filter(open).collect();
    let before: BTreeSet<TaskIx> = plan.graph().ancestors(&waiting).into_iter().collect();
    let held_back = |ix: TaskIx| {
        let waits = |d: &TaskIx| open(d) && (own.contains(d) || before.contains(d));
        facts.view(ix).outside.is_some() && plan.graph().dependents(ix).iter().any(waits)
    };
    let acts = |ix: &TaskIx| match facts.view(*ix).class() {
        Class::Blocked => false,
        Class::Completed => held_back(*ix),
        _ => true,
    };
    let there = before.iter().copied().filter(|ix| !own.contains(ix));
    there
        .filter(|ix| plan.whose(*ix) != Whose::Home)
        .filter(acts)
        .collect()
}
