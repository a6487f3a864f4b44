//! Reads and checks all files of a project.
//!
//! Knows which files there are and that task files are many: they are read and parsed on all processors, and
//! of a file without problems only what it says is kept, not its text.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::model::{Collision, Config, Diagnostic, Fingerprint, Severity, SourceLine, Task, Whose};
use crate::plan::{self, Draft, Drawn, Plan, TaskIx};
use crate::project::neighbours::{self, Neighbour, Neighbours, neighbours};
use crate::project::read::{self, ReadError};
use crate::project::walk::{self, Found, unreadable};
use crate::project::{Edits, Project};
use crate::spec::{self, ConfigDoc, Finding, MAX_BYTES, Mark, OrchestrationDoc, TaskDoc};

/// The size up to which the configuration and the orchestration file are read.
const MAX_OTHER: u64 = 16 * MAX_BYTES;

/// A project that was read without an error.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub plan: Plan,
    /// The orchestration file that was read, from the root; `None`: there is none and every task is selected.
    pub orchestration: Option<PathBuf>,
    pub warnings: Vec<Diagnostic>,
    /// The other repositories, in the plan's order; `None`: it cannot be read.
    pub neighbours: Vec<Option<Neighbour>>,
    /// What is wrong with the files of other repositories, named from this root. What cannot be read there is unknown
    /// and stops nothing that does not need it.
    pub elsewhere: Vec<Diagnostic>,
}

impl Loaded {
    /// Where each repository is.
    #[must_use]
    pub fn projects<'a>(&'a self, home: &'a Project) -> Projects<'a> {
        Projects {
            home,
            others: &self.neighbours,
        }
    }
}

/// The projects of a plan's repositories.
#[derive(Debug, Clone, Copy)]
pub struct Projects<'a> {
    pub home: &'a Project,
    others: &'a [Option<Neighbour>],
}

impl<'a> Projects<'a> {
    /// `None`: that repository cannot be read.
    #[must_use]
    pub fn of(&self, whose: Whose) -> Option<&'a Project> {
        match whose {
            Whose::Home => Some(self.home),
            Whose::Other(number) => Some(&self.others.get(number)?.as_ref()?.project),
        }
    }

    /// The fingerprint of a task of the plan now.
    ///
    /// # Errors
    /// When its inputs cannot be read; also when its repository cannot.
    pub fn fingerprint(&self, plan: &Plan, ix: TaskIx) -> std::io::Result<Fingerprint> {
        let project = self.of(plan.whose(ix));
        let gone = || std::io::Error::other("its repository cannot be read");
        crate::project::fingerprint(project.ok_or_else(gone)?, plan.task(ix))
    }
}

/// Where files are read: below the root, unless they are going to change.
#[derive(Debug, Clone, Copy)]
pub(super) struct Source<'a> {
    root: &'a Path,
    edits: &'a Edits,
    /// The roots of other repositories whose files may be shown.
    others: &'a [PathBuf],
    /// On how many processors at most.
    pub(super) threads: usize,
}

impl<'a> Source<'a> {
    pub(super) fn new(root: &'a Path, edits: &'a Edits) -> Self {
        Self {
            root,
            edits,
            others: &[],
            threads: processors(),
        }
    }
}

/// The tasks that own the same paths and could run at the same time: what `collision: fail` refuses.
#[must_use]
pub fn collisions(project: &Project, plan: &Plan) -> Vec<Diagnostic> {
    placed(&project.root, plan::collisions(plan))
}

/// Reads and checks everything. `orchestration` is what `--config` named.
///
/// # Errors
/// All problems of all files, sorted by place; at least one is an error.
pub fn load(project: &Project, orchestration: Option<&Path>) -> Result<Loaded, Vec<Diagnostic>> {
    load_with(project, orchestration, &Edits::default())
}

