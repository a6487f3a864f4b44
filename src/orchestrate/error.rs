//! Why an orchestration could not do its job. A failed task is no error.

use std::io;
use std::path::PathBuf;

use crate::model::OrchId;
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
    #[error("`{}` is no plan of an orchestration", .path.display())]
    BadPlan {
        path: PathBuf,
        source: serde_json::Error,
    },
    #[error("no random numbers from the system")]
    Random { source: getrandom::Error },
}
