//! One orchestration from its request to its receipt: take the owner lock, recover what dead
//! orchestrators left, freeze the plan, drive, and say how it ended.

mod beginning;
mod end;

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use jiff::Timestamp;

use self::beginning::{grounds, look, own_elsewhere, recover};
use self::end::{finish, tell_files};
use crate::event::{Event, Recorded};
use crate::model::{Config, OrchId, Status, Whose};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::dispatch::{Away, Dispatch, Needs};
use crate::orchestrate::display::{Display, Surface};
use crate::orchestrate::driver::{Orchestrator, Start, new_orchestration};
use crate::orchestrate::frozen::{Engaged, FrozenPlan, Rules};
use crate::orchestrate::ground::Ground;
use crate::orchestrate::notices::Notices;
use crate::orchestrate::sites::{Other, Sites};
use crate::orchestrate::teller::Teller;
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::report::live::{Estimate, ScreenInfo};
use crate::sched::{self, Resume};
use crate::state::State;
use crate::store::{Layout, OwnerLock, Store, Stores, process};
use crate::view::Outside;

/// What was asked for, with every default applied.
#[derive(Debug)]
pub struct Request {
    /// As typed.
    pub command: String,
    pub jobs: u32,
    pub rules: Rules,
    /// By number.
    pub selected: Vec<TaskIx>,
    /// Run although they are completed.
    pub again: BTreeSet<TaskIx>,
    /// The orchestration file that `--config` named, from the project root.
    pub config: Option<PathBuf>,
    /// The worker that `--worker` named.
    pub worker: Option<String>,
    /// Where tasks get working trees of their own; `None`: they work in place.
    pub ground: Option<Ground>,
    /// The same for the other repositories that it works in, by number.
    pub others: BTreeMap<usize, Option<Ground>>,
}

/// Another repository that an orchestration works in, as it was read.
#[derive(Debug)]
pub struct OtherSite {
    pub project: Project,
    /// Its own plan, with its own names.
    pub plan: Plan,
    pub config: Config,
    pub orchestration: Option<PathBuf>,
}

/// Where an orchestration runs and what with.
#[derive(Debug)]
pub struct Surroundings {
    pub project: Project,
    pub plan: Plan,
    pub config: Config,
    /// The orchestration file that was read.
    pub orchestration: Option<PathBuf>,
    pub store: Stores,
    /// The other repositories that it works in, by number.
    pub others: BTreeMap<usize, OtherSite>,
    pub env: Vec<(String, String)>,
    /// This program.
    pub exe: PathBuf,
    pub surface: Surface,
}

/// How an orchestration ended, with everything that its receipt and summary need.
#[derive(Debug)]
pub struct Finished {
    pub orch: OrchId,
    pub exit: u8,
    pub plan: Plan,
    pub selected: Vec<TaskIx>,
    pub store: Stores,
    pub screen: Display,
    /// The orchestrator left while attempts are alive.
    pub detached: bool,
    /// What became of its branch, in words.
    pub landing: Option<String>,
    /// What stands against landing, with the command to type.
    pub not_landed: Option<String>,
    /// The command that brings the work home, when it is not there.
    pub to_land: Option<String>,
    /// Completed work that is not in its branch and that something selected waits for, with where it is.
    pub held_back: Vec<(TaskIx, Outside)>,
    /// The folders of repositories that it worked in and that could not be read any more.
    pub lost: Vec<String>,
    /// Why somebody who was to be notified was not, each reason once.
    pub not_told: Vec<String>,
}

/// Starts a new orchestration and runs it to its end.
///
/// # Errors
/// When runr's own state cannot be read or written, or the system refuses signals, watches or processes.
pub async fn start(request: Request, around: Surroundings) -> Result<Finished, OrchestrateError> {
    let orch = new_orchestration(Timestamp::now())?;
    let layout = around.store.layout().clone();
    let owner = OwnerLock::try_take(&layout, &orch)?
        .ok_or_else(|| OrchestrateError::StillRunning { orch: orch.clone() })?;
    let mut frozen = FrozenPlan::new(orch, request.command, &around.plan, request.rules);
    frozen.config = request
        .config
        .map(|path| path.to_string_lossy().into_owned());
    frozen.worker = request.worker;
    frozen.jobs = request.jobs;
    frozen.selected = request.selected.iter().map(|ix| ix.0).collect();
    frozen.again = request.again.iter().map(|ix| ix.0).collect();
    frozen.ground = request.ground;
    let repositories = around.plan.repositories().others();
    let others = request.others.into_iter();
    frozen.others = others
        .filter_map(|(number, ground)| {
            let root = repositories.get(number)?.root.clone();
            Some(Engaged { root, ground })
        })
        .collect();
    frozen.write(&layout)?;
    drive(frozen, owner, around, Resume::default()).await
}

