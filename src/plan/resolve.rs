//! What a reference means: names of tasks as they are written in `depends_on` and `task`.
//!
//! Knows the ids of all tasks. Does not know which document asks, only its folder.

use std::collections::HashMap;

use crate::model::TaskId;
use crate::plan::TaskIx;
use crate::spec::nearest;

/// The tasks that can be referred to. The map answers single questions only: no order comes from it.
#[derive(Debug, Clone, Default)]
pub struct Names {
    by_id: HashMap<TaskId, TaskIx>,
}

/// Why a reference means no single task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unresolved {
    /// Nothing is called so; perhaps these were meant.
    Missing { near: Vec<String> },
    /// Several tasks are called so from here.
    Ambiguous { candidates: Vec<String> },
    /// It names a task of a repository that the configuration does not name.
    OtherRepository { alias: String },
    /// It leads out of the project.
    Outside,
}

impl Names {
    pub fn insert(&mut self, id: TaskId, ix: TaskIx) -> Option<TaskIx> {
        self.by_id.insert(id, ix)
    }

    /// The task of an id.
    #[must_use]
    pub fn get(&self, id: &str) -> Option<TaskIx> {
        let id = TaskId::parse(id).ok()?;
        self.by_id.get(&id).copied()
    }

    /// Finds the task that `reference`, written in a file of the folder `from` (from the project root,
    /// `""` for the root itself), means: from that folder, from `.runr/tasks/`, from the root; `.md` may be left off.
    ///
    /// # Errors
    /// When it means no task or, from different folders, several.
    pub fn resolve(&self, reference: &str, from: &str) -> Result<TaskIx, Unresolved> {
        let bases = [from, TASKS, ""];
        let mut found: Vec<(TaskIx, String)> = Vec::new();
        let mut outside = 0;
        for (i, base) in bases.iter().enumerate() {
            // `./name` and `../name` say themselves which folder they mean.
            if i > 0 && (reference.starts_with("./") || reference.starts_with("../")) {
                break;
            }
            if bases[..i].contains(base) {
                continue;
            }
            let Some(path) = join(base, reference) else {
                outside += 1;
                continue;
            };
            let Some(name) = path
                .strip_prefix(TASKS)
                .and_then(|rest| rest.strip_prefix('/'))
            else {
                continue;
            };
            let exact = self.get(name).map(|ix| (ix, name.to_owned()));
            let with = (!name.ends_with(".md")).then(|| format!("{name}.md"));
            let with = with.and_then(|name| self.get(&name).map(|ix| (ix, name)));
            for candidate in exact.into_iter().chain(with) {
                if found.iter().all(|(other, _)| *other != candidate.0) {
                    found.push(candidate);
                }
            }
        }
        match found.as_slice() {
            [(ix, _)] => Ok(*ix),
            [] if outside > 0 => Err(Unresolved::Outside),
            [] => Err(self.missing(reference)),
            _ => Err(Unresolved::Ambiguous {
                candidates: found.into_iter().map(|(_, name)| name).collect(),
            }),
        }
    }

    fn missing(&self, reference: &str) -> Unresolved {
        if let Some((alias, task)) = reference.split_once(':')
            && !alias.is_empty()
            && !task.is_empty()
            && !alias.contains('/')
        {
            return Unresolved::OtherRepository {
                alias: alias.to_owned(),
            };
        }
        let bare = |name: &str| -> String {
            let last = name.rsplit('/').next().unwrap_or(name);
            last.strip_suffix(".md").unwrap_or(last).to_owned()
        };
        let wanted = bare(reference);
        let mut ids: Vec<&str> = self.by_id.keys().map(TaskId::as_str).collect();
        ids.sort_unstable();
        let mut near: Vec<String> = ids
            .iter()
            .filter(|id| bare(id) == wanted)
            .take(5)
            .map(|id| (*id).to_owned())
            .collect();
        if near.is_empty() {
            let plain = reference.strip_suffix(".md").unwrap_or(reference);
            let stems = ids.iter().map(|id| id.strip_suffix(".md").unwrap_or(id));
            if let Some(stem) = nearest(plain, stems) {
                near.extend(
                    ids.iter()
                        .find(|id| id.strip_suffix(".md").unwrap_or(id) == stem)
                        .map(|id| (*id).to_owned()),
                );
            }
        }
        Unresolved::Missing { near }
    }
}

/// Where task files live, from the project root.
pub const TASKS: &str = ".runr/tasks";

/// The folder of a file, both from the project root.
#[must_use]
pub fn folder(file: &str) -> &str {
    file.rsplit_once('/').map_or("", |(folder, _)| folder)
}

/// A path from a folder, without `.` and `..`. `None`: it is absolute or leaves the project.
fn join(base: &str, path: &str) -> Option<String> {
    if path.starts_with('/') {
        return None;
    }
    let mut joined = String::with_capacity(base.len() + 1 + path.len());
    for part in base.split('/').chain(path.split('/')) {
        match part {
            "" | "." => {}
            ".." => {
                if joined.is_empty() {
                    return None;
                }
                joined.truncate(joined.rfind('/').unwrap_or(0));
            }
            part => {
                if !joined.is_empty() {
                    joined.push('/');
                }
                joined.push_str(part);
            }
        }
    }
    Some(joined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn references_resolve_from_folder_tasks_and_root() {
        let mut names = Names::default();
        let ids = [
            "00-setup.md",
            "net/03-http.md",
            "net/00-setup.md",
            "ui/board.md",
            "net/deep/x.md",
        ];
        for (id, i) in ids.iter().zip(0..) {
            names.insert(TaskId::parse(id).unwrap(), TaskIx(i));
        }
        let root = TASKS;
        let net = ".runr/tasks/net";
        let missing = |near: &[&str]| {
            Err(Unresolved::Missing {
                near: near.iter().map(|n| (*n).to_owned()).collect(),
            })
        };
        for (reference, from, expected) in [
            ("00-setup.md", root, Ok(TaskIx(0))),
            ("00-setup", root, Ok(TaskIx(0))),
            ("./00-setup", net, Ok(TaskIx(2))),
            ("../00-setup", net, Ok(TaskIx(0))),
            ("03-http", net, Ok(TaskIx(1))),
            ("net/03-http.md", net, Ok(TaskIx(1))),
            ("deep/x", net, Ok(TaskIx(4))),
            (".runr/tasks/ui/board.md", net, Ok(TaskIx(3))),
            ("tasks/00-setup.md", ".runr", Ok(TaskIx(0))),
            (
                "00-setup.md",
                net,
                Err(Unresolved::Ambiguous {
                    candidates: vec!["net/00-setup.md".into(), "00-setup.md".into()],
                }),
            ),
            ("board.md", root, missing(&["ui/board.md"])),
            ("00-setpu.md", root, missing(&["00-setup.md"])),
            ("zzz", root, missing(&[])),
            ("../../../../x.md", net, Err(Unresolved::Outside)),
            ("/etc/passwd", root, Err(Unresolved::Outside)),
            (
                "api:02-auth.md",
                root,
                Err(Unresolved::OtherRepository {
                    alias: "api".into(),
                }),
            ),
        ] {
            assert_eq!(
                names.resolve(reference, from),
                expected,
                "{reference} from {from}"
            );
        }
    }
}
