//! The edges of a problem as two flat lists, so that a million tasks fit.

use crate::plan::TaskIx;

/// For each task a run of other tasks, in order of their numbers.
#[derive(Debug)]
pub(crate) struct Lists {
    starts: Vec<usize>,
    items: Vec<u32>,
}

impl Lists {
    fn new(tasks: usize, pairs: impl Iterator<Item = (u32, u32)> + Clone) -> Self {
        let mut starts = vec![0; tasks + 1];
        for (from, _) in pairs.clone() {
            starts[from as usize + 1] += 1;
        }
        for i in 0..tasks {
            starts[i + 1] += starts[i];
        }
        let mut next = starts.clone();
        let mut items = vec![0; starts[tasks]];
        for (from, to) in pairs {
            items[next[from as usize]] = to;
            next[from as usize] += 1;
        }
        for i in 0..tasks {
            items[starts[i]..starts[i + 1]].sort_unstable();
        }
        Self { starts, items }
    }

    pub(crate) fn of(&self, task: u32) -> &[u32] {
        let task = task as usize;
        &self.items[self.starts[task]..self.starts[task + 1]]
    }

    /// How many follow `task`; with [`Lists::at`] a way to walk them without holding a borrow.
    pub(crate) fn count(&self, task: u32) -> usize {
        self.of(task).len()
    }

    pub(crate) fn at(&self, task: u32, i: usize) -> u32 {
        self.of(task)[i]
    }
}

/// Both directions of all edges, and an order in which prerequisites come first.
#[derive(Debug)]
pub(crate) struct Links {
    pub(crate) dependents: Lists,
    pub(crate) prerequisites: Lists,
    /// Topological. A task on a cycle, which a plan never has, is left out.
    pub(crate) order: Vec<u32>,
}

impl Links {
    pub(crate) fn new(tasks: usize, edges: &[(TaskIx, TaskIx)]) -> Self {
        let dependents = Lists::new(tasks, edges.iter().map(|(a, b)| (a.0, b.0)));
        let prerequisites = Lists::new(tasks, edges.iter().map(|(a, b)| (b.0, a.0)));
        let numbers = 0..u32::try_from(tasks).unwrap_or(u32::MAX);
        let mut missing: Vec<usize> = numbers.clone().map(|t| prerequisites.count(t)).collect();
        let mut order: Vec<u32> = numbers.filter(|t| missing[*t as usize] == 0).collect();
        let mut done = 0;
        while let Some(task) = order.get(done).copied() {
            done += 1;
            for next in dependents.of(task) {
                missing[*next as usize] -= 1;
                if missing[*next as usize] == 0 {
                    order.push(*next);
                }
            }
        }
        Self {
            dependents,
            prerequisites,
            order,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_directions_and_an_order() {
        let edges = [(2, 0), (2, 1), (0, 1)].map(|(a, b)| (TaskIx(a), TaskIx(b)));
        let links = Links::new(3, &edges);
        assert_eq!(links.dependents.of(2), [0, 1]);
        assert_eq!(links.dependents.of(1), [0; 0]);
        assert_eq!(links.prerequisites.of(1), [0, 2]);
        assert_eq!(links.order, [2, 0, 1]);
    }
}
