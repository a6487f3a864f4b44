//! A graph as an indented tree: every task stands once, below the prerequisite that comes latest.
//!
//! Knows the plan's graph. Does not know what is open or shown.

use crate::plan::{Plan, TaskIx};

/// The tree of one plan. All lists are by number.
#[derive(Debug, Default)]
pub struct Tree {
    /// Tasks without prerequisites, by number.
    pub roots: Vec<TaskIx>,
    parent: Vec<Option<TaskIx>>,
    children: Vec<Vec<TaskIx>>,
    /// Is it the last of its parent's children?
    last: Vec<bool>,
    /// How many stand below it.
    below: Vec<u32>,
    /// The longest way to it from a task without prerequisites.
    pub level: Vec<u32>,
}

impl Tree {
    #[must_use]
    pub fn new(plan: &Plan) -> Self {
        let graph = plan.graph();
        let n = plan.tasks().len();
        let level = graph.levels();
        let mut tree = Self {
            parent: vec![None; n],
            children: vec![Vec::new(); n],
            last: vec![true; n],
            below: vec![0; n],
            roots: Vec::new(),
            level,
        };
        for ix in plan.numbers() {
            // The latest: what it waits for at the end. Of several the first.
            let latest = graph
                .prerequisites(ix)
                .into_iter()
                .max_by_key(|p| (tree.level[p.0 as usize], std::cmp::Reverse(*p)));
            tree.parent[ix.0 as usize] = latest;
            match latest {
                Some(parent) => tree.children[parent.0 as usize].push(ix),
                None => tree.roots.push(ix),
            }
        }
        for siblings in &tree.children {
            for ix in siblings.iter().rev().skip(1) {
                tree.last[ix.0 as usize] = false;
            }
        }
        for ix in graph.topological_order().iter().rev() {
            if let Some(parent) = tree.parent[ix.0 as usize] {
                tree.below[parent.0 as usize] += 1 + tree.below[ix.0 as usize];
            }
        }
        tree
    }

    #[must_use]
    pub fn parent(&self, ix: TaskIx) -> Option<TaskIx> {
        self.parent[ix.0 as usize]
    }

    /// By number.
    #[must_use]
    pub fn children(&self, ix: TaskIx) -> &[TaskIx] {
        &self.children[ix.0 as usize]
    }

    #[must_use]
    pub fn below(&self, ix: TaskIx) -> u32 {
        self.below[ix.0 as usize]
    }

    #[must_use]
    pub fn is_last(&self, ix: TaskIx) -> bool {
        self.last[ix.0 as usize]
    }

    /// How deep it stands: with the latest prerequisite as parent, that is its level.
    #[must_use]
    pub fn depth(&self, ix: TaskIx) -> u32 {
        self.level[ix.0 as usize]
    }

    /// The tasks above it, the nearest first.
    pub fn above(&self, ix: TaskIx) -> impl Iterator<Item = TaskIx> {
        std::iter::successors(self.parent(ix), |above| self.parent(*above))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn every_task_stands_once_below_what_it_waits_for_longest() {
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["a.md", "b.md"]),
            ("d.md", &["a.md"]),
            ("e.md", &["d.md", "b.md"]),
            ("f.md", &[]),
        ]);
        let tree = Tree::new(&plan);
        let parents: Vec<Option<u32>> = plan
            .numbers()
            .map(|ix| tree.parent(ix).map(|p| p.0))
            .collect();
        assert_eq!(parents, [None, Some(0), Some(1), Some(0), Some(1), None]);
        assert_eq!(tree.roots, [TaskIx(0), TaskIx(5)]);
        assert_eq!(tree.below(TaskIx(0)), 4);
        assert_eq!(tree.children(TaskIx(1)), [TaskIx(2), TaskIx(4)]);
        assert!(!tree.is_last(TaskIx(1)) && tree.is_last(TaskIx(3)));
        let above: Vec<u32> = tree.above(TaskIx(4)).map(|ix| ix.0).collect();
        assert_eq!(above, [1, 0]);
        for ix in plan.numbers() {
            let depth = u32::try_from(tree.above(ix).count()).unwrap();
            assert_eq!(tree.depth(ix), depth);
        }
    }
}
