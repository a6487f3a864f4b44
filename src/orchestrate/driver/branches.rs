//! What an orchestration does with what its tasks leave in git: what counts, what lands, what is taken away.

use super::{Ended, Orchestrator};
use crate::git::worktree;
use crate::model::{Land, RunGit, Whose};
use crate::orchestrate::cleaning::{Done, left_behind};
use crate::orchestrate::containment::There;
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
        let site = self.sites.of(self.store.whose_run(&ended.run));
        let grounds = site.and_then(|site| site.grounds.as_ref());
        ended.done = grounds.and_then(|g| Done::of(&g.ground.common, &ended.run, left));
    }

    /// A task of ours is completed and that is on disk.
    pub(super) fn completed(
        &mut self,
        whose: Whose,
        done: Option<Done>,
    ) -> Result<(), OrchestrateError> {
        let Some(site) = self.sites.of(whose) else {
            return Ok(());
        };
        if let Some(done) = done {
            self.cleaning.start(&site.layout, done);
        }
        let Some(grounds) = &site.grounds else {
            return Ok(());
        };
        if grounds.ground.land == Land::Each
            && let Some(landed) = landing::land(&site.layout, &grounds.ground, &site.orch)?
            && landed.outcome == landing::Outcome::Landed
        {
            self.screen.say(&grounds.says(&landed.line()));
        }
        Ok(())
    }

    /// Begins to remove the working trees that a dead orchestrator did not come to.
    pub(super) fn clean_left_behind(&mut self) -> Result<(), OrchestrateError> {
        for (whose, site) in self.sites.all() {
            let (Some(grounds), Some(store)) = (&site.grounds, self.store.of(whose)) else {
                continue;
            };
            let (layout, common) = (&site.layout, &grounds.ground.common);
            worktree::finish_removals(common, &layout.git_lock(), &layout.worktrees())?;
            let left = left_behind(layout, store.state(), &site.orch, common)?;
            for run in left.half_made {
                let tree = layout.worktree(&run);
                worktree::discard(&grounds.git(), common, &layout.git_lock(), &tree)?;
            }
            for done in left.done {
                self.cleaning.start(layout, done);
            }
        }
        Ok(())
    }

    /// What others completed counts only when it is in our branch there.
    pub(super) fn hold_back(&mut self, inputs: &mut [Input]) -> Result<(), OrchestrateError> {
        for input in inputs {
            let Input::Elsewhere { task, now } = input else {
                continue;
            };
            if *now != Elsewhere::Completed {
                continue;
            }
            let whose = self.plan.whose(*task);
            // In a repository that this orchestration does not work in it has just been completed, on a branch of its own.
            let Some(site) = self.sites.of(whose) else {
                continue;
            };
            let Some(grounds) = &site.grounds else {
                continue;
            };
            let there = There {
                whose,
                layout: &site.layout,
                plan: &self.plan,
                state: self.store.state(),
            };
            let Some(lines) = containment::outside(grounds, there, *task)? else {
                continue;
            };
            if let Some(line) = containment::bring(grounds, there, *task)? {
                self.screen.say(&grounds.says(&line));
            } else {
                *now = Elsewhere::CompletedOutside;
                for line in lines {
                    self.screen.say(&line);
                }
            }
        }
        Ok(())
    }
}
