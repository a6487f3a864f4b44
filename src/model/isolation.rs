//! Where the work of an attempt happens, and what a repository's configuration says about git.

use serde::{Deserialize, Serialize};

use crate::model::CommandLine;

/// Does an attempt get a working tree of its own?
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Isolation {
    Worktree,
    /// It works in the project itself; there is no checkpoint.
    None,
}

/// When an orchestration's branch comes onto the user's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Land {
    #[default]
    End,
    /// After every completed task.
    Each,
    Never,
}

/// What tasks may change, whatever they own. Path patterns from the project root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ScopeRules {
    pub allow: Vec<String>,
    pub deny: Vec<String>,
    /// The lock files that tasks may change.
    pub lockfiles: Vec<String>,
}

/// How an attempt's working tree is made ready. Paths from the project root.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct TreeSetUp {
    pub copy: Vec<String>,
    pub link: Vec<String>,
    /// Run in it, in order, before the worker.
    pub setup: Vec<CommandLine>,
}

/// What runr's own commits go through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct CommitRules {
    /// The repository's `pre-commit` and `commit-msg` hooks are run.
    pub hooks: bool,
    pub sign: bool,
}

/// Everything of the configuration that is about git.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct GitConfig {
    pub isolation: Option<Isolation>,
    pub land: Option<Land>,
    pub scope: ScopeRules,
    pub tree: TreeSetUp,
    pub commits: CommitRules,
}
