//! Everything that a reading command shows, read once: files, journal, processes, git, the time.
//!
//! Takes no lock and writes nothing.

use std::io::Write as _;
use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::cli::containment::{Elsewhere, elsewhere};
use crate::cli::names;
use crate::cli::{Context, Exit, Failure};
use crate::model::{Fingerprint, OrchId, ProcessRef, Status, Whose};
use crate::plan::{Plan, TaskIx};
use crate::project::{Loaded, Project, Projects};
use crate::report::{Facts, Liveness, Look, Processes};
use crate::state::State;
use crate::store::{Stores, process, sessions};
use crate::view::{self, NotLanded, TaskView};

/// A project at one moment.
#[derive(Debug)]
pub struct Snapshot {
    pub project: Project,
    pub loaded: Loaded,
    pub store: Stores,
    pub now: Timestamp,
    views: Vec<TaskView>,
    not_landed: Vec<NotLanded>,
    processes: Processes,
}

impl Snapshot {
    /// Reads everything and prints warnings to stderr.
    ///
    /// # Errors
    /// When there is no project (2), a file of the user's is invalid (2), or the journal cannot be read (4).
    pub fn read(context: &Context) -> anyhow::Result<Self> {
        Self::read_with(context, None)
    }

    /// As [`Self::read`], with the orchestration file that `--config` names.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn read_with(context: &Context, orchestration: Option<&Path>) -> anyhow::Result<Self> {
        let project = context.project()?;
        let mut loaded = context.load(&project, orchestration)?;
        let store = context.stores(&project, &loaded.plan)?;
        // Whose journal cannot be read is known now.
        loaded.plan = loaded.plan.of_several(store.repositories().clone());
        let mut views = views(context, &project, &loaded, store.state())?;
        let Elsewhere {
            outside,
            not_landed,
        } = elsewhere(
            context,
            loaded.projects(&project),
            &loaded.plan,
            store.state(),
        )?;
        view::hold_back(&loaded.plan, &mut views, outside);
        Ok(Self {
            views,
            not_landed,
            processes: all_processes(&store),
            now: Timestamp::now(),
            project,
            loaded,
            store,
        })
    }

    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            plan: &self.loaded.plan,
            state: self.store.state(),
            views: &self.views,
            processes: &self.processes,
            not_landed: &self.not_landed,
            now: self.now,
        }
    }

    /// The numbers of this repository's own tasks, in the plan's order.
    #[must_use]
    pub fn all(&self) -> Vec<TaskIx> {
        self.loaded.plan.tasks_of(Whose::Home)
    }

    /// Finds the task that a person means.
    ///
    /// # Errors
    /// When there is none, or several; the candidates are named.
    pub fn task(&self, name: &str) -> Result<TaskIx, Failure> {
        names::task(&self.loaded.plan, name)
    }

    /// The exit code of a command that has shown what could be read.
    #[must_use]
    pub fn exit(&self) -> Exit {
        match self.store.damage() {
            Some(_) => Exit::STATE,
            None => Exit::OK,
        }
    }
}

/// How results are to look on this terminal.
#[must_use]
pub fn look(context: &Context) -> Look {
    Look {
        glyphs: context.glyphs(),
        zone: TimeZone::system(),
    }
}

/// How every task is shown, the contents of its declared inputs considered. What cannot be read is a warning.
///
/// # Errors
/// When stderr cannot be written.
pub fn views(
    context: &Context,
    project: &Project,
    loaded: &Loaded,
    state: &State,
) -> anyhow::Result<Vec<TaskView>> {
    let projects = loaded.projects(project);
    let fingerprints = fingerprints(context, projects, &loaded.plan, state)?;
    Ok(view::tasks_with(&loaded.plan, state, &fingerprints))
}

