//! Which tasks an orchestration is to do. Pure.

use std::collections::BTreeSet;

use crate::model::{Status, TaskKind, Whose};
use crate::plan::{Plan, TaskIx};
use crate::state::State;

/// What was asked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Selection {
    /// Every task of the repository.
    All,
    /// The steps of the orchestration file's tracks; every task when there is no file.
    Tracks,
    /// Every automated task.
    AutoOnly,
    /// These.
    Named(Vec<TaskIx>),
}

/// A selected task that cannot start, and the direct prerequisites outside the selection that it waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unmet {
    pub task: TaskIx,
    pub prerequisites: Vec<TaskIx>,
}

/// The selected tasks, by number.
///
/// With `with_prerequisites` everything uncompleted that a selected task needs, directly or not, is
/// selected too.
#[must_use]
pub fn select(
    plan: &Plan,
    state: &State,
    selection: &Selection,
    with: WithPrerequisites,
) -> Vec<TaskIx> {
    let in_tracks = plan.tasks().iter().any(|task| task.track.is_some());
    let mut chosen: Vec<TaskIx> = match selection {
        Selection::Named(tasks) => tasks.clone(),
        _ => plan
            .numbers()
            .filter(|ix| {
                let task = plan.task(*ix);
                // Tasks of other repositories are asked for by name, by a step, or by what needs them.
                let home = plan.whose(*ix) == Whose::Home;
                match selection {
                    Selection::AutoOnly => home && task.kind == TaskKind::Automated,
                    Selection::Tracks if in_tracks => task.track.is_some(),
                    _ => home,
                }
            })
            .collect(),
    };
    if with == WithPrerequisites::Yes {
        let unknown = |ix: TaskIx| state.status(&plan.task(ix).id) == Status::Unknown;
        let open = |ix: &TaskIx| !completed(plan, state, *ix) && !unknown(*ix);
        let more: Vec<TaskIx> = plan
            .graph()
            .ancestors(&chosen)
            .into_iter()
            .filter(open)
            .collect();
        chosen.extend(more);
    }
    chosen.sort_unstable();
    chosen.dedup();
    chosen
}

/// Are uncompleted prerequisites selected too?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WithPrerequisites {
    Yes,
    No,
}

/// The selected tasks that are to be run and wait for something outside the selection, by number. To be run is what
/// is not completed, and what is among `again` although it is.
#[must_use]
pub fn unmet(
    plan: &Plan,
    state: &State,
    selected: &[TaskIx],
    again: &BTreeSet<TaskIx>,
) -> Vec<Unmet> {
    let completed = |ix: TaskIx| completed(plan, state, ix);
    selected
        .iter()
        .filter(|task| again.contains(task) || !completed(**task))
        .filter_map(|task| {
            let prerequisites: Vec<TaskIx> = plan
                .graph()
                .prerequisites(*task)
                .into_iter()
                .filter(|p| selected.binary_search(p).is_err() && !completed(*p))
                .collect();
            (!prerequisites.is_empty()).then_some(Unmet {
                task: *task,
                prerequisites,
            })
        })
        .collect()
}

/// For a new orchestration an inline step never is: each runs its own.
fn completed(plan: &Plan, state: &State, ix: TaskIx) -> bool {
    let id = &plan.task(ix).id;
    state.status(id) == Status::Completed && !id.is_inline()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn prerequisites_outside_are_found_or_selected_too() {
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["b.md"]),
            ("d.md", &[]),
        ]);
        let state = State::default();
        let named = Selection::Named(vec![TaskIx(2)]);
        let alone = select(&plan, &state, &named, WithPrerequisites::No);
        assert_eq!(alone, [TaskIx(2)]);
        assert_eq!(
            unmet(&plan, &state, &alone, &BTreeSet::new()),
            [Unmet {
                task: TaskIx(2),
                prerequisites: vec![TaskIx(1)]
            }]
        );
        let deep = select(&plan, &state, &named, WithPrerequisites::Yes);
        assert_eq!(deep, [0, 1, 2].map(TaskIx));
        assert_eq!(unmet(&plan, &state, &deep, &BTreeSet::new()), []);
        let all = select(&plan, &state, &Selection::Tracks, WithPrerequisites::No);
        assert_eq!(all.len(), 4, "without tracks every task is selected");
    }
}
