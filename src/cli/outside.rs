//! Prerequisites that a run needs and does not include: what becomes of the tasks that wait for them, and what is
//! said about it.
//!
//! Knows the plan and the statuses. Does not know how the selection was made.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cli::Exit;
use crate::cli::exit::Failure;
use crate::model::{Status, TaskId};
use crate::orchestrate::Unmet;
use crate::plan::Plan;
use crate::report::shell_word;
use crate::state::State;

/// What becomes of a selected task that waits for something outside the selection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outside {
    /// It stays blocked, and that is said.
    Waits,
    /// Nothing is run: it was asked for by name.
    Refused,
    /// It runs all the same.
    Ignored,
}

impl Outside {
    /// The tasks that will stay blocked.
    ///
    /// # Errors
    /// When such a task was asked for by name: what it needs, and how that is run first.
    pub fn of(self, plan: &Plan, state: &State, unmet: Vec<Unmet>) -> Result<Vec<Unmet>, Failure> {
        match self {
            Self::Waits => Ok(unmet),
            Self::Ignored => Ok(Vec::new()),
            Self::Refused => match unmet.first() {
                Some(first) => Err(refusal(plan, state, first, &unmet)),
                None => Ok(unmet),
            },
        }
    }
}

fn refusal(plan: &Plan, state: &State, first: &Unmet, unmet: &[Unmet]) -> Failure {
    let missing: BTreeSet<_> = unmet.iter().flat_map(|u| &u.prerequisites).collect();
    let list: Vec<String> = missing
        .iter()
        .map(|ix| {
            let id = &plan.task(**ix).id;
            let status = match id.is_inline() {
                true => "a step that every orchestration runs".to_owned(),
                false => state.status(id).word().replace('_', " "),
            };
            format!("`{id}` ({status})")
        })
        .collect();
    let task = &plan.task(first.task).id;
    let what = if list.len() == 1 { "a task" } else { "tasks" };
    // One that is completed is here because it is stale, and would not be run without being asked to.
    let stale = match state.status(task) {
        Status::Completed => " --rerun-stale",
        _ => "",
    };
    let run = format!("runr run --task {}", shell_word(task.as_str()));
    Failure {
        exit: Exit::UNFINISHED,
        ..Failure::usage(format!(
            "`{task}` needs {what} completed first: {}",
            list.join(", ")
        ))
    }
    .help(format!("{run} --with-deps{stale}    runs them first"))
    .help(format!("{run} --force        runs it all the same"))
}

/// Start-up lines about the tasks that will stay blocked.
///
/// # Errors
/// When `out` cannot be written.
pub fn say(out: &mut impl Write, plan: &Plan, state: &State, outside: &[Unmet]) -> io::Result<()> {
    let mut can_be_included = false;
    for unmet in outside {
        let ids = unmet.prerequisites.iter().map(|ix| &plan.task(*ix).id);
        let (unknown, left_out): (Vec<&TaskId>, Vec<&TaskId>) =
            ids.partition(|id| state.status(id) == Status::Unknown);
        let names = |ids: &[&TaskId]| {
            let names: Vec<&str> = ids.iter().map(|id| id.as_str()).collect();
            names.join(", ")
        };
        let mut why = Vec::new();
        if !left_out.is_empty() {
            can_be_included = true;
            let names = names(&left_out);
            why.push(format!("it needs {names}, which this run does not include"));
        }
        if !unknown.is_empty() {
            why.push(format!("nothing is known of {}", names(&unknown)));
        }
        let task = &plan.task(unmet.task).id;
        writeln!(out, "{task} will stay blocked: {}", why.join("; "))?;
    }
    if can_be_included {
        writeln!(out, "  help: `--with-deps` includes what is needed")?;
    }
    Ok(())
}
