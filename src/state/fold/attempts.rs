//! What an attempt does to the state: reserved, paid for, ended.
//!
//! Knows the state. Whether such an event is legal is [`State::check`]'s matter.

use jiff::Timestamp;

use crate::event::{Event, Verdict};
use crate::model::{RunId, Source, Spent, Status, StopReason, Usd};
use crate::state::known::{OpenRun, State, day};

/// How many completed attempts a task's expected duration and cost are learnt from.
const LEARNT_FROM: usize = 5;
/// How many days' spending is remembered.
const DAYS_KEPT: usize = 7;

impl State {
    /// `event` is a `reserved`; any other changes nothing.
    pub(super) fn reserve(&mut self, event: &Event, at: Timestamp) {
        let Event::Reserved {
            orch,
            run,
            task,
            attempt,
            fingerprint,
            prerequisites,
            claims,
            pools,
            ..
        } = event
        else {
            return;
        };
        let state = self.tasks.entry(task.clone()).or_default();
        let before = Box::new(state.clone());
        state.status = Status::InProgress;
        state.attempts = *attempt;
        state.last_run_id = Some(run.clone());
        state.sent_back = None;
        if state.orch.as_ref() != Some(orch) {
            state.counted_failures = 0;
            state.spent_in_orch = Usd::ZERO;
        }
        state.orch = Some(orch.clone());
        state.stop_reason = None;
        state.message = None;
        state.updated_at = Some(at);
        self.open.insert(
            run.clone(),
            OpenRun {
                orch: orch.clone(),
                task: task.clone(),
                attempt: *attempt,
                fingerprint: *fingerprint,
                prerequisites: prerequisites.clone(),
                claims: claims.clone(),
                pools: pools.clone(),
                reserved_at: at,
                process: None,
                spent: None,
                before,
            },
        );
    }

    pub(super) fn spend(&mut self, run: &RunId, spent: Spent, at: Timestamp) {
        let Some(open) = self.open.get_mut(run) else {
            return;
        };
        open.spent = Some(spent);
        if let Some(orch) = self.orchestrations.get_mut(&open.orch) {
            orch.spent = orch.spent.plus(spent);
        }
        let cost = spent.cost_usd.unwrap_or_default();
        if let Some(task) = self.tasks.get_mut(&open.task) {
            task.spent_in_orch = task.spent_in_orch.plus(cost);
        }
        if cost > Usd::ZERO {
            let known = self.days.entry(day(at)).or_default();
            *known = known.plus(cost);
            while self.days.len() > DAYS_KEPT {
                self.days.pop_first();
            }
        }
    }

    pub(super) fn end(&mut self, open: OpenRun, verdict: &Verdict, took_ms: u64, at: Timestamp) {
        let state = self.touch(&open.task, Status::Pending, at);
        let lost = matches!(
            verdict,
            Verdict::Retry {
                reason: StopReason::Orphaned,
                ..
            } | Verdict::Stopped {
                reason: StopReason::Orphaned,
                ..
            }
        );
        state.lost_in_a_row = if lost { state.lost_in_a_row + 1 } else { 0 };
        match verdict {
            Verdict::Completed { sha } | Verdict::AwaitingApproval { sha } => {
                state.status = match verdict {
                    Verdict::Completed { .. } => Status::Completed,
                    _ => Status::AwaitingApproval,
                };
                state.counted_failures = 0;
                state.source = Some(Source::Run);
                state.fingerprint = Some(open.fingerprint);
                state.prerequisites = open.prerequisites;
                state.checkpoint_sha.clone_from(sha);
                state.completed_at = (state.status == Status::Completed).then_some(at);
                state.durations_ms.push(took_ms);
                let excess = state.durations_ms.len().saturating_sub(LEARNT_FROM);
                state.durations_ms.drain(..excess);
                state
                    .costs
                    .extend(open.spent.and_then(|spent| spent.cost_usd));
                let excess = state.costs.len().saturating_sub(LEARNT_FROM);
                state.costs.drain(..excess);
            }
            Verdict::Retry {
                reason,
                message,
                counted,
                ..
            } => {
                state.counted_failures += u32::from(*counted);
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
            Verdict::Failed { reason, message } | Verdict::Stopped { reason, message } => {
                state.status = match verdict {
                    Verdict::Failed { .. } => Status::Failed,
                    _ => Status::Stopped,
                };
                state.stop_reason = Some(*reason);
                state.message.clone_from(message);
            }
        }
        match state.status {
            Status::Completed => state.remarks.clear(),
            _ => state.completed_at = None,
        }
    }
}
