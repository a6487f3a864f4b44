//! A person's decisions from a screen: the very commands that would be typed, with their words kept for the screen.
//!
//! Knows the commands. Does not know which screen asks; the journal is told its name.

use crate::cli::Context;
use crate::cli::commands::cancel;
use crate::cli::commands::tasks::{approve, complete, reject, reset};
use crate::cli::exit;

/// One decision. Tasks are named by their whole ids.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    Complete {
        task: String,
        note: Option<String>,
    },
    Approve {
        task: String,
        note: Option<String>,
    },
    Reject {
        task: String,
        note: String,
    },
    Reset {
        task: String,
    },
    /// A task or an orchestration is asked to stop; nobody waits until it has.
    Cancel {
        what: String,
    },
}

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
                tasks: vec![task],
                note,
                commit: false,
            };
            complete::run(&context, args)
        }
        Decision::Approve { task, note } => {
            let tasks = vec![task];
            approve::run(&context, approve::Args { tasks, note })
        }
        Decision::Reject { task, note } => reject::run(&context, reject::Args { task, note }),
        Decision::Reset { task } => reset::run(&context, reset::Args { tasks: vec![task] }),
        Decision::Cancel { what } => cancel::run(&context, cancel::Args::asking(what)),
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
