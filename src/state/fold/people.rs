//! What people's decisions do to the state: completed by hand, approved, rejected, reset.
//!
//! Knows the state. Whether a decision is legal is [`State::check`]'s matter.

use jiff::Timestamp;

use crate::event::Event;
use crate::model::{Fingerprint, Remark, Settled, Source, Status, TaskId};
use crate::state::known::{State, TaskState};

/// How many remarks of people are remembered.
const REMARKS_KEPT: usize = 5;

impl State {
    /// Any event but these changes nothing.
    pub(super) fn decide(&mut self, event: &Event, at: Timestamp) {
        match event {
            Event::CompletedByHand {
                task,
                note,
                fingerprint,
                sha,
                checks,
                ..
            } => {
                let before = self
                    .tasks
                    .get(task)
                    .filter(|s| s.status == Status::Completed);
                // Who says "done" of what is completed accepts it as it is, on top of what it needs as
                // that is now: its commit is still its commit.
                let kept = before.and_then(|s| s.checkpoint_sha.clone());
                let prerequisites = before.map_or_else(Vec::new, |s| self.latest(&s.prerequisites));
                let state = self.touch(task, Status::Completed, at);
                state.remarks.clear();
                state.source = Some(Source::Manual);
                state.fingerprint = Some(*fingerprint);
                state.completed_at = Some(at);
                state.checkpoint_sha = sha.clone().or(kept);
                if sha.is_some() {
                    state.last_run_id = None;
                }
                state.message.clone_from(note);
                state.checks.clone_from(checks);
                state.prerequisites = prerequisites;
            }
            Event::Approved {
                task, note, sha, ..
            } => {
                let state = self.touch(task, Status::Completed, at);
                state.remarks.clear();
                if sha.is_some() {
                    state.checkpoint_sha.clone_from(sha);
                }
                state.source = Some(Source::Run);
                state.completed_at = Some(at);
                state.message.clone_from(note);
            }
            Event::Rejected { task, by, note } => {
                let state = self.touch(task, Status::Pending, at);
                state.remark(Settled::Rejected, by, note.as_deref());
                state.sent_back.clone_from(&state.last_run_id);
                state.message = Some(match note {
                    Some(note) => format!("rejected: {note}"),
                    None => "rejected".to_owned(),
                });
            }
            Event::Reset { task, by, note } => {
                self.claimed.retain(|_, claim| claim.task != *task);
                // What was learnt about its duration and cost stays.
                let state = self.touch(task, Status::Pending, at);
                let durations_ms = std::mem::take(&mut state.durations_ms);
                let costs = std::mem::take(&mut state.costs);
                state.remark(Settled::Reset, by, note.as_deref());
                let remarks = std::mem::take(&mut state.remarks);
                self.tasks.insert(
                    task.clone(),
                    TaskState {
                        durations_ms,
                        costs,
                        remarks,
                        updated_at: Some(at),
                        ..TaskState::default()
                    },
                );
            }
            _ => {}
        }
    }

    /// The same tasks with the fingerprints of their latest completions.
    fn latest(&self, recorded: &[(TaskId, Fingerprint)]) -> Vec<(TaskId, Fingerprint)> {
        let now = |id: &TaskId| self.tasks.get(id).and_then(|task| task.fingerprint);
        recorded
            .iter()
            .map(|(id, then)| (id.clone(), now(id).unwrap_or(*then)))
            .collect()
    }
}

impl TaskState {
    fn remark(&mut self, settled: Settled, by: &str, note: Option<&str>) {
        self.remarks.push(Remark {
            settled,
            by: by.to_owned(),
            note: note.map(ToOwned::to_owned),
        });
        let excess = self.remarks.len().saturating_sub(REMARKS_KEPT);
        self.remarks.drain(..excess);
    }
}
