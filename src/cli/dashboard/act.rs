//! A person's decisions, as a page sends them.

use serde::Deserialize;

use crate::cli::dashboard::routes::What;
use crate::cli::exit::Exit;
use crate::model::{Decision, TaskId};

/// What a page may send. Nothing else is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sent {
    /// A task's whole id.
    pub task: String,
    #[serde(default)]
    pub note: Option<String>,
}

/// The decision that a route takes; `None`: it decides nothing.
#[must_use]
pub fn decision(what: What, task: TaskId, note: Option<String>) -> Option<Decision> {
    Some(match what {
        What::Complete => Decision::Complete { task, note },
        What::Approve => Decision::Approve { task, note },
        What::Reject => Decision::Reject {
            task,
            note: note.unwrap_or_default(),
        },
        What::Reset => Decision::Reset { task, note },
        _ => return None,
    })
}

/// The status code of an exit code.
#[must_use]
pub fn status(exit: u8) -> axum::http::StatusCode {
    use axum::http::StatusCode;
    match Exit(exit) {
        Exit::OK => StatusCode::OK,
        Exit::BUSY | Exit::FAILED => StatusCode::CONFLICT,
        Exit::STATE => StatusCode::INTERNAL_SERVER_ERROR,
        _ => StatusCode::UNPROCESSABLE_ENTITY,
    }
}
