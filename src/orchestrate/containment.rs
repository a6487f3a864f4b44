//! Which completed tasks an orchestration's branch does not contain, and what follows.
//!
//! A task counts for its dependents only when what it made is in the base that they start from.

use std::collections::BTreeSet;

use crate::event::Event;
use crate::git::contained::{self, Lost};
use crate::git::{Git, GitError, repository};
use crate::model::{Land, Needed, OrchId, Status, TaskId};
use crate::orchestrate::ground::{Grounds, branch_of};
use crate::orchestrate::landing::{self, Outcome};
use crate::orchestrate::{FrozenPlan, OrchestrateError};
use crate::plan::{Plan, TaskIx};
use crate::report::Remedy;
use crate::state::State;
use crate::store::Layout;
use crate::store::lock::{self, Held};
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

/// Looks at every completed task of a plan. What ended orchestrations have not landed yet is landed first, where they
/// were to land and that is still possible: their orchestrator may have died before it could.
///
/// # Errors
/// When git refuses.
pub fn look(
    grounds: &mut Grounds,
    layout: &Layout,
    plan: &Plan,
    state: &State,
) -> Result<Found, OrchestrateError> {
    let git = grounds.git();
    let ids = || plan.tasks().iter().map(|task| &task.id);
    let needed = needed(state, ids().filter(|id| !id.is_inline()));
    let mut outside = at(&git, grounds, &needed)?;
    let mut found = Found::default();
    let mut orchestrations: Vec<OrchId> = outside
        .iter()
        .filter(|outside| outside.is == Lost::Elsewhere)
        .filter_map(|outside| state.tasks.get(&outside.task)?.orch.clone())
        .collect();
    orchestrations.sort();
    orchestrations.dedup();
    let mut landed = false;
    for orch in orchestrations {
        landed |= catch_up(grounds, layout, &orch, &mut found.lines)?;
    }
    if landed {
        follow(&git, grounds)?;
        outside = at(&git, grounds, &needed)?;
    }
    for outside in outside {
        match outside.is {
            Lost::Missing => found.missing.push(Event::CheckpointMissing {
                task: outside.task,
                sha: outside.commit,
            }),
            Lost::Elsewhere => {
                found.outside.extend(plan.find(&outside.task));
                found.lines.extend(remedy(&git, grounds, &outside)?.lines());
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

fn remedy(git: &Git, grounds: &Grounds, outside: &contained::Outside) -> Result<Remedy, GitError> {
    let branches = contained::branches_with(git, &outside.commit)?;
    let here = grounds.ground.onto.as_deref().unwrap_or(&grounds.branch);
    let found = view::Outside {
        commit: outside.commit.clone(),
        at: match (branches.into_iter().next(), outside.is) {
            (_, Lost::Missing) => Whereabouts::Gone,
            (Some(branch), Lost::Elsewhere) => Whereabouts::On(branch),
            (None, Lost::Elsewhere) => Whereabouts::Loose,
        },
        here: here.to_owned(),
        folder: grounds.shown.clone(),
    };
    Ok(Remedy::new(&outside.task, &found))
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
    state: &State,
    task: &TaskId,
) -> Result<Option<Vec<String>>, GitError> {
    let git = grounds.git();
    match at(&git, grounds, &needed(state, [task]))?.first() {
        None => Ok(None),
        Some(outside) => Ok(Some(remedy(&git, grounds, outside)?.lines())),
    }
}

/// Does a selected task wait for work that is completed outside the orchestration's branch? The first that does.
///
/// # Errors
/// When git refuses.
pub fn holding_back(
    grounds: &Grounds,
    plan: &Plan,
    state: &State,
    selected: &[TaskIx],
) -> Result<Option<Remedy>, GitError> {
    let git = grounds.git();
    let is_done = |ix: &TaskIx| state.status(&plan.task(*ix).id) == Status::Completed;
    let waited_for: BTreeSet<TaskIx> = selected
        .iter()
        .filter(|ix| !is_done(ix))
        .flat_map(|ix| plan.graph().prerequisites(*ix))
        .filter(is_done)
        .collect();
    let ids = waited_for.iter().map(|ix| &plan.task(*ix).id);
    let needed = needed(state, ids.filter(|id| !id.is_inline()));
    match at(&git, grounds, &needed)?.first() {
        None => Ok(None),
        Some(outside) => remedy(&git, grounds, outside).map(Some),
    }
}
