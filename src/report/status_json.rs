//! How tasks stand, as programs read it: `runr status --json` and everything else that lists tasks.
//!
//! Field names are an interface: never rename one. Times are UTC.

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{PassedCheck, RunId, Source, Status, StopReason, TaskId, TaskKind, Through};
use crate::plan::TaskIx;
use crate::report::counts::Counts;
use crate::report::facts::{Facts, Liveness};
use crate::report::note::{complete_command, notes};
use crate::report::remedy::Remedy;
use crate::view::{Class, Outside, Stale, Standing, Whereabouts};

/// One task.
#[derive(Debug, Clone, Serialize)]
pub struct TaskJson {
    pub task: TaskId,
    /// Its repository's name in the configuration; `None`: this one.
    pub repository: Option<String>,
    pub title: String,
    #[serde(rename = "type")]
    pub kind: TaskKind,
    pub track: Option<String>,
    pub tags: Vec<String>,
    pub status: Status,
    /// `completed`, `running`, `failed`, `stopped`, `needs_you`, `ready`, `blocked` or `unknown`.
    pub class: &'static str,
    pub ready: bool,
    pub blocked_by: Vec<TaskId>,
    pub stale: Option<StaleJson>,
    /// Of a completed task that does not count for its dependents here.
    pub outside: Option<OutsideJson>,
    pub last_run_id: Option<RunId>,
    pub completed_at: Option<Timestamp>,
    pub updated_at: Option<Timestamp>,
    pub checkpoint_sha: Option<String>,
    pub source: Option<Source>,
    pub attempts: u32,
    /// What passed before a person's word completed it; without any, it is that word alone.
    pub checks: Vec<PassedCheck>,
    pub stop_reason: Option<StopReason>,
    pub message: Option<String>,
    /// Of a running task.
    pub running: Option<RunningJson>,
    /// Of a task that somebody outside has taken.
    pub claimed: Option<ClaimJson>,
    /// The command with which a person makes progress.
    pub needs_you: Option<String>,
    /// What its file says, where that differs from what is recorded.
    pub written_status: Option<String>,
    /// The remarks of the table, in words.
    pub notes: Vec<String>,
}

#[derive(Debug, Clone, Serialize)]
pub struct StaleJson {
    /// `text_changed`, `inputs_changed` or `prerequisite_changed`.
    pub reason: &'static str,
    pub prerequisite: Option<TaskId>,
}

/// Where completed work is that the branch checked out does not contain.
#[derive(Debug, Clone, Serialize)]
pub struct OutsideJson {
    /// `None`: on no branch.
    pub branch: Option<String>,
    pub commit: String,
    /// The commit is not in the repository any more.
    pub gone: bool,
    /// The branch checked out, or `HEAD`.
    pub not_in: String,
    /// What brings it in.
    pub command: String,
}

/// A task that a person or a session outside has taken.
#[derive(Debug, Clone, Serialize)]
pub struct ClaimJson {
    pub run: RunId,
    pub by: String,
    /// `command_line` or `mcp`.
    pub through: Through,
    pub session: Option<String>,
    pub since: Timestamp,
    /// The session's process.
    pub pid: Option<u32>,
    /// The session's process has ended: nobody may be at it any more.
    pub gone: bool,
}

#[derive(Debug, Clone, Serialize)]
pub struct RunningJson {
    pub run: RunId,
    pub orchestration: String,
    pub since: Timestamp,
    pub elapsed_s: f64,
    pub pid: Option<u32>,
    /// `attended`, `unattended`, `gone` or `never_started`.
    pub process: &'static str,
}

/// What `runr status --tasks --json` and `runr tasks list --json` print.
#[derive(Debug, Clone, Serialize)]
pub struct StatusJson {
    pub schema_version: u32,
    pub tasks: Vec<TaskJson>,
    pub counts: Counts,
}

impl StatusJson {
    /// These tasks, in the order given.
    #[must_use]
    pub fn new(facts: &Facts<'_>, shown: &[TaskIx]) -> Self {
        Self {
            schema_version: 1,
            tasks: shown.iter().map(|ix| TaskJson::new(facts, *ix)).collect(),
            counts: Counts::of(shown.iter().map(|ix| facts.view(*ix))),
        }
    }
}

