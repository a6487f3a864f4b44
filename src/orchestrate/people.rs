//! Brings what a person has done onto the branches of the orchestrations that wait for it.

use std::path::Path;

use crate::git::join::{Join, Joined, join};
use crate::git::{Git, Repository, repository, trailers};
use crate::model::{CommitRules, Fingerprint, OrchId, Remark, TaskId};
use crate::orchestrate::ground::{Ground, branch_of};
use crate::orchestrate::{FrozenPlan, OrchestrateError};
use crate::state::State;
use crate::store::Layout;
use crate::store::lock::{self, Held};

/// A task that a person has done.
#[derive(Debug)]
pub struct Part<'a> {
    pub task: &'a TaskId,
    pub title: &'a str,
    pub fingerprint: Fingerprint,
    /// `tier1 cargo test`; `None`: nothing was verified.
    pub verified: Option<&'a str>,
    pub said: &'a Remark,
}

/// What became of a person's commits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Brought {
    /// Lines that say so.
    Done(Vec<String>),
    /// These files changed on that branch too.
    Conflict { branch: String, files: Vec<String> },
}

/// Brings HEAD's new commits onto the branch of each orchestration that waits for one of the tasks: those that are
/// alive, and the one that came to it last. Where that takes a commit of its own, this says who brought them and why.
///
/// # Errors
/// When git refuses or a plan cannot be read.
pub fn bring(
    layout: &Layout,
    state: &State,
    from: &Path,
    (tasks, said): (&[&TaskId], &Remark),
) -> Result<Brought, OrchestrateError> {
    let mut lines = Vec::new();
    let message = format!(
        "Bring in what was done by hand\n\n{}",
        trailers::remarks(std::slice::from_ref(said))
    );
    for (orch, ground) in waiting(layout, state, tasks)? {
        let Some(head) = Repository::at(from)?.head.commit().map(str::to_owned) else {
            continue;
        };
        let branch = branch_of(&orch);
        let joined = join(&Join {
            common: &ground.common,
            branch: &branch,
            commit: &head,
            lock: &layout.branch_lock(&branch),
            message: &message,
        })?;
        match joined {
            Joined::Nothing => {}
            Joined::Brought(n) => lines.push(format!(
                "brought {} onto {branch}",
                match n {
                    1 => "1 commit of yours".to_owned(),
                    n => format!("{n} commits of yours"),
                }
            )),
            Joined::Conflict(files) => return Ok(Brought::Conflict { branch, files }),
        }
    }
    Ok(Brought::Done(lines))
}

fn waiting(
    layout: &Layout,
    state: &State,
    tasks: &[&TaskId],
) -> Result<Vec<(OrchId, Ground)>, OrchestrateError> {
    let mut found = Vec::new();
    for (orch, entry) in &state.orchestrations {
        let last = tasks
            .iter()
            .any(|task| came_to_it(state, task) == Some(orch));
        let alive = entry.ended_at.is_none() && lock::owner_lock(layout, orch)? == Held::Yes;
        if !last && !alive {
            continue;
        }
        // Of an orchestration whose folder is gone nobody can go on with anything.
        let Ok(plan) = FrozenPlan::read(layout, orch) else {
            continue;
        };
        if let Some(ground) = plan.ground
            && tasks.iter().any(|task| plan.tasks.contains(task))
        {
            found.push((orch.clone(), ground));
        }
    }
    Ok(found)
}

/// The orchestration that came to the task last; a claim that stands now does not hide it.
fn came_to_it<'a>(state: &'a State, task: &TaskId) -> Option<&'a OrchId> {
    match state.claimed_run(task) {
        Some((_, claim)) => claim.before.orch.as_ref(),
        None => state.tasks.get(task)?.orch.as_ref(),
    }
}

/// What of the person's is not in a commit: lines of `git status`.
///
/// # Errors
/// When git refuses.
pub fn uncommitted(from: &Path) -> Result<Vec<String>, OrchestrateError> {
    let answer = Git::at(from).run(&["status", "--porcelain", "-z", "--no-renames"])?;
    Ok(answer.records().collect())
}

/// Commits everything in the person's working tree, in their name; the message says which tasks that completes. Gives
/// the commit.
///
/// # Errors
/// When git refuses.
pub fn commit(
    from: &Path,
    folder: &str,
    parts: &[Part<'_>],
    rules: CommitRules,
) -> Result<String, OrchestrateError> {
    let titles: Vec<&str> = parts.iter().map(|part| part.title).collect();
    let groups: Vec<String> = parts
        .iter()
        .map(|part| {
            let by_hand = trailers::ByHand {
                folder,
                task: part.task,
                fingerprint: part.fingerprint,
                verified: part.verified,
                said: part.said,
            };
            by_hand.text()
        })
        .collect();
    let message = format!("{}\n\n{}", titles.join("; "), groups.join(""));
    let git = Git::at(from);
    let git = if rules.hooks { git.with_hooks() } else { git };
    git.run(&["add", "--all"])?;
    let sign = if rules.sign {
        "--gpg-sign"
    } else {
        "--no-gpg-sign"
    };
    let args = [
        "commit",
        "--quiet",
        "--allow-empty",
        "--cleanup=verbatim",
        sign,
        "-F",
        "-",
    ];
    git.run_with(&args, message.as_bytes())?;
    let head = Repository::at(from)?.head;
    Ok(head.commit().unwrap_or_default().to_owned())
}

/// The project's folder from the top of its repository.
///
/// # Errors
/// When git refuses.
pub fn folder(root: &Path) -> Result<String, OrchestrateError> {
    Ok(repository::folder(root)?)
}
