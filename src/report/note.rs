//! What is said beside a task's status: the reason for it, and what to do.
//!
//! Knows the facts. Does not know columns, colours or JSON.

use std::time::Duration;

use crate::model::{Source, Status, StopReason, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::report::facts::{Facts, Liveness};
use crate::report::paused::waits_for_worker;
use crate::report::remedy::{Remedy, place};
use crate::report::sanitise::one_line;
use crate::report::text::{cut, listing, shell_word};
use crate::view::{Ask, Outside, Stale, Standing};

/// How many columns of a message stand in a table.
const MESSAGE_COLUMNS: usize = 120;

/// One remark about a task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Note {
    Ready,
    /// Its worker is not started for so long.
    WorkerPaused(String, Duration),
    BlockedBy(Vec<TaskIx>),
    NeedsYou(Ask),
    Elapsed(Duration),
    /// A person or a session outside has taken it. Is its owner still there?
    ClaimedBy(String, Owner),
    /// The processes behind a running task are not as they should be.
    Trouble(Liveness),
    /// Why it failed or stopped.
    Because(StopReason, Option<String>),
    /// Pending after an attempt that will be repeated.
    Again(StopReason, Option<String>),
    /// A person's words, as on a rejection.
    Said(String),
    Stale(Stale),
    /// A person said that it is done.
    ByHand,
    FromGit,
    /// Completed by a run that left no commit.
    NoCheckpoint,
    /// Completed, and not in the branch checked out.
    Elsewhere(Outside),
    /// Its file says something else.
    Written {
        says: String,
        recorded: Status,
    },
}

/// What is known of whoever claimed a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Owner {
    /// A person, who has no process; or a session that lives.
    Present,
    /// The process of the session has ended.
    Gone,
}

/// Everything to be said about a task, the most important first.
#[must_use]
pub fn notes(facts: &Facts<'_>, ix: TaskIx) -> Vec<Note> {
    let mut notes = Vec::new();
    let view = facts.view(ix);
    let recorded = facts.recorded(ix);
    let because = || recorded.and_then(|r| r.stop_reason.map(|reason| (reason, r.message.clone())));
    match view.status {
        Status::Completed => {
            match recorded.and_then(|r| r.source) {
                Some(Source::Manual) => notes.push(Note::ByHand),
                Some(Source::Git) => notes.push(Note::FromGit),
                Some(Source::Run) | None => {}
            }
            let run_without_commit = recorded.is_some_and(|r| {
                r.checkpoint_sha.is_none() && !matches!(r.source, Some(Source::Manual))
            });
            if run_without_commit {
                notes.push(Note::NoCheckpoint);
            }
            notes.extend(view.stale.clone().map(Note::Stale));
            notes.extend(view.outside.clone().map(Note::Elsewhere));
        }
        Status::InProgress => {
            if let Some((run, claim)) = facts.state.claimed_run(&facts.task(ix).id) {
                let owner = match facts.liveness(run) {
                    Liveness::Gone => Owner::Gone,
                    _ => Owner::Present,
                };
                if owner == Owner::Present {
                    let elapsed = facts.now.duration_since(claim.claimed_at);
                    notes.push(Note::Elapsed(elapsed.try_into().unwrap_or_default()));
                }
                notes.push(Note::ClaimedBy(claim.who.to_string(), owner));
            }
            if let Some((run, open)) = facts.state.open_run(&facts.task(ix).id) {
                let live = facts.liveness(run);
                if live != Liveness::Gone && live != Liveness::NeverStarted {
                    let elapsed = facts.now.duration_since(open.reserved_at);
                    notes.push(Note::Elapsed(elapsed.try_into().unwrap_or_default()));
                }
                if live != Liveness::Attended {
                    notes.push(Note::Trouble(live));
                }
            }
        }
        Status::Unknown => {
            notes.extend(recorded.and_then(|r| r.message.clone()).map(Note::Said));
        }
        Status::Failed | Status::Stopped => {
            notes.extend(because().map(|(reason, message)| Note::Because(reason, message)));
        }
        Status::Pending | Status::Skipped | Status::AwaitingApproval => {
            match (&view.standing, view.ask()) {
                (Standing::Blocked(by), _) => notes.push(Note::BlockedBy(by.clone())),
                (_, Some(ask)) => notes.push(Note::NeedsYou(ask)),
                (Standing::Ready, None) => notes.push(Note::Ready),
                (Standing::None, None) => {}
            }
            if view.status == Status::Pending {
                match because() {
                    Some((reason, message)) => notes.push(Note::Again(reason, message)),
                    None => notes.extend(recorded.and_then(|r| r.message.clone()).map(Note::Said)),
                }
            }
        }
    }
    if let Some((worker, until)) = waits_for_worker(facts, ix) {
        let left = until.duration_since(facts.now).try_into();
        notes.push(Note::WorkerPaused(
            worker.to_owned(),
            left.unwrap_or_default(),
        ));
    }
    notes.extend(written(facts, ix));
    notes
}

fn written(facts: &Facts<'_>, ix: TaskIx) -> Option<Note> {
    let says = facts.task(ix).written.as_ref()?.status.as_deref()?;
    let recorded = facts.view(ix).status;
    let word = says.trim().to_lowercase().replace(['-', ' '], "_");
    let same = word == recorded.word() || (word == "done" && recorded == Status::Completed);
    (!same).then(|| Note::Written {
        says: says.to_owned(),
        recorded,
    })
}

