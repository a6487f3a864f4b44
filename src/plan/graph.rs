//! The graph over a private petgraph. `a → b` means b needs a, the way work flows.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use petgraph::Direction;
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::EdgeRef as _;

use crate::model::Place;

/// The number of a task: its place in `Plan::tasks`, which is file order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
pub struct TaskIx(pub u32);

/// Why an edge is there.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Origin {
    /// `depends_on` of a task file.
    TaskFile,
    /// `depends_on` of a step of the orchestration file.
    Step,
    /// One step stands after the other in a track.
    TrackOrder,
    /// `depends_on` of a track.
    Track,
}

/// An edge and where it was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub prerequisite: TaskIx,
    pub dependent: TaskIx,
    pub origin: Origin,
    pub place: Place,
}

/// Tasks and their edges; acyclic, at most one edge between two tasks (the first written wins).
#[derive(Debug, Clone)]
pub struct TaskGraph {
    graph: DiGraph<(), (Origin, Place)>,
    order: Vec<TaskIx>,
}

impl TaskGraph {
    /// Builds the graph of `tasks` tasks. Of several edges between the same two tasks the first is kept.
    ///
    /// # Errors
    /// The tasks that lie on no topological order when there is a cycle (every cycle goes through some
    /// of them), and the edges.
    pub(super) fn build(tasks: usize, edges: Vec<Edge>) -> Result<Self, (Vec<TaskIx>, Vec<Edge>)> {
        let mut graph = DiGraph::with_capacity(tasks, edges.len());
        for _ in 0..tasks {
            graph.add_node(());
        }
        // Only answers whether an edge is there already: no order comes from it.
        let mut seen = std::collections::HashSet::with_capacity(edges.len());
        for edge in edges {
            if seen.insert((edge.prerequisite, edge.dependent)) {
                graph.add_edge(
                    node(edge.prerequisite),
                    node(edge.dependent),
                    (edge.origin, edge.place),
                );
            }
        }
        let mut built = Self {
            graph,
            order: Vec::new(),
        };
        built.order = built.kahn();
        if built.order.len() == tasks {
            return Ok(built);
        }
        let mut placed = vec![false; tasks];
        for task in &built.order {
            placed[task.0 as usize] = true;
        }
        let stuck = (0..tasks).filter(|i| !placed[*i]).map(number).collect();
        Err((stuck, built.edges()))
    }

    /// Kahn's algorithm with the lowest number first, so that the order is the user's where the graph
    /// leaves it open. O((V + E) log V).
    fn kahn(&self) -> Vec<TaskIx> {
        let mut waiting: Vec<usize> = self
            .graph
            .node_indices()
            .map(|n| {
                self.graph
                    .neighbors_directed(n, Direction::Incoming)
                    .count()
            })
            .collect();
        let mut ready: BinaryHeap<Reverse<TaskIx>> = (0..waiting.len())
            .filter(|i| waiting[*i] == 0)
            .map(|i| Reverse(number(i)))
            .collect();
        let mut order = Vec::with_capacity(waiting.len());
        while let Some(Reverse(task)) = ready.pop() {
            order.push(task);
            for next in self
                .graph
                .neighbors_directed(node(task), Direction::Outgoing)
            {
                waiting[next.index()] -= 1;
                if waiting[next.index()] == 0 {
                    ready.push(Reverse(number(next.index())));
                }
            }
        }
        order
    }

