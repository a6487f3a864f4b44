//! Advances a branch to a commit, and finds out whether it holds one already.
//!
//! Knows references. The caller holds the branch's lock.

use std::path::Path;

use crate::git::{Git, GitError, lock, refs, repository, trailers};
use crate::model::RunId;

/// One step of a branch.
#[derive(Debug)]
pub struct Step<'a> {
    pub common: &'a Path,
    /// Without `refs/heads/`.
    pub branch: &'a str,
    /// What it must still be at.
    pub from: &'a str,
    pub to: &'a str,
    pub run: &'a RunId,
}

/// Where the commit of a run is kept for as long as nothing else keeps it.
#[must_use]
pub fn kept_at(run: &RunId) -> String {
    format!("refs/runr/checkpoints/{run}")
}

/// Advances the branch, keeps the commit, and lets the run's own branch go, all or nothing. The commit's objects and
/// then the references are on disk when this returns.
///
/// # Errors
/// When the branch is not where it should be, or git or the disk refuses.
pub fn advance(git: &Git, step: &Step<'_>) -> Result<(), GitError> {
    // Objects first: a reference must never be more durable than what it names.
    lock::sync(step.common)?;
    let own = format!("refs/heads/{}", crate::git::worktree::branch_of(step.run));
    let keep = format!(
        "update refs/heads/{} {} {}\nupdate {} {}\n",
        step.branch,
        step.to,
        step.from,
        kept_at(step.run),
        step.to,
    );
    let whole = format!("{keep}delete {own}\n");
    // To delete, git locks all packed references, and somebody may hold these for long. The run's own branch is
    // then left to be cleared away later. Whatever else it was, it is refused once more.
    let advanced =
        refs::update(git, step.common, &whole).or_else(|_| refs::update(git, step.common, &keep));
    if let Err(error) = advanced {
        // A process of git that was killed may have done its work, and it must not be done twice.
        match repository::tip(git, step.branch)? {
            Some(tip) if tip == step.to => {
                let order = format!("update {} {}\n", kept_at(step.run), step.to);
                // The branch holds the commit: nothing but its deletion would make this name be missed.
                let _ = refs::update(git, step.common, &order);
            }
            _ => return Err(error),
        }
    }
    lock::sync(step.common)
}

/// The commit of a run on a branch, of those after `from`. `None`: it is not there.
///
/// # Errors
/// When git refuses. A branch that is not there holds nothing.
pub fn find(git: &Git, from: &str, branch: &str, run: &RunId) -> Result<Option<String>, GitError> {
    let branch = format!("refs/heads/{branch}");
    let pattern = format!("Runr-Run-Id: {run}");
    let not = format!("^{from}");
    let args = [
        "log",
        "-z",
        "-F",
        "--format=%H%n%B",
        "--grep",
        &pattern,
        &branch,
        &not,
        "--",
    ];
    let answer = git.ask(&args)?;
    match answer.code {
        Some(0) => {}
        Some(128) => return Ok(None),
        _ => return Err(answer.failed()),
    }
    let found = answer.records().find_map(|record| {
        let (commit, message) = record.split_once('\n')?;
        let mut groups = trailers::read(message)
            .into_iter()
            .flat_map(|section| section.groups);
        groups
            .any(|group| group.run.as_ref() == Some(run))
            .then(|| commit.to_owned())
    });
    Ok(found)
}
