//! Where everything of runr's lies below a project root (product page: "Files").

use std::path::{Path, PathBuf};

use crate::model::{OrchId, RunId, TaskId};

/// The paths of one project. Cheap to clone; touches no file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    root: PathBuf,
}

impl Layout {
    /// `root` is absolute.
    #[must_use]
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self { root: root.into() }
    }
    #[must_use]
    pub fn root(&self) -> &Path {
        &self.root
    }
    #[must_use]
    pub fn dir(&self) -> PathBuf {
        self.root.join(".runr")
    }
    #[must_use]
    pub fn tasks(&self) -> PathBuf {
        self.dir().join("tasks")
    }
    #[must_use]
    pub fn journal(&self) -> PathBuf {
        self.dir().join("journal.jsonl")
    }
    #[must_use]
    pub fn status_cache(&self) -> PathBuf {
        self.dir().join("task-status.json")
    }
    #[must_use]
    pub fn quarantine(&self) -> PathBuf {
        self.dir().join("quarantine")
    }
    #[must_use]
    pub fn runs(&self) -> PathBuf {
        self.dir().join("runs")
    }
    #[must_use]
    pub fn run(&self, run: &RunId) -> PathBuf {
        self.runs().join(run.as_str())
    }
    #[must_use]
    pub fn orchestrations(&self) -> PathBuf {
        self.dir().join("orchestrations")
    }
    #[must_use]
    pub fn orchestration(&self, orch: &OrchId) -> PathBuf {
        self.orchestrations().join(orch.as_str())
    }
    /// What is known of sessions that people run themselves.
    #[must_use]
    pub fn sessions(&self) -> PathBuf {
        self.dir().join("sessions")
    }
    #[must_use]
    pub fn locks(&self) -> PathBuf {
        self.dir().join("locks")
    }
    #[must_use]
    pub fn journal_lock(&self) -> PathBuf {
        self.locks().join("journal")
    }
    /// Held while the status file is replaced.
    #[must_use]
    pub fn status_lock(&self) -> PathBuf {
        self.locks().join("status")
    }
    /// Space that is given back when the disk is full.
    #[must_use]
    pub fn reserve(&self) -> PathBuf {
        self.locks().join("reserve")
    }
    /// Held for an orchestrator's life.
    #[must_use]
    pub fn owner_lock(&self, orch: &OrchId) -> PathBuf {
        self.locks().join(orch.as_str())
    }
    /// The folder of all working trees.
    #[must_use]
    pub fn worktrees(&self) -> PathBuf {
        self.root.join(".runr-worktrees")
    }
    /// The working tree of an attempt.
    #[must_use]
    pub fn worktree(&self, run: &RunId) -> PathBuf {
        self.worktrees().join(run.as_str())
    }
    /// Held while working trees are added and removed.
    #[must_use]
    pub fn git_lock(&self) -> PathBuf {
        self.locks().join("git")
    }
    /// Held while a branch is advanced. The name is a hash: names of branches may hold `/` and be long.
    #[must_use]
    pub fn branch_lock(&self, branch: &str) -> PathBuf {
        let hash = blake3::hash(branch.as_bytes()).to_hex();
        self.locks().join(format!("branch-{}", &hash[..16]))
    }
    /// Held for an attempt's life. The name is a hash: task names may hold `/` and be long.
    #[must_use]
    pub fn task_lock(&self, task: &TaskId) -> PathBuf {
        let hash = blake3::hash(task.as_str().as_bytes()).to_hex();
        self.locks().join(format!("task-{}", &hash[..16]))
    }
}
