//! Finds the task files: all `.md` files below `.runr/tasks/`, sorted by name.
//!
//! Links are followed inside the project and never in circles; names that begin with a dot (what editors
//! leave behind) are no tasks.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::model::TaskId;
use crate::plan::TASKS;
use crate::project::Edits;
use crate::project::read::{ReadError, inside};
use crate::spec::{Finding, Mark};

/// Folders inside each other.
const MAX_DEPTH: usize = 32;

/// A task file that is there.
#[derive(Debug)]
pub struct Found {
    pub id: TaskId,
    /// From the root.
    pub file: Arc<str>,
    /// Where its path leads, if a link is part of it.
    pub end: Option<PathBuf>,
}

/// Finds all task files, sorted by id. A project without the folder has none.
pub fn tasks(root: &Path, findings: &mut Vec<Finding>) -> Vec<Found> {
    let top = root.join(TASKS);
    if top.symlink_metadata().is_err() {
        return Vec::new();
    }
    let real = match inside(root, &top) {
        Ok(real) => real,
        Err(error) => {
            findings.push(unreadable(TASKS, &error));
            return Vec::new();
        }
    };
    let mut walk = Walk {
        root,
        above: vec![real.clone()],
        found: Vec::new(),
        findings,
    };
    walk.folder(&real, "");
    let mut found = walk.found;
    found.sort_unstable_by(|a, b| a.id.cmp(&b.id));
    found.shrink_to_fit();
    found
}

/// Takes in the task files that are going to be there, each in its place.
pub fn join(found: &mut Vec<Found>, edits: &Edits) {
    for (file, _) in edits.files() {
        let name = file
            .strip_prefix(TASKS)
            .and_then(|name| name.strip_prefix('/'));
        // Whoever makes a task file has made its id first; anything else is another file.
        let Some(Ok(id)) = name.map(TaskId::parse) else {
            continue;
        };
        if id.is_inline() {
            continue;
        }
        if let Err(at) = found.binary_search_by(|found| found.id.cmp(&id)) {
            let file = file.clone();
            found.insert(
                at,
                Found {
                    id,
                    file,
                    end: None,
                },
            );
        }
    }
}

/// A walk under way.
struct Walk<'a> {
    root: &'a Path,
    /// The folders that the current one lies in, itself included, as they really are.
    above: Vec<PathBuf>,
    found: Vec<Found>,
    findings: &'a mut Vec<Finding>,
}

impl Walk<'_> {
    /// Takes in a folder: `real` is where it is, `name` (empty, or ending in `/`) how its tasks are called.
    fn folder(&mut self, real: &Path, name: &str) {
        let entries = match fs::read_dir(real) {
            Ok(entries) => entries,
            Err(error) => {
                self.findings
                    .push(unreadable(&format!("{TASKS}/{name}"), &error.into()));
                return;
            }
        };
        for entry in entries {
            let (entry, kind) =
                match entry.and_then(|entry| entry.file_type().map(|kind| (entry, kind))) {
                    Ok(both) => both,
                    Err(error) => {
                        self.findings
                            .push(unreadable(&format!("{TASKS}/{name}"), &error.into()));
                        continue;
                    }
                };
            let last = entry.file_name();
            let Some(last) = last.to_str() else {
                let file: Arc<str> = format!("{TASKS}/{name}{}", last.to_string_lossy()).into();
                self.findings.push(
                    Finding::error(
                        "bad-name",
                        &file,
                        Mark::START,
                        "the name of the file is not UTF-8",
                    )
                    .help("rename it"),
                );
                continue;
            };
            if last.starts_with('.') {
                continue;
            }
            let mut path = entry.path();
            let (mut is_dir, mut is_file) = (kind.is_dir(), kind.is_file());
            if kind.is_symlink() {
                match inside(self.root, &path).and_then(|real| Ok((real.metadata()?, real))) {
                    Ok((kind, real)) => {
                        (is_dir, is_file) = (kind.is_dir(), kind.is_file());
                        path = real;
                    }
                    // A link to nowhere that is no task anyway.
                    Err(ReadError::Io(_)) if !last.ends_with(".md") => continue,
                    Err(error) => {
                        self.findings
                            .push(unreadable(&format!("{TASKS}/{name}{last}"), &error));
                        continue;
                    }
                }
            }
            if is_dir {
                let circle = self.above.contains(&path);
                if circle || self.above.len() > MAX_DEPTH {
                    let file: Arc<str> = format!("{TASKS}/{name}{last}").into();
                    let message = if circle {
                        "the link leads in a circle"
                    } else {
                        "folders are nested too deep"
                    };
                    self.findings.push(
                        Finding::error("bad-name", &file, Mark::START, message).help("remove it"),
                    );
                    continue;
                }
                self.above.push(path.clone());
                self.folder(&path, &format!("{name}{last}/"));
                self.above.pop();
            } else if last.ends_with(".md") {
                let file: Arc<str> = format!("{TASKS}/{name}{last}").into();
                if !is_file {
                    self.findings.push(unreadable(&file, &ReadError::NotAFile));
                    continue;
                }
                match TaskId::parse(&file[TASKS.len() + 1..]) {
                    Ok(id) => {
                        let end = (path != self.root.join(&*file)).then_some(path);
                        self.found.push(Found { id, file, end });
                    }
                    Err(error) => self.findings.push(
                        Finding::error(
                            "bad-name",
                            &file,
                            Mark::START,
                            format!("no task can be called so: {error}"),
                        )
                        .help("rename it"),
                    ),
                }
            }
        }
    }
}

/// Says that something cannot be read.
pub fn unreadable(file: &str, error: &ReadError) -> Finding {
    let help = match error {
        ReadError::Outside(_) => "copy the file into the project",
        ReadError::NotAFile => "put a regular file there, or remove it",
        ReadError::Io(_) => "make it readable, or remove it",
    };
    Finding::error("unreadable", &file.into(), Mark::START, error.to_string()).help(help)
}
