//! Asks git which completed tasks the branch checked out does not contain, for commands that only read.
//!
//! Starts no process outside git, nor when no completed task has a commit; one when everything is contained. Where
//! git cannot be asked nothing is held back, and that is a warning: the dispatcher asks again before anything starts.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use crate::cli::Context;
use crate::git::checked_out::{CheckedOut, checked_out};
use crate::git::contained::{self, Ahead, Lost};
use crate::git::reading::Site;
use crate::git::{Git, GitError};
use crate::model::{Needed, Status, TaskId};
use crate::plan::{Plan, TaskIx};
use crate::project::Project;
use crate::state::State;
use crate::view::{NotLanded, Outside, Whereabouts};

/// What is elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    /// By number.
    pub outside: Vec<(TaskIx, Outside)>,
    /// By name.
    pub not_landed: Vec<NotLanded>,
}

/// Looks from where the person stands.
///
/// # Errors
/// When stderr cannot be written, or the current folder is gone.
pub fn elsewhere(
    context: &Context,
    project: &Project,
    plan: &Plan,
    state: &State,
) -> anyhow::Result<Elsewhere> {
    if !project.git {
        return Ok(Elsewhere::default());
    }
    let asked = completed_with_commit(plan, state);
    if asked.is_empty() {
        return Ok(Elsewhere::default());
    }
    let start = context.start()?;
    match stand(&start, project).and_then(|stand| find(project, stand, &asked)) {
        Ok(found) => Ok(found),
        Err(error) => {
            writeln!(
                context.err(),
                "warning: cannot see whether completed work is in the branch checked out: {error}"
            )?;
            Ok(Elsewhere::default())
        }
    }
}

/// What an orchestration that has not ended made is on its way: its own dependents start from it.
pub fn completed_with_commit(plan: &Plan, state: &State) -> Vec<(TaskIx, Needed)> {
    let under_way = |orch| {
        let entry = state.orchestrations.get(orch);
        entry.is_some_and(|entry| entry.ended_at.is_none())
    };
    plan.numbers()
        .filter_map(|ix| {
            let id = &plan.task(ix).id;
            let task = state.tasks.get(id)?;
            let commit = task.checkpoint_sha.clone()?;
            let counts =
                task.status == Status::Completed && !task.orch.as_ref().is_some_and(under_way);
            let run = task.last_run_id.clone();
            let task = id.clone();
            counts.then_some((ix, Needed { task, run, commit }))
        })
        .collect()
}

/// What is checked out where the person stands; in the project when that is another repository.
fn stand(start: &Path, project: &Project) -> Result<Option<CheckedOut>, GitError> {
    let own = checked_out(&project.root)?;
    let here = checked_out(start)?;
    let same = |here: &CheckedOut| own.as_ref().is_none_or(|own| own.common == here.common);
    Ok(here.filter(same).or(own))
}

/// Where these completions are, seen from what is checked out at `stand`.
///
/// # Errors
/// When git cannot be asked.
pub fn find(
    project: &Project,
    stand: Option<CheckedOut>,
    asked: &[(TaskIx, Needed)],
) -> Result<Elsewhere, GitError> {
    if asked.is_empty() {
        return Ok(Elsewhere::default());
    }
    // Before the first commit nothing is contained, and no dispatcher starts from there either.
    let Some((stand, tip)) = stand.and_then(|stand| stand.commit.clone().map(|tip| (stand, tip)))
    else {
        return Ok(Elsewhere::default());
    };
    let Some(site) = Site::find(&project.root) else {
        return Ok(Elsewhere::default());
    };
    let unknown: Vec<&(TaskIx, Needed)> = asked
        .iter()
        .filter(|(_, needed)| needed.commit != tip)
        .collect();
    let needed: Vec<Needed> = unknown.iter().map(|(_, needed)| needed.clone()).collect();
    let git = Git::of(&stand.common);
    let lost = contained::outside(&git, &tip, &site.folder, &needed)?;
    if lost.is_empty() {
        return Ok(Elsewhere::default());
    }
    let commits: Vec<&str> = lost
        .iter()
        .filter(|lost| lost.is == Lost::Elsewhere)
        .map(|lost| lost.commit.as_str())
        .collect();
    let ahead = contained::branches_ahead(&git, &tip, &commits)?;
    let here = stand.branch.as_deref().unwrap_or("HEAD");
    let by_task: BTreeMap<&TaskId, &contained::Outside> =
        lost.iter().map(|lost| (&lost.task, lost)).collect();
    let outside = unknown.iter().filter_map(|(ix, needed)| {
        let lost = by_task.get(&needed.task)?;
        Some((
            *ix,
            Outside {
                commit: lost.commit.clone(),
                at: whereabouts(lost, &ahead),
                here: here.to_owned(),
            },
        ))
    });
    Ok(Elsewhere {
        outside: outside.collect(),
        not_landed: ahead
            .iter()
            .map(|ahead| NotLanded {
                branch: ahead.branch.clone(),
                commits: ahead.commits.len(),
                here: here.to_owned(),
            })
            .collect(),
    })
}

fn whereabouts(lost: &contained::Outside, ahead: &[Ahead]) -> Whereabouts {
    match lost.is {
        Lost::Missing => Whereabouts::Gone,
        Lost::Elsewhere => ahead
            .iter()
            .find(|ahead| ahead.commits.contains(&lost.commit))
            .map_or(Whereabouts::Loose, |ahead| {
                Whereabouts::On(ahead.branch.clone())
            }),
    }
}