/// Continues an orchestration whose orchestrator is gone or that ended with work left, by its frozen plan.
///
/// # Errors
/// As for [`start`]; and when it is still running, or its plan is gone or names tasks that are.
pub async fn resume(
    frozen: FrozenPlan,
    resume: Resume,
    mut around: Surroundings,
) -> Result<Finished, OrchestrateError> {
    let orch = &frozen.orchestration;
    let owner = take_over(around.store.home(), orch)
        .await?
        .ok_or_else(|| OrchestrateError::StillRunning { orch: orch.clone() })?;
    around.plan = frozen.thaw(&around.plan)?;
    drive(frozen, owner, around, resume).await
}

/// Takes the owner lock of an orchestration that was begun before. `None`: its owner lives.
async fn take_over(store: &Store, orch: &OrchId) -> Result<Option<OwnerLock>, OrchestrateError> {
    let layout = store.layout();
    if let Some(owner) = OwnerLock::try_take(layout, orch)? {
        return Ok(Some(owner));
    }
    let begun = store.state().orchestrations.get(orch);
    if begun.is_none_or(|begun| process::is_alive(&begun.owner)) {
        return Ok(None);
    }
    // Killed while it was just starting a process, which lets go of its copy of the lock when its program begins.
    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
    Ok(OwnerLock::try_take(layout, orch)?)
}

async fn drive(
    frozen: FrozenPlan,
    owner: OwnerLock,
    mut around: Surroundings,
    resume: Resume,
) -> Result<Finished, OrchestrateError> {
    let orch = frozen.orchestration.clone();
    let layout: Layout = around.store.layout().clone();
    let selected: Vec<TaskIx> = frozen.selected.iter().map(|ix| TaskIx(*ix)).collect();
    let mut owners = vec![owner];
    owners.extend(own_elsewhere(&frozen, &around, &selected).await?);
    let mut engaged: BTreeMap<usize, u32> = around.others.keys().map(|n| (*n, 0)).collect();
    for ix in &selected {
        if let Whose::Other(number) = around.plan.whose(*ix) {
            *engaged.entry(number).or_default() += 1;
        }
    }
    around.store.engage(&orch, engaged);
    let (recovered, mut news) = recover(&mut around, &orch).await?;
    let started = Event::OrchestrationStarted {
        orch: orch.clone(),
        owner: process::this().map_err(|source| OrchestrateError::Io {
            doing: "read",
            path: "/proc/self/stat".into(),
            source,
        })?,
        command: frozen.command.clone(),
        tasks: u32::try_from(selected.len()).unwrap_or(u32::MAX),
        jobs: frozen.jobs,
        home: None,
    };
    news.extend(append_all(&mut around.store, vec![started], &orch)?);
    let mut grounds = grounds(&frozen, &around)?;
    let mut meanwhile = Vec::new();
    let found = look(
        &mut grounds,
        &mut around,
        &frozen,
        &selected,
        &mut meanwhile,
    )?;
    let to_stop = |recorded: &&Recorded| matches!(recorded.event, Event::CancelRequested { .. });
    let asked = meanwhile.iter().filter(to_stop).cloned().collect();
    news.extend(meanwhile);
    let mut screen = display(
        around.surface,
        (&around.plan, &around.store),
        &orch,
        &selected,
        frozen.jobs,
    );
    let notify = around.config.notify.clone();
    if notify.tells_anybody() {
        let root = around.project.root.clone();
        let project = root.to_string_lossy().into_owned();
        let plan = around.plan.clone();
        let notices = Notices::new(orch.clone(), project, plan, around.store.state());
        screen.tell(Teller::new(notify, notices, root));
    }
    for recorded in &news {
        screen.event(recorded);
    }
    for line in &found.lines {
        screen.say(line);
    }
    let again = still_again(&around.plan, around.store.state(), &orch, &frozen.again);
    let mut problem = sched::build(sched::Setup {
        plan: &around.plan,
        state: around.store.state(),
        selected: &selected,
        again: &again,
        orch: Some(&orch),
        resume,
        collision: frozen.rules.collision,
        options: sched::Options {
            jobs: frozen.jobs,
            fail_fast: frozen.rules.fail_fast,
            wait: frozen.rules.wait,
            seed: seed(&orch),
        },
    });
    problem.hold_back(&found.outside);
    if frozen.rules.ignore_outside {
        problem.forget_outside();
    }
    let needs = match frozen.rules.ignore_outside {
        true => Needs::Ignored,
        false => Needs::Checked,
    };
    let dispatch = |project: Project, layout: Layout, orchestration, grounds| Dispatch {
        project,
        layout,
        orch: orch.clone(),
        env: around.env.clone(),
        collision: frozen.rules.collision,
        orchestration,
        away: Away::new(),
        grounds,
        needs,
    };
    let mut files: BTreeMap<Whose, PathBuf> = BTreeMap::new();
    let mut write_into = |whose: Whose, config: &Config, project: &Project| {
        if config.frontmatter {
            files.insert(whose, project.root.clone());
        }
    };
    write_into(Whose::Home, &around.config, &around.project);
    let mut others = BTreeMap::new();
    for (number, other) in around.others {
        let whose = Whose::Other(number);
        write_into(whose, &other.config, &other.project);
        let layout = around.store.layout_of(whose).clone();
        let ground = grounds.remove(&whose);
        others.insert(
            number,
            Other {
                dispatch: dispatch(other.project, layout, other.orchestration, ground),
                plan: other.plan,
            },
        );
    }
    let home = grounds.remove(&Whose::Home);
    let home = dispatch(around.project, layout, around.orchestration, home);
    let start = Start {
        sites: Sites::new(home, others),
        plan: around.plan,
        store: around.store,
        problem,
        again: again.into_iter().collect(),
        recovered,
        exe: around.exe,
        on_orphan: around.config.on_orphan,
        asked,
        screen,
    };
    let mut ending = Orchestrator::new(start).run().await?;
    if !ending.detached {
        for (whose, root) in &files {
            tell_files(&mut ending, (*whose, root), &selected)?;
        }
    }
    let mut finished = finish(ending, orch, selected, owners)?;
    // Everything is written by now: nobody who is slow to hear of it can change it.
    finished.not_told = finished.screen.tell_all().await;
    Ok(finished)
}