/// As [`load`], with some files as they are going to be.
///
/// # Errors
/// As [`load`].
pub fn load_with(
    project: &Project,
    orchestration: Option<&Path>,
    edits: &Edits,
) -> Result<Loaded, Vec<Diagnostic>> {
    let root = &project.root;
    let mut findings = Vec::new();
    let config = config(project, &mut findings);
    let before = findings.len();
    let (mut orchestration, path) = orchestration_file(root, orchestration, &mut findings);
    if let Some(file) = path.as_ref().and_then(|path| path.to_str())
        && let Some(text) = edits.get(file)
    {
        findings.truncate(before);
        orchestration = spec::read_orchestration(&file.into(), text.as_bytes(), &mut findings);
    }
    let mut found = walk::tasks(root, &mut findings);
    walk::join(&mut found, edits);
    let ids = found.iter().map(|found| found.id.clone()).collect();
    let others = match &config {
        Some(config) if !config.repos.is_empty() => neighbours(project, config),
        _ => Neighbours::default(),
    };
    let draft = Draft::new(config, orchestration, ids);
    let mut from = Source::new(root, edits);
    let (tasks, drawn) = tasks(from, found, &draft, &mut findings);
    let part = draft.part(tasks, drawn);
    let roots: Vec<PathBuf>;
    let mut built = if others.knows.is_empty() {
        part.alone()
    } else {
        let members = others.members.iter();
        roots = members.map(|m| m.repository.root.clone()).collect();
        from.others = &roots;
        plan::together(part, others.knows, others.members)
    };
    findings.append(&mut built.findings);
    if let Some((plan, config)) = &built.plan
        && config.collision == Some(Collision::Fail)
    {
        findings.extend(plan::collisions(plan));
    }
    let failed = findings.iter().any(Finding::is_error);
    let problems = placed_in(from, findings);
    match built.plan {
        Some((plan, config)) if !failed => Ok(Loaded {
            config,
            plan,
            orchestration: path,
            warnings: problems,
            neighbours: others.read,
            elsewhere: others.problems,
        }),
        _ => Err(problems.into_iter().chain(others.problems).collect()),
    }
}

/// How many threads may read at once. Asked of the system once: that reads several files, and every dispatch reads its
/// task anew.
pub(super) fn processors() -> usize {
    static FOUND: OnceLock<usize> = OnceLock::new();
    *FOUND.get_or_init(|| std::thread::available_parallelism().map_or(1, usize::from))
}

/// The plan of one repository by itself: nothing of what leads into others.
///
/// # Errors
/// As for [`load`].
pub fn load_alone(project: &Project) -> Result<Loaded, Vec<Diagnostic>> {
    let mut findings = Vec::new();
    let config = config(project, &mut findings);
    let (part, _, orchestration) = neighbours::part(project, config, &mut findings, processors());
    let mut built = part.without_others().alone();
    findings.append(&mut built.findings);
    let problems = placed(&project.root, findings);
    match built.plan {
        Some((plan, config)) if !has_error(&problems) => Ok(Loaded {
            config,
            plan,
            orchestration,
            warnings: problems,
            neighbours: Vec::new(),
            elsewhere: Vec::new(),
        }),
        _ => Err(problems),
    }
}

/// The configuration; without a file the empty one. `None`: it has an error.
pub(super) fn config(project: &Project, findings: &mut Vec<Finding>) -> Option<ConfigDoc> {
    let mut config = config_file(&project.root, findings)?;
    config.asked_worker.clone_from(&project.asked_worker);
    Some(config)
}

fn config_file(root: &Path, findings: &mut Vec<Finding>) -> Option<ConfigDoc> {
    const NAMES: [&str; 2] = [".runr/config.yaml", ".runr/runr.config.json"];
    let present: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| root.join(name).symlink_metadata().is_ok())
        .collect();
    match present.as_slice() {
        [] => Some(ConfigDoc::default()),
        [name] => {
            let bytes = bytes(root, &root.join(name), name, findings)?;
            spec::read_config(&Arc::from(*name), &bytes, findings)
        }
        _ => {
            findings.push(
                Finding::error(
                    "two-files",
                    &NAMES[1].into(),
                    Mark::START,
                    "there are two configurations",
                )
                .note(Some(Mark::START.in_file(&NAMES[0].into())), "the other one")
                .help(format!("keep `{}`; both have the same keys", NAMES[0])),
            );
            None
        }
    }
}

