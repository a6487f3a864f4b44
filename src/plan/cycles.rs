//! Names cycles so that a person can open them.
//!
//! Knows edges and where they were written. Never recursive: a chain of 100,000 tasks may be a cycle.

use std::collections::{HashMap, VecDeque};

use petgraph::algo::{kosaraju_scc, toposort};
use petgraph::graph::{DiGraph, NodeIndex};
use petgraph::visit::{EdgeFiltered, EdgeRef as _};

use crate::model::{Diagnostic, Note, Severity, TaskId};
use crate::plan::{Edge, Origin, TaskIx};
use crate::spec::Finding;

/// So many names of a path and so many edges are shown; of longer ones the middle is left out.
const SHOWN: usize = 12;
/// Steps of the search for the shortest cycle and for the edge that opens it, for each component. Beyond, the
/// best found so far is named: a cycle all the same, perhaps not the shortest.
const EFFORT: usize = 20_000_000;

/// One finding for each strongly connected component, in order of their lowest tasks.
pub fn explain(ids: &[TaskId], edges: &[Edge], stuck: &[TaskIx]) -> Vec<Finding> {
    let mut graph: DiGraph<TaskIx, usize> = DiGraph::with_capacity(stuck.len(), edges.len());
    let nodes: HashMap<TaskIx, NodeIndex> =
        stuck.iter().map(|ix| (*ix, graph.add_node(*ix))).collect();
    let mut seen = std::collections::HashSet::new();
    for (number, edge) in edges.iter().enumerate() {
        let ends = (nodes.get(&edge.prerequisite), nodes.get(&edge.dependent));
        if let (Some(from), Some(to)) = ends
            && seen.insert((edge.prerequisite, edge.dependent))
        {
            graph.add_edge(*from, *to, number);
        }
    }
    let mut components: Vec<Vec<NodeIndex>> = kosaraju_scc(&graph);
    components.retain(|component| component.len() > 1);
    for component in &mut components {
        component.sort_unstable();
    }
    components.sort_unstable();
    components
        .iter()
        .map(|component| {
            let part = Part::new(&graph, component);
            let cycle = part.shortest_cycle();
            let opening = part.opening(&cycle, edges);
            finding(ids, edges, &cycle, opening)
        })
        .collect()
}

/// One strongly connected component in numbers of its own.
struct Part {
    /// For each task its dependents within the component, and the number of the edge.
    next: Vec<Vec<(usize, usize)>>,
    count: usize,
}

impl Part {
    fn new(graph: &DiGraph<TaskIx, usize>, component: &[NodeIndex]) -> Self {
        let own: HashMap<NodeIndex, usize> = component
            .iter()
            .enumerate()
            .map(|(i, node)| (*node, i))
            .collect();
        let mut next = vec![Vec::new(); component.len()];
        let mut count = 0;
        for (i, node) in component.iter().enumerate() {
            for edge in graph.edges(*node) {
                if let Some(to) = own.get(&edge.target()) {
                    next[i].push((*to, *edge.weight()));
                    count += 1;
                }
            }
            next[i].sort_unstable();
        }
        Self { next, count }
    }

