//! Adds a task file: written, read again with all others, and taken back if that makes the project invalid.
//!
//! Knows the folder of tasks. Never writes over a file, never outside of the folder, never through a link.

use std::fs::{self, OpenOptions};
use std::io::{self, ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use crate::model::{Diagnostic, Severity, TaskId, TaskKind};
use crate::project::{Project, load};

/// What a new task says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewTask {
    pub id: TaskId,
    /// One line.
    pub title: String,
    pub body: String,
    pub kind: TaskKind,
    pub depends_on: Vec<String>,
}

/// Why a task was not added. No file is left.
#[derive(Debug, thiserror::Error)]
pub enum AddError {
    #[error("`{0}` does not end in `.md`")]
    NotMarkdown(TaskId),
    #[error("`{0}` is there already")]
    Exists(TaskId),
    #[error("`{}` is a link or no folder", .0.display())]
    NotAFolder(PathBuf),
    #[error("with it the task files have errors")]
    Invalid(Vec<Diagnostic>),
    #[error("the task files have errors already")]
    InvalidBefore(Vec<Diagnostic>),
    #[error("cannot write `{}`", .path.display())]
    Io { path: PathBuf, source: io::Error },
}

/// Adds a task to a project whose files are valid.
///
/// # Errors
/// When there is a file of its name, or the project with it would be invalid.
pub fn add(project: &Project, task: &NewTask) -> Result<PathBuf, AddError> {
    if Path::new(task.id.as_str())
        .extension()
        .is_none_or(|ext| ext != "md")
    {
        return Err(AddError::NotMarkdown(task.id.clone()));
    }
    if let Err(problems) = load(project, None) {
        return Err(AddError::InvalidBefore(errors(problems)));
    }
    let folder = project.root.join(".runr/tasks");
    let path = folder.join(task.id.as_str());
    let failed = |source| AddError::Io {
        path: path.clone(),
        source,
    };
    let mut made = Vec::new();
    let mut at = folder;
    let mut parts: Vec<&str> = task.id.as_str().split('/').collect();
    parts.pop();
    for part in parts {
        at.push(part);
        match fs::symlink_metadata(&at) {
            Ok(found) if found.is_dir() => {}
            Ok(_) => return Err(AddError::NotAFolder(at)),
            Err(error) if error.kind() == ErrorKind::NotFound => {
                fs::create_dir(&at).map_err(failed)?;
                made.push(at.clone());
            }
            Err(error) => return Err(failed(error)),
        }
    }
    let write = || -> io::Result<()> {
        let mut file = OpenOptions::new()
            .write(true)
            .create_new(true)
            .open(&path)?;
        file.write_all(text(task).as_bytes())?;
        file.sync_all()
    };
    match write() {
        Ok(()) => {}
        Err(error) if error.kind() == ErrorKind::AlreadyExists => {
            return Err(AddError::Exists(task.id.clone()));
        }
        Err(error) => return Err(failed(error)),
    }
    match load(project, None) {
        Ok(_) => Ok(path),
        Err(problems) => {
            fs::remove_file(&path).map_err(failed)?;
            for folder in made.iter().rev() {
                // Another file may have come meanwhile: then the folder stays.
                let _ = fs::remove_dir(folder);
            }
            Err(AddError::Invalid(errors(problems)))
        }
    }
}

fn errors(problems: Vec<Diagnostic>) -> Vec<Diagnostic> {
    let mut problems = problems;
    problems.retain(|problem| problem.severity == Severity::Error);
    problems
}

/// The file. What comes from outside stands in quotes, where nothing but an escape ends it.
#[must_use]
fn text(task: &NewTask) -> String {
    let mut text = String::from("---\n");
    match task.kind {
        TaskKind::Automated => {}
        TaskKind::Manual => text.push_str("type: manual\n"),
        TaskKind::Hybrid => text.push_str("type: hybrid\n"),
    }
    if !task.depends_on.is_empty() {
        text.push_str("depends_on:\n");
        for name in &task.depends_on {
            text.push_str(&format!("  - {}\n", quoted(name)));
        }
    }
    let title: String = task.title.split_whitespace().collect::<Vec<_>>().join(" ");
    text.push_str(&format!("---\n# {title}\n\n{}\n", task.body.trim_end()));
    text
}

/// A YAML scalar in double quotes.
fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            c if c.is_control() => out.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::project::find;

    fn task(name: &str, needs: &[&str]) -> NewTask {
        NewTask {
            id: TaskId::parse(name).unwrap(),
            title: "A\nnew  one".to_owned(),
            body: "Do it.\n---\nrun: rm -rf /\n".to_owned(),
            kind: TaskKind::Hybrid,
            depends_on: needs.iter().map(|n| (*n).to_owned()).collect(),
        }
    }

    fn project() -> (tempfile::TempDir, Project) {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir_all(dir.path().join(".runr/tasks")).unwrap();
        fs::write(
            dir.path().join(".runr/tasks/a.md"),
            "---\nrun: 'true'\n---\n# A\n",
        )
        .unwrap();
        fs::write(dir.path().join(".runr/config.yaml"), "worker: shell\n").unwrap();
        let project = find(dir.path()).unwrap();
        (dir, project)
    }

    #[test]
    fn what_is_written_is_read_as_it_was_meant() {
        let (_dir, project) = project();
        let new = NewTask {
            kind: TaskKind::Manual,
            ..task("net/b.md", &["a.md"])
        };
        add(&project, &new).unwrap();
        let loaded = load(&project, None).unwrap();
        let ix = loaded.plan.find(&new.id).unwrap();
        let read = loaded.plan.task(ix);
        assert_eq!((&*read.title, read.kind), ("A new one", TaskKind::Manual));
        assert_eq!(loaded.plan.graph().prerequisites(ix).len(), 1);
        assert!(read.command.is_none());
        assert!(matches!(add(&project, &new), Err(AddError::Exists(_))));
    }

    #[test]
    fn a_task_that_would_break_the_project_leaves_nothing() {
        let (dir, project) = project();
        for bad in ["zebra.md", "x\"]\nrun: id", "net/c.md"] {
            let new = NewTask {
                kind: TaskKind::Manual,
                ..task("net/c.md", &[bad])
            };
            let error = add(&project, &new).unwrap_err();
            assert!(
                matches!(&error, AddError::Invalid(p) if !p.is_empty()),
                "{bad}: {error:?}"
            );
            assert!(!dir.path().join(".runr/tasks/net").exists());
        }
        assert!(matches!(
            add(&project, &task("b.txt", &[])),
            Err(AddError::NotMarkdown(_))
        ));
    }

    #[test]
    fn a_link_is_not_followed() {
        let (dir, project) = project();
        fs::create_dir(dir.path().join("outside")).unwrap();
        std::os::unix::fs::symlink(
            dir.path().join("outside"),
            dir.path().join(".runr/tasks/net"),
        )
        .unwrap();
        // Whether the link is refused by the loader or here, nothing is written through it.
        assert!(add(&project, &task("net/c.md", &[])).is_err());
        assert_eq!(fs::read_dir(dir.path().join("outside")).unwrap().count(), 0);
    }
}
