//! Everything that a report is made of, gathered by the caller.

use std::collections::{BTreeMap, BTreeSet};

use jiff::Timestamp;

use crate::model::{OrchId, Repository, RunId, Status, Task, TaskId, Whose};
use crate::plan::{Plan, TaskIx};
use crate::report::remedy::Remedy;
use crate::report::text::shell_word;
use crate::state::{State, TaskState};
use crate::view::{NotLanded, TaskView};

/// What is known of the processes behind an open run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Liveness {
    /// The attempt and its orchestrator live, or the orchestrator is about to record its end.
    Attended,
    /// The attempt lives, its orchestrator is gone.
    Unattended,
    /// The attempt is gone and nobody will record it.
    Gone,
    /// It was decided on, never started, and its orchestrator is gone.
    NeverStarted,
}

/// What is known of the processes that the journal names. The default: all is well.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Processes {
    /// Of open runs; one that is not in it counts as attended.
    pub runs: BTreeMap<RunId, Liveness>,
    /// Open orchestrations whose orchestrator is gone: they can be resumed.
    pub deserted: BTreeSet<OrchId>,
}

/// The plan, the state and what was worked out of them, at one moment.
#[derive(Debug, Clone, Copy)]
pub struct Facts<'a> {
    pub plan: &'a Plan,
    pub state: &'a State,
    /// In the plan's order.
    pub views: &'a [TaskView],
    pub processes: &'a Processes,
    /// Branches with completed work that is not in the branch checked out, as far as that was asked.
    pub not_landed: &'a [NotLanded],
    pub now: Timestamp,
}

impl<'a> Facts<'a> {
    #[must_use]
    pub fn task(&self, ix: TaskIx) -> &'a Task {
        self.plan.task(ix)
    }
    #[must_use]
    pub fn view(&self, ix: TaskIx) -> &'a TaskView {
        &self.views[ix.0 as usize]
    }
    /// The home's tasks, by number.
    #[must_use]
    pub fn home(&self) -> Vec<TaskIx> {
        self.plan.tasks_of(Whose::Home)
    }
    /// Is it the home's, or does something of the home's that is not completed wait for it? For each task, by number.
    #[must_use]
    pub fn concerns_home(&self) -> Vec<bool> {
        let mut concerned = vec![self.plan.repositories().is_alone(); self.views.len()];
        if self.plan.repositories().is_alone() {
            return concerned;
        }
        let home = self.home();
        let open = home.iter().copied();
        let open: Vec<TaskIx> = open
            .filter(|ix| self.view(*ix).status != Status::Completed)
            .collect();
        for ix in home.into_iter().chain(self.plan.graph().ancestors(&open)) {
            concerned[ix.0 as usize] = true;
        }
        concerned
    }
    /// The repository of a task; `None`: the home.
    #[must_use]
    pub fn repository(&self, ix: TaskIx) -> Option<&'a Repository> {
        let repositories = self.plan.repositories();
        repositories.get(repositories.whose(&self.task(ix).id))
    }
    /// The command that continues an orchestration, where it was started.
    #[must_use]
    pub fn resume(&self, orch: &OrchId) -> String {
        let home = self.state.orchestrations.get(orch);
        match home.and_then(|entry| entry.home.as_deref()) {
            None => "runr resume".to_owned(),
            Some(home) => format!("runr -C {} resume", shell_word(home)),
        }
    }
    /// As [`Self::resume`], of the orchestration that is at a task.
    #[must_use]
    pub fn resume_of(&self, ix: TaskIx) -> String {
        let Some((_, open)) = self.state.open_run(&self.task(ix).id) else {
            return "runr resume".to_owned();
        };
        let abroad = self.state.orchestrations.get(&open.orch);
        match (abroad.is_some_and(|o| o.abroad), self.repository(ix)) {
            (true, Some(other)) => format!("runr -C {} resume", shell_word(&other.typed)),
            _ => self.resume(&open.orch),
        }
    }
    /// The command that gives back a task that somebody has claimed, where it is a task.
    #[must_use]
    pub fn release(&self, ix: TaskIx) -> String {
        let id = &self.task(ix).id;
        let own = self.plan.repositories().own(id);
        let there = self.repository(ix);
        let there = there.map_or_else(String::new, |o| format!("-C {} ", shell_word(&o.typed)));
        format!("runr {there}claim --release {}", shell_word(own.as_str()))
    }
    /// What is recorded of a task; `None`: nothing ever happened to it.
    #[must_use]
    pub fn recorded(&self, ix: TaskIx) -> Option<&'a TaskState> {
        self.state.tasks.get(&self.plan.task(ix).id)
    }
    #[must_use]
    pub fn ids(&self, tasks: &[TaskIx]) -> Vec<&'a TaskId> {
        tasks.iter().map(|t| &self.plan.task(*t).id).collect()
    }
    #[must_use]
    pub fn names(&self, tasks: &[TaskIx]) -> Vec<&'a str> {
        tasks
            .iter()
            .map(|t| self.plan.task(*t).id.as_str())
            .collect()
    }
    /// Of a completed task that is not in the branch checked out: how it gets there.
    #[must_use]
    pub fn remedy(&self, ix: TaskIx) -> Option<Remedy> {
        let outside = self.view(ix).outside.as_ref()?;
        Some(Remedy::new(&self.task(ix).id, outside))
    }
    #[must_use]
    pub fn liveness(&self, run: &RunId) -> Liveness {
        self.processes
            .runs
            .get(run)
            .copied()
            .unwrap_or(Liveness::Attended)
    }
}
