//! One orchestration from its request to its receipt: take the owner lock, recover what dead
//! orchestrators left, freeze the plan, drive, and say how it ended.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::event::{Event, Recorded};
use crate::model::{Config, Land, OrchId, Status, TaskKind, Whose};
use crate::orchestrate::containment::{self, There};
use crate::orchestrate::dispatch::{Away, Dispatch, Needs};
use crate::orchestrate::display::{Display, Surface};
use crate::orchestrate::driver::{Ending, Orchestrator, Start, is_hybrid, new_orchestration};
use crate::orchestrate::frozen::{Engaged, FrozenPlan, Rules};
use crate::orchestrate::ground::{Ground, Grounds};
use crate::orchestrate::landing;
use crate::orchestrate::notices::Notices;
use crate::orchestrate::sites::{Other, Sites};
use crate::orchestrate::status_files::StatusFiles;
use crate::orchestrate::teller::Teller;
use crate::orchestrate::{OrchestrateError, Recovered, Recovery};
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::report::live::{Estimate, ScreenInfo};
use crate::report::{Remedy, merge_command};
use crate::sched::{self, Resume};
use crate::state::State;
use crate::store::{Layout, OwnerLock, Store, Stores, process};

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
    let found = look(&mut grounds, &mut around, &frozen, &selected, &mut news)?;
    let mut screen = display(
        around.surface,
        (&around.plan, &around.store),
        &orch,
        &selected,
        frozen.jobs,
    );
    let notices = Notices::new(
        orch.clone(),
        around.project.root.to_string_lossy().into_owned(),
        around.store.state(),
    );
    let notify = around.config.notify.clone();
    screen.tell(Teller::new(notify, notices, around.project.root.clone()));
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
    finished.screen.tell_all().await;
    Ok(finished)
}

/// Takes the orchestration's owner lock in every other repository that it works in, so that nobody there takes its
/// attempts for left behind; and leaves its plan's part there.
async fn own_elsewhere(
    frozen: &FrozenPlan,
    around: &Surroundings,
    selected: &[TaskIx],
) -> Result<Vec<OwnerLock>, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut owners = Vec::new();
    for (number, other) in &around.others {
        let whose = Whose::Other(*number);
        let store = around.store.of(whose).ok_or_else(|| {
            let folder = around.plan.repositories().get(whose);
            OrchestrateError::NoRepository {
                folder: folder.map_or_else(String::new, |other| other.folder.to_string()),
            }
        })?;
        let owner = take_over(store, orch).await?;
        owners.push(owner.ok_or_else(|| OrchestrateError::StillRunning { orch: orch.clone() })?);
        if FrozenPlan::read(store.layout(), orch).is_ok() {
            continue;
        }
        let command = frozen.command.clone();
        let mut part = FrozenPlan::new(orch.clone(), command, &other.plan, frozen.rules);
        part.jobs = frozen.jobs;
        part.home = Some(around.project.root.clone());
        let its = selected
            .iter()
            .filter(|ix| around.plan.whose(**ix) == whose);
        part.selected = its
            .filter_map(|ix| {
                let id = &around.plan.task(*ix).id;
                other.plan.find(&around.plan.repositories().own(id))
            })
            .map(|ix| ix.0)
            .collect();
        let engaged = frozen.others.iter();
        let engaged = engaged.filter(|engaged| engaged.root == other.project.root);
        part.ground = engaged.filter_map(|engaged| engaged.ground.clone()).next();
        part.write(store.layout())?;
    }
    Ok(owners)
}

/// Settles what dead orchestrators left in every repository that the orchestration works in.
async fn recover(
    around: &mut Surroundings,
    orch: &OrchId,
) -> Result<(BTreeMap<Whose, Recovered>, Vec<Recorded>), OrchestrateError> {
    let mut all = BTreeMap::new();
    let mut news = Vec::new();
    let others = around.others.keys().map(|number| Whose::Other(*number));
    let sites: Vec<Whose> = std::iter::once(Whose::Home).chain(others).collect();
    for whose in sites {
        let hybrid = is_hybrid(&around.plan, whose);
        let Some(store) = around.store.of_mut(whose) else {
            continue;
        };
        let mut recovered = Recovery {
            store,
            hybrid: &hybrid,
            own: Some(orch),
        }
        .run()
        .await?;
        let read = std::mem::take(&mut recovered.news);
        news.extend(around.store.named(whose, read));
        all.insert(whose, recovered);
    }
    around.store.renew();
    Ok((all, news))
}

/// The ground of each repository that has one.
fn grounds(
    frozen: &FrozenPlan,
    around: &Surroundings,
) -> Result<BTreeMap<Whose, Grounds>, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut all = BTreeMap::new();
    if let Some(ground) = &frozen.ground {
        let file = around.orchestration.as_deref();
        let grounds = Grounds::open(ground.clone(), orch, &around.config, file)?;
        all.insert(Whose::Home, grounds);
    }
    for (number, other) in &around.others {
        let whose = Whose::Other(*number);
        let its = |engaged: &&Engaged| engaged.root == other.project.root;
        let engaged = frozen.others.iter().find(its);
        let Some(ground) = engaged.and_then(|engaged| engaged.ground.clone()) else {
            continue;
        };
        let file = other.orchestration.as_deref();
        let mut grounds = Grounds::open(ground, orch, &other.config, file)?;
        let described = around.plan.repositories().get(whose);
        grounds.shown = described.map(|described| described.folder.to_string());
        all.insert(whose, grounds);
    }
    Ok(all)
}

