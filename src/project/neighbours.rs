//! The other repositories that the configurations name: where they are, and what they add to the plan.
//!
//! Knows files and folders. A repository is told by its root, however many names it has; circles are no problem. One that
//! cannot be read is there all the same, with the reason: its tasks are unknown, and whoever waits for them waits.

use std::collections::BTreeMap;
use std::path::{Component, Path, PathBuf};
use std::sync::Arc;

use crate::model::{Config, Diagnostic, Known, Repository, TaskId, Unread, Unreadable, Whose};
use crate::plan::{Draft, Member, Part};
use crate::project::find::plain;
use crate::project::load::{
    Source, config, has_error, orchestration_file, placed, processors, tasks,
};
use crate::project::{Edits, Project, find, walk};
use crate::spec::{ConfigDoc, Finding, RepoDoc};

/// Another repository that was read.
#[derive(Debug, Clone)]
pub struct Neighbour {
    pub project: Project,
    pub config: Config,
    /// Its default orchestration file, from its root.
    pub orchestration: Option<PathBuf>,
}

/// All other repositories.
#[derive(Debug, Default)]
pub(super) struct Neighbours {
    /// What the home's configuration calls them.
    pub(super) knows: Known,
    pub(super) members: Vec<Member>,
    /// In the same order; `None`: it cannot be read.
    pub(super) read: Vec<Option<Neighbour>>,
    /// Problems of their files, named from the home's root; and repositories that are not there.
    pub(super) problems: Vec<Diagnostic>,
}

/// A repository that was found, before its tasks are read.
struct Seen {
    repository: Repository,
    project: Option<Project>,
    config: Option<ConfigDoc>,
    findings: Vec<Finding>,
}

/// The names in one configuration, and where that stands.
struct Names<'a> {
    from: Whose,
    root: &'a Path,
    file: Option<Arc<str>>,
    repos: Vec<RepoDoc>,
}

/// Reads every repository that the home's configuration names, and those that they name in turn.
pub(super) fn neighbours(home: &Project, named: &ConfigDoc) -> Neighbours {
    let mut found = Neighbours::default();
    let mut seen: Vec<Seen> = Vec::new();
    let mut by_root = BTreeMap::from([(home.root.clone(), Whose::Home)]);
    let first = Names {
        from: Whose::Home,
        root: &home.root,
        file: named.file.clone(),
        repos: named.repos.clone(),
    };
    found.knows = look(home, first, &mut seen, &mut by_root, &mut found.problems);
    let mut next = 0;
    while next < seen.len() {
        let root = seen[next].repository.root.clone();
        let names = seen[next].config.as_ref().map(|config| Names {
            from: Whose::Other(next),
            root: &root,
            file: config.file.clone(),
            repos: config.repos.clone(),
        });
        if let Some(names) = names {
            let knows = look(home, names, &mut seen, &mut by_root, &mut found.problems);
            seen[next].repository.knows = knows;
        }
        next += 1;
    }
    for (member, neighbour, mut problems) in read_all(seen) {
        found.problems.append(&mut problems);
        found.members.push(member);
        found.read.push(neighbour);
    }
    found
}

/// What came of reading one repository.
type Read = (Member, Option<Neighbour>, Vec<Diagnostic>);

/// Reads the tasks of all, each on one processor, or of a single one on all.
fn read_all(seen: Vec<Seen>) -> Vec<Read> {
    let threads = processors().min(seen.len()).clamp(1, 16);
    if threads == 1 {
        return seen
            .into_iter()
            .map(|seen| read(seen, processors()))
            .collect();
    }
    let share = seen.len().div_ceil(threads);
    let mut seen = seen.into_iter();
    std::thread::scope(|scope| {
        let mut running = Vec::new();
        for _ in 0..threads {
            let part: Vec<Seen> = seen.by_ref().take(share).collect();
            running.push(scope.spawn(move || {
                let read = part.into_iter().map(|seen| read(seen, 1));
                read.collect::<Vec<Read>>()
            }));
        }
        let joined = running.into_iter().flat_map(|thread| {
            let joined = thread.join();
            joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
        });
        joined.collect()
    })
}

/// Finds the repositories that one configuration names.
fn look(
    home: &Project,
    names: Names<'_>,
    seen: &mut Vec<Seen>,
    by_root: &mut BTreeMap<PathBuf, Whose>,
    problems: &mut Vec<Diagnostic>,
) -> Known {
    let mut knows = Known::new();
    for repo in names.repos {
        let path = plain(names.root, &repo.folder.value);
        let project = project_at(&path);
        let root = match &project {
            Ok(project) => project.root.clone(),
            Err(_) => path.clone(),
        };
        if let Some(known) = by_root.get(&root) {
            knows.insert(repo.alias.value, *known);
            continue;
        }
        let whose = Whose::Other(seen.len());
        by_root.insert(root.clone(), whose);
        knows.insert(repo.alias.value.clone(), whose);
        let through = match names.from {
            Whose::Home => None,
            Whose::Other(number) => Some(seen[number].repository.alias.clone()),
        };
        let mut one = Seen {
            repository: Repository {
                alias: match through {
                    None => repo.alias.value.clone(),
                    Some(through) => through.through(&repo.alias.value),
                },
                folder: folder_from(&home.root, &root).into(),
                typed: folder_from(home.typed_in.as_deref().unwrap_or(&home.root), &root).into(),
                root,
                knows: Known::new(),
                unknown: None,
            },
            project: None,
            config: None,
            findings: Vec::new(),
        };
        match project {
            Ok(project) => {
                one.config = config(&project, &mut one.findings);
                one.project = Some(project);
            }
            Err(why) => {
                one.repository.unknown = Some(Unreadable::new(Unread::Files, why.clone()));
                if let Some(file) = &names.file {
                    problems.extend(missing(home, names.from, seen, (file, &repo), &why));
                }
            }
        }
        seen.push(one);
    }
    knows
}

