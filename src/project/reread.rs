//! Reads one task again, just before it is dispatched: its text, checks and limits may have changed since the
//! plan was made; ids and edges have not.

use std::path::Path;

use crate::model::{Diagnostic, Task};
use crate::plan::{self, Plan, TaskIx};
use crate::project::Project;
use crate::project::load::{config, has_error, one, orchestration_file, placed};
use crate::project::read;
use crate::project::walk::{Found, unreadable};
use crate::spec::{Finding, Mark};

/// The task as its files say it now.
///
/// # Errors
/// What is wrong with its file, the configuration or the orchestration file now.
pub fn reread(
    project: &Project,
    plan: &Plan,
    orchestration: Option<&Path>,
    ix: TaskIx,
) -> Result<Task, Vec<Diagnostic>> {
    let root = &project.root;
    let old = plan.task(ix);
    let mut findings = Vec::new();
    let config = config(root, &mut findings);
    let named = orchestration.map(|path| root.join(path));
    let (orchestration, _) = match &named {
        Some(path) => orchestration_file(root, Some(path), &mut findings),
        None => (None, None),
    };
    let doc = if old.id.is_inline() {
        None
    } else {
        let file = old.place.file.clone();
        let path = root.join(&*file);
        match read::inside(root, &path) {
            Ok(real) if real.is_file() => {
                let found = Found {
                    id: old.id.clone(),
                    file,
                    path: real,
                };
                one(&found, &mut Vec::new(), &mut findings)
            }
            Ok(_) => {
                findings.push(unreadable(&file, &read::ReadError::NotAFile));
                None
            }
            Err(read::ReadError::Io(error)) if error.kind() == std::io::ErrorKind::NotFound => {
                findings.push(
                    Finding::error(
                        "vanished",
                        &file,
                        Mark::START,
                        format!("the file of the task `{}` is gone", old.id),
                    )
                    .help("put it back, or start a new orchestration without it"),
                );
                None
            }
            Err(error) => {
                findings.push(unreadable(&file, &error));
                None
            }
        }
    };
    let config = config.filter(|_| !findings.iter().any(Finding::is_error));
    let task = config.and_then(|config| {
        plan::again(
            plan,
            ix,
            &plan::Sources {
                config: &config,
                orchestration: orchestration.as_ref(),
                doc: doc.as_ref(),
            },
            &mut findings,
        )
    });
    let problems = placed(root, findings);
    match task {
        Some(task) if !has_error(&problems) => Ok(task),
        _ => Err(problems),
    }
}
