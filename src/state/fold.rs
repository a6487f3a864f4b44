//! The one function that changes the state.

mod attempts;
mod claims;
mod people;

use jiff::Timestamp;

use crate::event::{CancelTarget, Event, Recorded};
use crate::model::{OrchId, Source, Spent, Status, StopReason, TaskId};
use crate::state::known::{Orchestration, State, TaskState};

/// How many ended orchestrations are remembered; older ones are found by their receipts.
const ENDED_KEPT: usize = 20;

impl State {
    /// Brings the state forward by one event.
    ///
    /// Total: an event that names something unknown changes nothing but `seq`, so that a journal
    /// which is whole always folds. Whether an event *should* be written is [`State::check`]'s matter.
    pub fn apply(&mut self, recorded: &Recorded) {
        let Recorded { seq, at, event } = recorded;
        self.seq = *seq;
        let at = *at;
        match event {
            Event::OrchestrationStarted {
                orch,
                owner,
                command,
                tasks,
                jobs,
                home,
            } => {
                let entry =
                    self.orchestrations
                        .entry(orch.clone())
                        .or_insert_with(|| Orchestration {
                            owner: owner.clone(),
                            command: command.clone(),
                            tasks: *tasks,
                            jobs: *jobs,
                            started_at: at,
                            ended_at: None,
                            exit: None,
                            detached: false,
                            cancelled: false,
                            spent: Spent::default(),
                            home: home.clone(),
                            abroad: false,
                        });
                entry.owner = owner.clone();
                entry.jobs = *jobs;
                entry.ended_at = None;
                entry.exit = None;
                entry.detached = false;
                entry.cancelled = false;
            }
            Event::Reserved { .. } => self.reserve(event, at),
            Event::Started { run, process } => {
                if let Some(open) = self.open.get_mut(run) {
                    open.process = Some(process.clone());
                }
            }
            Event::Voided { run, .. } => {
                if let Some(open) = self.open.remove(run) {
                    self.tasks.insert(open.task, *open.before);
                }
            }
            Event::Ended {
                run,
                verdict,
                took_ms,
            } => {
                if let Some(open) = self.open.remove(run) {
                    self.end(open, verdict, *took_ms, at);
                }
            }
            Event::Claimed { .. } => self.claim(event, at),
            Event::ClaimEnded {
                run,
                verdict,
                checks,
                note,
                ..
            } => {
                if let Some(claim) = self.claimed.remove(run) {
                    let proof = claims::Proof {
                        checks: *checks,
                        note: note.as_deref(),
                    };
                    self.end_claim(claim, verdict.as_ref(), proof, at);
                }
            }
            Event::Spent { run, spent } => self.spend(run, *spent, at),
            Event::WorkerPaused { worker, until, .. } => {
                self.paused.retain(|_, until| *until > at);
                let known = self.paused.entry(worker.clone()).or_insert(*until);
                *known = (*known).max(*until);
            }
            Event::Skipped { orch, task } => {
                let state = self.touch(task, Status::Skipped, at);
                state.orch = Some(orch.clone());
            }
            Event::GivenUp {
                orch,
                task,
                reason,
                message,
            } => {
                let state = self.touch(task, bad_status(*reason), at);
                state.orch = Some(orch.clone());
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
            Event::CheckpointMissing { task, sha } => {
                let state = self.touch(task, Status::Stopped, at);
                state.stop_reason = Some(StopReason::CheckpointMissing);
                state.message = Some(format!("its commit {sha} is gone"));
                state.completed_at = None;
                state.checkpoint_sha = None;
            }
            Event::CompletedByHand { .. }
            | Event::Approved { .. }
            | Event::Rejected { .. }
            | Event::Reset { .. } => self.decide(event, at),
            Event::Imported {
                task,
                status,
                run,
                when,
                sha,
                source,
                reason,
                message,
                fingerprint,
            } => {
                let state = self.touch(task, *status, *when);
                state.fingerprint = *fingerprint;
                state.last_run_id.clone_from(run);
                state.attempts = u32::from(run.is_some());
                state.checkpoint_sha.clone_from(sha);
                state.source = Some(*source);
                state.stop_reason = *reason;
                state.message.clone_from(message);
                state.completed_at = (*status == Status::Completed).then_some(*when);
            }
            Event::Adopted {
                task,
                run,
                sha,
                when,
                fingerprint,
                ..
            } => {
                let state = self.touch(task, Status::Completed, at);
                state.source = Some(Source::Git);
                state.last_run_id.clone_from(run);
                state.attempts = state.attempts.max(u32::from(run.is_some()));
                state.checkpoint_sha.clone_from(sha);
                state.fingerprint = *fingerprint;
                state.completed_at = Some(*when);
                state.prerequisites.clear();
            }
            Event::CancelRequested {
                target: CancelTarget::Orchestration(orch),
                ..
            } => {
                let entry = self.orchestrations.get_mut(orch);
                if let Some(entry) = entry.filter(|entry| entry.ended_at.is_none()) {
                    entry.cancelled = true;
                }
            }
            Event::CancelRequested {
                target: CancelTarget::Task(_),
                ..
            } => {}
            Event::Detached { orch } => {
                if let Some(entry) = self.orchestrations.get_mut(orch) {
                    entry.detached = true;
                }
            }
            Event::OrchestrationEnded { orch, exit } => {
                if let Some(entry) = self.orchestrations.get_mut(orch) {
                    entry.ended_at = Some(at);
                    entry.exit = Some(*exit);
                }
                self.forget_old_orchestrations();
            }
        }
    }

    fn touch(&mut self, task: &TaskId, status: Status, at: Timestamp) -> &mut TaskState {
        let state = self.tasks.entry(task.clone()).or_default();
        state.status = status;
        state.updated_at = Some(at);
        state.stop_reason = None;
        state.message = None;
        state.checks.clear();
        state
    }

    fn forget_old_orchestrations(&mut self) {
        let ended: Vec<OrchId> = {
            let mut ended: Vec<_> = self
                .orchestrations
                .iter()
                .filter_map(|(id, o)| Some((o.ended_at?, id)))
                .collect();
            ended.sort();
            let excess = ended.len().saturating_sub(ENDED_KEPT);
            ended[..excess]
                .iter()
                .map(|(_, id)| (*id).clone())
                .collect()
        };
        for id in ended {
            self.orchestrations.remove(&id);
        }
    }
}

/// The status that a reason stands for.
fn bad_status(reason: StopReason) -> Status {
    match reason.is_verdict() {
        true => Status::Failed,
        false => Status::Stopped,
    }
}
