//! Prerequisites that a run needs and does not include: what becomes of the tasks that wait for them, and what is
//! said about it.
//!
//! Knows the plan and the statuses. Does not know how the selection was made.

use std::collections::BTreeSet;
use std::io::{self, Write};

use crate::cli::Exit;
use crate::cli::exit::Failure;
use crate::model::{Status, TaskId, Unread};
use crate::orchestrate::Unmet;
use crate::plan::{Plan, TaskIx};
use crate::report::{look_at, shell_word};
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
    let unknown = |ix: &&&TaskIx| state.status(&plan.task(***ix).id) == Status::Unknown;
    if let Some(ix) = missing.iter().find(unknown) {
        // Nothing that could be included would help.
        let task = &plan.task(first.task).id;
        let run = format!("runr run --task {} --force", shell_word(task.as_str()));
        let what = format!("`{task}` needs `{}`", plan.task(**ix).id);
        return nothing_known(plan, state, **ix, &what)
            .help(format!("{run}    runs it all the same"));
    }
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

/// Nothing is known of a task, because its repository cannot be read: why, and the command that shows it. `what` is
/// said before that.
#[must_use]
pub fn nothing_known(plan: &Plan, state: &State, ix: TaskIx, what: &str) -> Failure {
    let id = &plan.task(ix).id;
    let why = state.tasks.get(id).and_then(|task| task.message.as_deref());
    let why = why.unwrap_or("its repository cannot be read");
    let what = match what.is_empty() {
        true => format!("nothing is known of `{id}`: {why}"),
        false => format!("{what}, of which nothing is known: {why}"),
    };
    let other = plan.repositories().get(plan.whose(ix));
    // Where its files are fine it is its journal that cannot be read.
    let unread = other.map(|other| other.unknown.as_ref().map_or(Unread::Journal, |it| it.what));
    let failure = Failure {
        exit: match unread {
            Some(Unread::Journal) => Exit::STATE,
            Some(Unread::Files) | None => Exit::USAGE,
        },
        ..Failure::usage(what)
    };
    match other.zip(unread) {
        None => failure,
        Some((other, unread)) => {
            let look = look_at(other, unread);
            failure.help(format!("{}    {}", look.command, look.why))
        }
    }
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
