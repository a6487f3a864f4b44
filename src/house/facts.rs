//! Gathers what the checks judge: from files, processes and the file system. Changes nothing, takes no lock.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use rustix::fs::{Access, access};

use crate::attempt::{Marked, marked};
use crate::house::in_git::{self, InGit};
use crate::house::leftovers::{self, folders};
use crate::model::{OrchId, RunId, TaskId};
use crate::state::State;
use crate::store::file_system::{self, Kind, Room};
use crate::store::recovery::{self, Action, Attempt, TaskLock};
use crate::store::{
    Examination, Layout, Store, StoreError, examine, process, read_state, recovery::Facts as OfRun,
};

/// Everything that is judged.
#[derive(Debug)]
pub struct Facts {
    pub examination: Examination,
    pub kind: Kind,
    pub room: Room,
    /// Files and folders that this user cannot write.
    pub unwritable: Vec<PathBuf>,
    /// Orchestrations that have not ended and whose process is gone.
    pub deserted: Vec<OrchId>,
    /// Open runs that no living orchestrator attends, and what recovery would make of them.
    pub unattended: Vec<(RunId, TaskId, Action)>,
    /// How many orchestrators are at work.
    pub at_work: usize,
    /// Runs whose folder has no entry in the journal; do they hold a verdict?
    pub unknown: Vec<(RunId, Verdict)>,
    pub strays: Vec<Stray>,
    pub temporary: Vec<PathBuf>,
    pub git: Git,
    pub in_git: InGit,
}

/// Does a run folder hold one?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Written,
    None,
}

/// A process that carries the cookie of a run which is not open.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stray {
    pub pid: i32,
    pub run: RunId,
    pub of: Whose,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whose {
    /// The journal says that the run is over.
    EndedRun,
    /// The journal does not know the run.
    UnknownRun,
}

/// What is there of git.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Git {
    /// Is the project in a repository?
    pub repository: bool,
    /// What `git --version` said; `None`: there is no git.
    pub version: Option<String>,
}

/// Looks at everything.
///
/// # Errors
/// When runr's own files are there and cannot be read.
pub fn gather(root: &Path) -> Result<Facts, StoreError> {
    let layout = Layout::new(root);
    let examination = examine(&layout)?;
    let store = Store::open(root)?;
    let state = store.state();
    let place = existing(&layout.locks());
    let cannot = |doing: &'static str, path: PathBuf| {
        move |source: io::Error| StoreError::Io {
            doing,
            path,
            source,
        }
    };
    let kind =
        file_system::kind(&place).map_err(cannot("find the file system of", place.clone()))?;
    let room = file_system::room(&place).map_err(cannot("find the room at", place.clone()))?;
    let (deserted, unattended) = abandoned(&layout, state)?;
    let owners = state.orchestrations.values();
    let at_work = owners
        .filter(|o| o.ended_at.is_none() && process::is_alive(&o.owner))
        .count();
    let unknown = unknown(&layout, &examination).map_err(cannot("read", layout.runs()))?;
    let marked = marked().map_err(cannot("read", "/proc".into()))?;
    Ok(Facts {
        strays: strays(root, state, &examination, marked),
        kind,
        room,
        unwritable: unwritable(&layout),
        deserted,
        unattended,
        at_work,
        unknown,
        temporary: leftovers::temporary(&layout).map_err(cannot("read", layout.dir()))?,
        git: git(root),
        in_git: in_git::look(&layout, state),
        examination,
    })
}

/// The path, or the nearest folder above it that is there.
fn existing(path: &Path) -> PathBuf {
    let mut up = path.ancestors();
    up.find(|path| path.exists()).unwrap_or(path).to_owned()
}

type Abandoned = (Vec<OrchId>, Vec<(RunId, TaskId, Action)>);

/// By their processes alone: a lock is recovery's to test, while it holds the owner's.
fn abandoned(layout: &Layout, state: &State) -> Result<Abandoned, StoreError> {
    let attended = |orch: &OrchId| {
        let entry = state.orchestrations.get(orch);
        entry.is_some_and(|o| o.ended_at.is_none() && process::is_alive(&o.owner))
    };
    let unended = state.orchestrations.iter();
    let deserted = unended
        .filter(|(orch, o)| o.ended_at.is_none() && !attended(orch))
        .map(|(orch, _)| orch.clone())
        .collect();
    let mut unattended = Vec::new();
    for (run, open) in state.open.iter().filter(|(_, open)| !attended(&open.orch)) {
        let attempt = open.process.as_ref().map(|of| {
            if !process::is_of_this_boot(of) {
                Attempt::OfAnotherBoot
            } else if process::is_alive(of) {
                Attempt::Alive
            } else {
                Attempt::Gone
            }
        });
        let lock = match attempt {
            Some(Attempt::Alive) => TaskLock::Held,
            _ => TaskLock::Free,
        };
        let facts = OfRun {
            verdict: read_state(layout, run)?,
            lock,
            attempt,
        };
        let action = recovery::decide(open, facts);
        unattended.push((run.clone(), open.task.clone(), action));
    }
    Ok((deserted, unattended))
}

/// The run folders that no line of the journal names. Folders of the older runr have no specification and
/// are its own matter.
fn unknown(layout: &Layout, examination: &Examination) -> io::Result<Vec<(RunId, Verdict)>> {
    let mut unknown = Vec::new();
    for folder in folders(&layout.runs())? {
        let name = folder.file_name().and_then(|name| name.to_str());
        let Some(run) = name.and_then(|name| RunId::parse(name).ok()) else {
            continue;
        };
        if examination.runs.contains(&run) || !folder.join("spec.json").exists() {
            continue;
        }
        let verdict = match folder.join("state.json").exists() {
            true => Verdict::Written,
            false => Verdict::None,
        };
        unknown.push((run, verdict));
    }
    Ok(unknown)
}

fn strays(
    root: &Path,
    state: &State,
    examination: &Examination,
    marked: Vec<Marked>,
) -> Vec<Stray> {
    marked
        .into_iter()
        .filter(|it| it.root == root)
        .filter(|it| !state.open.contains_key(&it.run) && !state.claimed.contains_key(&it.run))
        .map(|it| Stray {
            of: match examination.runs.contains(&it.run) {
                true => Whose::EndedRun,
                false => Whose::UnknownRun,
            },
            pid: it.pid,
            run: it.run,
        })
        .collect()
}

fn unwritable(layout: &Layout) -> Vec<PathBuf> {
    let mut all = vec![
        layout.dir(),
        layout.locks(),
        layout.journal(),
        layout.journal_lock(),
        layout.runs(),
        layout.orchestrations(),
    ];
    all.retain(|path| fs::exists(path).unwrap_or(true) && access(path, Access::WRITE_OK).is_err());
    all
}

fn git(root: &Path) -> Git {
    let told = Command::new("git")
        .arg("--version")
        .stdin(Stdio::null())
        .stderr(Stdio::null())
        .current_dir("/")
        .output();
    Git {
        repository: root.join(".git").exists(),
        version: told
            .ok()
            .filter(|told| told.status.success())
            .map(|told| String::from_utf8_lossy(&told.stdout).trim().to_owned()),
    }
}
