//! A person's decisions: the very commands that would be typed, with their words kept for the page.

use serde::Deserialize;

use crate::cli::commands::tasks::{approve, complete, reject, reset};
use crate::cli::exit::{self, Exit};
use crate::cli::{Context, dashboard::routes::What};
use crate::plan::TaskIx;

/// What a page may send. Nothing else is taken.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Decision {
    /// A task's whole id.
    pub task: String,
    #[serde(default)]
    pub note: Option<String>,
}

/// What became of it.
#[derive(Debug, serde::Serialize)]
pub struct Said {
    pub exit: u8,
    /// What the command printed.
    pub said: String,
}

/// Carries a decision out and gives what the command said; `None`: the route decides nothing.
pub fn act(
    typed: &Context,
    what: What,
    task: (TaskIx, String),
    note: Option<String>,
) -> Option<Said> {
    let (context, kept) = typed.through("dashboard");
    let (_, name) = task;
    let done = match what {
        What::Complete => {
            let args = complete::Args {
                tasks: vec![name],
                note,
                commit: false,
            };
            complete::run(&context, args)
        }
        What::Approve => {
            let tasks = vec![name];
            approve::run(&context, approve::Args { tasks, note })
        }
        What::Reject => {
            let note = note.unwrap_or_default();
            reject::run(&context, reject::Args { task: name, note })
        }
        What::Reset => {
            let tasks = vec![name];
            reset::run(&context, reset::Args { tasks, note })
        }
        _ => return None,
    };
    let exit = match done {
        Ok(exit) => exit,
        Err(error) => exit::report(&context, &error),
    };
    Some(Said {
        exit: exit.0,
        said: kept.text(),
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
