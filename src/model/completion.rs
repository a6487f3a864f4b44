//! What git says about completed tasks.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::model::{Fingerprint, RunId, TaskId};

/// A completion that a commit tells of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Completion {
    pub run: Option<RunId>,
    pub commit: String,
    /// When the commit was made.
    pub at: Timestamp,
    pub fingerprint: Option<Fingerprint>,
}

/// The latest completion of a task was reverted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    pub run: Option<RunId>,
    pub commit: String,
    /// The commit that reverts it.
    pub by: String,
    pub at: Timestamp,
}

/// A commit that names a run and no task, as the older runr wrote them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unnamed {
    pub run: RunId,
    pub commit: String,
    pub at: Timestamp,
}

/// Everything that a history says about the tasks of one project.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Told {
    /// The latest completion of each task that no revert undid.
    pub completed: BTreeMap<TaskId, Completion>,
    /// Tasks of which every completion was reverted.
    pub undone: BTreeMap<TaskId, Undone>,
    /// The newest first.
    pub unnamed: Vec<Unnamed>,
}
