//! What `logs` and `report` are asked about: a run, an orchestration or a task.

use crate::cli::{Failure, names};
use crate::model::{RunId, TaskId};
use crate::project::{self, Project};
use crate::store::Store;

/// How many ids an error names.
const NAMED: usize = 5;

/// A run, or a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Subject {
    Run(RunId),
    Task(TaskId),
}

impl Subject {
    /// As it is written.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Self::Run(run) => run.as_str(),
            Self::Task(task) => task.as_str(),
        }
    }
}

/// Finds what a name means. Works although task files are invalid: then only what has run is known.
///
/// # Errors
/// When there is no such run or task; exit code 2, with candidates.
pub fn find(project: &Project, store: &Store, name: &str) -> Result<Subject, Failure> {
    if let Ok(run) = RunId::parse(name) {
        let state = store.state();
        let known = state.open.contains_key(&run)
            || state.claimed.contains_key(&run)
            || state
                .tasks
                .values()
                .any(|task| task.last_run_id.as_ref() == Some(&run))
            || store.layout().run(&run).is_dir();
        return if known {
            Ok(Subject::Run(run))
        } else {
            Err(candidates(
                Failure::usage(format!("there is no run `{run}`")),
                &newest(store.layout().runs()),
            ))
        };
    }
    let missing = match project::load(project, None) {
        Ok(loaded) => match names::task(&loaded.plan, name) {
            Ok(ix) => return Ok(Subject::Task(loaded.plan.task(ix).id.clone())),
            Err(failure) => failure,
        },
        Err(_) => Failure::usage(format!("no task `{}` has run", name.escape_debug()))
            .help("runr check    shows what is wrong with the task files"),
    };
    // A task whose file is gone, or invalid now, may have run before.
    let spelled = [name.to_owned(), format!("{name}.md")];
    spelled
        .iter()
        .filter_map(|name| TaskId::parse(name).ok())
        .find(|id| store.state().tasks.contains_key(id))
        .map(Subject::Task)
        .ok_or(missing)
}

/// Adds the newest ids to an error.
#[must_use]
pub fn candidates(failure: Failure, newest: &[String]) -> Failure {
    if newest.is_empty() {
        return failure.help("runr status    shows how things stand");
    }
    failure.help(format!("the latest are {}", newest.join(", ")))
}

/// The newest names in a folder of runs or orchestrations; a folder that is not there has none.
#[must_use]
pub fn newest(folder: std::path::PathBuf) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<String> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    names.sort_unstable_by(|a, b| b.cmp(a));
    names.truncate(NAMED);
    names
}
