//! The contract of one attempt: what it is asked (`spec.json`) and what it answers (`state.json`).

use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    AgentReport, AgentSpec, CommandLine, GitSpec, OrchId, RunGit, RunId, StopReason, TaskId,
    Timeouts, VerifyPolicy,
};

/// Written by the orchestrator before the attempt starts; never changed afterwards.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunSpec {
    pub schema_version: u32,
    pub run: RunId,
    pub orch: OrchId,
    pub task: TaskId,
    /// Counts from 1.
    pub attempt: u32,
    pub title: String,
    pub worker: String,
    /// The project root, as `RUNR_ROOT`.
    pub root: PathBuf,
    /// Where the work happens. In place: the project root.
    pub tree: PathBuf,
    /// The task's lock file.
    pub lock: PathBuf,
    pub command: CommandLine,
    /// The worker's whole environment, apart from what the attempt adds (`RUNR_*`).
    pub env: Vec<(String, String)>,
    /// The names of further variables of it, whose values must not be written here: the attempt is given
    /// them in its own environment.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub secrets: Vec<String>,
    pub verify: VerifyPolicy,
    pub timeouts: Timeouts,
    /// `None`: the worker is `shell` and runs `command`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<AgentSpec>>,
    /// Why the attempt before did not succeed, for the worker.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub previous: Option<String>,
    /// `None`: the work happens in place and leaves no commit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Box<GitSpec>>,
}

/// How an attempt ended, as the attempt itself judges it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "outcome", content = "stop_reason")]
pub enum Outcome {
    /// The worker succeeded and everything was verified.
    Succeeded,
    /// It did not; [`StopReason::is_verdict`] tells a bad verdict from none.
    Ended(StopReason),
}

/// One verification command and how it went.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CheckResult {
    pub command: CommandLine,
    /// `None`: it could not be run, or a signal ended it.
    pub exit_code: Option<i32>,
    pub took_ms: u64,
    /// The name of its log inside the run folder.
    pub log: String,
    pub passed: bool,
}

/// A verification command that passed before a person's word was taken. Its output is not kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PassedCheck {
    pub command: CommandLine,
    pub took_ms: u64,
}

/// Written once by the attempt, as its last act.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunState {
    pub schema_version: u32,
    pub run: RunId,
    pub task: TaskId,
    #[serde(flatten)]
    pub outcome: Outcome,
    /// One line for people.
    pub message: Option<String>,
    pub started_at: Timestamp,
    pub ended_at: Timestamp,
    /// From go to end, by the monotonic clock.
    pub took_ms: u64,
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
    pub checks: Vec<CheckResult>,
    /// Processes that outlived the worker and were ended.
    pub ended_strays: u32,
    /// Of a worker that is an agent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<AgentReport>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<RunGit>,
}

impl RunState {
    #[must_use]
    pub fn took(&self) -> Duration {
        Duration::from_millis(self.took_ms)
    }

    /// The commit that the journal names for this attempt: the work on the branch, else the checkpoint
    /// that waits for approval.
    #[must_use]
    pub fn commit(&self) -> Option<String> {
        let git = self.git.as_ref()?;
        git.integrated.clone().or_else(|| git.checkpoint.clone())
    }
}