    /// The edges of the shortest cycle, in the direction of work, by number. Every cycle that is not the whole
    /// component goes through a task with two ways on, so only those need to be tried.
    fn shortest_cycle(&self) -> Vec<usize> {
        let mut starts: Vec<usize> = (0..self.next.len())
            .filter(|i| self.next[*i].len() > 1)
            .collect();
        if starts.is_empty() {
            starts.push(0);
        }
        let mut best: Vec<usize> = Vec::new();
        let mut effort = 0;
        let mut from: Vec<Option<(usize, usize)>> = vec![None; self.next.len()];
        let mut touched = Vec::new();
        for start in starts {
            if effort > EFFORT && !best.is_empty() {
                break;
            }
            let mut queue = VecDeque::from([(start, 0usize)]);
            'search: while let Some((node, depth)) = queue.pop_front() {
                if !best.is_empty() && depth + 1 >= best.len() {
                    break;
                }
                for (to, edge) in &self.next[node] {
                    effort += 1;
                    if *to == start {
                        let mut cycle = vec![*edge];
                        let mut at = node;
                        while let Some((before, edge)) = from[at].filter(|_| at != start) {
                            cycle.push(edge);
                            at = before;
                        }
                        cycle.reverse();
                        best = cycle;
                        break 'search;
                    }
                    if from[*to].is_none() {
                        from[*to] = Some((node, *edge));
                        touched.push(*to);
                        queue.push_back((*to, depth + 1));
                    }
                }
            }
            for node in touched.drain(..) {
                from[node] = None;
            }
        }
        best
    }

    /// The edge of the cycle to remove: one without which the whole component is open, if there is one.
    fn opening(&self, cycle: &[usize], edges: &[Edge]) -> Opening {
        let mut candidates = cycle.to_vec();
        candidates.sort_by_key(|number| suspicion(&edges[*number]));
        let best = candidates[0];
        if self.count == cycle.len() {
            return Opening {
                edge: best,
                enough: true,
            };
        }
        let tries = (EFFORT / self.count.max(1)).max(1);
        let mut graph: DiGraph<(), usize> = DiGraph::new();
        let nodes: Vec<NodeIndex> = self.next.iter().map(|_| graph.add_node(())).collect();
        for (i, next) in self.next.iter().enumerate() {
            for (to, edge) in next {
                graph.add_edge(nodes[i], nodes[*to], *edge);
            }
        }
        let opens = |edge: usize| {
            let without = EdgeFiltered::from_fn(&graph, |e| *e.weight() != edge);
            toposort(&without, None).is_ok()
        };
        match candidates.into_iter().take(tries).find(|edge| opens(*edge)) {
            Some(edge) => Opening { edge, enough: true },
            None => Opening {
                edge: best,
                enough: false,
            },
        }
    }
}

struct Opening {
    edge: usize,
    /// Does removing it open every cycle of the component?
    enough: bool,
}

/// Lower is likelier to be the mistake: written as a reference rather than by order, pointing against the
/// order of files, and pointing far.
fn suspicion(edge: &Edge) -> (bool, bool, std::cmp::Reverse<u32>, usize) {
    let (needs, task) = (edge.prerequisite.0, edge.dependent.0);
    (
        edge.origin == Origin::TrackOrder,
        needs < task,
        std::cmp::Reverse(needs.abs_diff(task)),
        task as usize,
    )
}

fn finding(ids: &[TaskId], edges: &[Edge], cycle: &[usize], opening: Opening) -> Finding {
    let lowest = cycle
        .iter()
        .enumerate()
        .min_by_key(|(_, number)| edges[**number].prerequisite)
        .map_or(0, |(i, _)| i);
    let cycle: Vec<&Edge> = cycle[lowest..]
        .iter()
        .chain(&cycle[..lowest])
        .map(|number| &edges[*number])
        .collect();
    let name = |ix: TaskIx| ids[ix.0 as usize].as_str();
    let mut names: Vec<String> = cycle
        .iter()
        .map(|edge| name(edge.prerequisite).to_owned())
        .collect();
    names.push(name(cycle[0].prerequisite).to_owned());
    let mut notes: Vec<Note> = cycle
        .iter()
        .map(|edge| Note {
            place: Some(edge.place.clone()),
            text: why(edge, name(edge.dependent), name(edge.prerequisite)),
        })
        .collect();
    if cycle.len() > SHOWN {
        let left_out = cycle.len() - SHOWN;
        names.splice(
            SHOWN / 2..=SHOWN / 2 + left_out,
            [format!("… {} more …", left_out + 1)],
        );
        notes.drain(SHOWN / 2..SHOWN / 2 + left_out);
    }
    let edge = &edges[opening.edge];
    let (task, needs) = (name(edge.dependent), name(edge.prerequisite));
    let remedy = match edge.origin {
        Origin::TrackOrder => format!(
            "move the step of `{task}` before that of `{needs}` ({})",
            edge.place
        ),
        Origin::TaskFile | Origin::Step => format!(
            "remove `{needs}` from `depends_on` of `{task}` ({})",
            edge.place
        ),
        Origin::Track => format!(
            "remove what makes the track of `{task}` wait for `{needs}` ({})",
            edge.place
        ),
    };
    let help = if opening.enough {
        remedy
    } else {
        format!("{remedy}; other cycles of these tasks remain then")
    };
    Finding {
        diagnostic: Diagnostic {
            severity: Severity::Error,
            code: "cycle",
            message: format!("tasks wait for each other: {}", names.join(" → ")),
            place: Some(edge.place.clone()),
            source: None,
            label: Some(format!("`{task}` waits for `{needs}`")),
            notes,
            help: Some(help),
        },
        width: u32::try_from(needs.chars().count()).unwrap_or(1),
    }
}

