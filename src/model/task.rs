//! A task as the plan holds it: every name resolved, every default applied.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{AgentWork, Fingerprint, Place, Policy, TaskId};

/// Who does the work.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TaskKind {
    /// A worker.
    #[default]
    Automated,
    /// A person.
    Manual,
    /// A worker, then a person approves.
    Hybrid,
}

impl TaskKind {
    /// The word that task files use.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Automated => "automated",
            Self::Manual => "manual",
            Self::Hybrid => "hybrid",
        }
    }
}

/// A command: a text for `sh -c`, passed whole, or an argument vector.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(untagged)]
pub enum CommandLine {
    Shell(String),
    Argv(Vec<String>),
}

/// As a person would read it; not meant to be run again.
impl fmt::Display for CommandLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Shell(text) => f.write_str(text),
            Self::Argv(words) => f.write_str(&words.join(" ")),
        }
    }
}

/// What a run takes from a pool, and how much the pool has as its orchestration sees it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct PoolTake {
    pub pool: Arc<str>,
    pub take: u32,
    pub of: u32,
}

/// The number of a track: its place in `Plan::tracks`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct TrackIx(pub u32);

/// A named sequence of steps of the orchestration file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Track {
    pub name: Box<str>,
    pub place: Place,
}

/// Status keys that stand in a task file. Never obeyed; shown when they differ from the journal.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WrittenStatus {
    pub status: Option<Box<str>>,
    pub completed_at: Option<Box<str>>,
    pub completed_by: Option<Box<str>>,
    pub completed_commit: Option<Box<str>>,
}

/// A variable of the worker's environment; without a value it is passed on.
pub type EnvVar = (Box<str>, Option<Box<str>>);

/// One task of a plan.
#[derive(Debug, Clone, PartialEq)]
pub struct Task {
    pub id: TaskId,
    /// The first heading of its body, else its id.
    pub title: Box<str>,
    pub kind: TaskKind,
    /// The task file's first line, or the inline step.
    pub place: Place,
    pub track: Option<TrackIx>,
    /// `None`: no worker is named anywhere.
    pub worker: Option<Arc<str>>,
    /// How the worker is started; `None`: it is `shell`, or there is none.
    pub agent: Option<Arc<AgentWork>>,
    /// The worker that takes over while this one cannot work, in the same form.
    pub fallback: Option<(Arc<str>, Arc<AgentWork>)>,
    /// What the worker `shell` runs.
    pub command: Option<CommandLine>,
    /// Path patterns: its claim while it runs.
    pub owns: Box<[Box<str>]>,
    /// Path patterns that belong to its fingerprint.
    pub inputs: Box<[Box<str>]>,
    pub tags: Box<[Box<str>]>,
    /// A name without a value is passed on from runr's own environment.
    pub env: Box<[EnvVar]>,
    /// Sorted by name. A worker's `max_parallel` is the pool `worker:NAME`.
    pub pools: Box<[PoolTake]>,
    pub priority: i32,
    pub estimate: Option<Duration>,
    pub model: Option<Box<str>>,
    pub budget_usd: Option<f64>,
    pub policy: Arc<Policy>,
    /// Of its own text only; inputs join when it is dispatched or compared.
    pub text: Fingerprint,
    pub written: Option<Box<WrittenStatus>>,
}

impl Task {
    /// A task of which nothing is known but its name and its place: automated, and nothing says how.
    #[must_use]
    pub fn bare(id: TaskId, place: Place, policy: Arc<Policy>) -> Self {
        Self {
            title: id.as_str().into(),
            id,
            kind: TaskKind::Automated,
            place,
            track: None,
            worker: None,
            agent: None,
            fallback: None,
            command: None,
            owns: Box::default(),
            inputs: Box::default(),
            tags: Box::default(),
            env: Box::default(),
            pools: Box::default(),
            priority: 0,
            estimate: None,
            model: None,
            budget_usd: None,
            policy,
            text: Fingerprint::new([0; 16]),
            written: None,
        }
    }
}
