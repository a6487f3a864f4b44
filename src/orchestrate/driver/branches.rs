//! What an orchestration does with what its tasks leave in git: what counts, what lands, what is taken away.

use super::{Ended, Orchestrator};
use crate::git::worktree;
use crate::model::{Land, RunGit};
use crate::orchestrate::cleaning::{Done, left_behind};
use crate::orchestrate::{OrchestrateError, containment, landing};
use crate::sched::{Cancel, Elsewhere, Input};

impl Orchestrator {
    /// Notes what an attempt left.
    pub(super) fn left(&mut self, ended: &mut Ended, left: &RunGit) {
        if !left.tampered.is_empty() {
            self.screen.say(&format!(
                "stopping: parts of the repository's configuration that can run programs were changed: {}",
                left.tampered.join(", ")
            ));
            self.inputs.push_back(Input::Cancel(Cancel::Drain));
        }
        if let Some(first) = left.beside.first() {
            let others = match left.beside.len() {
                1 => String::new(),
                n => format!(" and {} more files", n - 1),
            };
            self.screen.say(&format!(
                "warning: `{first}`{others} in your own working tree changed while run {} worked; was it you, or the agent?",
                ended.run
            ));
        }
        let grounds = self.dispatch.grounds.as_ref();
        ended.done = grounds.and_then(|g| Done::of(&g.ground.common, &ended.run, left));
    }

    /// A task of ours is completed and that is on disk.
    pub(super) fn completed(&mut self, done: Option<Done>) -> Result<(), OrchestrateError> {
        if let Some(done) = done {
            self.cleaning.start(&self.dispatch.layout, done);
        }
        let Some(grounds) = &self.dispatch.grounds else {
            return Ok(());
        };
        if grounds.ground.land == Land::Each {
            let (layout, orch) = (&self.dispatch.layout, &self.dispatch.orch);
            if let Some(landed) = landing::land(layout, &grounds.ground, orch)?
                && landed.outcome == landing::Outcome::Landed
            {
                self.screen.say(&landed.line());
            }
        }
        Ok(())
    }

    /// Begins to remove the working trees that a dead orchestrator did not come to.
    pub(super) fn clean_left_behind(&mut self) -> Result<(), OrchestrateError> {
        let Some(grounds) = &self.dispatch.grounds else {
            return Ok(());
        };
        let (layout, orch) = (&self.dispatch.layout, &self.dispatch.orch);
        let common = &grounds.ground.common;
        worktree::finish_removals(common, &layout.git_lock(), &layout.worktrees())?;
        let left = left_behind(layout, self.store.state(), orch, common)?;
        for run in left.half_made {
            let tree = layout.worktree(&run);
            worktree::discard(&grounds.git(), common, &layout.git_lock(), &tree)?;
        }
        for done in left.done {
            self.cleaning.start(layout, done);
        }
        Ok(())
    }

    /// What others completed counts only when it is in our branch.
    pub(super) fn hold_back(&mut self, inputs: &mut [Input]) -> Result<(), OrchestrateError> {
        let Some(grounds) = &self.dispatch.grounds else {
            return Ok(());
        };
        for input in inputs {
            let Input::Elsewhere { task, now } = input else {
                continue;
            };
            if *now != Elsewhere::Completed {
                continue;
            }
            let id = &self.plan.task(*task).id;
            if let Some(lines) = containment::outside(grounds, self.store.state(), id)? {
                *now = Elsewhere::CompletedOutside;
                for line in lines {
                    self.screen.say(&line);
                }
            }
        }
        Ok(())
    }
}
