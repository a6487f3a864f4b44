//! What `run`, `orchestrate run`, `resume` and `demo` share: the flags of a dispatch, and the way from a
//! selection to an exit code.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use crate::cli::conclusion::{Output, conclude};
use crate::cli::dry_run::{Format, Preview};
use crate::cli::elsewhere::{engaged, grounds_elsewhere, other_sites, refuse_unknown, selected_of};
use crate::cli::exit::Failure;
use crate::cli::outside::{self, Outside};
use crate::cli::selecting::may_be_stale;
use crate::cli::snapshot::fingerprints;
use crate::cli::{Context, Exit, workerless};
use crate::model::{Collision, Isolation, Land, OrchId, StalePolicy, Status, Whose};
use crate::orchestrate::ground::{self, Asked};
use crate::orchestrate::session::{self, Request, Surroundings};
use crate::orchestrate::{FrozenPlan, Rules, Surface, WithPrerequisites, unmet};
use crate::plan::{Plan, TaskIx};
use crate::project::{self, Loaded, Project};
use crate::report::live::Mode;
use crate::report::{Close, shell_word};
use crate::sched::Resume;
use crate::state::State;
use crate::store::Stores;
use crate::view;
use crate::worker;

/// The flags of every command that dispatches.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Dispatching {
    /// Attempts alive at once [default: the configuration, else min(4, cores)]
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..=1024))]
    pub jobs: Option<u32>,
    /// The orchestration file [default: .runr/orchestration.yaml, else orchestration.yaml]
    #[arg(long, value_name = "FILE")]
    pub config: Option<PathBuf>,
    /// Let this worker do every selected task that has no `run:` of its own
    #[arg(long, value_name = "NAME")]
    worker: Option<String>,
    /// After the first failure start nothing more (the default is to go on with what does not need it)
    #[arg(long, overrides_with = "keep_going")]
    fail_fast: bool,
    /// After a failure go on with everything that does not need it (the default)
    #[arg(long)]
    keep_going: bool,
    /// Stay when only people can make progress, and go on when they have
    #[arg(long)]
    wait: bool,
    /// What to do when two ready tasks own the same paths [default: the configuration, else force with
    /// working trees and serialize in place]
    #[arg(long, value_name = "HOW")]
    collision: Option<CollisionArg>,
    /// Run completed tasks again that are stale: their text, inputs or prerequisites changed since
    #[arg(long)]
    rerun_stale: bool,
    /// Where tasks work [default: the configuration, else in a working tree each, inside a git repository]
    #[arg(long, value_name = "WHERE")]
    isolation: Option<IsolationArg>,
    /// When the work comes onto your branch [default: the configuration, else end]
    #[arg(long, value_name = "WHEN")]
    land: Option<LandArg>,
    /// Land on this branch, and start from it, instead of the one checked out
    #[arg(long, value_name = "BRANCH")]
    into: Option<String>,
    /// Print what would happen and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Write one JSON line per event to stdout
    #[arg(long, conflicts_with_all = ["json", "dry_run"])]
    events: bool,
    /// Write the receipt as JSON to stdout at the end; with --dry-run, the forecast
    #[arg(long)]
    json: bool,
    /// How the summary closes: the caller's matter, not the user's.
    #[arg(skip)]
    close: Close,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum CollisionArg {
    /// The second waits for the first
    Serialize,
    /// Both run
    Force,
    /// Refuse
    Fail,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum IsolationArg {
    /// In a git working tree of its own each; the work ends as one commit
    Worktree,
    /// In place, without commits
    None,
}

impl From<IsolationArg> for Isolation {
    fn from(arg: IsolationArg) -> Self {
        match arg {
            IsolationArg::Worktree => Self::Worktree,
            IsolationArg::None => Self::None,
        }
    }
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum LandArg {
    /// When the orchestration ends
    End,
    /// After each completed task
    Each,
    /// Not at all: the work stays on a branch of its own
    Never,
}

impl From<LandArg> for Land {
    fn from(arg: LandArg) -> Self {
        match arg {
            LandArg::End => Self::End,
            LandArg::Each => Self::Each,
            LandArg::Never => Self::Never,
        }
    }
}

impl From<CollisionArg> for Collision {
    fn from(arg: CollisionArg) -> Self {
        match arg {
            CollisionArg::Serialize => Self::Serialize,
            CollisionArg::Force => Self::Force,
            CollisionArg::Fail => Self::Fail,
        }
    }
}

/// What a command selects.
#[derive(Debug)]
pub struct Scope {
    pub selected: Vec<TaskIx>,
    pub again: BTreeSet<TaskIx>,
    pub outside: Outside,
    /// Were prerequisites asked for?
    pub with: WithPrerequisites,
}

/// What has to be looked at to find stale tasks.
#[derive(Debug)]
struct Looked<'a> {
    project: &'a Project,
    loaded: &'a Loaded,
    plan: &'a Plan,
    store: &'a Stores,
    selected: &'a [TaskIx],
}

impl Dispatching {
    /// No flags, and a summary that closes so.
    #[must_use]
    pub fn closing(close: Close) -> Self {
        Self {
            close,
            ..Self::default()
        }
    }

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

    /// What becomes of stale tasks.
    fn on_stale(&self, loaded: &Loaded) -> StalePolicy {
        match self.rerun_stale {
            true => StalePolicy::Rerun,
            false => loaded.config.stale,
        }
    }

    /// The tasks to run again because they are stale; none unless that is asked for or configured.
    fn stale(&self, context: &Context, at: &Looked<'_>) -> anyhow::Result<BTreeSet<TaskIx>> {
        if self.on_stale(at.loaded) == StalePolicy::Warn {
            return Ok(BTreeSet::new());
        }
        let state = at.store.state();
        let prints = fingerprints(context, at.loaded.projects(at.project), at.plan, state)?;
        Ok(view::rerun(at.plan, state, &prints, at.selected))
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

    fn surroundings(
        &self,
        context: &Context,
        project: Project,
        loaded: Loaded,
        (store, engaged): (Stores, &[usize]),
    ) -> anyhow::Result<Surroundings> {
        let others = other_sites(context, &loaded, engaged)?;
        let mode = if self.events {
            Mode::Events
        } else if context.quiet() {
            Mode::Quiet
        } else if context.live() {
            Mode::Bars {
                rows: context.rows(),
            }
        } else {
            Mode::Lines
        };
        let out: Box<dyn Write> = if self.events {
            Box::new(context.out())
        } else {
            Box::new(context.err())
        };
        Ok(Surroundings {
            exe: std::env::current_exe()?,
            env: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            project,
            plan: loaded.plan,
            config: loaded.config,
            orchestration: loaded.orchestration,
            store,
            others,
            surface: Surface {
                mode,
                glyphs: context.glyphs(),
                zone: jiff::tz::TimeZone::system(),
                out,
            },
        })
    }

    fn format(&self) -> Format {
        if self.json {
            Format::Json
        } else {
            Format::Text
        }
    }

    fn output(&self, context: &Context) -> Output {
        if self.json {
            Output::Json
        } else if self.events {
            Output::Nothing
        } else if context.quiet() {
            Output::Trouble
        } else {
            Output::Summary(self.close)
        }
    }
}

/// A name that stands in no file has no place that an error could show.
///
/// # Errors
/// When there is no such worker; those that there are are named.
pub fn known_worker(asked: Option<&str>, loaded: &Loaded) -> Result<(), Failure> {
    const BUILT_IN: [&str; 3] = [worker::CLAUDE_CODE, worker::CODEX, worker::SHELL];
    let Some(name) = asked else {
        return Ok(());
    };
    let configured = loaded.config.workers.keys().map(String::as_str);
    let known: Vec<&str> = BUILT_IN.into_iter().chain(configured).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no worker `{name}`"))
        .help(format!("workers here: {}", known.join(", "))))
}

/// What was typed, for people to read in reports.
fn command_line() -> String {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    format!("runr {}", words.join(" ")).trim_end().to_owned()
}

pub fn block_on<T>(
    work: impl Future<Output = Result<T, crate::orchestrate::OrchestrateError>>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let result = runtime.block_on(work);
    // Nothing of ours is left on it; a blocking read of a lock may be.
    runtime.shutdown_timeout(Duration::ZERO);
    Ok(result?)
}