    /// How many tasks there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.graph.node_count()
    }

    /// How many edges there are.
    #[must_use]
    pub fn edge_count(&self) -> usize {
        self.graph.edge_count()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The direct prerequisites of a task, by number.
    #[must_use]
    pub fn prerequisites(&self, task: TaskIx) -> Vec<TaskIx> {
        self.neighbours(task, Direction::Incoming)
    }

    /// The direct dependents of a task, by number.
    #[must_use]
    pub fn dependents(&self, task: TaskIx) -> Vec<TaskIx> {
        self.neighbours(task, Direction::Outgoing)
    }

    fn neighbours(&self, task: TaskIx, direction: Direction) -> Vec<TaskIx> {
        let mut found: Vec<TaskIx> = self
            .graph
            .neighbors_directed(node(task), direction)
            .map(|n| number(n.index()))
            .collect();
        found.sort_unstable();
        found
    }

    /// Everything that a task needs, directly or not, by number; without the task itself.
    #[must_use]
    pub fn ancestors(&self, tasks: &[TaskIx]) -> Vec<TaskIx> {
        self.reach(tasks, Direction::Incoming)
    }

    /// Everything that needs one of the tasks, directly or not, by number; without the tasks themselves.
    #[must_use]
    pub fn descendants(&self, tasks: &[TaskIx]) -> Vec<TaskIx> {
        self.reach(tasks, Direction::Outgoing)
    }

    fn reach(&self, from: &[TaskIx], direction: Direction) -> Vec<TaskIx> {
        let mut seen = vec![false; self.len()];
        let mut stack = from.to_vec();
        while let Some(task) = stack.pop() {
            for next in self.graph.neighbors_directed(node(task), direction) {
                if !std::mem::replace(&mut seen[next.index()], true) {
                    stack.push(number(next.index()));
                }
            }
        }
        for task in from {
            seen[task.0 as usize] = false;
        }
        (0..seen.len()).filter(|i| seen[*i]).map(number).collect()
    }

    /// All edges, sorted by prerequisite, then dependent.
    #[must_use]
    pub fn edges(&self) -> Vec<Edge> {
        let mut edges: Vec<Edge> = self
            .graph
            .edge_references()
            .map(|e| Edge {
                prerequisite: number(e.source().index()),
                dependent: number(e.target().index()),
                origin: e.weight().0,
                place: e.weight().1.clone(),
            })
            .collect();
        edges.sort_unstable_by_key(|e| (e.prerequisite, e.dependent));
        edges
    }

    /// Every task after its prerequisites; among those that could come next, the one with the lowest
    /// number.
    #[must_use]
    pub fn topological_order(&self) -> &[TaskIx] {
        &self.order
    }

    /// For each task the number of edges on the longest path that leads to it.
    #[must_use]
    pub fn levels(&self) -> Vec<u32> {
        let mut levels = vec![0; self.len()];
        for task in &self.order {
            for next in self
                .graph
                .neighbors_directed(node(*task), Direction::Outgoing)
            {
                levels[next.index()] = levels[next.index()].max(levels[task.0 as usize] + 1);
            }
        }
        levels
    }

    /// For each task its own length plus the longest chain of dependents after it.
    #[must_use]
    pub fn remaining(&self, length: impl Fn(TaskIx) -> Duration) -> Vec<Duration> {
        let mut remaining = vec![Duration::ZERO; self.len()];
        for task in self.order.iter().rev() {
            let after = self
                .graph
                .neighbors_directed(node(*task), Direction::Outgoing)
                .map(|next| remaining[next.index()])
                .max()
                .unwrap_or_default();
            remaining[task.0 as usize] = length(*task) + after;
        }
        remaining
    }

    /// The longest path by length; among equals the one with the lowest numbers.
    #[must_use]
    pub fn critical_path(&self, length: impl Fn(TaskIx) -> Duration) -> Vec<TaskIx> {
        let remaining = self.remaining(length);
        let longest = |tasks: &mut dyn Iterator<Item = TaskIx>| {
            tasks.max_by_key(|t| (remaining[t.0 as usize], Reverse(*t)))
        };
        let mut path = Vec::new();
        let mut next = longest(&mut (0..self.len()).map(number));
        while let Some(task) = next {
            path.push(task);
            next = longest(&mut self.dependents(task).into_iter());
        }
        path
    }
}

fn node(task: TaskIx) -> NodeIndex {
    NodeIndex::new(task.0 as usize)
}

fn number(index: usize) -> TaskIx {
    TaskIx(u32::try_from(index).expect("petgraph numbers its nodes with u32"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn order_levels_and_longest_path() {
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["d.md"]),
            ("c.md", &["a.md"]),
            ("d.md", &[]),
            ("e.md", &["b.md", "c.md"]),
        ]);
        let graph = plan.graph();
        assert_eq!(graph.topological_order(), [0, 2, 3, 1, 4].map(TaskIx));
        assert_eq!(graph.levels(), [0, 1, 1, 0, 2]);
        let length = |t: TaskIx| Duration::from_secs(if t.0 == 1 { 5 } else { 1 });
        assert_eq!(graph.critical_path(length), [3, 1, 4].map(TaskIx));
        assert_eq!(graph.remaining(length)[0], Duration::from_secs(3));
        assert_eq!(graph.ancestors(&[TaskIx(4)]), [0, 1, 2, 3].map(TaskIx));
        assert_eq!(graph.descendants(&[TaskIx(0)]), [2, 4].map(TaskIx));
    }
}
