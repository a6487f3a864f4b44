//! An orchestration that goes on: from its frozen plan to an exit code.

use crate::cli::conclusion::conclude;
use crate::cli::dispatching::flags::{Dispatching, IsolationArg};
use crate::cli::dispatching::surroundings::{Looked, command_line, known_worker};
use crate::cli::dry_run::Preview;
use crate::cli::elsewhere::engaged;
use crate::cli::exit::Failure;
use crate::cli::runtime::block_on;
use crate::cli::{Context, Exit};
use crate::model::OrchId;
use crate::orchestrate::FrozenPlan;
use crate::orchestrate::session;
use crate::plan::TaskIx;
use crate::report::shell_word;
use crate::sched::Resume;

impl Dispatching {
    /// Continues an orchestration, by the file and the rules that it was started with where no flag says
    /// otherwise.
    ///
    /// # Errors
    /// As for [`Self::run`]; and when the orchestration still runs (75) or its plan is gone.
    pub fn resume(&self, context: &Context, orch: &OrchId, how: Resume) -> anyhow::Result<Exit> {
        let mut project = context.project()?;
        let store = context.store(&project)?;
        let mut frozen = FrozenPlan::read(store.layout(), orch)?;
        if let Some(home) = &frozen.home {
            let failure = format!(
                "{orch} was started in `{}` and has its plan there",
                home.display()
            );
            let home = home.to_string_lossy();
            return Err(Failure::usage(failure)
                .help(format!("runr -C {} resume {orch}", shell_word(&home)))
                .into());
        }
        if self.worker.is_some() {
            frozen.worker.clone_from(&self.worker);
        }
        project.asked_worker = frozen.worker.as_deref().map(Into::into);
        let config = self.config.clone();
        let config = config.or_else(|| Some(project.root.join(frozen.config.as_deref()?)));
        let loaded = context.load(&project, config.as_deref())?;
        known_worker(self.worker.as_deref(), &loaded)?;
        let store = context.stores(&project, &loaded.plan)?;
        frozen.command = command_line();
        frozen.jobs = self.jobs.unwrap_or(frozen.jobs);
        frozen.rules.wait |= self.wait;
        frozen.rules.fail_fast = (frozen.rules.fail_fast || self.fail_fast) && !self.keep_going;
        if let Some(collision) = self.collision {
            frozen.rules.collision = collision.into();
        }
        self.change_ground(&mut frozen)?;
        let plan = frozen.thaw(&loaded.plan)?;
        let selected: Vec<TaskIx> = frozen.selected.iter().map(|ix| TaskIx(*ix)).collect();
        let stale = self.stale(
            context,
            &Looked {
                project: &project,
                loaded: &loaded,
                plan: &plan,
                store: &store,
                selected: &selected,
            },
        )?;
        frozen.again.extend(stale.iter().map(|ix| ix.0));
        frozen.again.sort_unstable();
        frozen.again.dedup();
        if self.dry_run {
            let preview = Preview {
                plan: &plan,
                state: store.state(),
                selected: &selected,
                again: &session::still_again(&plan, store.state(), orch, &frozen.again),
                orch: Some(orch),
                resume: how,
                rules: frozen.rules,
                jobs: frozen.jobs,
            };
            return preview.print(context, self.format());
        }
        let engaged = engaged(&loaded.plan, &frozen)?;
        let around = self.surroundings(context, project, loaded, (store, &engaged))?;
        let finished = block_on(session::resume(frozen, how, around))?;
        conclude(context, finished, self.output(context))
    }

    /// What the flags say about the ground of an orchestration that was started before.
    fn change_ground(&self, frozen: &mut FrozenPlan) -> anyhow::Result<()> {
        let Some(ground) = &mut frozen.ground else {
            let asked =
                self.into.is_some() || matches!(self.isolation, Some(IsolationArg::Worktree));
            if asked || self.land.is_some() {
                let orch = &frozen.orchestration;
                return Err(
                    Failure::usage(format!("{orch} was started in place and goes on so"))
                        .help("runr orchestrate run    starts another one")
                        .into(),
                );
            }
            return Ok(());
        };
        let others = frozen.others.iter_mut();
        for ground in others.filter_map(|other| other.ground.as_mut()) {
            ground.isolation = self.isolation.map(Into::into).or(ground.isolation);
            ground.land = self.land.map_or(ground.land, Into::into);
        }
        if let Some(isolation) = self.isolation {
            ground.isolation = Some(isolation.into());
        }
        if let Some(land) = self.land {
            ground.land = land.into();
        }
        if let Some(into) = &self.into {
            ground.onto = Some(into.clone());
        }
        Ok(())
    }
}
