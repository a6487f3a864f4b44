//! Which part of a plan is drawn: around some tasks, of one track, all edges or the needed ones.
//!
//! Knows the plan's graph. Does not know states or formats.

use std::collections::VecDeque;

use crate::model::TrackIx;
use crate::plan::{Plan, TaskIx};

/// How far from the focus the drawing reaches, in edges.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Reach {
    #[default]
    Unlimited,
    AtMost(u32),
}

/// Which edges are drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Edges {
    /// All that were written.
    #[default]
    All,
    /// Without those that follow from others (the transitive reduction).
    Reduced,
}

/// The part of a plan to draw.
#[derive(Debug, Clone, Default)]
pub struct Selection {
    /// Empty: every task.
    pub focus: Vec<TaskIx>,
    /// Towards prerequisites of the focus.
    pub up: Reach,
    /// Towards dependents of the focus.
    pub down: Reach,
    /// Only tasks of this track.
    pub track: Option<TrackIx>,
    pub edges: Edges,
}

impl Selection {
    /// The selected tasks by number.
    #[must_use]
    pub fn tasks(&self, plan: &Plan) -> Vec<TaskIx> {
        let mut chosen = vec![self.focus.is_empty(); plan.tasks().len()];
        let graph = plan.graph();
        walk(&self.focus, self.up, &mut chosen, |t| {
            graph.prerequisites(t)
        });
        walk(&self.focus, self.down, &mut chosen, |t| graph.dependents(t));
        plan.numbers()
            .filter(|ix| chosen[ix.0 as usize])
            .filter(|ix| self.track.is_none() || plan.task(*ix).track == self.track)
            .collect()
    }
}

/// Marks everything within reach, nearest first: a task met twice keeps its shorter distance.
fn walk(from: &[TaskIx], reach: Reach, chosen: &mut [bool], next: impl Fn(TaskIx) -> Vec<TaskIx>) {
    let mut met = vec![false; chosen.len()];
    let mut queue: VecDeque<(TaskIx, u32)> = from.iter().map(|t| (*t, 0)).collect();
    for task in from {
        met[task.0 as usize] = true;
    }
    while let Some((task, distance)) = queue.pop_front() {
        chosen[task.0 as usize] = true;
        if let Reach::AtMost(limit) = reach
            && distance >= limit
        {
            continue;
        }
        for other in next(task) {
            if !std::mem::replace(&mut met[other.0 as usize], true) {
                queue.push_back((other, distance + 1));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn focus_reaches_as_far_as_asked() {
        // a → b → c → d → e, and a → c, x alone.
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["b.md", "a.md"]),
            ("d.md", &["c.md"]),
            ("e.md", &["d.md"]),
            ("x.md", &[]),
        ]);
        let at_most = Reach::AtMost;
        for (focus, up, down, expected) in [
            (vec![], at_most(0), at_most(0), vec![0, 1, 2, 3, 4, 5]),
            (
                vec![2],
                Reach::Unlimited,
                Reach::Unlimited,
                vec![0, 1, 2, 3, 4],
            ),
            (vec![2], at_most(0), at_most(0), vec![2]),
            (vec![2], at_most(1), at_most(0), vec![0, 1, 2]),
            (vec![2], at_most(0), at_most(1), vec![2, 3]),
            (vec![3], at_most(1), Reach::Unlimited, vec![2, 3, 4]),
            (vec![0, 5], at_most(3), at_most(1), vec![0, 1, 2, 5]),
        ] {
            let selection = Selection {
                focus: focus.iter().copied().map(TaskIx).collect(),
                up,
                down,
                ..Selection::default()
            };
            let expected: Vec<_> = expected.into_iter().map(TaskIx).collect();
            assert_eq!(
                selection.tasks(&plan),
                expected,
                "{focus:?} {up:?} {down:?}"
            );
        }
    }
}
