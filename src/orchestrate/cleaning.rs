//! Takes the working trees of completed runs away, beside the loop: nobody waits for that.
//!
//! Knows run folders and working trees. Touches only runs whose work is on a branch.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use tokio::task::JoinSet;

use crate::attempt::{EXCLUDES, INDEX};
use crate::git::GitError;
use crate::git::worktree::{self, Leftover, Removed};
use crate::model::{OrchId, RunGit, RunId, Status};
use crate::orchestrate::OrchestrateError;
use crate::state::State;
use crate::store::lock::{self, Held};
use crate::store::{Layout, StoreError, read_spec, read_state};

/// A working tree that is not needed any more.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Done {
    pub common: PathBuf,
    pub run: RunId,
    /// The commit that holds its work, on the base it started from.
    pub checkpoint: String,
}

impl Done {
    /// Of a run whose work is on a branch; `None`: it is not.
    #[must_use]
    pub fn of(common: &Path, run: &RunId, left: &RunGit) -> Option<Self> {
        left.integrated.as_ref()?;
        Some(Self {
            common: common.to_owned(),
            run: run.clone(),
            checkpoint: left.checkpoint.clone()?,
        })
    }
}

/// Removals that are under way.
#[derive(Debug, Default)]
pub struct Cleaning {
    jobs: JoinSet<Option<String>>,
}

impl Cleaning {
    /// Begins to remove one.
    pub fn start(&mut self, layout: &Layout, done: Done) {
        let layout = layout.clone();
        self.jobs.spawn_blocking(move || said(&layout, &done));
    }

    /// What those that are over have to say: a line each, when it is worth one.
    pub fn said(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(joined) = self.jobs.try_join_next() {
            lines.extend(line(joined));
        }
        lines
    }

    /// Waits for all.
    pub async fn finish(&mut self) -> Vec<String> {
        let mut lines = Vec::new();
        while let Some(joined) = self.jobs.join_next().await {
            lines.extend(line(joined));
        }
        lines
    }
}

fn line(joined: Result<Option<String>, tokio::task::JoinError>) -> Option<String> {
    match joined {
        Ok(line) => line,
        // A panic in the job is a defect of ours; show it where it is seen.
        Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
        Err(_) => None,
    }
}

fn said(layout: &Layout, done: &Done) -> Option<String> {
    match remove(layout, done) {
        Ok(Removed::Clean | Removed::Absent) => None,
        Ok(Removed::Rescued(name)) => Some(format!(
            "{} left changes after its work was committed; they are kept as {name}",
            done.run
        )),
        Err(error) => Some(format!(
            "warning: the working tree of {} is still there: {error}",
            done.run
        )),
    }
}

/// Removes one working tree, and the index that was runr's own.
///
/// # Errors
/// When git refuses; it is still there then.
pub fn remove(layout: &Layout, done: &Done) -> Result<Removed, GitError> {
    let folder = layout.run(&done.run);
    // A run that went on with another's work did so in that one's working tree.
    let spec = read_spec(&folder).ok().and_then(|spec| spec.git);
    let tree = spec.map_or_else(|| layout.worktree(&done.run), |git| git.worktree);
    let index = folder.join(INDEX);
    let excludes = folder.join(EXCLUDES);
    let removed = worktree::remove(&Leftover {
        common: &done.common,
        git_lock: &layout.git_lock(),
        worktree: &tree,
        run: &done.run,
        checkpoint: &done.checkpoint,
        index: index.clone(),
        excludes: excludes.is_file().then_some(excludes),
    })?;
    match fs::remove_file(&index) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(GitError::io("remove", &index)(error))
        }
        _ => Ok(removed),
    }
}

/// Working trees that are nobody's any more: those alive were asked.
#[derive(Debug, Default)]
pub struct LeftBehind {
    /// Their work is on a branch.
    pub done: Vec<Done>,
    /// Whoever made them died before anybody worked in them.
    pub half_made: Vec<RunId>,
}

/// Finds what somebody who died did not come to, sorted.
///
/// # Errors
/// When a folder or a verdict cannot be read.
pub fn left_behind(
    layout: &Layout,
    state: &State,
    own: &OrchId,
    common: &Path,
) -> Result<LeftBehind, OrchestrateError> {
    let mut names = worktree::known(common)?;
    names.extend(in_folder(&layout.worktrees())?);
    names.sort();
    names.dedup();
    let mut found = LeftBehind::default();
    for run in names.iter().filter_map(|name| RunId::parse(name).ok()) {
        if state.open.contains_key(&run) {
            continue;
        }
        let folder = layout.run(&run);
        // What has no specification is nothing of this program's.
        let Ok(spec) = read_spec(&folder) else {
            continue;
        };
        if spec.orch != *own && lock::owner_lock(layout, &spec.orch)? == Held::Yes {
            continue;
        }
        let left = read_state(layout, &run)?.and_then(|state| state.git);
        let done = match &left {
            Some(left) => Done::of(common, &run, left),
            None => completed_by(state, common, &run),
        };
        let worked = left.is_some_and(|left| left.checkpoint.is_some()) || done.is_some();
        // The index is copied there when the working tree is whole, and before anybody is let in.
        if !worked && spec.git.is_some() && !folder.join(INDEX).exists() {
            found.half_made.push(run);
        } else {
            found.done.extend(done);
        }
    }
    Ok(found)
}

/// A run that is completed although it left no verdict: its commit was found on the branch.
fn completed_by(state: &State, common: &Path, run: &RunId) -> Option<Done> {
    let mut tasks = state.tasks.values();
    let task = tasks.find(|task| task.last_run_id.as_ref() == Some(run))?;
    Some(Done {
        common: common.to_owned(),
        run: run.clone(),
        checkpoint: task
            .checkpoint_sha
            .clone()
            .filter(|_| task.status == Status::Completed)?,
    })
}

fn in_folder(trees: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(trees) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(StoreError::io("read", trees)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let name = entry.map_err(StoreError::io("read", trees))?.file_name();
        names.extend(name.into_string());
    }
    Ok(names)
}