/// Says that a repository is not there, at the place that names it.
fn missing(
    home: &Project,
    from: Whose,
    seen: &[Seen],
    (file, repo): (&Arc<str>, &RepoDoc),
    why: &str,
) -> Vec<Diagnostic> {
    let message = format!(
        "the repository `{}` cannot be read: {why}",
        repo.alias.value.as_str()
    );
    let finding = Finding::error("no-repository", file, repo.folder.mark, message)
        .help("put it there, or say in `repos` where it is");
    match from {
        Whose::Home => placed(&home.root, vec![finding]),
        Whose::Other(number) => {
            let there = &seen[number].repository;
            from_home(placed(&there.root, vec![finding]), &there.folder)
        }
    }
}

/// The project whose folder this is. Folders above it do not count: they are something else.
fn project_at(path: &Path) -> Result<Project, String> {
    let at = path.canonicalize().map_err(|error| match error.kind() {
        std::io::ErrorKind::NotFound => "there is no such folder".to_owned(),
        _ => format!("cannot open it: {error}"),
    })?;
    // To look into it says more than to ask whether something is there.
    if let Err(error) = std::fs::read_dir(&at) {
        return Err(format!("cannot open it: {error}"));
    }
    if !at.join(".runr").is_dir() && at.join(".git").symlink_metadata().is_err() {
        return Err("it is neither a git repository nor has it `.runr/`".to_owned());
    }
    find(&at).ok_or_else(|| "it is no working tree".to_owned())
}

/// Reads the tasks of one repository.
fn read(seen: Seen, threads: usize) -> Read {
    let Seen {
        mut repository,
        project,
        config,
        mut findings,
    } = seen;
    let Some(project) = project else {
        let member = Member {
            repository,
            part: None,
            files: Vec::new(),
        };
        return (member, None, Vec::new());
    };
    let (part, files, orchestration) = part(&project, config, &mut findings, threads);
    let mut part = part;
    findings.append(&mut part.findings);
    let problems = from_home(placed(&project.root, findings), &repository.folder);
    let sound = part.is_sound() && !has_error(&problems);
    if !sound {
        let errors = problems
            .iter()
            .filter(|p| has_error(std::slice::from_ref(p)));
        let why = match errors.count() {
            1 => "its files have an error".to_owned(),
            n => format!("its files have {n} errors"),
        };
        repository.unknown = Some(Unreadable::new(Unread::Files, why));
    }
    let neighbour = Neighbour {
        config: part.config().clone(),
        project,
        orchestration,
    };
    let member = Member {
        repository,
        part: sound.then_some(part),
        files,
    };
    (member, sound.then_some(neighbour), problems)
}

/// What a repository adds to a plan.
pub(super) fn part(
    project: &Project,
    config: Option<ConfigDoc>,
    findings: &mut Vec<Finding>,
    threads: usize,
) -> (Part, Vec<TaskId>, Option<PathBuf>) {
    let root = &project.root;
    let (orchestration, path) = orchestration_file(root, None, findings);
    let found = walk::tasks(root, findings);
    let ids: Vec<TaskId> = found.iter().map(|found| found.id.clone()).collect();
    let draft = Draft::new(config, orchestration, ids.clone());
    let edits = &Edits::default();
    let mut from = Source::new(root, edits);
    from.threads = threads;
    let (tasks, drawn) = tasks(from, found, &draft, findings);
    (draft.part(tasks, drawn), ids, path)
}

/// The same problems with files named from the home's root.
fn from_home(mut problems: Vec<Diagnostic>, folder: &str) -> Vec<Diagnostic> {
    for problem in &mut problems {
        let notes = problem.notes.iter_mut().filter_map(|n| n.place.as_mut());
        for place in problem.place.iter_mut().chain(notes) {
            place.file = format!("{folder}/{}", place.file).into();
        }
    }
    problems
}

/// A folder from another one, with `..` where it leads out. Both are absolute.
#[must_use]
pub fn folder_from(home: &Path, root: &Path) -> String {
    let (from, to): (Vec<Component>, Vec<Component>) =
        (home.components().collect(), root.components().collect());
    let common = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    let mut path = PathBuf::new();
    for _ in common..from.len() {
        path.push("..");
    }
    for part in &to[common..] {
        path.push(part);
    }
    match path.as_os_str().is_empty() {
        true => ".".to_owned(),
        false => path.to_string_lossy().into_owned(),
    }
}
