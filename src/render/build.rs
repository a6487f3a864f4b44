//! From a plan, the states of its tasks and a selection to a [`Drawing`].
//!
//! Knows the plan and the view. Does not know formats.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{TrackIx, Whose};
use crate::plan::{Plan, TaskIx};
use crate::render::reduce::needed;
use crate::render::{Drawing, Edge, Edges, Node, Selection, Standing, Total};
use crate::report::place;
use crate::view::{self, Stale, TaskView};

/// What a task without history and estimate counts as when nothing is known of the others either.
const UNKNOWN: Duration = Duration::from_secs(60);

/// What is known of a task beside its view.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Facts {
    /// How long it is expected to take, learnt or estimated.
    pub expected: Option<Duration>,
    /// Why it is in its state, in words.
    pub reason: Option<Box<str>>,
}

/// A plan and how its tasks stand; `views` and `facts` are in the plan's order.
#[derive(Debug, Clone, Copy)]
pub struct Source<'a> {
    pub plan: &'a Plan,
    pub views: &'a [TaskView],
    pub facts: &'a [Facts],
}

/// Makes the drawing of the selected tasks. Levels and the critical path are those of what is drawn.
#[must_use]
pub fn draw(source: Source<'_>, selection: &Selection) -> Drawing {
    let plan = source.plan;
    let chosen = selection.tasks(plan);
    let mut local = vec![None; plan.tasks().len()];
    for (i, ix) in chosen.iter().enumerate() {
        local[ix.0 as usize] = Some(i);
    }
    let mut edges: Vec<Edge> = plan
        .graph()
        .edges()
        .into_iter()
        .filter_map(|edge| {
            Some(Edge {
                from: local[edge.prerequisite.0 as usize]?,
                to: local[edge.dependent.0 as usize]?,
                origin: edge.origin,
                place: edge.place,
                critical: false,
            })
        })
        .collect();
    let order: Vec<usize> = plan
        .graph()
        .topological_order()
        .iter()
        .filter_map(|ix| local[ix.0 as usize])
        .collect();
    if selection.edges == Edges::Reduced {
        let mut position = vec![0; order.len()];
        for (place, node) in order.iter().enumerate() {
            position[*node] = place;
        }
        let pairs: Vec<_> = edges.iter().map(|e| (e.from, e.to)).collect();
        let mut keep = needed(&position, &pairs).into_iter();
        edges.retain(|_| keep.next().unwrap_or(true));
    }
    let (mut tracks, track_of) = tracks(plan, &chosen);
    let own_tracks = tracks.len();
    let mut nodes: Vec<Node> = chosen
        .iter()
        .map(|ix| node(source, *ix, &track_of))
        .collect();
    add_repositories(plan, &mut nodes, &mut tracks);
    let mut drawing = Drawing {
        nodes,
        edges,
        tracks,
        own_tracks,
        critical_path: Vec::new(),
        total: Total::default(),
    };
    set_levels(&mut drawing, &order);
    let expected: Vec<Option<Duration>> = chosen
        .iter()
        .map(|ix| {
            source
                .facts
                .get(ix.0 as usize)
                .and_then(|facts| facts.expected)
        })
        .collect();
    mark_critical(&mut drawing, &order, &expected);
    drawing
}

/// The tasks of other repositories stand together, each repository behind the tracks.
fn add_repositories(plan: &Plan, nodes: &mut [Node], tracks: &mut Vec<Box<str>>) {
    let repositories = plan.repositories();
    if repositories.is_alone() {
        return;
    }
    let mut number: BTreeMap<Whose, usize> = BTreeMap::new();
    for (at, other) in repositories.others().iter().enumerate() {
        let whose = Whose::Other(at);
        if nodes.iter().any(|node| plan.whose(node.ix) == whose) {
            number.insert(whose, tracks.len());
            tracks.push(format!("{} ({})", other.alias.as_str(), other.folder).into());
        }
    }
    for node in nodes {
        let whose = plan.whose(node.ix);
        if let Some(other) = repositories.get(whose) {
            node.repository = Some(other.alias.as_str().into());
            node.track = number.get(&whose).copied();
        }
    }
}

