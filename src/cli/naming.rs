//! What a person means by a name on the command line.

use crate::cli::Failure;
use crate::plan::{Plan, TaskIx, Unresolved};

/// Finds the task that a name means: its id, with or without `.md`, or the path of its file.
///
/// # Errors
/// When there is none or several; exit code 2, with the candidates.
pub fn task(plan: &Plan, name: &str) -> Result<TaskIx, Failure> {
    plan.resolve(name).map_err(|error| unresolved(name, error))
}

/// The error for a name that means no single task.
pub fn unresolved(name: &str, error: Unresolved) -> Failure {
    let said = name.escape_debug();
    let quoted = |names: &[String]| {
        let quoted: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        quoted.join(" or ")
    };
    match error {
        Unresolved::Missing { near } if near.is_empty() => {
            Failure::usage(format!("no task is called `{said}`"))
                .help("runr tasks list    shows all tasks")
        }
        Unresolved::Missing { near } => Failure::usage(format!("no task is called `{said}`"))
            .help(format!("did you mean {}?", quoted(&near))),
        Unresolved::Ambiguous { candidates } => {
            Failure::usage(format!("`{said}` may mean several tasks"))
                .help(format!("write {}", quoted(&candidates)))
        }
        Unresolved::OtherRepository { alias } => Failure::usage(format!(
            "`{said}` names a task of the repository `{}`, and this command is about this one",
            alias.escape_debug()
        )),
        Unresolved::Outside => Failure::usage(format!("`{said}` leads out of the project"))
            .help("runr tasks list    shows all tasks"),
    }
}
