//! A repository that cannot be read any more while an orchestration works in it.
//!
//! What runs goes on to its end and nothing more is started, so that everything that can be recorded elsewhere is, and the
//! orchestration ends there. What ran in the lost repository cannot be recorded: a `resume` finds it when the repository
//! is back. Knows the stores. Does not know why the repository is gone.

use super::Orchestrator;
use crate::sched::{Cancel, Input};

impl Orchestrator {
    /// Looks whether a repository has been lost since the last look. The first time nothing more is started, and that is
    /// said.
    pub(super) fn heed_lost(&mut self) {
        for (whose, _) in self.sites.all() {
            if !self.store.is_lost(whose) || !self.lost.insert(whose) {
                continue;
            }
            let Some(other) = self.store.repositories().get(whose) else {
                continue;
            };
            let why = other.unknown.as_ref().map_or("", |unknown| &unknown.why);
            self.screen.say(&format!(
                "stopping: {} cannot be read any more: {why}",
                other.folder
            ));
            // Before whatever else waits to be handled.
            self.inputs.push_front(Input::Cancel(Cancel::Drain));
        }
    }
}