/// The tracks that have a chosen task, in order, and for each track of the plan its new number.
fn tracks(plan: &Plan, chosen: &[TaskIx]) -> (Vec<Box<str>>, Vec<Option<usize>>) {
    let mut used = vec![false; plan.tracks().len()];
    for ix in chosen {
        if plan.whose(*ix) == Whose::Home
            && let Some(TrackIx(track)) = plan.task(*ix).track
            && let Some(used) = used.get_mut(track as usize)
        {
            *used = true;
        }
    }
    let mut names = Vec::new();
    let numbers = used
        .iter()
        .zip(plan.tracks())
        .map(|(used, track)| {
            used.then(|| {
                names.push(track.name.clone());
                names.len() - 1
            })
        })
        .collect();
    (names, numbers)
}

fn node(source: Source<'_>, ix: TaskIx, track_of: &[Option<usize>]) -> Node {
    let plan = source.plan;
    let task = plan.task(ix);
    let seen = &source.views[ix.0 as usize];
    Node {
        ix,
        id: task.id.clone(),
        title: task.title.clone(),
        kind: task.kind,
        status: seen.status,
        standing: match &seen.standing {
            view::Standing::None => Standing::None,
            view::Standing::Ready => Standing::Ready,
            view::Standing::Blocked(by) => {
                Standing::Blocked(by.iter().map(|p| plan.task(*p).id.clone()).collect())
            }
        },
        stale: seen.stale.as_ref().map(|why| match why {
            Stale::TextChanged => "its text changed".into(),
            Stale::InputsChanged => "its text or inputs changed".into(),
            Stale::PrerequisiteChanged(p) => format!("{} changed", plan.task(*p).id).into(),
        }),
        outside: seen.outside.as_ref().map(|found| place(found).into()),
        reason: source
            .facts
            .get(ix.0 as usize)
            .and_then(|facts| facts.reason.clone()),
        track: task
            .track
            .and_then(|TrackIx(track)| track_of.get(track as usize).copied().flatten()),
        repository: None,
        level: 0,
        critical: false,
        priority: task.priority,
        estimate: task.estimate,
    }
}

fn set_levels(drawing: &mut Drawing, order: &[usize]) {
    let outgoing = drawing.outgoing();
    for node in order {
        let level = drawing.nodes[*node].level;
        for edge in &outgoing[*node] {
            let to = drawing.edges[*edge].to;
            drawing.nodes[to].level = drawing.nodes[to].level.max(level + 1);
        }
    }
}

