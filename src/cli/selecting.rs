//! The flags that say which tasks are meant: `run` runs these, `plan` shows how that would go.
//!
//! Knows the plan and the state. Does not know what is done with the selection.

use crate::cli::exit::Failure;
use crate::cli::names;
use crate::model::StalePolicy;
use crate::orchestrate::{Selection, WithPrerequisites, select};
use crate::plan::{Plan, TaskIx};
use crate::state::State;

/// Which tasks are meant.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Selecting {
    /// Run this task (may be given several times)
    #[arg(
        short,
        long = "task",
        value_name = "TASK",
        conflicts_with = "auto_only"
    )]
    pub tasks: Vec<String>,
    /// Run all automated tasks; manual and hybrid ones are left and listed
    #[arg(long)]
    pub auto_only: bool,
    /// Run uncompleted prerequisites of the selected tasks first; with --rerun-stale, stale ones too
    #[arg(long)]
    pub with_deps: bool,
}

impl Selecting {
    /// What is meant; without a flag, `otherwise`.
    ///
    /// # Errors
    /// A name that means no task, or several.
    pub fn selection(&self, plan: &Plan, otherwise: Selection) -> Result<Selection, Failure> {
        if self.auto_only {
            return Ok(Selection::AutoOnly);
        }
        if self.tasks.is_empty() {
            return Ok(otherwise);
        }
        let names = self.tasks.iter();
        let found: Result<Vec<_>, _> = names.map(|name| names::task(plan, name)).collect();
        Ok(Selection::Named(found?))
    }

    /// Are prerequisites meant too?
    #[must_use]
    pub fn with(&self) -> WithPrerequisites {
        match self.with_deps {
            true => WithPrerequisites::Yes,
            false => WithPrerequisites::No,
        }
    }

    /// The selected tasks, by number.
    #[must_use]
    pub fn select(&self, plan: &Plan, state: &State, selection: &Selection) -> Vec<TaskIx> {
        select(plan, state, selection, self.with())
    }
}

/// Where stale tasks are looked for: among the selected, and with prerequisites among these too. Empty: they are not run
/// again.
#[must_use]
pub fn may_be_stale(
    plan: &Plan,
    selected: &[TaskIx],
    with: WithPrerequisites,
    policy: StalePolicy,
) -> Vec<TaskIx> {
    if policy == StalePolicy::Warn {
        return Vec::new();
    }
    let mut looked_at = selected.to_vec();
    if with == WithPrerequisites::Yes {
        looked_at.extend(plan.graph().ancestors(selected));
        looked_at.sort_unstable();
        looked_at.dedup();
    }
    looked_at
}