/// The orchestration file: the one that is named, else `.runr/orchestration.yaml`, else
/// `orchestration.yaml`. The second value is its path from the root.
pub(super) fn orchestration_file(
    root: &Path,
    named: Option<&Path>,
    findings: &mut Vec<Finding>,
) -> (Option<OrchestrationDoc>, Option<PathBuf>) {
    const NAMES: [&str; 2] = [".runr/orchestration.yaml", "orchestration.yaml"];
    if let Some(named) = named {
        let full = std::path::absolute(named).unwrap_or_else(|_| named.to_owned());
        let full = full.canonicalize().unwrap_or(full);
        let path = full.strip_prefix(root).unwrap_or(&full).to_owned();
        let file: Arc<str> = path.to_string_lossy().into();
        // Named by the person at the shell: it may lie anywhere.
        let read = match full.metadata() {
            Ok(kind) if kind.is_file() => {
                let mut bytes = Vec::new();
                read::fill(&full, MAX_OTHER, &mut bytes)
                    .map(|()| bytes)
                    .map_err(ReadError::from)
            }
            Ok(_) => Err(ReadError::NotAFile),
            Err(error) => Err(error.into()),
        };
        return match read {
            Ok(bytes) => (
                spec::read_orchestration(&file, &bytes, findings),
                Some(path),
            ),
            Err(error) => {
                let mut finding = unreadable(&file, &error);
                finding.diagnostic.help = Some("`--config` names an orchestration file".to_owned());
                findings.push(finding);
                (None, Some(path))
            }
        };
    }
    let present: Vec<&str> = NAMES
        .into_iter()
        .filter(|name| root.join(name).symlink_metadata().is_ok())
        .collect();
    let Some(name) = present.first() else {
        return (None, None);
    };
    if present.len() > 1 {
        findings.push(
            Finding::warning(
                "two-files",
                &NAMES[1].into(),
                Mark::START,
                format!("this file is not read, `{}` is", NAMES[0]),
            )
            .help("keep one of them, or name one with `--config`"),
        );
    }
    let doc = bytes(root, &root.join(name), name, findings)
        .and_then(|bytes| spec::read_orchestration(&Arc::from(*name), &bytes, findings));
    (doc, Some(PathBuf::from(name)))
}

fn bytes(root: &Path, path: &Path, name: &str, findings: &mut Vec<Finding>) -> Option<Vec<u8>> {
    match read::whole(root, path, MAX_OTHER) {
        Ok(bytes) => bytes,
        Err(error) => {
            findings.push(unreadable(name, &error));
            None
        }
    }
}

/// Reads the task files, on all processors when they are many. The tasks come in the order of the files.
pub(super) fn tasks(
    from: Source<'_>,
    found: Vec<Found>,
    draft: &Draft,
    findings: &mut Vec<Finding>,
) -> (Vec<Option<Task>>, Vec<Drawn>) {
    /// Fewer are not worth a thread.
    const SHARE: usize = 256;
    let threads = from.threads.min(found.len() / SHARE).clamp(1, 16);
    let share = found.len().div_ceil(threads).max(1);
    let mut tasks: Vec<Option<Task>> = Vec::with_capacity(found.len());
    tasks.resize_with(found.len(), || None);
    let read_all = &|first: usize, found: &[Found], tasks: &mut [Option<Task>]| {
        let (mut buffer, mut findings) = (Vec::with_capacity(16 * 1024), Vec::new());
        let mut drafter = draft.drafter();
        for (i, (found, task)) in found.iter().zip(tasks).enumerate() {
            let doc = match from.edits.get(&found.file) {
                Some(text) => spec::read_task(&found.file, text.as_bytes(), &mut findings),
                None => one(from.root, found, &mut buffer, &mut findings),
            };
            if let Some(doc) = doc {
                *task = drafter.task(first + i, &doc);
            }
        }
        (drafter.done(), findings)
    };
    let parts = if threads == 1 {
        vec![read_all(0, &found, &mut tasks)]
    } else {
        std::thread::scope(|scope| {
            let shares = found.chunks(share).zip(tasks.chunks_mut(share)).enumerate();
            let running: Vec<_> = shares
                .map(|(i, (found, tasks))| scope.spawn(move || read_all(i * share, found, tasks)))
                .collect();
            running
                .into_iter()
                .map(|thread| {
                    let joined = thread.join();
                    joined.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
                })
                .collect()
        })
    };
    let mut drawn = Vec::with_capacity(parts.len());
    for (part, mut more) in parts {
        drawn.push(part);
        findings.append(&mut more);
    }
    (tasks, drawn)
}

