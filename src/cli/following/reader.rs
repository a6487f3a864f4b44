//! The plan and the journal as they are now, read again when they change.
//!
//! A project whose files have become invalid keeps the plan that it had, and says so.

use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::following::landed::Landed;
use crate::cli::following::prints::Prints;
use crate::project::{Loaded, Project};
use crate::store::Stores;
use crate::view::{NotLanded, TaskView, hold_back, tasks_with};

/// One reader of one project.
#[derive(Debug)]
pub struct Reader {
    pub project: Project,
    pub loaded: Arc<Loaded>,
    pub store: Stores,
    /// The orchestration file that was named; `None`: the usual one, if it is there.
    pub file: Option<PathBuf>,
    /// Counts the plans, from 1.
    pub generation: u64,
    /// Why the files on disk are not what is shown.
    problem: Option<String>,
    prints: Prints,
    landed: Landed,
}

impl Reader {
    #[must_use]
    pub fn new(project: &Project, loaded: Loaded, store: Stores) -> Self {
        Self {
            project: project.clone(),
            loaded: Arc::new(loaded),
            store,
            file: None,
            prints: Prints::default(),
            landed: Landed::default(),
            generation: 1,
            problem: None,
        }
    }

    /// How every task is shown, from what was read last, in the plan's order; and the branches with completed work that
    /// the branch checked out does not have.
    #[must_use]
    pub fn views(&mut self) -> (Vec<TaskView>, Vec<NotLanded>) {
        let (plan, state) = (&self.loaded.plan, self.store.state());
        let projects = self.loaded.projects(&self.project);
        let prints = self.prints.of(projects, plan, state);
        let mut views = tasks_with(plan, state, &prints);
        let elsewhere = self.landed.of(projects, plan, state).clone();
        hold_back(plan, &mut views, elsewhere.outside);
        (views, elsewhere.not_landed)
    }

    /// Why what is shown is not all that there is.
    #[must_use]
    pub fn trouble(&self) -> Option<&str> {
        self.problem.as_deref().or(self.landed.trouble.as_deref())
    }

    /// Folds what is new in the journal.
    pub fn refresh(&mut self) {
        if let Err(error) = self.store.refresh() {
            self.problem = Some(error.to_string());
        }
    }

    /// Reads the files again.
    pub fn reload(&mut self) {
        match crate::project::load(&self.project, self.file.as_deref()) {
            Ok(loaded) => {
                let ids = loaded.plan.tasks().iter().map(|task| &task.id);
                self.store.follow(loaded.plan.repositories(), ids);
                self.loaded = Arc::new(loaded);
                self.generation += 1;
                self.prints.forget();
                self.landed.forget();
                self.problem = None;
            }
            Err(problems) => {
                let n = problems.len();
                let first = problems
                    .first()
                    .map(|problem| problem.message.clone())
                    .unwrap_or_default();
                self.problem = Some(format!(
                    "the files have {n} problem{}, so what is shown is what they said before: {first}",
                    if n == 1 { "" } else { "s" }
                ));
            }
        }
    }
}
