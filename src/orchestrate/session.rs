//! One orchestration from its request to its receipt: take the owner lock, recover what dead
//! orchestrators left, freeze the plan, drive, and say how it ended.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::{Event, Recorded};
use crate::model::{Config, Land, OrchId, Status, TaskKind};
use crate::orchestrate::containment;
use crate::orchestrate::dispatch::{Away, Dispatch, Needs};
use crate::orchestrate::display::{Display, Surface};
use crate::orchestrate::driver::{Ending, Orchestrator, Start, new_orchestration};
use crate::orchestrate::frozen::{FrozenPlan, Rules};
use crate::orchestrate::ground::{Ground, Grounds};
use crate::orchestrate::landing;
use crate::orchestrate::notices::Notices;
use crate::orchestrate::status_files::StatusFiles;
use crate::orchestrate::teller::Teller;
use crate::orchestrate::{OrchestrateError, Recovery};
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::report::live::{Estimate, ScreenInfo};
use crate::report::{Remedy, shell_word};
use crate::sched::{self, Resume};
use crate::state::State;
use crate::store::{Layout, OwnerLock, Store, process};

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
}

/// Where an orchestration runs and what with.
#[derive(Debug)]
pub struct Surroundings {
    pub project: Project,
    pub plan: Plan,
    pub config: Config,
    /// The orchestration file that was read.
    pub orchestration: Option<PathBuf>,
    pub store: Store,
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
    pub store: Store,
    pub screen: Display,
    /// The orchestrator left while attempts are alive.
    pub detached: bool,
    /// What became of its branch, in words.
    pub landing: Option<String>,
    /// What stands against landing, with the command to type.
    pub not_landed: Option<String>,
    /// The command that brings the work home, when it is not there.
    pub to_land: Option<String>,
    /// Completed work that is not in its branch and that something selected waits for.
    pub held_back: Option<Remedy>,
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
    let owner = take_over(&around.store, orch)
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
    let hybrid = |id: &_| {
        around
            .plan
            .find(id)
            .is_some_and(|ix| around.plan.task(ix).kind == TaskKind::Hybrid)
    };
    let recovered = Recovery {
        store: &mut around.store,
        hybrid: &hybrid,
        own: Some(&orch),
    }
    .run()
    .await?;
    let selected: Vec<TaskIx> = frozen.selected.iter().map(|ix| TaskIx(*ix)).collect();
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
    };
    let mut news = append_all(&mut around.store, vec![started], &orch)?;
    let mut grounds = match &frozen.ground {
        None => None,
        Some(ground) => {
            let file = around.orchestration.as_deref();
            Some(Grounds::open(ground.clone(), &orch, &around.config, file)?)
        }
    };
    let mut found = containment::Found::default();
    if let Some(grounds) = &mut grounds {
        found = containment::look(grounds, &layout, &around.plan, around.store.state())?;
        let missing = std::mem::take(&mut found.missing);
        if !missing.is_empty() {
            news.extend(append_all(&mut around.store, missing, &orch)?);
        }
        let open = |ix: &&TaskIx| {
            let task = around.plan.task(**ix);
            let done = around.store.state().counts_as_completed(&task.id, &orch);
            task.kind != TaskKind::Manual && (!done || frozen.again.contains(&ix.0))
        };
        if selected.iter().find(open).is_some() {
            grounds.begin()?;
        }
    }
    let mut screen = display(
        around.surface,
        &around.plan,
        around.store.state(),
        &orch,
        &selected,
        frozen.jobs,
        layout.clone(),
    );
    let notices = Notices::new(
        orch.clone(),
        around.project.root.to_string_lossy().into_owned(),
        around.store.state(),
    );
    let notify = around.config.notify.clone();
    screen.tell(Teller::new(notify, notices, around.project.root.clone()));
    for recorded in recovered.news.iter().chain(&news) {
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
    let root = around.project.root.clone();
    let dispatch = Dispatch {
        project: around.project,
        layout: layout.clone(),
        orch: orch.clone(),
        env: around.env,
        collision: frozen.rules.collision,
        orchestration: around.orchestration,
        away: Away::new(),
        grounds,
        needs: match frozen.rules.ignore_outside {
            true => Needs::Ignored,
            false => Needs::Checked,
        },
    };
    let start = Start {
        plan: around.plan,
        store: around.store,
        dispatch,
        problem,
        again: again.into_iter().collect(),
        recovered,
        exe: around.exe,
        on_orphan: around.config.on_orphan,
        screen,
    };
    let mut ending = Orchestrator::new(start).run().await?;
    if around.config.frontmatter && !ending.detached {
        tell_files(&mut ending, &root, &orch, &selected)?;
    }
    let mut finished = finish(ending, orch, selected, owner)?;
    // Everything is written by now: nobody who is slow to hear of it can change it.
    finished.screen.tell_all().await;
    Ok(finished)
}

