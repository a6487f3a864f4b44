//! A person's decisions from a screen: the very commands that would be typed, with their words kept for the screen.
//!
//! Knows the commands. Does not know which screen asks; the journal is told its name.

use crate::cli::Context;
use crate::cli::commands::cancel;
use crate::cli::commands::tasks::{approve, complete, reject, reset};
use crate::cli::exit;
use crate::model::Decision;

/// What became of it.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub struct Said {
    pub exit: u8,
    /// What the command printed.
    pub said: String,
}

/// Carries a decision out as its command does, on behalf of who typed `typed`, through the screen of this name.
pub fn decide(typed: &Context, through: &'static str, decision: Decision) -> Said {
    let (context, kept) = typed.through(through);
    let done = match decision {
        Decision::Complete { task, note } => {
            let args = complete::Args {
                tasks: vec![task.to_string()],
                note,
                commit: false,
                unchecked: false,
            };
            complete::run(&context, args)
        }
        Decision::Approve { task, note } => {
            let tasks = vec![task.to_string()];
            approve::run(&context, approve::Args { tasks, note })
        }
        Decision::Reject { task, note } => {
            let task = task.to_string();
            reject::run(&context, reject::Args { task, note })
        }
        Decision::Reset { task, note } => {
            let tasks = vec![task.to_string()];
            reset::run(&context, reset::Args { tasks, note })
        }
        Decision::CancelTask { task } => {
            cancel::run(&context, cancel::Args::asking(task.to_string()))
        }
        Decision::CancelAll { orch } => {
            cancel::run(&context, cancel::Args::asking(orch.to_string()))
        }
    };
    let exit = match done {
        Ok(exit) => exit,
        Err(error) => exit::report(&context, &error),
    };
    Said {
        exit: exit.0,
        said: kept.text(),
    }
}
