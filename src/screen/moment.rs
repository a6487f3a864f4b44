//! Everything that is true at one moment, as far as a screen shows it.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{OrchId, RunId, TaskId};
use crate::plan::{Plan, TASKS, TaskIx};
use crate::report::{Facts, Processes};
use crate::state::{Orchestration, State};
use crate::view::{NotLanded, TaskView};

/// An orchestration that can be shown: one that runs, or the one that ran last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub orch: OrchId,
    /// Its tasks; empty: not known, all count.
    pub selected: BTreeSet<TaskId>,
    /// What it will still take; `None`: it has ended, or cannot be told.
    pub left: Option<Duration>,
}

/// A task file that has been invalid since it is there: no task is known of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NeverRead {
    /// Below the folder of the tasks.
    pub name: String,
    /// What is wrong with it, and where.
    pub why: String,
}

impl NeverRead {
    /// The file, from the project's root.
    #[must_use]
    pub fn file(&self) -> String {
        format!("{TASKS}/{}", self.name)
    }
}

/// One moment.
#[derive(Debug)]
pub struct Moment {
    pub project: String,
    pub plan: Arc<Plan>,
    /// Another number: another plan.
    pub generation: u64,
    pub state: State,
    /// In the plan's order.
    pub views: Vec<TaskView>,
    pub processes: Processes,
    pub not_landed: Vec<NotLanded>,
    pub at: Timestamp,
    /// What is wrong with the journal: the state is what was read before.
    pub damage: Option<String>,
    /// What is wrong with the files, with its place; or why it is not known what has landed.
    pub trouble: Option<String>,
    /// The tasks whose files are invalid, with the place and what is wrong there.
    pub invalid: BTreeMap<TaskIx, String>,
    /// By name.
    pub never_read: Vec<NeverRead>,
    /// The orchestrations that run here, the newest first; when none does, the one that ran last.
    pub shown: Vec<Shown>,
    /// How many run in other repositories, started there.
    pub abroad: usize,
}

impl Moment {
    /// What reports are made of, at a later time.
    #[must_use]
    pub fn facts(&self, now: Timestamp) -> Facts<'_> {
        Facts {
            plan: &self.plan,
            state: &self.state,
            views: &self.views,
            processes: &self.processes,
            not_landed: &self.not_landed,
            now,
        }
    }

    #[must_use]
    pub fn view(&self, ix: TaskIx) -> &TaskView {
        &self.views[ix.0 as usize]
    }

    #[must_use]
    pub fn id(&self, ix: TaskIx) -> &TaskId {
        &self.plan.task(ix).id
    }

    /// The run of a task that is alive, else its last one.
    #[must_use]
    pub fn run(&self, ix: TaskIx) -> Option<&RunId> {
        let id = self.id(ix);
        let open = self.state.open_run(id).map(|(run, _)| run);
        let claimed = || self.state.claimed_run(id).map(|(run, _)| run);
        let last = || self.state.tasks.get(id)?.last_run_id.as_ref();
        open.or_else(claimed).or_else(last)
    }

    /// Does time change what is shown?
    #[must_use]
    pub fn is_moving(&self) -> bool {
        let running = |o: &Orchestration| o.ended_at.is_none();
        !self.state.open.is_empty()
            || !self.state.claimed.is_empty()
            || self.state.orchestrations.values().any(running)
    }
}
