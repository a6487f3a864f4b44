//! Why an orchestration could not do its job. A failed task is no error.

use std::io;
use std::path::PathBuf;

use crate::git::GitError;
use crate::model::{OrchId, Repository};
use crate::report::look_at;
use crate::state::Illegal;
use crate::store::StoreError;

#[derive(Debug, thiserror::Error)]
pub enum OrchestrateError {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("cannot listen for signals")]
    Signals { source: io::Error },
    #[error("cannot watch `{}` for changes", .path.display())]
    Watch {
        path: PathBuf,
        source: notify::Error,
    },
    #[error("the journal refused an event of {orch}")]
    Refused { orch: OrchId, source: Illegal },
    #[error("orchestration {orch} is still running")]
    StillRunning { orch: OrchId },
    #[error("`{task}` of the plan of {orch} is gone")]
    TaskGone { task: String, orch: OrchId },
    #[error("the repository `{folder}` cannot be read, and tasks of it are to be run")]
    NoRepository { folder: String, help: Vec<String> },
    #[error("`{}` is no plan of an orchestration", .path.display())]
    BadPlan {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error(transparent)]
    Git(#[from] GitError),
    #[error("{why}")]
    NoGround { why: NoGround, help: Vec<String> },
    #[error("no random numbers from the system")]
    Random { source: getrandom::Error },
}

/// Why tasks cannot get working trees of their own.
#[derive(Debug, thiserror::Error)]
pub enum NoGround {
    #[error("there is no git repository here, and `isolation: worktree` needs one")]
    NoRepository,
    #[error("git cannot be used here: {0}")]
    Git(GitError),
    #[error("the repository has no working tree here")]
    Bare,
    #[error("`{branch}` has no commit yet, and tasks start from one")]
    Unborn { branch: String },
    #[error("no branch is checked out, so it is not clear where the work lands")]
    Detached,
    #[error("`{0}` is no name for a branch")]
    BadBranch(String),
    #[error("git does not know who you are, and runr makes commits in your name")]
    Nobody(#[source] GitError),
}

impl OrchestrateError {
    /// A repository that cannot be read is to be worked in.
    #[must_use]
    pub fn no_repository(other: Option<&Repository>) -> Self {
        let look = other.and_then(|other| Some(look_at(other, other.unknown.as_ref()?.what)));
        let help = look.map(|look| format!("{}    {}", look.command, look.why));
        Self::NoRepository {
            folder: other.map_or_else(String::new, |other| other.folder.to_string()),
            help: help.into_iter().collect(),
        }
    }

    /// What to do about it, one line each.
    #[must_use]
    pub fn help(&self) -> &[String] {
        match self {
            Self::NoGround { help, .. } | Self::NoRepository { help, .. } => help,
            _ => &[],
        }
    }
}
