//! The states of several repositories as one, for whoever looks at them together.
//!
//! Knows states. What a task is called in the whole is handed in. Nothing is ever written from the whole: each
//! repository's journal has its own rules about its own tasks.

use crate::model::{OrchId, Status, TaskId};
use crate::state::known::{ClaimedRun, OpenRun, Orchestration, State, TaskState};

/// What a task of a journal is called in the whole; `None`: it has no name there.
pub type Naming<'a> = dyn Fn(&TaskId) -> Option<TaskId> + 'a;

impl State {
    /// Takes in what another repository's journal tells. Of an orchestration that works in several repositories what is
    /// known already stays, as that is what its own journal says.
    pub fn join(&mut self, other: &Self, naming: &Naming<'_>) {
        for (id, task) in &other.tasks {
            if let Some(id) = naming(id) {
                self.tasks.insert(id, renamed(task, naming));
            }
        }
        for (run, open) in &other.open {
            if let Some(task) = naming(&open.task) {
                let open = OpenRun {
                    task,
                    prerequisites: pairs(&open.prerequisites, naming),
                    before: Box::new(renamed(&open.before, naming)),
                    ..open.clone()
                };
                self.open.insert(run.clone(), open);
            }
        }
        for (run, claimed) in &other.claimed {
            if let Some(task) = naming(&claimed.task) {
                let claimed = ClaimedRun {
                    task,
                    prerequisites: pairs(&claimed.prerequisites, naming),
                    before: Box::new(renamed(&claimed.before, naming)),
                    ..claimed.clone()
                };
                self.claimed.insert(run.clone(), claimed);
            }
        }
        for (id, orchestration) in &other.orchestrations {
            match self.orchestrations.get_mut(id) {
                // Each journal tells what was used there.
                Some(known) => known.spent = known.spent.plus(orchestration.spent),
                None => {
                    let abroad = Orchestration {
                        abroad: true,
                        ..orchestration.clone()
                    };
                    self.orchestrations.insert(id.clone(), abroad);
                }
            }
        }
        for (worker, until) in &other.paused {
            let known = self.paused.entry(worker.clone()).or_insert(*until);
            *known = (*known).max(*until);
        }
        for (day, spent) in &other.days {
            let known = self.days.entry(*day).or_default();
            *known = known.plus(*spent);
        }
    }

    /// Says of tasks that nothing can be known of them now, and why.
    pub fn set_unknown<'a>(&mut self, tasks: impl IntoIterator<Item = &'a TaskId>, why: &str) {
        for id in tasks {
            let task = TaskState {
                status: Status::Unknown,
                message: Some(why.to_owned()),
                ..TaskState::default()
            };
            self.tasks.insert(id.clone(), task);
        }
    }

    /// Is this orchestration known and not ended?
    #[must_use]
    pub fn is_open(&self, orch: &OrchId) -> bool {
        let entry = self.orchestrations.get(orch);
        entry.is_some_and(|entry| entry.ended_at.is_none())
    }
}

fn renamed(task: &TaskState, naming: &Naming<'_>) -> TaskState {
    TaskState {
        prerequisites: pairs(&task.prerequisites, naming),
        ..task.clone()
    }
}

fn pairs<T: Copy>(pairs: &[(TaskId, T)], naming: &Naming<'_>) -> Vec<(TaskId, T)> {
    let named = |(id, value): &(TaskId, T)| Some((naming(id)?, *value));
    pairs.iter().filter_map(named).collect()
}