/// Reads one task file.
pub(super) fn one(
    root: &Path,
    found: &Found,
    buffer: &mut Vec<u8>,
    findings: &mut Vec<Finding>,
) -> Option<TaskDoc> {
    let path = match &found.end {
        Some(end) => end.clone(),
        None => root.join(&*found.file),
    };
    match read::fill(&path, MAX_BYTES, buffer) {
        Ok(()) => spec::read_task(&found.file, buffer, findings),
        Err(error) => {
            findings.push(unreadable(&found.file, &error.into()));
            None
        }
    }
}

/// The problems sorted by place, each with its source line, which is looked up now.
pub(super) fn placed(root: &Path, findings: Vec<Finding>) -> Vec<Diagnostic> {
    let edits = &Edits::default();
    placed_in(Source::new(root, edits), findings)
}

fn placed_in(from: Source<'_>, mut findings: Vec<Finding>) -> Vec<Diagnostic> {
    findings.sort_by(|a, b| {
        let key = |f: &Finding| (f.diagnostic.place.clone(), f.diagnostic.message.clone());
        key(a).cmp(&key(b))
    });
    findings.dedup();
    let mut last: Option<(Arc<str>, Option<String>)> = None;
    let mut problems = Vec::with_capacity(findings.len());
    for Finding {
        mut diagnostic,
        width,
    } in findings
    {
        if let Some(place) = &diagnostic.place {
            if last.as_ref().is_none_or(|(file, _)| *file != place.file) {
                let text = match from.edits.get(&place.file) {
                    Some(text) => Some(text.to_owned()),
                    None => text(from, &place.file),
                };
                last = Some((place.file.clone(), text));
            }
            let mark = Mark {
                line: place.line,
                column: place.column,
                width,
            };
            let line = last
                .as_ref()
                .and_then(|(_, text)| spec::line_of(text.as_deref()?, mark));
            diagnostic.source = line
                .filter(|(line, _)| line.len() <= 2000)
                .map(|(line, mark)| SourceLine {
                    text: line.to_owned(),
                    mark,
                });
        }
        problems.push(diagnostic);
    }
    problems
}

/// A file's text to show lines of; `None`: it cannot be had (the problem itself says why).
fn text(from: Source<'_>, file: &str) -> Option<String> {
    let path = from.root.join(file);
    let mut roots = from.others.iter().map(PathBuf::as_path).chain([from.root]);
    let inside =
        Path::new(file).is_absolute() || roots.any(|root| read::inside(root, &path).is_ok());
    let mut bytes = Vec::new();
    let read = inside
        && path.metadata().is_ok_and(|kind| kind.is_file())
        && read::fill(&path, MAX_OTHER, &mut bytes).is_ok();
    read.then(|| String::from_utf8_lossy(&bytes).into_owned())
}

/// Is one of the problems an error?
pub(super) fn has_error(problems: &[Diagnostic]) -> bool {
    problems
        .iter()
        .any(|problem| problem.severity == Severity::Error)
}
