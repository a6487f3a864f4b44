//! Where the files of a plan's repositories are, and everything that their journals tell.
//!
//! Knows folders and names. Holds nothing open: cheap to clone, for whoever looks later.

use crate::event::Recorded;
use crate::model::{Repositories, RunId, TaskId, Whose};
use crate::store::{Layout, StoreError, history};

/// The repositories of a plan that can be read.
#[derive(Debug, Clone)]
pub struct Places {
    /// The home first.
    layouts: Vec<(Whose, Layout)>,
    repositories: Repositories,
}

impl Places {
    /// `others` are those that can be read.
    #[must_use]
    pub fn new(home: Layout, others: Vec<(Whose, Layout)>, repositories: &Repositories) -> Self {
        let home = (Whose::Home, home);
        Self {
            layouts: std::iter::once(home).chain(others).collect(),
            repositories: repositories.clone(),
        }
    }

    /// Every layout, the home's first.
    pub fn layouts(&self) -> impl Iterator<Item = &Layout> {
        self.layouts.iter().map(|(_, layout)| layout)
    }

    #[must_use]
    pub fn home(&self) -> &Layout {
        &self.layouts[0].1
    }

    /// Where a run's folder is; the home's layout when there is none anywhere.
    #[must_use]
    pub fn of_run(&self, run: &RunId) -> &Layout {
        self.find(run).map_or(self.home(), |(_, layout)| layout)
    }

    /// What a run's repository is called in paths: `../api/`; nothing for the home.
    #[must_use]
    pub fn prefix_of(&self, run: &RunId) -> String {
        let whose = self.find(run).map_or(Whose::Home, |(whose, _)| *whose);
        let other = self.repositories.get(whose);
        other.map_or_else(String::new, |other| format!("{}/", other.folder))
    }

    fn find(&self, run: &RunId) -> Option<&(Whose, Layout)> {
        if self.layouts.len() == 1 {
            return self.layouts.first();
        }
        self.layouts.iter().find(|(_, l)| l.run(run).is_dir())
    }

    /// Everything that the journals hold, in the order of time, with the plan's names; without other repositories as
    /// [`history()`] gives it.
    ///
    /// # Errors
    /// When a journal cannot be read.
    pub fn history(&self, seen: &mut dyn FnMut(Recorded)) -> Result<(), StoreError> {
        if self.layouts.len() == 1 {
            return history(self.home(), seen);
        }
        let mut all: Vec<Recorded> = Vec::new();
        for (whose, layout) in &self.layouts {
            let naming = |id: &TaskId| self.repositories.in_plan(*whose, id);
            history(layout, &mut |recorded| {
                if let Some(event) = recorded.event.renamed(&naming) {
                    all.push(Recorded { event, ..recorded });
                }
            })?;
        }
        // What one journal says in one order stays so.
        all.sort_by_key(|recorded| recorded.at);
        all.into_iter().for_each(seen);
        Ok(())
    }
}
