//! Finds the project root and reads its files. (Skeleton.)

use std::path::{Path, PathBuf};

use crate::model::{Config, Diagnostic};
use crate::plan::Plan;

/// Where a project is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Project {
    /// Absolute, without links.
    pub root: PathBuf,
    /// Is it a git repository?
    pub git: bool,
}

/// A project that was read without an error.
#[derive(Debug)]
pub struct Loaded {
    pub config: Config,
    pub plan: Plan,
    /// The orchestration file that was read, from the root; `None`: there is none and every task is selected.
    pub orchestration: Option<PathBuf>,
    pub warnings: Vec<Diagnostic>,
}

/// Looks for the project of a folder: the main working tree of its git repository, else the nearest
/// folder upwards with `.runr/`. `None`: neither is there.
#[must_use]
pub fn find(_start: &Path) -> Option<Project> {
    None
}

/// Reads and checks everything. `orchestration` is what `--config` named.
///
/// # Errors
/// All problems of all files, sorted by place; at least one is an error.
pub fn load(_project: &Project, _orchestration: Option<&Path>) -> Result<Loaded, Vec<Diagnostic>> {
    Err(Vec::new())
}
