//! The plan and the journal as they are now, read again when they change.
//!
//! A project whose files have become invalid keeps the plan that it had, and says so. What was away and comes back is
//! followed again.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use crate::cli::following::landed::Landed;
use crate::cli::following::prints::Prints;
use crate::cli::following::trouble::{Trouble, from_root};
use crate::cli::following::watching::{Place, Tell, Watching};
use crate::git::checked_out::checked_out;
use crate::model::Diagnostic;
use crate::plan::{TASKS, TaskIx};
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
    files: Option<Trouble>,
    /// Why the journal could not be read the last time.
    journal: Option<String>,
    prints: Prints,
    landed: Landed,
    /// The common directory of the home's git.
    git: Option<PathBuf>,
    watching: Option<Watching>,
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
            files: None,
            journal: None,
            git: None,
            watching: None,
        }
    }

    /// Tells of every change from here on, and reads what was written in the journal before.
    ///
    /// # Errors
    /// When the system gives no watch, or git does not tell where its files are.
    pub fn follow(&mut self, tell: Tell) -> anyhow::Result<()> {
        if self.project.git {
            self.git = checked_out(&self.project.root)?.map(|stand| stand.common);
        }
        let mut watching = Watching::new(tell);
        watching.follow(self.places())?;
        self.watching = Some(watching);
        self.refresh();
        Ok(())
    }

    /// Everything that is to be watched: the repositories of the plan, those too that cannot be read now.
    fn places(&self) -> Vec<Place> {
        let others = self.store.repositories().others().iter();
        let others = others.map(|other| Place {
            root: other.root.clone(),
            git: None,
            file: None,
        });
        let file = self.file.as_ref().map(|file| {
            let full = std::path::absolute(file);
            full.unwrap_or_else(|_| file.clone())
        });
        let home = Place {
            root: self.project.root.clone(),
            git: self.git.clone(),
            file,
        };
        std::iter::once(home).chain(others).collect()
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

    /// Why what is shown is not all that there is, on one line.
    #[must_use]
    pub fn trouble(&self) -> Option<String> {
        let files = || self.files.as_ref().map(Trouble::line);
        files().or_else(|| self.landed.trouble.clone())
    }

    /// What is wrong with the home's journal, on one line.
    #[must_use]
    pub fn damage(&self) -> Option<String> {
        let damage = self.store.damage().map(ToString::to_string);
        let damage = damage.or_else(|| self.journal.clone())?;
        let damage = from_root(&damage, &self.project.root);
        Some(format!(
            "{damage} (runr doctor); tasks are shown as they stood before"
        ))
    }

    /// The tasks whose files are invalid, each with what is wrong and where: what is shown of them is older.
    #[must_use]
    pub fn invalid(&self) -> BTreeMap<TaskIx, String> {
        let files = self.files.as_ref().map(Trouble::files).unwrap_or_default();
        if files.is_empty() {
            return BTreeMap::new();
        }
        let plan = &self.loaded.plan;
        let found = plan.numbers().filter_map(|ix| {
            let problem = files.get(&*plan.task(ix).place.file)?;
            Some((ix, invalid_at(problem)?))
        });
        found.collect()
    }

    /// The task files that no task is known of, because they have been invalid from the start: each with its name below
    /// the folder of the tasks, and what is wrong with it and where. In the order of their names.
    #[must_use]
    pub fn never_read(&self) -> Vec<(String, String)> {
        let files = self.files.as_ref().map(Trouble::files).unwrap_or_default();
        let tasks = self.loaded.plan.tasks().iter();
        let known: BTreeSet<&str> = tasks.map(|task| &*task.place.file).collect();
        let unknown = files.into_iter().filter(|(file, _)| !known.contains(file));
        let found = unknown.filter_map(|(file, problem)| {
            let name = file.strip_prefix(TASKS)?.strip_prefix('/')?;
            Some((name.to_owned(), invalid_at(problem)?))
        });
        found.collect()
    }

    /// Folds what is new in the journals, those too that were away, and watches what is there now.
    pub fn refresh(&mut self) {
        self.journal = self.store.refresh().err().map(|error| {
            let error = anyhow::Error::from(error);
            format!("{error:#}")
        });
        self.store.reopen();
        let places = self.places();
        if let Some(watching) = &mut self.watching
            && let Err(error) = watching.follow(places)
            && self.files.is_none()
        {
            self.files = Some(Trouble::Unwatched(format!("{error:#}")));
        }
    }

    /// Reads the files again.
    pub fn reload(&mut self) {
        let there = self.store.layout().dir().is_dir();
        if !there && !self.loaded.plan.tasks().is_empty() {
            // Nobody removes all tasks to see none: it is away, as while a branch is changed by hand.
            self.files = Some(Trouble::Gone);
            return;
        }
        match crate::project::load(&self.project, self.file.as_deref()) {
            Ok(loaded) => {
                let ids = loaded.plan.tasks().iter().map(|task| &task.id);
                self.store.follow(loaded.plan.repositories(), ids);
                self.loaded = Arc::new(loaded);
                self.generation += 1;
                self.prints.forget();
                self.landed.forget();
                self.files = None;
            }
            Err(problems) => self.files = Some(Trouble::Invalid(problems)),
        }
    }
}

/// What is wrong with the file of a task, for a line that names the task.
fn invalid_at(problem: &Diagnostic) -> Option<String> {
    let place = problem.place.as_ref()?;
    let (line, column) = (place.line, place.column);
    let message = &problem.message;
    Some(format!("its file is invalid at {line}:{column}: {message}"))
}
