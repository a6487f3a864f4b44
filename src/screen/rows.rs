//! The lines of the list: which tasks stand there, in which order, how deep.
//!
//! Knows the shapes of a list. Does not know columns or colours.

use std::collections::BTreeSet;

use crate::model::TaskId;
use crate::plan::TaskIx;
use crate::report::people::Need;
use crate::screen::filter::Filter;
use crate::screen::levels::levels;
use crate::screen::moment::Moment;
use crate::screen::tree::Tree;

/// How the graph is listed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    Tree,
    Levels,
    /// What needs a person, the most useful first.
    People,
}

/// What a line is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Spot {
    Task(TaskIx),
    /// Counts from 0.
    Level(u32),
    /// A task file that was never read, by its number among them.
    File(u32),
}

/// One line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Row {
    pub spot: Spot,
    /// How many lines stand below it in the graph, and whether they are shown.
    pub below: u32,
    pub open: bool,
}

/// What is closed.
#[derive(Debug, Default)]
pub struct Closed {
    pub nodes: BTreeSet<TaskId>,
    pub levels: BTreeSet<u32>,
}

/// All lines of a list.
#[must_use]
pub fn rows(
    moment: &Moment,
    tree: &Tree,
    (shape, filter): (Shape, &Filter),
    (closed, needs): (&Closed, &[Need]),
) -> Vec<Row> {
    let flat = |ix: TaskIx| Row {
        spot: Spot::Task(ix),
        below: 0,
        open: true,
    };
    let lets = |ix: &TaskIx| filter.lets(moment.plan.task(*ix), moment.view(*ix));
    // What is wrong is seen first.
    let mut all = never_read(moment, (shape, filter));
    all.extend(match shape {
        Shape::People => {
            let tasks = needs.iter().map(|need| need.task);
            tasks.filter(lets).map(flat).collect()
        }
        _ if !filter.is_empty() => moment.plan.numbers().filter(lets).map(flat).collect(),
        Shape::Tree => tree_rows(moment, tree, closed),
        Shape::Levels => {
            let mut rows = Vec::new();
            for (level, tasks) in (0..).zip(levels(&moment.plan, tree)) {
                let open = !closed.levels.contains(&level);
                rows.push(Row {
                    spot: Spot::Level(level),
                    below: u32::try_from(tasks.len()).unwrap_or(u32::MAX),
                    open,
                });
                if open {
                    rows.extend(tasks.into_iter().map(flat));
                }
            }
            rows
        }
    });
    all
}

/// The lines of the files that no task is known of. Nobody is asked for anything about them.
fn never_read(moment: &Moment, (shape, filter): (Shape, &Filter)) -> Vec<Row> {
    let files = (0..).zip(&moment.never_read);
    let listed = files.filter(|(_, file)| shape != Shape::People && filter.lets_file(&file.name));
    let rows = listed.map(|(number, _)| Row {
        spot: Spot::File(number),
        below: 0,
        open: true,
    });
    rows.collect()
}

/// Walks without recursion: a chain may be as long as the plan.
fn tree_rows(moment: &Moment, tree: &Tree, closed: &Closed) -> Vec<Row> {
    let mut rows = Vec::new();
    let mut stack: Vec<TaskIx> = tree.roots.iter().rev().copied().collect();
    while let Some(ix) = stack.pop() {
        let open = !closed.nodes.contains(moment.id(ix));
        rows.push(Row {
            spot: Spot::Task(ix),
            below: tree.below(ix),
            open,
        });
        if open {
            stack.extend(tree.children(ix).iter().rev());
        }
    }
    rows
}
