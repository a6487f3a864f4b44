//! What one repository adds to a plan: its tasks under its own numbers, and what leads out of it.
//!
//! Knows one repository. How parts become one plan is `together`'s matter.

use crate::model::{Config, Repositories, Task, TaskId, Track};
use crate::plan::build::Built;
use crate::plan::far::{Far, StandIn};
use crate::plan::resolve::Names;
use crate::plan::{Edge, Plan, TaskGraph, TaskIx, cycles};
use crate::spec::Finding;

/// All tasks of one repository, by number.
#[derive(Debug)]
pub struct Part {
    /// `None`: its documents are not sound, or it stands for a task of another repository.
    pub(super) tasks: Vec<Option<Task>>,
    pub(super) ids: Vec<TaskId>,
    pub(super) edges: Vec<Edge>,
    pub(super) tracks: Vec<Track>,
    pub(super) names: Names,
    pub(super) config: Config,
    pub(super) far: Vec<Far>,
    pub(super) stand_ins: Vec<StandIn>,
    /// Every task is there and there was no error.
    pub(super) sound: bool,
    pub findings: Vec<Finding>,
}

impl Part {
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.sound
    }

    #[must_use]
    pub fn config(&self) -> &Config {
        &self.config
    }

    #[must_use]
    pub fn ids(&self) -> &[TaskId] {
        &self.ids
    }

    /// The plan of this repository alone.
    #[must_use]
    pub fn alone(mut self) -> Built {
        let plan = match TaskGraph::build(self.ids.len(), self.edges) {
            Err((stuck, edges)) => {
                self.findings
                    .extend(cycles::explain(&self.ids, &edges, &stuck));
                None
            }
            Ok(graph) if self.sound => Some((
                Plan {
                    tasks: self.tasks.into_iter().flatten().collect(),
                    tracks: self.tracks,
                    graph,
                    names: self.names,
                    repositories: Repositories::default(),
                },
                self.config,
            )),
            Ok(_) => None,
        };
        Built {
            plan,
            findings: self.findings,
        }
    }

    /// Only what this repository does by itself: what leads out of it, and steps that are tasks of others, are left out.
    #[must_use]
    pub fn without_others(mut self) -> Self {
        self.far.clear();
        if self.stand_ins.is_empty() {
            return self;
        }
        let mut kept = Vec::with_capacity(self.ids.len());
        let mut next = 0;
        for ix in 0..self.ids.len() {
            let stands_in = self.stand_ins.iter().any(|s| s.ix.0 as usize == ix);
            kept.push((!stands_in).then_some(TaskIx(next)));
            next += u32::from(!stands_in);
        }
        let new = |ix: TaskIx| kept[ix.0 as usize];
        self.edges
            .retain_mut(|edge| match (new(edge.prerequisite), new(edge.dependent)) {
                (Some(prerequisite), Some(dependent)) => {
                    (edge.prerequisite, edge.dependent) = (prerequisite, dependent);
                    true
                }
                _ => false,
            });
        let mut stays = kept.iter().map(Option::is_some);
        self.tasks.retain(|_| stays.next().unwrap_or(true));
        let mut stays = kept.iter().map(Option::is_some);
        self.ids.retain(|_| stays.next().unwrap_or(true));
        self.stand_ins.clear();
        self.names = Names::default();
        for (id, ix) in self.ids.iter().zip(0..) {
            self.names.insert(id.clone(), TaskIx(ix));
        }
        self
    }
}
