//! A new orchestration: from a selection to an exit code.

use std::collections::BTreeSet;
use std::io::Write as _;

use crate::cli::conclusion::conclude;
use crate::cli::dispatching::flags::Dispatching;
use crate::cli::dispatching::surroundings::{Looked, command_line, known_worker};
use crate::cli::dry_run::Preview;
use crate::cli::elsewhere::{grounds_elsewhere, refuse_unknown, selected_of};
use crate::cli::outside::{self, Outside};
use crate::cli::runtime::block_on;
use crate::cli::selecting::may_be_stale;
use crate::cli::{Context, Exit, workerless};
use crate::model::{Collision, Isolation, Land, Status, Whose};
use crate::orchestrate::ground::{self, Asked};
use crate::orchestrate::session::{self, Request};
use crate::orchestrate::{Rules, WithPrerequisites, unmet};
use crate::plan::{Plan, TaskIx};
use crate::project::{self, Loaded, Project};
use crate::sched::Resume;
use crate::state::State;

/// What a command selects.
#[derive(Debug)]
pub struct Scope {
    pub selected: Vec<TaskIx>,
    pub again: BTreeSet<TaskIx>,
    pub outside: Outside,
    /// Were prerequisites asked for?
    pub with: WithPrerequisites,
}

impl Dispatching {
    /// Reads the project, selects, runs, and prints the summary.
    ///
    /// # Errors
    /// Invalid files (exit code 2), a selection that cannot start, or runr's own state out of reach (4).
    pub fn run(
        &self,
        context: &Context,
        select: impl FnOnce(&Plan, &State) -> anyhow::Result<Scope>,
    ) -> anyhow::Result<Exit> {
        let mut project = context.project()?;
        project.asked_worker = self.worker.as_deref().map(Into::into);
        let loaded = context.load(&project, self.config.as_deref())?;
        known_worker(self.worker.as_deref(), &loaded)?;
        let mut store = context.stores(&project, &loaded.plan)?;
        store.refresh()?;
        let mut scope = select(&loaded.plan, store.state())?;
        refuse_unknown(&loaded.plan, store.state(), &scope.selected)?;
        let policy = self.on_stale(&loaded);
        let stale = self.stale(
            context,
            &Looked {
                project: &project,
                loaded: &loaded,
                plan: &loaded.plan,
                store: &store,
                selected: &may_be_stale(&loaded.plan, &scope.selected, scope.with, policy),
            },
        )?;
        // What is needed is run again too, where that was asked for.
        scope.selected.extend(&stale);
        scope.selected.sort_unstable();
        scope.selected.dedup();
        scope.again.extend(stale);
        let state = store.state();
        let to_start = scope.selected.iter().copied().filter(|ix| {
            let status = state.status(&loaded.plan.task(*ix).id);
            scope.again.contains(ix) || !matches!(status, Status::Completed | Status::InProgress)
        });
        workerless::refuse(&loaded.plan, to_start)?;
        let outside = unmet(&loaded.plan, store.state(), &scope.selected, &scope.again);
        let outside = scope.outside.of(&loaded.plan, store.state(), outside)?;
        let request = self.request(context, scope, &project, &loaded)?;
        if self.dry_run {
            let preview = Preview {
                plan: &loaded.plan,
                state: store.state(),
                selected: &request.selected,
                again: &request.again.iter().copied().collect::<Vec<_>>(),
                orch: None,
                resume: Resume::default(),
                rules: request.rules,
                jobs: request.jobs,
            };
            return preview.print(context, self.format());
        }
        if !context.quiet() {
            outside::say(&mut context.err(), &loaded.plan, store.state(), &outside)?;
        }
        let engaged: Vec<usize> = request.others.keys().copied().collect();
        let around = self.surroundings(context, project, loaded, (store, &engaged))?;
        let finished = block_on(session::start(request, around))?;
        conclude(context, finished, self.output(context))
    }

    fn request(
        &self,
        context: &Context,
        scope: Scope,
        project: &Project,
        loaded: &Loaded,
    ) -> anyhow::Result<Request> {
        let cores = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        let default_jobs = u32::try_from(cores.min(4)).unwrap_or(4);
        let collision = self.collision.map(Collision::from);
        let asked = Asked {
            isolation: self.isolation.map(Isolation::from),
            land: self.land.map(Land::from),
            into: self.into.clone(),
            from: context.start()?,
        };
        let home = selected_of(&loaded.plan, &scope.selected, Whose::Home);
        let decision = ground::decide(project, &loaded.plan, &home, &loaded.config, &asked)?;
        if !context.quiet() {
            for note in &decision.notes {
                writeln!(context.err(), "note: {note}")?;
            }
        }
        let others = grounds_elsewhere(context, loaded, &scope.selected, &asked)?;
        // With a working tree each, two at the same paths meet only when their work is integrated.
        let in_place = others.values().any(Option::is_none);
        let usual = match decision.ground {
            Some(_) if !in_place => Collision::Force,
            None if home.is_empty() && !in_place => Collision::Force,
            _ => Collision::Serialize,
        };
        let collision = collision.or(loaded.config.collision).unwrap_or(usual);
        if collision == Collision::Fail && loaded.config.collision != Some(Collision::Fail) {
            // With the configuration's own `fail` the files would not have passed the check.
            context.refuse(&project::collisions(project, &loaded.plan))?;
        }
        Ok(Request {
            command: command_line(),
            jobs: self.jobs.or(loaded.config.jobs).unwrap_or(default_jobs),
            rules: Rules {
                fail_fast: self.fail_fast,
                wait: self.wait,
                collision,
                ignore_outside: scope.outside == Outside::Ignored,
            },
            selected: scope.selected,
            again: scope.again,
            config: self.config.as_ref().and(loaded.orchestration.clone()),
            worker: self.worker.clone(),
            ground: decision.ground,
            others,
        })
    }
}
