//! The configuration after defaults were applied.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::model::{Budget, Collision, CommandLine, GitConfig, NotifyConfig, Policy, StalePolicy};

/// What happens to running attempts when the terminal closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OrphanPolicy {
    #[default]
    Keep,
    Kill,
}

/// A worker of the configuration.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WorkerConfig {
    pub command: Option<CommandLine>,
    pub max_parallel: Option<u32>,
    pub model: Option<String>,
}

/// The validated configuration of one repository.
#[derive(Debug, Clone, PartialEq)]
pub struct Config {
    pub worker: Option<Arc<str>>,
    /// `None`: min(4, cores).
    pub jobs: Option<u32>,
    pub policy: Arc<Policy>,
    pub workers: BTreeMap<String, WorkerConfig>,
    pub pools: BTreeMap<String, u32>,
    pub collision: Option<Collision>,
    pub stale: StalePolicy,
    pub on_orphan: OrphanPolicy,
    pub budget: Budget,
    /// Completions are written into the task files too.
    pub frontmatter: bool,
    pub git: GitConfig,
    pub notify: NotifyConfig,
}