/// The tasks to run although they are completed, without those that this orchestration has run already.
#[must_use]
pub fn still_again(plan: &Plan, state: &State, orch: &OrchId, again: &[u32]) -> Vec<TaskIx> {
    let done_here = |ix: &TaskIx| {
        let task = state.tasks.get(&plan.task(*ix).id);
        task.is_some_and(|t| t.status == Status::Completed && t.orch.as_ref() == Some(orch))
    };
    again
        .iter()
        .map(|ix| TaskIx(*ix))
        .filter(|ix| !done_here(ix))
        .collect()
}

fn display(
    surface: Surface,
    (plan, store): (&Plan, &Stores),
    orch: &OrchId,
    selected: &[TaskIx],
    jobs: u32,
) -> Display {
    let state = store.state();
    let expected = sched::expected(plan, state);
    let ids = || selected.iter().map(|ix| plan.task(*ix).id.clone());
    let info = ScreenInfo {
        orch: orch.clone(),
        selected: ids().collect(),
        completed: ids()
            .filter(|id| state.counts_as_completed(id, orch))
            .collect(),
        estimate: Estimate::new(plan, selected, jobs, |ix| expected[ix.0 as usize]),
        glyphs: surface.glyphs,
        zone: surface.zone.clone(),
    };
    let readable = store.readable().into_iter();
    let layouts = readable.map(|whose| store.layout_of(whose).clone());
    Display::new(surface, info, layouts.collect())
}

/// Appends events that nothing can stand against.
fn append_all(
    store: &mut Stores,
    events: Vec<Event>,
    orch: &OrchId,
) -> Result<Vec<Recorded>, OrchestrateError> {
    let begins = |event: &Event| matches!(event, Event::OrchestrationStarted { .. });
    let appended = store.append(events)?;
    if appended.unwritten.iter().any(begins) {
        let lost = store.repositories().unreadable().next();
        return Err(OrchestrateError::no_repository(
            lost.map(|(other, _)| other),
        ));
    }
    match appended.refused.into_iter().next() {
        Some(refused) => Err(OrchestrateError::Refused {
            orch: orch.clone(),
            source: refused.why,
        }),
        None => Ok(appended.news),
    }
}

/// The jitter of retries differs between orchestrations and is the same when one is looked at again.
fn seed(orch: &OrchId) -> u64 {
    let hash = blake3::hash(orch.as_str().as_bytes());
    u64::from_le_bytes(hash.as_bytes()[..8].try_into().unwrap_or_default())
}
