//! Why a claim was not taken, or not ended.

use std::io;

use crate::attempt::LaunchError;
use crate::git::GitError;
use crate::model::{RunId, TaskId};
use crate::orchestrate::OrchestrateError;
use crate::state::Illegal;
use crate::store::StoreError;

/// Nothing was recorded.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    #[error("`{task}` is a step of an orchestration file, which only orchestrations run")]
    Step { task: TaskId },
    #[error("`{task}` waits for {}", listed(.by))]
    Blocked { task: TaskId, by: Vec<TaskId> },
    #[error("`{task}` waits for the approval of a person")]
    AwaitingApproval { task: TaskId },
    #[error("`{task}` is not claimed by anybody")]
    NotClaimed { task: TaskId },
    #[error("`{task}` is claimed by {by} (run {run})")]
    NotYours {
        task: TaskId,
        run: RunId,
        by: String,
    },
    #[error("`{task}` has no checks, so only a person can say that it is done")]
    NoChecks { task: TaskId },
    #[error("the checks of `{task}` are running already")]
    BeingChecked { task: TaskId },
    #[error("the checks of `{task}` left no verdict")]
    NoVerdict { task: TaskId },
    #[error("the checks were stopped")]
    Interrupted,
    #[error("{why}")]
    Refused { why: Illegal },
    #[error("cannot read the inputs of `{task}`")]
    Inputs { task: TaskId, source: io::Error },
    #[error("cannot start the checks of `{task}`")]
    Launch { task: TaskId, source: LaunchError },
    #[error("cannot {doing}")]
    System {
        doing: &'static str,
        source: io::Error,
    },
    #[error("there is no git repository here to commit in")]
    NoRepository,
    #[error(
        "`{task}` is completed by a person's approval, so its work is not committed as completed before"
    )]
    CommitBeforeApproval { task: TaskId },
    #[error("the commits here and {branch} both changed {}", .files.join(", "))]
    Conflict { branch: String, files: Vec<String> },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error(transparent)]
    Orchestrate(#[from] OrchestrateError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ClaimError {
    /// Does something that is running stand against it, so that it may work later?
    #[must_use]
    pub fn is_busy(&self) -> bool {
        matches!(
            self,
            Self::BeingChecked { .. }
                | Self::NotYours { .. }
                | Self::Refused {
                    why: Illegal::TaskRunning { .. }
                        | Illegal::PoolFull { .. }
                        | Illegal::Claimed { .. }
                }
        )
    }

    /// What to do, one line each.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        match self {
            Self::Step { .. } => vec!["runr run    runs it".to_owned()],
            Self::Blocked { task, .. } => vec![format!("runr why {task}    shows the whole chain")],
            Self::AwaitingApproval { task } => vec![
                format!("runr tasks approve {task}    accepts it"),
                format!("runr tasks reject {task} --note WHY    sends it back"),
            ],
            Self::NotClaimed { task } => vec![format!("runr claim {task}    takes it")],
            Self::NotYours { task, .. } => vec![format!(
                "runr claim --release {task}    takes it from its owner, when a person types it"
            )],
            Self::NoChecks { task } => vec![
                format!("runr tasks complete {task}    is how a person says so"),
                "give the task a `verify:`, or the configuration a `verify.tier0`".to_owned(),
            ],
            Self::NoRepository => {
                vec!["ask again without a commit; git init    makes a repository".to_owned()]
            }
            Self::CommitBeforeApproval { .. } => {
                vec!["commit it yourself, then ask again without a commit".to_owned()]
            }
            Self::Conflict { branch, .. } => {
                vec![format!("git merge {branch}    and ask again")]
            }
            Self::Refused {
                why: Illegal::TaskRunning { task, .. },
            } => vec![format!("runr tasks show {task}    says who is at it")],
            Self::Refused {
                why: Illegal::AlreadyCompleted { task },
            } => vec![format!(
                "runr tasks reset {task}    makes it count as never run"
            )],
            _ => Vec::new(),
        }
    }
}

fn listed(by: &[TaskId]) -> String {
    let names: Vec<String> = by.iter().map(|task| format!("`{task}`")).collect();
    names.join(", ")
}

/// The system has refused something.
pub(super) fn system(doing: &'static str) -> impl Fn(io::Error) -> ClaimError {
    move |source| ClaimError::System { doing, source }
}
