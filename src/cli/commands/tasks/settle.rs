//! What `complete`, `approve`, `reject` and `reset` share: name the tasks, append, say what follows.
//!
//! Knows the plan for names and dependents. The journal alone decides whether a change is legal.

use std::io::Write;

use crate::claim::How;
use crate::cli::released::Places;
use crate::cli::{Context, Exit, Failure, claiming, names};
use crate::event::Event;
use crate::model::{Config, Remark, Settled, Status, Task, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::report::shell_word;
use crate::state::Illegal;
use crate::store::{Refused, Stores};

/// A person's change to some tasks, from the names typed to the words printed.
#[derive(Debug)]
pub struct Settlement {
    pub project: Project,
    pub plan: Plan,
    pub store: Stores,
    pub config: Config,
    /// Who types.
    pub by: String,
}

impl Settlement {
    /// Reads the project and its journal.
    ///
    /// # Errors
    /// Invalid files (exit code 2), or a journal that cannot be read (4).
    pub fn open(context: &Context) -> anyhow::Result<Self> {
        let project = context.project()?;
        let loaded = context.load(&project, None)?;
        let store = context.stores(&project, &loaded.plan)?;
        Ok(Self {
            plan: loaded.plan,
            config: loaded.config,
            store,
            by: context.person(&project)?,
            project,
        })
    }

    /// The tasks that were named, each once, in the order typed.
    ///
    /// # Errors
    /// The first name that means no task, or several.
    pub fn tasks(&self, typed: &[String]) -> Result<Vec<TaskIx>, Failure> {
        let mut found = Vec::new();
        for name in typed {
            let ix = names::task(&self.plan, name)?;
            if !found.contains(&ix) {
                found.push(ix);
            }
        }
        Ok(found)
    }

    pub fn task(&self, ix: TaskIx) -> &Task {
        self.plan.task(ix)
    }

    /// What a commit is to say of this.
    #[must_use]
    pub fn remark(&self, settled: Settled, note: Option<String>) -> Remark {
        let by = self.by.clone();
        Remark { settled, by, note }
    }

    /// Has a person or a session outside taken the task?
    #[must_use]
    pub fn is_claimed(&self, ix: TaskIx) -> bool {
        self.store
            .state()
            .claimed_run(&self.plan.task(ix).id)
            .is_some()
    }

    /// Completes tasks that somebody has claimed: their checks decide. The first that is not done ends it.
    ///
    /// # Errors
    /// When a check does not pass (1), a check runs already (75), or something cannot be read or written (4).
    pub fn complete_claimed(
        &mut self,
        context: &Context,
        tasks: &[TaskIx],
        how: &How,
    ) -> anyhow::Result<()> {
        let caller = claiming::at_the_shell(context, &self.project, None)?;
        let before = Places::of(&self.plan, self.store.state());
        for ix in tasks {
            let place = claiming::Place {
                project: &self.project,
                plan: &self.plan,
                collision: claiming::collision(&self.config),
                git: &self.config.git,
            };
            let mut desk = claiming::desk(place, &mut self.store, caller.clone())?;
            let done = claiming::complete(context, &mut desk, *ix, how.clone());
            if let Err(error) = self.store.write_cache() {
                writeln!(context.err(), "warning: {error}; it is rebuilt later")?;
            }
            done?;
        }
        self.tell_changes(&mut context.out(), &before)
    }

    /// Says which tasks became ready, or blocked again, since `before`.
    fn tell_changes(&self, out: &mut impl Write, before: &Places) -> anyhow::Result<()> {
        let after = Places::of(&self.plan, self.store.state());
        Ok(before.tell_changes(out, (&self.plan, &after), |_| true)?)
    }

    /// Appends one event a task and prints what it did and what follows: `said` puts one event into words.
    ///
    /// # Errors
    /// The first event that the journal refused, after the others were written and told (75 when its task
    /// is running, else 2); or a journal that cannot be written (4).
    pub fn append(
        mut self,
        context: &Context,
        events: Vec<Event>,
        said: impl Fn(&Event) -> Option<String>,
    ) -> anyhow::Result<Exit> {
        let told = self.store.notices().len();
        // What others wrote until now is not our doing.
        self.store.refresh()?;
        let before = Places::of(&self.plan, self.store.state());
        let asked = events.clone();
        let done = self.store.append(events)?;
        context.tell(&self.store.notices()[told..])?;
        if let Err(error) = self.store.write_cache() {
            writeln!(context.err(), "warning: {error}; it is rebuilt later")?;
        }
        let refused = |event: &Event| done.refused.iter().any(|refused| refused.event == *event);
        let mut out = context.out();
        for event in asked.iter().filter(|event| !refused(event)) {
            if let Some(line) = said(event) {
                writeln!(out, "{line}")?;
            }
        }
        self.tell_changes(&mut out, &before)?;
        match done.refused.into_iter().next() {
            None => Ok(Exit::OK),
            Some(refused) => Err(self.explain(refused).into()),
        }
    }

    fn explain(&self, refused: Refused) -> Failure {
        let message = refused.why.to_string();
        match refused.why {
            Illegal::TaskRunning { task, .. }
                if self.store.state().claimed_run(&task).is_some() =>
            {
                Failure::busy(message).help(format!(
                    "runr claim --release {}    gives it back; then ask again",
                    shell_word(task.as_str())
                ))
            }
            Illegal::TaskRunning { task, .. } => Failure::busy(message).help(format!(
                "runr cancel {}    stops it; then ask again",
                shell_word(task.as_str())
            )),
            Illegal::NotAwaitingApproval { task, status } => {
                let hybrid = self
                    .plan
                    .find(&task)
                    .is_some_and(|ix| self.plan.task(ix).kind == TaskKind::Hybrid);
                let failure = Failure::usage(message);
                match (status, hybrid) {
                    (Status::Completed, _) => failure,
                    (_, true) => failure.help(format!(
                        "runr run --task {}    does its first half",
                        shell_word(task.as_str())
                    )),
                    (_, false) => failure.help(format!(
                        "only hybrid tasks are approved; `runr tasks complete {}` says that it is done",
                        shell_word(task.as_str())
                    )),
                }
            }
            _ => Failure::usage(message),
        }
    }
}
