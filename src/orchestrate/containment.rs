//! Which completed tasks an orchestration's branch does not contain, and what follows.
//!
//! A task counts for its dependents only when what it made is in the base that they start from.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::git::contained::{self, Lost};
use crate::git::join::{Join, Joined, join};
use crate::git::{Git, GitError, Head, Repository, repository};
use crate::model::{Land, Needed, OrchId, Repository as Neighbour, Status, TaskId, Whose};
use crate::orchestrate::ground::{Ground, Grounds, branch_of};
use crate::orchestrate::landing::{self, Outcome};
use crate::orchestrate::{FrozenPlan, OrchestrateError};
use crate::plan::{Plan, TaskIx};
use crate::report::{Remedy, count};
use crate::state::State;
use crate::store::lock::{self, Held};
use crate::store::{Layout, Stores};
use crate::view::{self, Whereabouts};

/// Completed tasks that have a commit, with that commit.
#[must_use]
pub fn needed<'a>(state: &State, tasks: impl IntoIterator<Item = &'a TaskId>) -> Vec<Needed> {
    tasks
        .into_iter()
        .filter_map(|id| {
            let task = state.tasks.get(id)?;
            (task.status == Status::Completed).then_some(())?;
            Some(Needed {
                task: id.clone(),
                run: task.last_run_id.clone(),
                commit: task.checkpoint_sha.clone()?,
            })
        })
        .collect()
}

/// What the start of an orchestration found.
#[derive(Debug, Default)]
pub struct Found {
    /// Completed, and not in the branch.
    pub outside: Vec<TaskIx>,
    /// For the journal: completions whose commit is nowhere.
    pub missing: Vec<Event>,
    /// For people.
    pub lines: Vec<String>,
}

/// One repository that an orchestration works in, and the plan and the state of the whole.
#[derive(Debug, Clone, Copy)]
pub struct There<'a> {
    pub whose: Whose,
    pub layout: &'a Layout,
    pub plan: &'a Plan,
    pub state: &'a State,
}

impl There<'_> {
    /// Completed tasks of this repository that have a commit, by the names that they have there.
    fn needed(&self, tasks: impl IntoIterator<Item = TaskIx>) -> Vec<Needed> {
        let its =
            |ix: &TaskIx| self.plan.whose(*ix) == self.whose && !self.plan.task(*ix).id.is_inline();
        let ids = tasks.into_iter().filter(its);
        let mut needed = needed(self.state, ids.map(|ix| &self.plan.task(ix).id));
        for needed in &mut needed {
            needed.task = self.plan.repositories().own(&needed.task);
        }
        needed
    }

    /// The task of the plan that is called so there.
    fn find(&self, own: &TaskId) -> Option<TaskIx> {
        let repositories = self.plan.repositories();
        self.plan.find(&repositories.in_plan(self.whose, own)?)
    }
}

/// Looks at every completed task of a repository. What ended orchestrations have not landed yet is landed first, where they
/// were to land and that is still possible: their orchestrator may have died before it could.
///
/// # Errors
/// When git refuses.
pub fn look(grounds: &mut Grounds, there: There<'_>) -> Result<Found, OrchestrateError> {
    let git = grounds.git();
    let needed = there.needed(there.plan.numbers());
    let mut outside = at(&git, grounds, &needed)?;
    let mut found = Found::default();
    let mut orchestrations: Vec<OrchId> = outside
        .iter()
        .filter(|outside| outside.is == Lost::Elsewhere)
        .filter_map(|outside| {
            let id = &there.plan.task(there.find(&outside.task)?).id;
            there.state.tasks.get(id)?.orch.clone()
        })
        .collect();
    orchestrations.sort();
    orchestrations.dedup();
    let mut landed = false;
    for orch in orchestrations {
        landed |= catch_up(grounds, there.layout, &orch, &mut found.lines)?;
    }
    if landed {
        follow(&git, grounds)?;
        outside = at(&git, grounds, &needed)?;
    }
    if let Some(line) = keep_up(&git, grounds, there.layout, &outside)? {
        found.lines.push(line);
        outside = at(&git, grounds, &needed)?;
    }
    for outside in outside {
        let Some(ix) = there.find(&outside.task) else {
            continue;
        };
        match outside.is {
            Lost::Missing => found.missing.push(Event::CheckpointMissing {
                task: there.plan.task(ix).id.clone(),
                sha: outside.commit,
            }),
            Lost::Elsewhere => {
                found.outside.push(ix);
                let remedy = remedy(&git, grounds, (&there, &outside))?;
                found.lines.extend(remedy.lines());
            }
        }
    }
    Ok(found)
}

/// Those that are not in the orchestration's branch; before that is made, in what it starts from.
fn at(
    git: &Git,
    grounds: &Grounds,
    needed: &[Needed],
) -> Result<Vec<contained::Outside>, GitError> {
    let tip = repository::tip(git, &grounds.branch)?;
    let tip = tip.as_deref().unwrap_or(&grounds.ground.start);
    contained::outside(git, tip, &grounds.ground.folder, needed)
}

