//! Which tasks `--rerun-stale` and `stale: rerun` run again.
//!
//! Pure. Knows the plan, the state and the fingerprints as they are now; does not know who asks.

use std::collections::BTreeSet;

use crate::model::{Fingerprint, Status, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::state::State;
use crate::view::tasks_with;

/// Of the selected tasks those that are completed and stale, and those that become stale when the others of the
/// selection are run as they are now. Tasks of people are left out: nothing but a person can do these again.
///
/// `fingerprints` as for [`tasks_with`].
#[must_use]
pub fn rerun(
    plan: &Plan,
    state: &State,
    fingerprints: &[Option<Fingerprint>],
    selected: &[TaskIx],
) -> BTreeSet<TaskIx> {
    let views = tasks_with(plan, state, fingerprints);
    let runs =
        |ix: &TaskIx| plan.task(*ix).kind != TaskKind::Manual && !plan.task(*ix).id.is_inline();
    let view = |ix: TaskIx| &views[ix.0 as usize];
    let mut again: BTreeSet<TaskIx> = selected
        .iter()
        .copied()
        .filter(runs)
        .filter(|ix| view(*ix).stale.is_some())
        .collect();
    let started: BTreeSet<TaskIx> = selected
        .iter()
        .copied()
        .filter(runs)
        .filter(|ix| again.contains(ix) || view(*ix).status != Status::Completed)
        .collect();
    // What a task is run with is known before it runs, so one look at direct prerequisites is enough.
    for ix in selected.iter().copied().filter(runs) {
        if view(ix).status != Status::Completed || again.contains(&ix) {
            continue;
        }
        let Some(own) = state.tasks.get(&plan.task(ix).id) else {
            continue;
        };
        let direct = plan.graph().prerequisites(ix);
        let outdated = own.prerequisites.iter().any(|(id, then)| {
            plan.find(id).is_some_and(|p| {
                direct.contains(&p)
                    && started.contains(&p)
                    && now(plan, fingerprints, p).is_some_and(|now| now != *then)
            })
        });
        if outdated {
            again.insert(ix);
        }
    }
    again
}

fn now(plan: &Plan, fingerprints: &[Option<Fingerprint>], ix: TaskIx) -> Option<Fingerprint> {
    let task = plan.task(ix);
    let known = fingerprints.get(ix.0 as usize).copied().flatten();
    known.or_else(|| task.inputs.is_empty().then_some(task.text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};

    fn story() -> Story {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"]), ("c.md", &["b.md"])]);
        for name in ["a.md", "b.md", "c.md"] {
            story.completed(name, print(0));
        }
        story
    }

    fn names(story: &Story, selected: &[u32]) -> Vec<u32> {
        let selected: Vec<TaskIx> = selected.iter().map(|n| TaskIx(*n)).collect();
        rerun(&story.plan, &story.state, &[], &selected)
            .into_iter()
            .map(|ix| ix.0)
            .collect()
    }

    #[test]
    fn a_changed_task_takes_its_direct_dependents_with_it() {
        let mut story = story();
        assert_eq!(names(&story, &[0, 1, 2]), [] as [u32; 0]);
        story.change("a.md", |task| task.text = print(1));
        assert_eq!(names(&story, &[0, 1, 2]), [0, 1]);
        assert_eq!(names(&story, &[1, 2]), [] as [u32; 0], "a is not run");
        assert_eq!(names(&story, &[0]), [0]);
    }

    #[test]
    fn what_is_run_for_another_reason_makes_stale_too() {
        let mut story = story();
        story.change("b.md", |task| task.text = print(1));
        story.happens(crate::event::Event::Reset {
            task: crate::view::tests::id("b.md"),
            by: "ann".to_owned(),
            note: None,
        });
        assert_eq!(names(&story, &[0, 1, 2]), [2]);
    }

    #[test]
    fn nobody_is_asked_to_do_their_work_again() {
        let mut story = story();
        story.change("a.md", |task| task.text = print(1));
        story.manual(&["a.md"]);
        assert_eq!(names(&story, &[0, 1, 2]), [] as [u32; 0]);
    }
}
