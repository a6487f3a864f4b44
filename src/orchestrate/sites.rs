//! The repositories that an orchestration works in: each attempt is made where its task is, with that repository's own
//! files, folders, configuration and branch.
//!
//! Knows which repository a task belongs to. An attempt knows nothing of other repositories.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::Event;
use crate::model::{Fingerprint, OrchId, TaskId, Whose};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::containment;
use crate::orchestrate::dispatch::{Asked, Attempt, Before, Dispatch};
use crate::plan::{Plan, TaskIx};
use crate::state::State;
use crate::store::Stores;

/// Where one orchestration works.
#[derive(Debug)]
pub struct Sites {
    home: Dispatch,
    others: BTreeMap<usize, Other>,
}

/// A repository beside the home.
#[derive(Debug)]
pub struct Other {
    pub dispatch: Dispatch,
    /// Its own plan, with its own names.
    pub plan: Plan,
}

impl Sites {
    #[must_use]
    pub fn new(home: Dispatch, others: BTreeMap<usize, Other>) -> Self {
        Self { home, others }
    }

    #[must_use]
    pub fn home(&self) -> &Dispatch {
        &self.home
    }

    #[must_use]
    pub fn orch(&self) -> &OrchId {
        &self.home.orch
    }

    /// `None`: the orchestration does not work there.
    #[must_use]
    pub fn of(&self, whose: Whose) -> Option<&Dispatch> {
        match whose {
            Whose::Home => Some(&self.home),
            Whose::Other(number) => Some(&self.others.get(&number)?.dispatch),
        }
    }

    /// All of them, the home first.
    pub fn all(&self) -> impl Iterator<Item = (Whose, &Dispatch)> {
        let others = self.others.iter();
        let others = others.map(|(number, other)| (Whose::Other(*number), &other.dispatch));
        std::iter::once((Whose::Home, &self.home)).chain(others)
    }

    /// The plan of another repository, with its own names; `None`: it is the home.
    #[must_use]
    pub fn plan_of(&self, whose: Whose) -> Option<&Plan> {
        match whose {
            Whose::Home => None,
            Whose::Other(number) => Some(&self.others.get(&number)?.plan),
        }
    }

    /// Notes that a worker cannot work, wherever.
    pub fn send_away(&mut self, worker: &str, until: Option<Timestamp>) {
        let others = self.others.values_mut().map(|other| &mut other.dispatch);
        for dispatch in std::iter::once(&mut self.home).chain(others) {
            dispatch.away.insert(worker.to_owned(), until);
        }
    }

    /// Prepares an attempt in the task's own repository. The event has the plan's names.
    ///
    /// # Errors
    /// When the system gives no random numbers; when the task's repository cannot be read any more.
    pub fn prepare(
        &self,
        plan: &Plan,
        ix: TaskIx,
        stores: &Stores,
        again: bool,
    ) -> Result<Attempt, OrchestrateError> {
        let now = Timestamp::now();
        let whose = plan.whose(ix);
        let before = before(plan, ix, stores);
        let Whose::Other(number) = whose else {
            let asked = Asked {
                plan,
                ix,
                state: stores.state(),
                before: &before,
                again,
            };
            let mut attempt = self.home.prepare(&asked, now)?;
            set_prerequisites(&mut attempt.reserved, plan, ix, stores.state());
            return Ok(attempt);
        };
        let repositories = plan.repositories();
        let id = &plan.task(ix).id;
        let gone = || OrchestrateError::TaskGone {
            task: id.to_string(),
            orch: self.home.orch.clone(),
        };
        let other = self.others.get(&number).ok_or_else(gone)?;
        let own = other.plan.find(&repositories.own(id)).ok_or_else(gone)?;
        let asked = Asked {
            plan: &other.plan,
            ix: own,
            state: stores.of(whose).ok_or_else(gone)?.state(),
            before: &before,
            again,
        };
        let mut attempt = other.dispatch.prepare(&asked, now)?;
        let named = attempt
            .reserved
            .renamed(&|id| repositories.in_plan(whose, id));
        attempt.reserved = named.ok_or_else(gone)?;
        set_prerequisites(&mut attempt.reserved, plan, ix, stores.state());
        Ok(attempt)
    }
}

/// What comes directly before a task, as its repository calls it.
fn before(plan: &Plan, ix: TaskIx, stores: &Stores) -> Vec<Before> {
    let repositories = plan.repositories();
    let (whose, state) = (plan.whose(ix), stores.state());
    let prerequisites = plan.graph().prerequisites(ix).into_iter();
    prerequisites
        .map(|p| {
            let id = &plan.task(p).id;
            let its = plan.whose(p);
            let run = state
                .tasks
                .get(id)
                .and_then(|task| task.last_run_id.as_ref());
            let mut needed = None;
            if its == whose {
                needed = containment::needed(state, [id]).into_iter().next();
            }
            if let Some(needed) = &mut needed {
                needed.task = repositories.own(id);
            }
            Before {
                // What has no name there is told of by the name that it has here.
                id: repositories
                    .seen_from(whose, id)
                    .unwrap_or_else(|| id.clone()),
                folder: run.map(|run| stores.layout_of(its).run(run)),
                needed,
            }
        })
        .collect()
}

/// Writes down what the task's direct prerequisites were completed with, wherever they are.
fn set_prerequisites(reserved: &mut Event, plan: &Plan, ix: TaskIx, state: &State) {
    if let Event::Reserved { prerequisites, .. } = reserved {
        let direct = plan.graph().prerequisites(ix).into_iter();
        *prerequisites = direct
            .filter_map(|p| completed_with(state, &plan.task(p).id))
            .collect();
    }
}

fn completed_with(state: &State, id: &TaskId) -> Option<(TaskId, Fingerprint)> {
    // One that has just ended is completed in the very line that reserves this attempt.
    let fingerprint = match state.open_run(id) {
        Some((_, open)) => open.fingerprint,
        None => state.tasks.get(id)?.fingerprint?,
    };
    Some((id.clone(), fingerprint))
}
