//! References that lead into other repositories, until those are read.
//!
//! Knows what was written and where. What is meant is found when the parts are put together.

use std::sync::Arc;

use crate::model::Alias;
use crate::plan::{Origin, TaskIx};
use crate::spec::Mark;

/// A task of another repository as a file names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// As the repository of that file calls the other one.
    pub alias: Alias,
    /// Behind the colon.
    pub task: Box<str>,
    pub mark: Mark,
}

/// An edge from a task of another repository. Numbers are those of the part.
#[derive(Debug)]
pub struct Far {
    pub dependent: TaskIx,
    pub target: Target,
    pub origin: Origin,
    /// Where it is written.
    pub file: Arc<str>,
}

/// A step of the orchestration file that is a task of another repository. Its number stands for that task.
#[derive(Debug)]
pub struct StandIn {
    pub ix: TaskIx,
    pub target: Target,
    pub file: Arc<str>,
    /// The number of its track.
    pub track: usize,
}