/// The command with which a person says that a task is done.
#[must_use]
pub fn complete_command(plan: &Plan, ix: TaskIx, ask: Ask) -> String {
    let verb = match ask {
        Ask::Do => "complete",
        Ask::Approve => "approve",
    };
    format!(
        "runr tasks {verb} {}",
        shell_word(plan.task(ix).id.as_str())
    )
}

impl Note {
    /// The remark in words, on one line.
    #[must_use]
    pub fn text(&self, facts: &Facts<'_>, ix: TaskIx) -> String {
        match self {
            Self::Ready => "ready".to_owned(),
            Self::WorkerPaused(worker, left) => format!(
                "its worker {} is paused for {}",
                one_line(worker),
                crate::model::show_duration(*left)
            ),
            Self::BlockedBy(by) => blocked_text(facts, by),
            Self::NeedsYou(ask) => {
                format!("needs you: {}", complete_command(facts.plan, ix, *ask))
            }
            Self::Elapsed(elapsed) => crate::model::show_duration(*elapsed),
            Self::ClaimedBy(who, Owner::Present) => format!("claimed by {}", short(who)),
            Self::ClaimedBy(who, Owner::Gone) => format!(
                "claimed by {}, which is gone: {}",
                short(who),
                facts.release(ix)
            ),
            Self::Trouble(Liveness::Attended) => String::new(),
            Self::Trouble(Liveness::Unattended) => {
                format!("its orchestrator is gone: {}", facts.resume_of(ix))
            }
            Self::Trouble(Liveness::Gone) => {
                format!("its process is gone: {}", facts.resume_of(ix))
            }
            Self::Trouble(Liveness::NeverStarted) => {
                format!(
                    "never started, its orchestrator is gone: {}",
                    facts.resume_of(ix)
                )
            }
            Self::Because(reason, message) => reason_text(*reason, message.as_deref()),
            Self::Again(reason, message) => {
                format!("after {}", reason_text(*reason, message.as_deref()))
            }
            Self::Said(message) => short(message),
            Self::Stale(Stale::TextChanged) => "stale: its text changed".to_owned(),
            Self::Stale(Stale::InputsChanged) => "stale: its text or inputs changed".to_owned(),
            Self::Stale(Stale::PrerequisiteChanged(by)) => {
                format!(
                    "stale: {} was completed anew",
                    listing(&facts.names(&[*by]))
                )
            }
            Self::ByHand => "manual".to_owned(),
            Self::FromGit => "from git".to_owned(),
            Self::NoCheckpoint => "no checkpoint".to_owned(),
            Self::Elsewhere(outside) => place(outside),
            Self::Written { says, recorded } => {
                let name = shell_word(facts.task(ix).id.as_str());
                let remedy = match (recorded, facts.task(ix).kind) {
                    (Status::Completed, _) => format!("runr tasks reset {name}"),
                    (Status::InProgress, _) => "remove that line".to_owned(),
                    (Status::AwaitingApproval, TaskKind::Hybrid) => {
                        format!("runr tasks approve {name}")
                    }
                    _ if is_done(says) => format!("runr tasks complete {name}"),
                    _ => "remove that line".to_owned(),
                };
                format!(
                    "its file says `{}`, which is not obeyed: {remedy}",
                    short(says)
                )
            }
        }
    }
}

/// What a task waits for: what is not completed by its names, what is completed elsewhere with the command that brings
/// it in.
fn blocked_text(facts: &Facts<'_>, by: &[TaskIx]) -> String {
    let remedies: Vec<Remedy> = by.iter().filter_map(|ix| facts.remedy(*ix)).collect();
    let mut open = by.to_vec();
    open.retain(|ix| facts.view(*ix).outside.is_none());
    let names: Vec<String> = open.iter().map(|ix| name_or_unknown(facts, *ix)).collect();
    let Some(first) = remedies.first() else {
        return format!("blocked by {}", listing(&names));
    };
    let before = match open.is_empty() {
        true => "blocked: ".to_owned(),
        false => format!("blocked by {}; ", listing(&names)),
    };
    let more = match remedies.len() {
        1 => String::new(),
        n => format!(" (and {} more)", n - 1),
    };
    format!("{before}{}{more}: {}", first.says, first.command)
}

/// A task's name; of one whose repository cannot be read also why.
fn name_or_unknown(facts: &Facts<'_>, ix: TaskIx) -> String {
    let name = facts.task(ix).id.to_string();
    let unknown = facts.view(ix).status == Status::Unknown;
    let recorded = facts.recorded(ix).filter(|_| unknown);
    match recorded.and_then(|r| r.message.as_deref()) {
        Some(why) => format!("{name} (unknown: {})", short(why)),
        None => name,
    }
}

fn is_done(says: &str) -> bool {
    matches!(says.trim().to_lowercase().as_str(), "completed" | "done")
}

/// A reason with its message: `verification failed: cargo test`.
#[must_use]
pub fn reason_text(reason: StopReason, message: Option<&str>) -> String {
    match message {
        // Its message only says what was going on.
        _ if reason == StopReason::Cancelled => reason.to_string(),
        Some(message) if !message.trim().is_empty() => format!("{reason}: {}", short(message)),
        _ => reason.to_string(),
    }
}

/// The first line of a message, fit for a table.
fn short(message: &str) -> String {
    let first = message.trim().lines().next().unwrap_or_default();
    cut(&one_line(first), MESSAGE_COLUMNS, "...").into_owned()
}