fn remedy(
    git: &Git,
    grounds: &Grounds,
    (there, outside): (&There<'_>, &contained::Outside),
) -> Result<Remedy, GitError> {
    let seen = Seen::of(grounds);
    // By the name that the person knows it by here.
    let known = there.find(&outside.task);
    let task = known.map_or(&outside.task, |ix| &there.plan.task(ix).id);
    Ok(Remedy::new(task, &seen.found(git, outside)?))
}

/// From where something is looked at.
struct Seen<'a> {
    /// The branch that does not have it.
    here: &'a str,
    /// Of another repository: its folder, from the one that commands are typed in.
    folder: Option<&'a str>,
}

impl<'a> Seen<'a> {
    fn of(grounds: &'a Grounds) -> Self {
        Self {
            here: grounds.ground.onto.as_deref().unwrap_or(&grounds.branch),
            folder: grounds.shown.as_deref(),
        }
    }

    fn found(&self, git: &Git, outside: &contained::Outside) -> Result<view::Outside, GitError> {
        let branches = contained::branches_with(git, &outside.commit)?;
        Ok(view::Outside {
            commit: outside.commit.clone(),
            at: match (branches.into_iter().next(), outside.is) {
                (_, Lost::Missing) => Whereabouts::Gone,
                (Some(branch), Lost::Elsewhere) => Whereabouts::On(branch),
                (None, Lost::Elsewhere) => Whereabouts::Loose,
            },
            here: self.here.to_owned(),
            folder: self.folder.map(str::to_owned),
        })
    }
}

/// Lands what an ended orchestration left behind. `true`: something moved.
fn catch_up(
    grounds: &Grounds,
    layout: &Layout,
    orch: &OrchId,
    lines: &mut Vec<String>,
) -> Result<bool, OrchestrateError> {
    if branch_of(orch) == grounds.branch || lock::owner_lock(layout, orch)? == Held::Yes {
        return Ok(false);
    }
    // Of an orchestration whose folder is gone nothing is known: the remedy is a person's then.
    let Ok(frozen) = FrozenPlan::read(layout, orch) else {
        return Ok(false);
    };
    let Some(ground) = frozen.ground.filter(|ground| ground.land != Land::Never) else {
        return Ok(false);
    };
    let landed = landing::land(layout, &ground, orch)?;
    match landed {
        Some(landed) if landed.outcome == Outcome::Landed => {
            lines.push(landed.line());
            Ok(true)
        }
        _ => Ok(false),
    }
}

/// Brings what has landed since the orchestration's branch was made onto that branch, when work that is outside is among
/// it. Gives the line that says so.
fn keep_up(
    git: &Git,
    grounds: &Grounds,
    layout: &Layout,
    outside: &[contained::Outside],
) -> Result<Option<String>, GitError> {
    let onto = grounds.ground.onto.as_deref();
    let (Some(onto), Some(_)) = (onto, repository::tip(git, &grounds.branch)?) else {
        return Ok(None);
    };
    let Some(tip) = repository::tip(git, onto)? else {
        return Ok(None);
    };
    let mut landed = false;
    for outside in outside.iter().filter(|o| o.is == Lost::Elsewhere) {
        landed |= repository::contains(git, &tip, &outside.commit)?;
    }
    if !landed {
        return Ok(None);
    }
    let joined = join(&Join {
        common: &grounds.ground.common,
        branch: &grounds.branch,
        commit: &tip,
        lock: &layout.branch_lock(&grounds.branch),
        message: &format!("Bring in what has landed on {onto}\n"),
    })?;
    Ok(brought(&joined, onto, grounds))
}

/// The line that says what was brought from a branch; `None`: nothing was.
fn brought(joined: &Joined, from: &str, grounds: &Grounds) -> Option<String> {
    let Joined::Brought(n) = joined else {
        return None;
    };
    let commits = count(
        usize::try_from(*n).unwrap_or(usize::MAX),
        "commit",
        "commits",
    );
    Some(format!(
        "brought {commits} of {from} onto {}",
        grounds.branch
    ))
}

/// Brings what another orchestration has made onto the branch of this one, when it is to land in the same place: whoever
/// lands first lands it, whether the other still runs or its orchestrator has died. Gives the line that says so.
///
/// # Errors
/// When git refuses.
pub fn bring(
    grounds: &Grounds,
    there: There<'_>,
    task: TaskIx,
) -> Result<Option<String>, OrchestrateError> {
    let made = there.state.tasks.get(&there.plan.task(task).id);
    let Some((orch, commit)) =
        made.and_then(|made| made.orch.as_ref().zip(made.checkpoint_sha.as_deref()))
    else {
        return Ok(None);
    };
    let frozen = FrozenPlan::read(there.layout, orch).ok();
    let lands_there = |its: &Ground| its.land != Land::Never && its.onto == grounds.ground.onto;
    if !frozen
        .and_then(|it| it.ground)
        .is_some_and(|its| lands_there(&its))
    {
        return Ok(None);
    }
    let from = branch_of(orch);
    let joined = join(&Join {
        common: &grounds.ground.common,
        branch: &grounds.branch,
        commit,
        lock: &there.layout.branch_lock(&grounds.branch),
        message: &format!("Bring in what was done on {from}\n"),
    })?;
    Ok(brought(&joined, &from, grounds))
}