/// Writes into the tasks' files how they stand, before the work lands.
fn tell_files(
    ending: &mut Ending,
    root: &Path,
    orch: &OrchId,
    selected: &[TaskIx],
) -> Result<(), OrchestrateError> {
    let mut files = StatusFiles::new(&ending.plan, ending.store.state(), selected);
    match &ending.grounds {
        None => files.write_in_place(root),
        Some(grounds) if grounds.has_work()? => {
            files.commit(grounds, ending.store.layout(), orch)?
        }
        // Nothing went onto the branch: there is nothing that a commit could say of it.
        Some(_) => {}
    }
    for line in &files.said {
        ending.screen.say(line);
    }
    Ok(())
}

fn finish(
    mut ending: Ending,
    orch: OrchId,
    selected: Vec<TaskIx>,
    owner: OwnerLock,
) -> Result<Finished, OrchestrateError> {
    let own = exit_code(ending.scheduler.tally());
    let exit = ending.signalled.unwrap_or(own);
    let mut home = None;
    let mut held_back = None;
    if !ending.detached {
        if let Some(grounds) = &ending.grounds {
            let state = ending.store.state();
            held_back = containment::holding_back(grounds, &ending.plan, state, &selected)?;
            home = bring_home(grounds, ending.store.layout(), &orch, &mut ending.screen)?;
        }
        let ended = Event::OrchestrationEnded {
            orch: orch.clone(),
            exit,
        };
        for recorded in append_all(&mut ending.store, vec![ended], &orch)? {
            ending.screen.event(&recorded);
        }
    }
    // The cache is rebuilt from the journal whenever it is behind: its failure is only worth a warning.
    if let Err(error) = ending.store.write_cache() {
        ending.screen.say(&format!("warning: {error}"));
    }
    drop(owner);
    Ok(Finished {
        screen: ending.screen,
        orch,
        exit,
        plan: ending.plan,
        selected,
        store: ending.store,
        detached: ending.detached,
        held_back,
        landing: home.as_ref().map(|home| home.line.clone()),
        to_land: home.as_ref().and_then(|home| home.command.clone()),
        not_landed: home
            .filter(|home| home.outcome == landing::Outcome::Not)
            .map(|home| home.line),
    })
}

/// What became of an orchestration's branch.
struct Home {
    line: String,
    /// What is left to type.
    command: Option<String>,
    outcome: landing::Outcome,
}

/// Lands the work where it is to land, says what became of it and gives the same. A branch that nothing was put onto goes.
fn bring_home(
    grounds: &Grounds,
    layout: &Layout,
    orch: &OrchId,
    screen: &mut Display,
) -> Result<Option<Home>, OrchestrateError> {
    if grounds.forget_if_empty()? {
        return Ok(None);
    }
    if grounds.ground.land == Land::Never {
        let line = format!("the work is on {}, not landed", grounds.branch);
        screen.say(&line);
        return Ok(Some(Home {
            line,
            command: Some(format!("git merge {}", shell_word(&grounds.branch))),
            outcome: landing::Outcome::Nothing,
        }));
    }
    let Some(landed) = landing::land(layout, &grounds.ground, orch)? else {
        return Ok(None);
    };
    if landed.outcome != landing::Outcome::Nothing {
        screen.say(&landed.line());
    }
    Ok(Some(Home {
        line: landed.line(),
        command: (landed.outcome == landing::Outcome::Not).then(|| landed.command()),
        outcome: landed.outcome,
    }))
}

/// 1 if anything selected failed or stopped, else 3 if anything selected is not completed, else 0.
fn exit_code(tally: sched::Tally) -> u8 {
    if tally.failed + tally.stopped > 0 {
        1
    } else if tally.completed < tally.selected {
        3
    } else {
        0
    }
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
    plan: &Plan,
    state: &State,
    orch: &OrchId,
    selected: &[TaskIx],
    jobs: u32,
    layout: Layout,
) -> Display {
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
    Display::new(surface, info, layout)
}

/// Appends events that nothing can stand against.
fn append_all(
    store: &mut Store,
    events: Vec<Event>,
    orch: &OrchId,
) -> Result<Vec<Recorded>, OrchestrateError> {
    let appended = store.append(events)?;
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