fn why(edge: &Edge, task: &str, needs: &str) -> String {
    let how = match edge.origin {
        Origin::TaskFile | Origin::Step => "by `depends_on`",
        Origin::TrackOrder => "by the order of steps",
        Origin::Track => "by `depends_on` of its track",
    };
    format!("`{task}` waits for `{needs}` {how}")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Place;

    fn report(tasks: u32, pairs: &[(u32, u32)]) -> Vec<(String, String)> {
        let ids: Vec<TaskId> = (0..tasks)
            .map(|i| TaskId::parse(&format!("t{i}.md")).unwrap())
            .collect();
        let edges: Vec<Edge> = pairs
            .iter()
            .map(|(a, b)| Edge {
                prerequisite: TaskIx(*a),
                dependent: TaskIx(*b),
                origin: Origin::TaskFile,
                place: Place {
                    file: format!("t{b}.md").into(),
                    line: 2,
                    column: 9,
                },
            })
            .collect();
        let (stuck, edges) = crate::plan::TaskGraph::build(ids.len(), edges).unwrap_err();
        explain(&ids, &edges, &stuck)
            .into_iter()
            .map(|finding| (finding.diagnostic.message, finding.diagnostic.help.unwrap()))
            .collect()
    }

    #[test]
    fn every_component_is_named_by_its_shortest_cycle() {
        // 0 ⇄ 1 inside 0 → 1 → 2 → 0; 4 → 5 → 6 → 4; 3 and 7 lie between and behind, on no cycle.
        let pairs = [
            (0, 1),
            (1, 0),
            (1, 2),
            (2, 0),
            (2, 3),
            (3, 4),
            (4, 5),
            (5, 6),
            (6, 4),
            (6, 7),
        ];
        let found = report(8, &pairs);
        assert_eq!(
            found,
            [
                (
                    "tasks wait for each other: t0.md → t1.md → t0.md".to_owned(),
                    // Not the edge 1 → 0, after which 0 → 1 → 2 → 0 would still be there.
                    "remove `t0.md` from `depends_on` of `t1.md` (t1.md:2:9)".to_owned(),
                ),
                (
                    "tasks wait for each other: t4.md → t5.md → t6.md → t4.md".to_owned(),
                    "remove `t6.md` from `depends_on` of `t4.md` (t4.md:2:9)".to_owned(),
                ),
            ]
        );
    }

    #[test]
    fn says_when_one_edge_is_not_enough() {
        // Two cycles through 1 that share no edge.
        let found = report(3, &[(0, 1), (1, 0), (1, 2), (2, 1)]);
        assert_eq!(found.len(), 1);
        assert!(
            found[0]
                .1
                .ends_with("other cycles of these tasks remain then"),
            "{}",
            found[0].1
        );
    }

    #[test]
    fn a_cycle_of_a_hundred_thousand_tasks_is_named() {
        let n = 100_000;
        let mut pairs: Vec<(u32, u32)> = (0..n).map(|i| (i, (i + 1) % n)).collect();
        let found = report(n, &pairs);
        assert_eq!(found.len(), 1);
        assert!(found[0].0.contains("… 99989 more …"), "{}", found[0].0);
        assert!(found[0].0.ends_with("t99999.md → t0.md"), "{}", found[0].0);
        // With a short way round for each task the search has to try them all, within its bounds.
        pairs.extend((0..n - 2).map(|i| (i, i + 2)));
        assert_eq!(report(n, &pairs).len(), 1);
    }
}