/// Finds the longest path; among equals the one with the lowest numbers.
fn mark_critical(drawing: &mut Drawing, order: &[usize], expected: &[Option<Duration>]) {
    let outgoing = drawing.outgoing();
    let mut known: Vec<Duration> = expected.iter().flatten().copied().collect();
    known.sort_unstable();
    let unknown = known.get(known.len() / 2).copied().unwrap_or(UNKNOWN);
    // Of each node: the length from its start to the end of all work, and the edge to go on by.
    let mut longest = vec![(Duration::ZERO, None); drawing.nodes.len()];
    for node in order.iter().rev() {
        let mut best = (Duration::ZERO, None);
        for edge in &outgoing[*node] {
            let (length, _) = longest[drawing.edges[*edge].to];
            if best.1.is_none() || length > best.0 {
                best = (length, Some(*edge));
            }
        }
        longest[*node] = (expected[*node].unwrap_or(unknown) + best.0, best.1);
    }
    // A task that neither needs nor is needed makes no path.
    let mut linked = vec![false; drawing.nodes.len()];
    for edge in &drawing.edges {
        linked[edge.from] = true;
    }
    let mut start: Option<usize> = None;
    for node in (0..drawing.nodes.len()).filter(|n| linked[*n]) {
        if start.is_none_or(|best| longest[node].0 > longest[best].0) {
            start = Some(node);
        }
    }
    while let Some(node) = start {
        drawing.nodes[node].critical = true;
        drawing.critical_path.push(node);
        match expected[node] {
            Some(length) => drawing.total.known += length,
            None => drawing.total.unknown += 1,
        }
        start = longest[node].1.map(|edge| {
            drawing.edges[edge].critical = true;
            drawing.edges[edge].to
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;
    use crate::state::State;

    fn drawn(plan: &Plan, seconds: &[u64], selection: &Selection) -> Drawing {
        let views = view::tasks(plan, &State::default());
        let facts: Vec<Facts> = (0..plan.tasks().len())
            .map(|i| Facts {
                expected: seconds.get(i).map(|s| Duration::from_secs(*s)),
                reason: None,
            })
            .collect();
        let source = Source {
            plan,
            views: &views,
            facts: &facts,
        };
        draw(source, selection)
    }

    #[test]
    fn critical_path_follows_what_is_known_and_counts_what_is_not() {
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["a.md"]),
            ("d.md", &["b.md", "c.md"]),
            ("lone.md", &[]),
        ]);
        let all = Selection::default();
        // `b` and `c` are equally long: the first written wins; a long lone task is no path.
        let drawing = drawn(&plan, &[1, 5, 5, 1, 900], &all);
        assert_eq!(drawing.critical_path, [0, 1, 3]);
        assert_eq!(drawing.total.known, Duration::from_secs(7));
        let drawing = drawn(&plan, &[1, 5, 6, 1, 900], &all);
        assert_eq!(drawing.critical_path, [0, 2, 3]);
        assert!(
            drawing
                .edges
                .iter()
                .all(|e| e.critical == (e.to == 2 || e.from == 2))
        );
        let drawing = drawn(&plan, &[], &all);
        assert_eq!(
            drawing.total,
            Total {
                known: Duration::ZERO,
                unknown: 3
            }
        );
        assert_eq!(
            drawing.nodes.iter().map(|n| n.level).collect::<Vec<_>>(),
            [0, 1, 1, 2, 0]
        );
    }

    #[test]
    fn a_part_has_levels_of_its_own_and_names_what_is_outside() {
        let plan = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["a.md", "b.md"]),
        ]);
        let selection = Selection {
            focus: vec![TaskIx(1)],
            up: crate::render::Reach::AtMost(0),
            edges: Edges::Reduced,
            ..Selection::default()
        };
        let drawing = drawn(&plan, &[], &selection);
        assert_eq!(drawing.nodes[0].level, 0);
        assert_eq!(
            drawing.nodes[0].standing,
            Standing::Blocked(vec![plan.tasks()[0].id.clone()])
        );
        assert_eq!(drawing.edges.len(), 1);
        let reduced = Selection {
            edges: Edges::Reduced,
            ..Selection::default()
        };
        let pairs: Vec<_> = drawn(&plan, &[], &reduced)
            .edges
            .iter()
            .map(|e| (e.from, e.to))
            .collect();
        assert_eq!(pairs, [(0, 1), (1, 2)]);
    }

    #[test]
    fn a_chain_of_a_hundred_thousand_is_no_matter() {
        let names: Vec<String> = (0..100_000).map(|i| format!("t{i}.md")).collect();
        let tasks = crate::plan::sample(&[("t.md", &[])]).tasks()[0].clone();
        let made = names
            .iter()
            .map(|name| crate::model::Task {
                id: crate::model::TaskId::parse(name).unwrap(),
                ..tasks.clone()
            })
            .collect();
        let edges: Vec<crate::plan::Edge> = (1..100_000)
            .map(|i| crate::plan::Edge {
                prerequisite: TaskIx(i - 1),
                dependent: TaskIx(i),
                origin: crate::plan::Origin::TaskFile,
                place: tasks.place.clone(),
            })
            .collect();
        let plan = Plan::assemble(made, Vec::new(), &edges).unwrap();
        let drawing = drawn(&plan, &[], &Selection::default());
        assert_eq!(drawing.critical_path.len(), 100_000);
        let page = crate::render::Page {
            columns: 100,
            charset: crate::render::Charset::Unicode,
        };
        let shown = crate::render::text(&drawing, page);
        assert_eq!(
            shown.lines().filter(|line| line.contains('←')).count(),
            99_999
        );
        assert!(crate::render::dot(&drawing).len() > 1_000_000);
        assert!(crate::render::json(&drawing).len() > 1_000_000);
        assert!(crate::render::mermaid(&drawing).len() > 1_000_000);
    }
}
