//! The part of an attempt's contract that is about git: what it is given, and what it left.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};

use crate::model::{
    CommitRules, Fingerprint, Remark, RunId, ScopeRules, TaskId, TaskKind, TreeSetUp,
};

/// A prerequisite whose commit must be in the base.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Needed {
    pub task: TaskId,
    pub run: Option<RunId>,
    pub commit: String,
}

/// What an attempt in a working tree of its own is given. Written into `spec.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct GitSpec {
    /// The repository's common directory, absolute.
    pub common: PathBuf,
    /// The working tree to make, absolute.
    pub worktree: PathBuf,
    /// The project's folder inside the repository, `/` between parts; empty: its top.
    pub folder: String,
    /// The branch that the work is integrated into, without `refs/heads/`.
    pub branch: String,
    /// Held while working trees are added and removed.
    pub git_lock: PathBuf,
    /// Held while the branch is advanced.
    pub branch_lock: PathBuf,
    pub kind: TaskKind,
    pub fingerprint: Fingerprint,
    /// Patterns from the project root; empty: the task may change whatever is not denied.
    pub owns: Vec<String>,
    pub scope: ScopeRules,
    /// Files that steer runr itself, from the project root.
    pub steering: Vec<String>,
    pub setup: TreeSetUp,
    pub commits: CommitRules,
    /// The user's own file of ignored names.
    pub excludes: Option<PathBuf>,
    pub needs: Vec<Needed>,
    /// The earlier run whose working tree and work this one goes on with; a person has sent it back.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub continues: Option<RunId>,
    /// What people have said since it was completed last; the commit passes it on.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub remarks: Vec<Remark>,
    /// The shared configuration as it was when the orchestration started.
    pub guard: Guard,
}

/// What the shared configuration of a repository was, as far as it can run programs.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Guard {
    /// The files that it is read from.
    pub files: Vec<PathBuf>,
    /// Of their bytes, and of the hooks.
    pub digest: String,
    /// Settings that can run a program, and hooks by the digest of their text; sorted.
    pub programs: Vec<(String, String)>,
}

/// Two changes that do not go together.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Conflict {
    /// From the top of the repository.
    pub files: Vec<String>,
    /// The commits on the branch that touched them, with the tasks that made them where that is known.
    pub others: Vec<String>,
}

/// What an attempt left in git. Part of `state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct RunGit {
    /// The commit that the work started from.
    pub base: Option<String>,
    /// The commit that holds the work, with `base` as its only parent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub checkpoint: Option<String>,
    /// The same work on the branch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub integrated: Option<String>,
    /// Changed files from the top of the repository, sorted.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed: Vec<String>,
    /// Changed files that the task may not change.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outside: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conflict: Option<Conflict>,
    /// Parts of the shared configuration that can run programs and changed meanwhile.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub tampered: Vec<String>,
    /// Files of the user's own working tree that changed while an agent was at work, from the top of the
    /// repository, sorted. Who changed them is not known.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub beside: Vec<String>,
}