/// Fingerprints of the completed tasks that declare inputs; the others are compared by their text.
///
/// # Errors
/// When stderr cannot be written. An input that cannot be read is a warning.
pub fn fingerprints(
    context: &Context,
    projects: Projects<'_>,
    plan: &Plan,
    state: &State,
) -> anyhow::Result<Vec<Option<Fingerprint>>> {
    let mut found = Vec::new();
    for ix in plan.numbers() {
        let (task, number) = (plan.task(ix), ix.0 as usize);
        if task.inputs.is_empty() || state.status(&task.id) != Status::Completed {
            continue;
        }
        match projects.fingerprint(plan, ix) {
            Ok(fingerprint) => {
                found.resize(number, None);
                found.push(Some(fingerprint));
            }
            Err(error) => writeln!(
                context.err(),
                "warning: cannot read the inputs of `{}`, so it may be stale unnoticed: {error}",
                task.id
            )?,
        }
    }
    Ok(found)
}

/// Looks at the processes, and at what sessions said of themselves.
#[must_use]
pub fn all_processes(store: &Stores) -> Processes {
    let mut found = processes(store.state(), &process::is_alive);
    for (run, claim) in &store.state().claimed {
        let session = claim.who.session.as_deref();
        let layout = store.layout_of(store.whose_run(run));
        if session.is_some_and(|session| sessions::has_ended(layout, session)) {
            found.runs.insert(run.clone(), Liveness::Gone);
        }
    }
    found
}

/// Looks at the processes that the journal names. `alive` is asked for each.
#[must_use]
pub fn processes(state: &State, alive: &dyn Fn(&ProcessRef) -> bool) -> Processes {
    let deserted = state
        .orchestrations
        .iter()
        .filter(|(_, o)| o.ended_at.is_none() && !alive(&o.owner))
        .map(|(id, _)| id.clone())
        .collect();
    let mut processes = Processes {
        deserted,
        ..Processes::default()
    };
    for (run, claim) in &state.claimed {
        if claim.holder.as_ref().is_some_and(|holder| !alive(holder)) {
            processes.runs.insert(run.clone(), Liveness::Gone);
        }
    }
    for (run, open) in &state.open {
        // An orchestration that is not in the state has ended long ago.
        let attended = state
            .orchestrations
            .get(&open.orch)
            .is_some_and(|o| o.ended_at.is_none())
            && !processes.deserted.contains(&open.orch);
        let liveness = match (attended, &open.process) {
            // Its orchestrator lives and will record whatever becomes of it.
            (true, _) => continue,
            (false, None) => Liveness::NeverStarted,
            (false, Some(process)) if alive(process) => Liveness::Unattended,
            (false, Some(_)) => Liveness::Gone,
        };
        processes.runs.insert(run.clone(), liveness);
    }
    // What is resumed elsewhere is not resumed here.
    let abroad = |id: &OrchId| state.orchestrations.get(id).is_some_and(|o| o.abroad);
    processes.deserted.retain(|id| !abroad(id));
    processes
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, orch, print, process};

    #[test]
    fn each_open_run_is_judged_by_its_process_and_its_orchestrators() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[])]);
        let started = story.started("a.md", print(0));
        let reserved = story.reserved("b.md", print(0));
        let attempt = story.state.open[&started].process.clone().unwrap();
        let owner = process(1);
        for (living, a, b, deserted) in [
            (vec![&owner, &attempt], None, None, false),
            // The orchestrator is about to record the end.
            (vec![&owner], None, None, false),
            (
                vec![&attempt],
                Some(Liveness::Unattended),
                Some(Liveness::NeverStarted),
                true,
            ),
            (
                vec![],
                Some(Liveness::Gone),
                Some(Liveness::NeverStarted),
                true,
            ),
        ] {
            let found = processes(&story.state, &|p| living.contains(&p));
            assert_eq!(found.runs.get(&started).copied(), a, "{living:?}");
            assert_eq!(found.runs.get(&reserved).copied(), b, "{living:?}");
            assert_eq!(found.deserted.contains(&orch()), deserted, "{living:?}");
        }
    }
}