/// A new orchestration starts from where its branch to land on is now, if that went ahead.
fn follow(git: &Git, grounds: &mut Grounds) -> Result<(), GitError> {
    if repository::tip(git, &grounds.branch)?.is_some() {
        return Ok(());
    }
    if let Some(onto) = &grounds.ground.onto
        && let Some(tip) = repository::tip(git, onto)?
        && repository::contains(git, &tip, &grounds.ground.start)?
    {
        grounds.ground.start = tip;
    }
    Ok(())
}

/// Is what one task made, as the state has it, outside the orchestration's branch? Then with the lines that say so.
///
/// # Errors
/// When git refuses.
pub fn outside(
    grounds: &Grounds,
    there: There<'_>,
    task: TaskIx,
) -> Result<Option<Vec<String>>, GitError> {
    let git = grounds.git();
    match at(&git, grounds, &there.needed([task]))?.first() {
        None => Ok(None),
        Some(outside) => Ok(Some(remedy(&git, grounds, (&there, outside))?.lines())),
    }
}

/// What open selected tasks need and what is completed outside the orchestration's branch, with where it is.
///
/// # Errors
/// When git refuses.
pub fn holding_back(
    grounds: &Grounds,
    there: There<'_>,
    selected: &[TaskIx],
) -> Result<Vec<(TaskIx, view::Outside)>, GitError> {
    let git = grounds.git();
    let (seen, waited_for) = (Seen::of(grounds), waited_for(&there, selected));
    let mut found = Vec::new();
    for outside in at(&git, grounds, &there.needed(waited_for))? {
        if let Some(ix) = there.find(&outside.task) {
            found.push((ix, seen.found(&git, &outside)?));
        }
    }
    Ok(found)
}

/// The completed tasks that open selected ones need.
fn waited_for(there: &There<'_>, selected: &[TaskIx]) -> BTreeSet<TaskIx> {
    let (plan, state) = (there.plan, there.state);
    let is_done = |ix: &TaskIx| state.status(&plan.task(*ix).id) == Status::Completed;
    selected
        .iter()
        .filter(|ix| !is_done(ix))
        .flat_map(|ix| plan.graph().prerequisites(*ix))
        .filter(is_done)
        .collect()
}

/// What open selected tasks need of repositories that the orchestration has no branch in (`grounded`: in which it has): what
/// is completed there must be in the branch checked out there, unless an orchestration that is still open there is about to
/// land it. In the order of the repositories.
///
/// # Errors
/// When git refuses.
pub fn beyond(
    plan: &Plan,
    store: &Stores,
    selected: &[TaskIx],
    grounded: impl Fn(Whose) -> bool,
) -> Result<Vec<(TaskIx, view::Outside)>, OrchestrateError> {
    let mut all = Vec::new();
    for whose in store.readable() {
        let Some(other) = store.repositories().get(whose) else {
            continue;
        };
        if grounded(whose) || !other.root.join(".git").exists() {
            continue;
        }
        let there = There {
            whose,
            layout: store.layout_of(whose),
            plan,
            state: store.state(),
        };
        all.extend(look_on(other, there, selected)?);
    }
    Ok(all)
}

fn look_on(
    other: &Neighbour,
    there: There<'_>,
    selected: &[TaskIx],
) -> Result<Vec<(TaskIx, view::Outside)>, OrchestrateError> {
    let under_way = |ix: &TaskIx| {
        let task = there.state.tasks.get(&there.plan.task(*ix).id);
        let orch = task.and_then(|task| task.orch.as_ref());
        orch.is_some_and(|orch| there.state.is_open(orch))
    };
    let waited_for = waited_for(&there, selected);
    let needed = there.needed(waited_for.into_iter().filter(|ix| !under_way(ix)));
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let seen = Repository::at(&other.root)?;
    let Some(tip) = seen.head.commit() else {
        return Ok(Vec::new());
    };
    let (git, folder) = (Git::of(&seen.common), repository::folder(&other.root)?);
    let here = match &seen.head {
        Head::Branch { name, .. } => name.as_str(),
        Head::Detached { .. } | Head::Unborn { .. } => "HEAD",
    };
    let mut found = Vec::new();
    for outside in contained::outside(&git, tip, &folder, &needed)? {
        let Some(ix) = there.find(&outside.task) else {
            continue;
        };
        let seen = Seen {
            here,
            folder: Some(&other.typed),
        };
        found.push((ix, seen.found(&git, &outside)?));
    }
    Ok(found)
}
