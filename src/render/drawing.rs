//! What is shown of a graph: nodes, edges, tracks and the critical path, in a fixed order.
//!
//! Knows only inert values. Does not know how they were chosen ([`super::build`]) or how they look.

use std::time::Duration;

use crate::model::{Place, Status, TaskId, TaskKind};
use crate::plan::{Origin, TaskIx};

/// What a task could do next, with names in place of numbers: a prerequisite need not be drawn.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    None,
    Ready,
    /// Waits for these direct prerequisites, in file order.
    Blocked(Vec<TaskId>),
}

/// One task of the drawing.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    pub ix: TaskIx,
    pub id: TaskId,
    /// As it was written; equals the id when the task has none of its own.
    pub title: Box<str>,
    pub kind: TaskKind,
    pub status: Status,
    pub standing: Standing,
    /// Why a completed task is stale, in words.
    pub stale: Option<Box<str>>,
    /// Where a completed task's work is when the branch checked out does not contain it, in words.
    pub outside: Option<Box<str>>,
    /// Why it is in its state, in words.
    pub reason: Option<Box<str>>,
    /// Index into `Drawing::tracks`.
    pub track: Option<usize>,
    /// What its repository is called, when that is not the one that the plan is made for. It is drawn there then,
    /// whatever its track.
    pub repository: Option<Box<str>>,
    /// Edges of the longest drawn path that leads to it.
    pub level: usize,
    /// Does it lie on the critical path of the drawing?
    pub critical: bool,
    pub priority: i32,
    pub estimate: Option<Duration>,
}

/// One edge of the drawing. Ends are indices into `Drawing::nodes`; `to` needs `from`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Edge {
    pub from: usize,
    pub to: usize,
    pub origin: Origin,
    pub place: Place,
    /// Do both ends follow each other on the critical path?
    pub critical: bool,
}

/// How long a path takes as far as that is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Total {
    pub known: Duration,
    /// Tasks without history and without an estimate; not contained in `known`.
    pub unknown: usize,
}

/// A chosen part of a plan, ready to be drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Drawing {
    /// In file order.
    pub nodes: Vec<Node>,
    /// Sorted by `from`, then `to`; no edge twice; acyclic.
    pub edges: Vec<Edge>,
    /// Names of the tracks that have a drawn task, in the order of the orchestration file; behind them, other
    /// repositories that have one.
    pub tracks: Vec<Box<str>>,
    /// How many of them are tracks.
    pub own_tracks: usize,
    /// The longest drawn path, as indices into `nodes`. Empty when no drawn task needs another.
    pub critical_path: Vec<usize>,
    /// How long the critical path takes.
    pub total: Total,
}

impl Drawing {
    /// How many levels there are.
    #[must_use]
    pub fn levels(&self) -> usize {
        self.nodes.iter().map(|n| n.level + 1).max().unwrap_or(0)
    }

    /// For each node the edges that lead to it, as indices into `edges`, by prerequisite.
    #[must_use]
    pub fn incoming(&self) -> Vec<Vec<usize>> {
        let mut incoming = vec![Vec::new(); self.nodes.len()];
        for (i, edge) in self.edges.iter().enumerate() {
            incoming[edge.to].push(i);
        }
        incoming
    }

    /// For each node the edges that leave it, as indices into `edges`, by dependent.
    #[must_use]
    pub fn outgoing(&self) -> Vec<Vec<usize>> {
        let mut outgoing = vec![Vec::new(); self.nodes.len()];
        for (i, edge) in self.edges.iter().enumerate() {
            outgoing[edge.from].push(i);
        }
        outgoing
    }
}
