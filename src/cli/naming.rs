//! What a person means by a name on the command line.

use crate::cli::Failure;
use crate::plan::{Plan, TaskIx};

/// Finds the task that a name means: its id, with or without `.md`, or the path of its file.
///
/// # Errors
/// When there is none or several; exit code 2, with the candidates.
pub fn task(plan: &Plan, name: &str) -> Result<TaskIx, Failure> {
    let bare = name.strip_prefix("./").unwrap_or(name);
    let bare = bare.strip_prefix(".runr/tasks/").unwrap_or(bare);
    let with_end = format!("{bare}.md");
    let exact = |wanted: &str| {
        plan.numbers()
            .find(|ix| plan.task(*ix).id.as_str() == wanted)
    };
    exact(bare)
        .or_else(|| exact(&with_end))
        .ok_or_else(|| unknown(name, plan.tasks().iter().map(|task| task.id.as_str())))
}

/// The error for a name that means no task, with the nearest names.
pub fn unknown<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> Failure {
    let mut near: Vec<(f64, &str)> = known
        .map(|id| (strsim::jaro_winkler(name, id), id))
        .filter(|(likeness, _)| *likeness > 0.75)
        .collect();
    near.sort_by(|a, b| b.0.total_cmp(&a.0).then(a.1.cmp(b.1)));
    let failure = Failure::usage(format!("no task is called `{}`", name.escape_debug()));
    let names: Vec<String> = near
        .iter()
        .take(3)
        .map(|(_, id)| format!("`{id}`"))
        .collect();
    if names.is_empty() {
        failure.help("runr tasks list    shows all tasks")
    } else {
        failure.help(format!("did you mean {}?", names.join(" or ")))
    }
}
