//! Advances a branch to a commit, and finds out whether it holds one already.
//!
//! Knows references. The caller holds the branch's lock.

use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::git::{Git, GitError, lock, trailers};
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
    let order = |orders: &str| git.ask_with(&["update-ref", "--stdin"], orders.as_bytes());
    if order(&whole)?.code != Some(0) {
        let stale = [
            format!("refs/heads/{}", step.branch),
            kept_at(step.run),
            own,
        ];
        // Each of them, not only the first.
        let unlocked = stale
            .iter()
            .filter(|name| unlock(step.common, name))
            .count();
        if unlocked == 0 || order(&whole)?.code != Some(0) {
            // To delete, git locks all packed references; somebody may hold that for long, or have died with it.
            // The run's own branch is then left to be cleared away later.
            git.run_with(&["update-ref", "--stdin"], keep.as_bytes())?;
        }
    }
    lock::sync(step.common)
}

/// Removes the lock of a reference whose writer is dead. Everybody who writes these references holds
/// the branch's lock, which is ours now, and git itself waited for it. `true`: there was one.
fn unlock(common: &Path, name: &str) -> bool {
    const DEAD: Duration = Duration::from_secs(1);
    let mut path = PathBuf::from(common).join(name).into_os_string();
    path.push(".lock");
    let path = PathBuf::from(path);
    let old = std::fs::metadata(&path)
        .and_then(|meta| meta.modified())
        .is_ok_and(|time| {
            SystemTime::now()
                .duration_since(time)
                .is_ok_and(|age| age > DEAD)
        });
    old && std::fs::remove_file(&path).is_ok()
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
