//! Asks git which completed tasks the branch checked out does not contain, for commands that only read.
//!
//! Starts no process outside git, nor when no completed task has a commit; one when everything is contained. Where
//! git cannot be asked nothing is held back, and that is a warning: the dispatcher asks again before anything starts.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use crate::cli::Context;
use crate::git::checked_out::{CheckedOut, checked_out};
use crate::git::contained::{self, Ahead, Lost};
use crate::git::reading::Site;
use crate::git::{Git, GitError};
use crate::model::{Needed, Repository, Status, TaskId, Whose};
use crate::plan::{Plan, TaskIx};
use crate::project::{Project, Projects};
use crate::state::State;
use crate::view::{NotLanded, Outside, Whereabouts};

/// Repositories that are asked at once.
const THREADS: usize = 4;

/// What is elsewhere.
#[derive(Debug, Clone, Default)]
pub struct Elsewhere {
    /// By number.
    pub outside: Vec<(TaskIx, Outside)>,
    /// By name.
    pub not_landed: Vec<NotLanded>,
}

/// Looks from where the person stands; in other repositories, from what is checked out there.
///
/// # Errors
/// When stderr cannot be written, or the current folder is gone.
pub fn elsewhere(
    context: &Context,
    projects: Projects<'_>,
    plan: &Plan,
    state: &State,
) -> anyhow::Result<Elsewhere> {
    let mut asked: BTreeMap<Whose, Vec<(TaskIx, Needed)>> = BTreeMap::new();
    for (ix, needed) in completed_with_commit(plan, state) {
        asked.entry(plan.whose(ix)).or_default().push((ix, needed));
    }
    let mut questions: Vec<Question<'_>> = Vec::new();
    for (whose, asked) in asked {
        if let Some(project) = projects.of(whose).filter(|project| project.git) {
            let start = match whose {
                Whose::Home => context.start()?,
                Whose::Other(_) => project.root.clone(),
            };
            questions.push((whose, project, start, asked));
        }
    }
    let mut all = Elsewhere::default();
    for (whose, answer) in answers(&questions) {
        match answer {
            Ok(mut found) => {
                if let Some(other) = plan.repositories().get(whose) {
                    found.is_in(other);
                }
                all.join(found);
            }
            Err(error) => writeln!(
                context.err(),
                "warning: cannot see whether completed work is in the branch checked out: {error}"
            )?,
        }
    }
    Ok(all)
}

type Question<'a> = (Whose, &'a Project, PathBuf, Vec<(TaskIx, Needed)>);

/// Asks git in each repository; in several at once.
fn answers(questions: &[Question<'_>]) -> Vec<(Whose, Result<Elsewhere, GitError>)> {
    let ask = |(whose, project, start, asked): &Question<'_>| {
        let answer = stand(start, project).and_then(|stand| find(project, stand, asked));
        (*whose, answer)
    };
    if questions.len() < 2 {
        return questions.iter().map(ask).collect();
    }
    let share = questions.len().div_ceil(THREADS);
    std::thread::scope(|scope| {
        let running: Vec<_> = questions
            .chunks(share)
            .map(|part| scope.spawn(move || part.iter().map(ask).collect::<Vec<_>>()))
            .collect();
        let joined = running.into_iter().flat_map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect()
    })
}

/// What an orchestration that has not ended made is on its way: its own dependents start from it.
pub fn completed_with_commit(plan: &Plan, state: &State) -> Vec<(TaskIx, Needed)> {
    let under_way = |orch| state.is_open(orch);
    plan.numbers()
        .filter_map(|ix| {
            let id = &plan.task(ix).id;
            let task = state.tasks.get(id)?;
            let commit = task.checkpoint_sha.clone()?;
            let counts =
                task.status == Status::Completed && !task.orch.as_ref().is_some_and(under_way);
            let run = task.last_run_id.clone();
            // Commits tell of it by the name that it has there.
            let task = plan.repositories().own(id);
            counts.then_some((ix, Needed { task, run, commit }))
        })
        .collect()
}

impl Elsewhere {
    /// Takes in what was found in one more repository.
    pub fn join(&mut self, mut other: Self) {
        self.outside.append(&mut other.outside);
        self.outside.sort_by_key(|(ix, _)| *ix);
        self.not_landed.append(&mut other.not_landed);
    }

    /// What was found is another repository's.
    pub fn is_in(&mut self, other: &Repository) {
        for (_, outside) in &mut self.outside {
            outside.folder = Some(other.typed.to_string());
        }
        for found in &mut self.not_landed {
            found.folder = Some(other.typed.to_string());
        }
    }
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
                folder: None,
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
                folder: None,
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
