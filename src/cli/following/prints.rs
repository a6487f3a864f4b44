//! Fingerprints of the completed tasks that declare inputs, kept for a while: reading the inputs again for every
//! event would slow the run down that is looked at.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::model::{Fingerprint, Status, TaskId};
use crate::plan::Plan;
use crate::project::Projects;
use crate::state::State;

/// How long an answer holds, unless the task is completed anew.
const HOLDS: Duration = Duration::from_secs(10);

#[derive(Debug)]
struct Kept {
    completed_at: Option<Timestamp>,
    read_at: Instant,
    /// `None`: its inputs cannot be read.
    print: Option<Fingerprint>,
}

/// What was read, by task.
#[derive(Debug, Default)]
pub struct Prints(BTreeMap<TaskId, Kept>);

impl Prints {
    /// What `view::tasks_with` asks for, in the plan's order. Inputs that cannot be read count as unchanged;
    /// `runr status` warns of them.
    pub fn of(
        &mut self,
        projects: Projects<'_>,
        plan: &Plan,
        state: &State,
    ) -> Vec<Option<Fingerprint>> {
        let now = Instant::now();
        plan.numbers()
            .map(|ix| {
                let task = plan.task(ix);
                if task.inputs.is_empty() || state.status(&task.id) != Status::Completed {
                    return None;
                }
                let completed_at = state
                    .tasks
                    .get(&task.id)
                    .and_then(|known| known.completed_at);
                if let Some(kept) = self.0.get(&task.id)
                    && kept.completed_at == completed_at
                    && now.duration_since(kept.read_at) < HOLDS
                {
                    return kept.print;
                }
                let print = projects.fingerprint(plan, ix).ok();
                let kept = Kept {
                    completed_at,
                    read_at: now,
                    print,
                };
                self.0.insert(task.id.clone(), kept);
                print
            })
            .collect()
    }

    /// The text of the tasks has changed.
    pub fn forget(&mut self) {
        self.0.clear();
    }
}