/// Looks whether what is completed is where the tasks start from, and makes the branches.
fn look(
    grounds: &mut BTreeMap<Whose, Grounds>,
    around: &mut Surroundings,
    frozen: &FrozenPlan,
    selected: &[TaskIx],
    news: &mut Vec<Recorded>,
) -> Result<containment::Found, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut all = containment::Found::default();
    for (whose, grounds) in grounds {
        let there = There {
            whose: *whose,
            layout: around.store.layout_of(*whose),
            plan: &around.plan,
            state: around.store.state(),
        };
        let mut found = containment::look(grounds, there)?;
        all.outside.append(&mut found.outside);
        all.lines.append(&mut found.lines);
        if !found.missing.is_empty() {
            news.extend(append_all(&mut around.store, found.missing, orch)?);
        }
        let open = |ix: &&TaskIx| {
            let task = around.plan.task(**ix);
            let done = around.store.state().counts_as_completed(&task.id, orch);
            around.plan.whose(**ix) == *whose
                && task.kind != TaskKind::Manual
                && (!done || frozen.again.contains(&ix.0))
        };
        if selected.iter().find(open).is_some() {
            grounds.begin()?;
        }
    }
    for whose in around.store.readable() {
        let (Whose::Other(number), Some(other)) = (whose, around.plan.repositories().get(whose))
        else {
            continue;
        };
        if around.others.contains_key(&number) || !other.root.join(".git").exists() {
            continue;
        }
        let there = There {
            whose,
            layout: around.store.layout_of(whose),
            plan: &around.plan,
            state: around.store.state(),
        };
        for ix in containment::look_on(&other.root, there, selected)? {
            let id = &around.plan.task(ix).id;
            let line = format!("{id} is completed, and not in what is checked out there");
            all.lines.push(line);
            all.outside.push(ix);
        }
    }
    Ok(all)
}

/// Writes into the files of a repository's tasks how they stand, before the work lands.
fn tell_files(
    ending: &mut Ending,
    (whose, root): (Whose, &Path),
    selected: &[TaskIx],
) -> Result<(), OrchestrateError> {
    let (Some(site), Some(store)) = (ending.sites.of(whose), ending.store.of(whose)) else {
        return Ok(());
    };
    let its = selected.iter().copied();
    let its = its.filter(|ix| ending.plan.whose(*ix) == whose);
    let mut files = match ending.sites.plan_of(whose) {
        None => StatusFiles::new(&ending.plan, store.state(), &its.collect::<Vec<_>>()),
        Some(own) => {
            let repositories = ending.plan.repositories();
            let own_name = |ix| repositories.own(&ending.plan.task(ix).id);
            let its: Vec<TaskIx> = its.filter_map(|ix| own.find(&own_name(ix))).collect();
            StatusFiles::new(own, store.state(), &its)
        }
    };
    match &site.grounds {
        None => files.write_in_place(root),
        Some(grounds) if grounds.has_work()? => {
            files.commit(grounds, store.layout(), &site.orch)?;
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
    owners: Vec<OwnerLock>,
) -> Result<Finished, OrchestrateError> {
    let own = exit_code(ending.scheduler.tally());
    let exit = ending.signalled.unwrap_or(own);
    let mut homes: Vec<Home> = Vec::new();
    let mut held_back = None;
    if !ending.detached {
        for (whose, site) in ending.sites.all() {
            let Some(grounds) = &site.grounds else {
                continue;
            };
            let there = There {
                whose,
                layout: &site.layout,
                plan: &ending.plan,
                state: ending.store.state(),
            };
            if held_back.is_none() {
                held_back = containment::holding_back(grounds, there, &selected)?;
            }
            homes.extend(bring_home(
                grounds,
                &site.layout,
                &orch,
                &mut ending.screen,
            )?);
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
    drop(owners);
    let lines = |homes: &[&Home]| {
        let lines: Vec<&str> = homes.iter().map(|home| home.line.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    };
    let not_landed = homes.iter().filter(|h| h.outcome == landing::Outcome::Not);
    Ok(Finished {
        screen: ending.screen,
        orch,
        exit,
        plan: ending.plan,
        selected,
        store: ending.store,
        detached: ending.detached,
        held_back,
        landing: lines(&homes.iter().collect::<Vec<_>>()),
        to_land: homes.iter().find_map(|home| home.command.clone()),
        not_landed: lines(&not_landed.collect::<Vec<_>>()),
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
    let there = grounds.shown.as_deref();
    if grounds.ground.land == Land::Never {
        let line = grounds.says(&format!("the work is on {}, not landed", grounds.branch));
        screen.say(&line);
        return Ok(Some(Home {
            line,
            command: Some(merge_command(&grounds.branch, there)),
            outcome: landing::Outcome::Nothing,
        }));
    }
    let Some(landed) = landing::land(layout, &grounds.ground, orch)? else {
        return Ok(None);
    };
    let landed = landed.of(there);
    let line = grounds.says(&landed.line());
    if landed.outcome != landing::Outcome::Nothing {
        screen.say(&line);
    }
    Ok(Some(Home {
        line,
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
