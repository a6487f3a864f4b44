//! The validated, immutable plan: tasks with every name resolved, and the graph between them.
//!
//! Knows the model and the raw documents of [`crate::spec`]. Pure: it reads no file.

mod again;
mod agents;
mod build;
mod capacity;
mod collisions;
mod cycles;
mod edges;
mod far;
mod graph;
mod layers;
mod make;
mod number;
mod part;
mod resolve;
mod together;

pub use crate::spec::join_fingerprint as fingerprint;
pub use again::{Sources, again};
pub use build::{Built, Draft, Drafter, Drawn};
pub use collisions::{claims, collisions};
pub use graph::{Edge, Origin, TaskGraph, TaskIx};
pub use part::Part;
pub use resolve::{Names, TASKS, Unresolved};
pub use together::{Member, together};

use crate::model::{Repositories, Task, TaskId, Track, Whose};

/// All tasks of a repository and the one graph between them.
#[derive(Debug, Clone)]
pub struct Plan {
    /// In file order: the orchestration file's steps first, then the remaining task files by name.
    tasks: Vec<Task>,
    tracks: Vec<Track>,
    graph: TaskGraph,
    names: Names,
    repositories: Repositories,
}

impl Plan {
    /// Puts a plan together.
    ///
    /// # Errors
    /// The tasks that no topological order holds, when there is a cycle.
    pub fn assemble(
        tasks: Vec<Task>,
        tracks: Vec<Track>,
        edges: &[Edge],
    ) -> Result<Self, Vec<TaskIx>> {
        let graph = TaskGraph::build(tasks.len(), edges.to_vec()).map_err(|(stuck, _)| stuck)?;
        let mut names = Names::default();
        for (task, i) in tasks.iter().zip(0..) {
            names.insert(task.id.clone(), TaskIx(i));
        }
        Ok(Self {
            tasks,
            tracks,
            graph,
            names,
            repositories: Repositories::default(),
        })
    }

    /// The same plan with its tasks' repositories.
    #[must_use]
    pub fn of_several(mut self, repositories: Repositories) -> Self {
        self.repositories = repositories;
        self
    }

    /// The repositories of its tasks.
    #[must_use]
    pub fn repositories(&self) -> &Repositories {
        &self.repositories
    }
    /// Whose a task is.
    #[must_use]
    pub fn whose(&self, ix: TaskIx) -> Whose {
        self.repositories.whose(&self.task(ix).id)
    }
    /// Is a task's place in its own file? Of one in a repository that cannot be read there may be no more than who
    /// names it.
    #[must_use]
    pub fn has_its_file(&self, ix: TaskIx) -> bool {
        let task = self.task(ix);
        let own = self.repositories.own(&task.id);
        !task.id.is_inline() && task.place.file.ends_with(&own.status_key())
    }
    /// The numbers of a repository's tasks, in order.
    #[must_use]
    pub fn tasks_of(&self, whose: Whose) -> Vec<TaskIx> {
        self.numbers()
            .filter(|ix| self.whose(*ix) == whose)
            .collect()
    }

    #[must_use]
    pub fn tasks(&self) -> &[Task] {
        &self.tasks
    }
    #[must_use]
    pub fn task(&self, ix: TaskIx) -> &Task {
        &self.tasks[ix.0 as usize]
    }
    /// Every task's number, in order.
    pub fn numbers(&self) -> impl DoubleEndedIterator<Item = TaskIx> + use<> {
        (0..u32::try_from(self.tasks.len()).unwrap_or(u32::MAX)).map(TaskIx)
    }
    #[must_use]
    pub fn tracks(&self) -> &[Track] {
        &self.tracks
    }
    #[must_use]
    pub fn graph(&self) -> &TaskGraph {
        &self.graph
    }
    #[must_use]
    pub fn find(&self, id: &TaskId) -> Option<TaskIx> {
        self.names.get(id.as_str())
    }
    /// Finds the task that a person means, as a reference from the tasks folder: `03`, `net/03-http.md`.
    ///
    /// # Errors
    /// When it means no task (the nearest names are given) or several.
    pub fn resolve(&self, reference: &str) -> Result<TaskIx, Unresolved> {
        self.names.resolve(reference, TASKS)
    }
}

/// A small plan for tests: names and prerequisites; automated `true` tasks without a track.
#[cfg(test)]
pub(crate) fn sample(tasks: &[(&str, &[&str])]) -> Plan {
    use crate::model::{Backoff, CommandLine, Place, Policy, RetryPolicy, Timeouts, VerifyPolicy};
    use std::sync::Arc;
    use std::time::Duration;
    let policy = Arc::new(Policy {
        timeouts: Timeouts {
            startup: None,
            idle: None,
            wall: None,
            grace: Duration::from_secs(10),
        },
        retry: RetryPolicy {
            max: 0,
            backoff: Backoff {
                base: Duration::from_secs(1),
                max: Duration::from_secs(60),
            },
        },
        verify: VerifyPolicy::default(),
        isolation: None,
    });
    let place = |name: &str| Place {
        file: format!(".runr/tasks/{name}").into(),
        line: 1,
        column: 1,
    };
    let number = |name: &str| {
        let i = tasks
            .iter()
            .position(|(n, _)| *n == name)
            .expect("a task of the sample");
        TaskIx(u32::try_from(i).unwrap())
    };
    let made = tasks.iter().map(|(name, _)| {
        let id = TaskId::parse(name).unwrap();
        Task {
            worker: Some("shell".into()),
            command: Some(CommandLine::Shell("true".into())),
            ..Task::bare(id, place(name), policy.clone())
        }
    });
    let edges: Vec<Edge> = tasks
        .iter()
        .flat_map(|(name, needs)| {
            needs.iter().map(|need| Edge {
                prerequisite: number(need),
                dependent: number(name),
                origin: Origin::TaskFile,
                place: place(name),
            })
        })
        .collect();
    Plan::assemble(made.collect(), Vec::new(), &edges).expect("the sample has no cycle")
}
