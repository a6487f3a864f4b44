//! Reads one task again, just before it is dispatched: its text, checks and limits may have changed since the
//! plan was made; ids and edges have not.

use std::path::Path;

use crate::model::{Diagnostic, Task};
use crate::plan::{self, Plan, TaskIx};
use crate::project::Project;
use crate::project::load::{config, has_error, one, orchestration_file, placed};
use crate::project::read;
use crate::project::walk::{Found, unreadable};
use crate::spec::{self, Finding, Mark};

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
    let config = config(project, &mut findings);
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
                    end: Some(real),
                };
                one(root, &found, &mut Vec::new(), &mut findings)
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

/// The text of a task's file below its frontmatter, as it is now.
///
/// # Errors
/// When it cannot be read, or the frontmatter was never closed.
pub fn body(project: &Project, task: &Task) -> std::io::Result<String> {
    let text = std::fs::read_to_string(project.root.join(&*task.place.file))?;
    let parts = spec::split(&text).map_err(std::io::Error::other)?;
    Ok(parts.body.to_owned())
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::path::PathBuf;
    use std::time::Duration;

    use super::*;
    use crate::model::TaskId;
    use crate::project::{Loaded, load};

    fn project() -> (tempfile::TempDir, PathBuf, Project, Loaded) {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path().canonicalize().unwrap();
        fs::create_dir_all(root.join(".runr/tasks")).unwrap();
        fs::write(
            root.join(".runr/tasks/a.md"),
            "---\nrun: make a\n---\n# A\n",
        )
        .unwrap();
        fs::write(
            root.join("orchestration.yaml"),
            "tracks: [{name: x, steps: [{task: a, timeout: 1m}, {run: make b}]}]",
        )
        .unwrap();
        let project = Project {
            root: root.clone(),
            git: false,
            typed_in: None,
            asked_worker: None,
        };
        let loaded = load(&project, None).unwrap();
        (dir, root, project, loaded)
    }

    #[test]
    fn changes_are_seen_and_names_stay() {
        let (_dir, root, project, loaded) = project();
        let find = |id: &str| loaded.plan.find(&TaskId::parse(id).unwrap()).unwrap();
        for ix in loaded.plan.numbers() {
            assert_eq!(
                &reread(&project, &loaded.plan, loaded.orchestration.as_deref(), ix).unwrap(),
                loaded.plan.task(ix),
                "nothing changed"
            );
        }
        fs::write(
            root.join(".runr/tasks/a.md"),
            "---\nrun: make all\ndepends_on: gone\n---\n# A\n",
        )
        .unwrap();
        fs::write(root.join(".runr/config.yaml"), "verify: {tier0: check}\n").unwrap();
        let task = reread(
            &project,
            &loaded.plan,
            loaded.orchestration.as_deref(),
            find("a.md"),
        )
        .unwrap();
        assert_eq!(task.command.unwrap().to_string(), "make all");
        assert_eq!(task.policy.verify.commands.len(), 1);
        assert_eq!(
            task.policy.timeouts.wall,
            Some(Duration::from_secs(60)),
            "the step still counts"
        );
        assert_ne!(task.text, loaded.plan.task(find("a.md")).text);
        assert_eq!(task.track, loaded.plan.task(find("a.md")).track);
    }

    #[test]
    fn what_vanished_or_broke_is_said() {
        let (_dir, root, project, loaded) = project();
        let find = |id: &str| loaded.plan.find(&TaskId::parse(id).unwrap()).unwrap();
        let code = |ix| {
            reread(&project, &loaded.plan, loaded.orchestration.as_deref(), ix).unwrap_err()[0].code
        };
        fs::write(root.join(".runr/tasks/a.md"), "---\npriority: x\n---\n").unwrap();
        assert_eq!(code(find("a.md")), "wrong-value");
        fs::remove_file(root.join(".runr/tasks/a.md")).unwrap();
        assert_eq!(code(find("a.md")), "vanished");
        fs::write(
            root.join("orchestration.yaml"),
            "tracks: [{name: x, steps: [{task: a}]}]",
        )
        .unwrap();
        assert_eq!(code(find("x/step-2")), "vanished");
        fs::write(root.join(".runr/config.yaml"), "jobs: x\n").unwrap();
        assert_eq!(code(find("x/step-2")), "wrong-value");
    }
}
