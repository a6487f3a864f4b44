//! What is said about an event to somebody who watches, in one line.
//!
//! Knows the events. Which of them are of interest, and what they change, is told elsewhere.

use std::time::Duration;

use crate::event::{CancelTarget, Event, Verdict};
use crate::model::{OrchId, Status, TaskId, show_duration};
use crate::report::note::reason_text;
use crate::report::style::{Glyphs, status_style};
use crate::report::text::shell_word;

/// The sign before a line.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    Status(Status),
    /// It will be tried again.
    Again,
    None,
}

impl Mark {
    #[must_use]
    pub fn styled(self, glyphs: Glyphs) -> String {
        match self {
            Self::Status(status) => {
                let style = status_style(status);
                format!("{style}{}{style:#} ", glyphs.status(status))
            }
            Self::Again => {
                let style = status_style(Status::Stopped);
                format!("{style}{}{style:#} ", glyphs.again())
            }
            Self::None => String::new(),
        }
    }
}

/// Is a line worth keeping when the running tasks are on the screen anyhow?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weight {
    Passing,
    Lasting,
}

/// What is said about an event.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Said {
    pub mark: Mark,
    pub task: Option<TaskId>,
    pub what: String,
    pub weight: Weight,
}

pub(super) fn said(mark: Mark, task: &TaskId, what: String, weight: Weight) -> Said {
    Said {
        mark,
        task: Some(task.clone()),
        what,
        weight,
    }
}

/// How an attempt has ended.
pub(super) fn of_end(task: &TaskId, verdict: &Verdict, took: Duration) -> Said {
    let took = show_duration(took);
    let (mark, what) = match verdict {
        Verdict::Completed { .. } => (
            Mark::Status(Status::Completed),
            format!("completed in {took}"),
        ),
        Verdict::AwaitingApproval { .. } => (
            Mark::Status(Status::AwaitingApproval),
            format!(
                "needs you: runr tasks approve {}",
                shell_word(task.as_str())
            ),
        ),
        Verdict::Retry {
            reason,
            message,
            wait_ms,
            ..
        } => (
            Mark::Again,
            format!(
                "{} after {took}, tried again in {}",
                reason_text(*reason, message.as_deref()),
                show_duration(Duration::from_millis(*wait_ms))
            ),
        ),
        Verdict::Failed { reason, message } => {
            let reason = reason_text(*reason, message.as_deref());
            (
                Mark::Status(Status::Failed),
                format!("failed after {took}: {reason}"),
            )
        }
        Verdict::Stopped { reason, message } => {
            let reason = reason_text(*reason, message.as_deref());
            (
                Mark::Status(Status::Stopped),
                format!("stopped after {took}: {reason}"),
            )
        }
    };
    said(mark, task, what, Weight::Lasting)
}

/// What people have decided about a task or about the orchestration, and what became of a task without an attempt.
pub(super) fn of_decision(event: &Event, ours: &OrchId) -> Option<Said> {
    let with = |note: &Option<String>| match note {
        Some(note) => format!(": {note}"),
        None => String::new(),
    };
    let (mark, task, what) = match event {
        Event::Skipped { orch, task } if orch == ours => (
            Mark::Status(Status::Skipped),
            task,
            format!(
                "needs you: runr tasks complete {}",
                shell_word(task.as_str())
            ),
        ),
        Event::GivenUp {
            orch,
            task,
            reason,
            message,
        } if orch == ours => (
            Mark::Status(Status::Stopped),
            task,
            format!("not started: {}", reason_text(*reason, message.as_deref())),
        ),
        Event::CompletedByHand { task, by, note, .. } => (
            Mark::Status(Status::Completed),
            task,
            format!("completed by {by}{}", with(note)),
        ),
        Event::CheckpointMissing { task, sha } => (
            Mark::Status(Status::Stopped),
            task,
            format!("its commit {sha} is gone"),
        ),
        Event::Approved { task, by, note, .. } => (
            Mark::Status(Status::Completed),
            task,
            format!("approved by {by}{}", with(note)),
        ),
        Event::Rejected { task, by, note } => {
            (Mark::Again, task, format!("rejected by {by}{}", with(note)))
        }
        Event::Reset { task, by, note } => (
            Mark::Status(Status::Pending),
            task,
            format!("reset by {by}{}", with(note)),
        ),
        Event::CancelRequested {
            target: CancelTarget::Task(task),
            by,
            ..
        } => (
            Mark::Status(Status::Stopped),
            task,
            format!("to be cancelled, asked by {by}"),
        ),
        Event::CancelRequested {
            target: CancelTarget::Orchestration(orch),
            drain,
            by,
        } if orch == ours => {
            let what = if *drain {
                format!("nothing more is started, asked by {by}; what runs may end")
            } else {
                format!("cancelling, asked by {by}")
            };
            return Some(Said {
                mark: Mark::Status(Status::Stopped),
                task: None,
                what,
                weight: Weight::Lasting,
            });
        }
        _ => return None,
    };
    Some(said(mark, task, what, Weight::Lasting))
}
