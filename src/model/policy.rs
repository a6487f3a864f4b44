//! Limits and rules that hold for many tasks at once.

use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::model::{CommandLine, HigherTier, Isolation};

/// How long an attempt may take. `None`: no limit.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Timeouts {
    /// Until the worker gives its first output.
    pub startup: Option<Duration>,
    /// Between two outputs of the worker.
    pub idle: Option<Duration>,
    /// The whole attempt, verification included.
    pub wall: Option<Duration>,
    /// Between the request to end and the kill.
    pub grace: Duration,
}

/// The wait before a retry: `base × 2^(n-1)`, at most `max`, with up to a quarter of jitter.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Backoff {
    pub base: Duration,
    pub max: Duration,
}

/// How often a task is tried again after a counted failure.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct RetryPolicy {
    /// Retries after the first attempt.
    pub max: u32,
    pub backoff: Backoff,
}

/// What must hold after the work.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct VerifyPolicy {
    /// In order; the first failure ends verification.
    pub commands: Vec<CommandLine>,
    /// For each command.
    pub timeout: Option<Duration>,
    /// Where the commands run, from the root of the attempt's tree.
    pub cwd: Option<String>,
    /// The tier that `commands` are of: what is configured up to it, then the task's own.
    #[serde(default)]
    pub tier: u8,
    /// The tiers above it that have commands, the lowest first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub higher: Vec<HigherTier>,
    /// How often a worker that can be told what is wrong may work at it, the first time included. `None`: as often
    /// as is built in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_attempts: Option<u32>,
    /// The task, its step, its track or the orchestration file asks for checks, not the configuration alone.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub asked: bool,
}

/// Everything of a task that defaults usually decide; shared between tasks.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Policy {
    pub timeouts: Timeouts,
    pub retry: RetryPolicy,
    pub verify: VerifyPolicy,
    /// What the task, its step, its track or a file says. `None`: nothing does.
    #[serde(default)]
    pub isolation: Option<Isolation>,
}

/// What happens when two ready tasks claim the same paths.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Collision {
    /// The second waits for the first.
    Serialize,
    /// Both run.
    Force,
    /// `check` refuses the plan.
    Fail,
}

/// What a dispatching command does with stale tasks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum StalePolicy {
    #[default]
    Warn,
    Rerun,
}