impl TaskJson {
    #[must_use]
    pub fn new(facts: &Facts<'_>, ix: TaskIx) -> Self {
        let task = facts.task(ix);
        let view = facts.view(ix);
        let recorded = facts.recorded(ix).cloned().unwrap_or_default();
        let notes = notes(facts, ix);
        let blocked_by = match &view.standing {
            Standing::Blocked(by) => facts.ids(by).into_iter().cloned().collect(),
            _ => Vec::new(),
        };
        let running = facts
            .state
            .open_run(&task.id)
            .map(|(run, open)| RunningJson {
                run: run.clone(),
                orchestration: open.orch.to_string(),
                since: open.reserved_at,
                elapsed_s: facts.now.duration_since(open.reserved_at).as_secs_f64(),
                pid: open.process.as_ref().map(|p| p.pid),
                process: liveness_word(facts.liveness(run)),
            });
        let claimed = facts
            .state
            .claimed_run(&task.id)
            .map(|(run, claim)| ClaimJson {
                run: run.clone(),
                by: claim.who.by.clone(),
                through: claim.who.through,
                session: claim.who.session.clone(),
                since: claim.claimed_at,
                pid: claim.holder.as_ref().map(|p| p.pid),
                gone: facts.liveness(run) == Liveness::Gone,
            });
        let written_status = notes.iter().find_map(|note| match note {
            super::note::Note::Written { says, .. } => Some(says.clone()),
            _ => None,
        });
        Self {
            task: task.id.clone(),
            repository: facts.repository(ix).map(|r| r.alias.as_str().to_owned()),
            title: task.title.to_string(),
            kind: task.kind,
            track: task
                .track
                .and_then(|t| Some(facts.plan.tracks().get(t.0 as usize)?.name.to_string())),
            tags: task.tags.iter().map(ToString::to_string).collect(),
            status: view.status,
            class: class_word(view.class()),
            ready: view.standing == Standing::Ready,
            blocked_by,
            stale: view
                .stale
                .as_ref()
                .map(|stale| StaleJson::new(facts, stale)),
            outside: view
                .outside
                .as_ref()
                .map(|found| OutsideJson::new(&task.id, found)),
            last_run_id: recorded.last_run_id,
            completed_at: recorded.completed_at,
            updated_at: recorded.updated_at,
            checkpoint_sha: recorded.checkpoint_sha,
            source: recorded.source,
            attempts: recorded.attempts,
            checks: recorded.checks,
            stop_reason: recorded.stop_reason,
            message: recorded.message,
            running,
            claimed,
            needs_you: view.ask().map(|ask| complete_command(facts.plan, ix, ask)),
            written_status,
            notes: notes.iter().map(|note| note.text(facts, ix)).collect(),
        }
    }
}

impl OutsideJson {
    fn new(task: &TaskId, found: &Outside) -> Self {
        Self {
            branch: match &found.at {
                Whereabouts::On(branch) => Some(branch.clone()),
                Whereabouts::Loose | Whereabouts::Gone => None,
            },
            commit: found.commit.clone(),
            gone: found.at == Whereabouts::Gone,
            not_in: found.here.clone(),
            command: Remedy::new(task, found).command,
        }
    }
}

impl StaleJson {
    fn new(facts: &Facts<'_>, stale: &Stale) -> Self {
        let (reason, prerequisite) = match stale {
            Stale::TextChanged => ("text_changed", None),
            Stale::InputsChanged => ("inputs_changed", None),
            Stale::PrerequisiteChanged(by) => {
                ("prerequisite_changed", Some(facts.task(*by).id.clone()))
            }
        };
        Self {
            reason,
            prerequisite,
        }
    }
}

/// The stable word of a class.
#[must_use]
pub fn class_word(class: Class) -> &'static str {
    match class {
        Class::Completed => "completed",
        Class::Running => "running",
        Class::Failed => "failed",
        Class::Stopped => "stopped",
        Class::NeedsYou => "needs_you",
        Class::Ready => "ready",
        Class::Blocked => "blocked",
        Class::Unknown => "unknown",
    }
}

fn liveness_word(liveness: Liveness) -> &'static str {
    match liveness {
        Liveness::Attended => "attended",
        Liveness::Unattended => "unattended",
        Liveness::Gone => "gone",
        Liveness::NeverStarted => "never_started",
    }
}
