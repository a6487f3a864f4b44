//! What becomes of a claimed task's work in git: a commit of what it owns, and the way to those who wait for it.
//!
//! Only after its checks have passed. Knows the user's own working tree, where claimed work is done; what lies
//! outside of the task stays there, uncommitted, and is told.

use crate::attempt::{self, Bounds};
use crate::claim::error::system;
use crate::claim::{ClaimError, Desk};
use crate::git::checkpoint::{Change, Message};
use crate::git::trailers::{self, Trailers};
use crate::git::uncommitted::{self, Part};
use crate::git::{Git, Repository, repository};
use crate::model::{CheckResult, Remark, RunId, Task, TaskKind};
use crate::orchestrate::people::{self, Brought};
use crate::state::ClaimedRun;

/// What is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keep {
    /// Commits are the caller's matter.
    AsItIs,
    /// What the task owns is committed.
    Commit,
}

/// What stands behind a completion.
#[derive(Debug)]
pub(super) struct Proof<'a> {
    /// They have passed.
    pub(super) checks: &'a [CheckResult],
    pub(super) said: &'a Remark,
}

/// What was done.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Kept {
    /// The commit that completes the task.
    pub sha: Option<String>,
    /// Lines that say what was brought onto which orchestration's branch.
    pub brought: Vec<String>,
    /// Changes of the task that are in no commit: nobody asked for one.
    pub uncommitted: Vec<String>,
    /// Changes that are not the task's, each with the reason.
    pub outside: Vec<String>,
}

impl Desk<'_> {
    /// Is what is asked for possible? Before the checks, which may take long.
    pub(super) fn may_keep(&self, task: &Task, keep: Keep) -> Result<(), ClaimError> {
        if keep == Keep::AsItIs {
            return Ok(());
        }
        if !self.project.git {
            return Err(ClaimError::NoRepository);
        }
        // In history it would be completed before anybody has approved it.
        if task.kind == TaskKind::Hybrid {
            return Err(ClaimError::CommitBeforeApproval {
                task: task.id.clone(),
            });
        }
        Ok(repository::identity(&Git::at(&self.project.root))?)
    }

    /// Commits, if that is asked for, and brings HEAD's commits to who waits for the task.
    pub(super) fn keep(
        &self,
        claimed: (&RunId, &ClaimedRun),
        task: &Task,
        keep: Keep,
        proof: &Proof<'_>,
    ) -> Result<Kept, ClaimError> {
        let mut kept = Kept::default();
        // What awaits approval is nobody's to build on.
        if !self.project.git || task.kind == TaskKind::Hybrid {
            return Ok(kept);
        }
        let root = &self.project.root;
        let Some(top) = Repository::at(root)?.top else {
            return Ok(kept);
        };
        let folder = repository::folder(root)?;
        let (own, outside) = self.sort(task, &folder, uncommitted::uncommitted(&top)?)?;
        match keep {
            Keep::AsItIs => kept.uncommitted = own.into_iter().map(|change| change.path).collect(),
            Keep::Commit => {
                kept.outside = outside;
                let message = message(claimed, task, &folder, proof);
                let part = Part {
                    changes: &own,
                    message: &message,
                    rules: self.git.commits,
                };
                kept.sha = Some(uncommitted::commit(&top, &part)?);
            }
        }
        let (layout, state) = (self.store.layout(), self.store.state());
        match people::bring(layout, state, root, (&[&task.id], proof.said))? {
            Brought::Done(lines) => kept.brought = lines,
            Brought::Conflict { branch, files } => {
                return Err(ClaimError::Conflict { branch, files });
            }
        }
        Ok(kept)
    }

    /// The task's changes, and the others with the reason.
    fn sort(
        &self,
        task: &Task,
        folder: &str,
        changes: Vec<Change>,
    ) -> Result<(Vec<Change>, Vec<String>), ClaimError> {
        let owns: Vec<String> = task.owns.iter().map(ToString::to_string).collect();
        let bounds = Bounds {
            folder,
            owns: &owns,
            scope: &self.git.scope,
            steering: &["orchestration.yaml".to_owned()],
        };
        let outside = attempt::outside(&bounds, &changes).map_err(|error| {
            system("use a pattern of the task's scope")(std::io::Error::other(error))
        })?;
        let own = changes
            .into_iter()
            .filter(|change| !outside.iter().any(|other| other.path == change.path))
            .collect();
        let told = outside
            .into_iter()
            .map(|other| format!("{}: {}", other.path, other.why.words()))
            .collect();
        Ok((own, told))
    }
}

fn message(
    (run, claim): (&RunId, &ClaimedRun),
    task: &Task,
    folder: &str,
    proof: &Proof<'_>,
) -> String {
    // Who took the task did the work, whoever says so now.
    let worker = match &claim.who.session {
        Some(session) => format!("claim, session {session}"),
        None => "claim".to_owned(),
    };
    let commands: Vec<String> = proof
        .checks
        .iter()
        .map(|check| attempt::brief(&check.command))
        .collect();
    let verified = format!("tier{} {}", task.policy.verify.tier, commands.join("; "));
    let mut text = Message {
        title: &task.title,
        trailers: Trailers {
            folder,
            task: &task.id,
            run,
            fingerprint: claim.fingerprint,
            worker: &worker,
            verified: (!proof.checks.is_empty()).then_some(verified.as_str()),
        },
    }
    .text();
    text.push_str(&trailers::remarks(&claim.before.remarks));
    text.push_str(&trailers::remarks(std::slice::from_ref(proof.said)));
    text
}
