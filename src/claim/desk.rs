//! Who asks, and where: what every act of a claim needs.

use std::path::PathBuf;

use jiff::Timestamp;

use crate::claim::ClaimError;
use crate::event::Event;
use crate::model::{Collision, GitConfig, ProcessRef, Provenance, RunId};
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::state::ClaimedRun;
use crate::store::Stores;

/// One person or session at a project.
#[derive(Debug)]
pub struct Desk<'a> {
    pub project: &'a Project,
    pub plan: &'a Plan,
    pub store: &'a mut Stores,
    pub who: Provenance,
    /// The session's process. `None`: a person, who may also end what others claimed.
    pub holder: Option<ProcessRef>,
    pub collision: Collision,
    /// What is committed, and how.
    pub git: &'a GitConfig,
    /// This program, to run checks with.
    pub exe: PathBuf,
    /// The environment that checks get their allowed part of.
    pub env: Vec<(String, String)>,
    pub now: Timestamp,
}

impl Desk<'_> {
    /// The task's claim, if this person or session may end it: a person may end any.
    pub(super) fn own(&self, ix: TaskIx) -> Result<(RunId, ClaimedRun), ClaimError> {
        let task = &self.plan.task(ix).id;
        let Some((run, claim)) = self.store.state().claimed_run(task) else {
            return Err(ClaimError::NotClaimed { task: task.clone() });
        };
        let same_session = self.who.session.is_some() && self.who.session == claim.who.session;
        if self.holder.is_none() || self.holder == claim.holder || same_session {
            return Ok((run.clone(), claim.clone()));
        }
        Err(ClaimError::NotYours {
            task: task.clone(),
            run: run.clone(),
            by: claim.who.to_string(),
        })
    }

    /// Appends one event that has to be legal.
    pub(super) fn record(&mut self, event: Event) -> Result<(), ClaimError> {
        let done = self.store.append(vec![event])?;
        match done.refused.into_iter().next() {
            None => Ok(()),
            Some(refused) => Err(ClaimError::Refused { why: refused.why }),
        }
    }
}
