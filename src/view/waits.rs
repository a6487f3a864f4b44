//! What a task waits for, transitively, with the place where each edge was written.
//!
//! Knows the plan and the views. Walks without recursion: a chain may be as long as the plan.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::{Place, Status};
use crate::plan::{Origin, Plan, TaskIx};
use crate::view::TaskView;

/// What stands below a task in the tree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Waits {
    /// It waits for nothing: it is up to itself, a worker or a person.
    Nothing,
    /// Its own prerequisites follow, one level deeper.
    Follow,
    /// They have been listed already, where it stood first.
    ListedAbove,
}

/// One line of the tree: a task that the one above it needs and waits for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wait {
    pub task: TaskIx,
    /// 0: a direct prerequisite.
    pub depth: usize,
    pub origin: Origin,
    /// Where the edge to the task above was written.
    pub place: Place,
    pub below: Waits,
}

/// Everything that a task waits for, depth first, prerequisites by number. What is completed is left out, unless
/// it is not in the branch checked out: then it stands there, and nothing below it. A subtree is listed once.
#[must_use]
pub fn waits(plan: &Plan, views: &[TaskView], task: TaskIx) -> Vec<Wait> {
    let open = |t: TaskIx| {
        let view = &views[t.0 as usize];
        view.status != Status::Completed || view.outside.is_some()
    };
    let edges: BTreeMap<(TaskIx, TaskIx), (Origin, Place)> = plan
        .graph()
        .edges()
        .into_iter()
        .map(|e| ((e.prerequisite, e.dependent), (e.origin, e.place)))
        .collect();
    let missing = |t: TaskIx| {
        if t != task && views[t.0 as usize].status == Status::Completed {
            return Vec::new();
        }
        let mut missing = plan.graph().prerequisites(t);
        missing.retain(|p| open(*p));
        missing
    };
    let mut listed = BTreeSet::new();
    let mut lines = Vec::new();
    // (task, the one that needs it, depth); the next line is on top.
    let mut stack: Vec<(TaskIx, TaskIx, usize)> = missing(task)
        .into_iter()
        .rev()
        .map(|p| (p, task, 0))
        .collect();
    while let Some((here, above, depth)) = stack.pop() {
        let Some((origin, place)) = edges.get(&(here, above)).cloned() else {
            continue;
        };
        let deeper = missing(here);
        let below = match (deeper.is_empty(), listed.insert(here)) {
            (true, _) => Waits::Nothing,
            (false, true) => Waits::Follow,
            (false, false) => Waits::ListedAbove,
        };
        lines.push(Wait {
            task: here,
            depth,
            origin,
            place,
            below,
        });
        if below == Waits::Follow {
            stack.extend(deeper.into_iter().rev().map(|p| (p, here, depth + 1)));
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};

    #[test]
    fn the_tree_lists_each_subtree_once_and_leaves_out_what_is_completed() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["b.md"]),
            ("d.md", &["b.md", "done.md"]),
            ("e.md", &["c.md", "d.md"]),
            ("done.md", &[]),
        ]);
        story.completed("done.md", print(0));
        let lines: Vec<_> = waits(&story.plan, &story.views(), TaskIx(4))
            .into_iter()
            .map(|w| (w.task.0, w.depth, w.below))
            .collect();
        assert_eq!(
            lines,
            [
                (2, 0, Waits::Follow),
                (1, 1, Waits::Follow),
                (0, 2, Waits::Nothing),
                (3, 0, Waits::Follow),
                (1, 1, Waits::ListedAbove),
            ]
        );
    }

    #[test]
    fn each_line_says_where_its_edge_was_written() {
        let story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"])]);
        let lines = waits(&story.plan, &story.views(), TaskIx(1));
        assert_eq!(lines[0].place.to_string(), ".runr/tasks/b.md:1:1");
        assert_eq!(lines[0].origin, Origin::TaskFile);
    }

    #[test]
    fn a_long_chain_is_no_problem() {
        let names: Vec<String> = (0..20_000).map(|i| format!("{i}.md")).collect();
        let needs: Vec<Vec<&str>> = (0..names.len())
            .map(|i| {
                if i == 0 {
                    Vec::new()
                } else {
                    vec![names[i - 1].as_str()]
                }
            })
            .collect();
        let story = Story::from_edges(&names, &needs);
        let last = TaskIx(19_999);
        assert_eq!(waits(&story.plan, &story.views(), last).len(), 19_999);
    }
}
