//! Tasks that no run can do: they have neither a command nor a worker, and are no person's.
//!
//! Knows the plan. `check` warns of them, for a run may still name a worker; what would start them refuses.

use crate::cli::Failure;
use crate::model::{Diagnostic, Note, Severity, TaskKind, Whose};
use crate::plan::{Plan, TaskIx};

/// Others that a warning names beside the first.
const NAMED: usize = 4;

/// Those of these tasks that no run can do, in their order.
#[must_use]
pub fn among(plan: &Plan, tasks: impl IntoIterator<Item = TaskIx>) -> Vec<TaskIx> {
    let mut found: Vec<TaskIx> = tasks.into_iter().collect();
    found.retain(|ix| {
        let task = plan.task(*ix);
        task.kind != TaskKind::Manual && task.command.is_none() && task.worker.is_none()
    });
    found
}

/// The warning about the tasks of a plan's own repository; none when each has somebody.
#[must_use]
pub fn warning(plan: &Plan) -> Option<Diagnostic> {
    // Another repository's are told of by a check there.
    let own = plan.numbers().filter(|ix| plan.whose(*ix) == Whose::Home);
    let found = among(plan, own);
    let first = plan.task(*found.first()?);
    let others = found.iter().skip(1);
    Some(Diagnostic {
        severity: Severity::Warning,
        code: "no-worker",
        message: words(plan, &found)?,
        place: Some(first.place.clone()),
        source: None,
        label: None,
        notes: others
            .take(NAMED)
            .map(|ix| Note {
                place: Some(plan.task(*ix).place.clone()),
                text: "so is it here".to_owned(),
            })
            .collect(),
        help: Some(format!("{REMEDY}; or type `runr run --worker NAME`")),
    })
}

/// Refuses to start anything when some of what would run has nobody who could do it.
///
/// # Errors
/// When there is such a task; exit code 2.
pub fn refuse(plan: &Plan, tasks: impl IntoIterator<Item = TaskIx>) -> Result<(), Failure> {
    match words(plan, &among(plan, tasks)) {
        None => Ok(()),
        Some(words) => Err(Failure::usage(words)
            .help("--worker claude-code    names one for this time; `codex` and those of the configuration do as well")
            .help(REMEDY)
            .help("runr init    writes that file, with every key explained")),
    }
}

const REMEDY: &str = "name one for good with `worker: claude-code` in .runr/config.yaml, or say `run: COMMAND` or \
                      `type: manual` in the task";

/// ``no run can do `a.md`: it has neither `run:` nor a worker``
fn words(plan: &Plan, found: &[TaskIx]) -> Option<String> {
    let id = &plan.task(*found.first()?).id;
    Some(match found.len() - 1 {
        0 => format!("no run can do `{id}`: it has neither `run:` nor a worker"),
        1 => {
            format!("no run can do `{id}` and one more task: they have neither `run:` nor a worker")
        }
        n => format!(
            "no run can do `{id}` and {n} more tasks: they have neither `run:` nor a worker"
        ),
    })
}
