//! What a receipt holds. Field names are an interface: never rename one. Times are UTC.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{
    AgentReport, CheckResult, OrchId, RunGit, RunId, Source, Spent, Status, StopReason, TaskId,
    TaskKind,
};
use crate::report::counts::Counts;
use crate::report::next_commands::{COMMANDS, NextCommand};

/// The account of one orchestration.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Receipt {
    pub schema_version: u32,
    pub orchestration: OrchId,
    pub started_at: Timestamp,
    /// `None`: it had not ended when this was written.
    pub ended_at: Option<Timestamp>,
    /// From its first start to its end, or to the moment this was written.
    pub took_ms: u64,
    /// As typed.
    pub command: String,
    pub jobs: u32,
    pub exit: Option<u8>,
    pub ending: Ending,
    /// `ending` in words, with numbers.
    pub why: String,
    pub counts: Counts,
    /// What its runs used together; `None`: no worker told.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// What became of its branch at the end, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub landing: Option<String>,
    /// What went wrong beside the tasks, as that nobody could be notified.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub warnings: Vec<String>,
    /// The tasks it selected, in the plan's order.
    pub tasks: Vec<TaskEntry>,
    /// What they wait for in other repositories and was not selected.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub elsewhere: Vec<TaskEntry>,
    /// The most useful first.
    pub needs_people: Vec<NeedEntry>,
    /// At most three.
    pub next: Vec<NextCommand>,
}

impl Receipt {
    /// Puts a command behind the others that come next, unless it is among them or there are enough.
    pub fn last_type(&mut self, command: &str, why: &str) {
        let (command, why) = (command.to_owned(), why.to_owned());
        let begins = |next: &NextCommand| command.starts_with(&next.command);
        if !self.next.iter().any(begins) {
            self.next.push(NextCommand { command, why });
            self.next.truncate(COMMANDS);
        }
    }

    /// Puts a command before the others that come next.
    pub fn first_type(&mut self, command: &str, why: &str) {
        let (command, why) = (command.to_owned(), why.to_owned());
        self.next.insert(0, NextCommand { command, why });
        self.next.truncate(COMMANDS);
    }
}

/// Why an orchestration stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Ending {
    Running,
    /// Its orchestrator is gone; `runr resume` goes on.
    Lost,
    /// Its terminal was closed; its attempts went on.
    Detached,
    Completed,
    /// Something failed or stopped.
    Failed,
    /// A person or a signal asked it to stop.
    Cancelled,
    /// Only people can make progress.
    NeedsPeople,
    /// What is left waits for something outside of the selection.
    Blocked,
    /// runr's own state could not be written.
    StateError,
}

/// One selected task.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct TaskEntry {
    pub task: TaskId,
    pub title: String,
    #[serde(rename = "type")]
    pub kind: TaskKind,
    pub status: Status,
    pub source: Option<Source>,
    pub stop_reason: Option<StopReason>,
    pub message: Option<String>,
    /// Why it stands as it does, in words; empty when there is nothing to say.
    pub reason: String,
    /// Was it completed before this orchestration began?
    pub done_before: bool,
    pub blocked_by: Vec<TaskId>,
    /// Of `blocked_by` what is completed, and not in the branch that the task would start from.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub held_back_by: Vec<HeldBackBy>,
    /// Attempts of this orchestration, in order.
    pub runs: Vec<RunEntry>,
}

/// Completed work that has to be brought in first.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct HeldBackBy {
    pub task: TaskId,
    /// Where it is, in words.
    pub says: String,
    /// What brings it in.
    pub command: String,
}

/// One attempt.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct RunEntry {
    pub run: RunId,
    pub attempt: u32,
    pub started_at: Timestamp,
    /// `None`: it has not ended.
    pub took_ms: Option<u64>,
    /// `running`, `completed`, `awaiting_approval`, `retry`, `failed`, `stopped` or `void`.
    pub outcome: String,
    pub stop_reason: Option<StopReason>,
    pub message: Option<String>,
    pub checks: Vec<CheckResult>,
    /// What it used, as far as its worker tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub spent: Option<Spent>,
    /// What an agent left.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub agent: Option<Box<AgentReport>>,
    /// What it left in git; `None`: it worked in place, or has not ended.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub git: Option<Box<RunGit>>,
}

/// Something that only a person can do.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NeedEntry {
    pub task: TaskId,
    pub title: String,
    pub command: String,
    pub sets_free: Vec<TaskId>,
}
