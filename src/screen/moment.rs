//! Everything that is true at one moment, as far as a screen shows it.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{OrchId, RunId, TaskId};
use crate::plan::{Plan, TaskIx};
use crate::report::{Facts, Processes};
use crate::state::{Orchestration, State};
use crate::view::{NotLanded, TaskView};

/// The orchestration that is shown: the newest that runs, else the one that ran last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Shown {
    pub orch: OrchId,
    /// Its tasks; empty: not known, all count.
    pub selected: BTreeSet<TaskId>,
    /// What it will still take; `None`: it has ended, or cannot be told.
    pub left: Option<Duration>,
    /// How many others run beside it.
    pub beside: usize,
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
    /// What is wrong with the files or the journal.
    pub trouble: Option<String>,
    pub shown: Option<Shown>,
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

    /// The orchestration that is shown.
    #[must_use]
    pub fn orchestration(&self) -> Option<(&OrchId, &Orchestration)> {
        let shown = self.shown.as_ref()?;
        self.state.orchestrations.get_key_value(&shown.orch)
    }

    /// Does the orchestration that is shown have nothing to do with the task?
    #[must_use]
    pub fn is_outside(&self, ix: TaskIx) -> bool {
        self.shown.as_ref().is_some_and(|shown| {
            !shown.selected.is_empty() && !shown.selected.contains(self.id(ix))
        })
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
