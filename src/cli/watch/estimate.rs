//! How long an orchestration that runs will still take.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use jiff::Timestamp;

use crate::model::{OrchId, Status, TaskId};
use crate::plan::{Plan, TaskIx};
use crate::report::live::Estimate;
use crate::sched::expected;
use crate::state::State;

/// From what is written; `None`: it cannot be told. With no tasks given it is about all.
#[must_use]
pub fn left(
    (plan, state): (&Plan, &State),
    orch: &OrchId,
    tasks: &BTreeSet<TaskId>,
    now: Timestamp,
) -> Option<Duration> {
    let jobs = state.orchestrations.get(orch)?.jobs;
    let selected: Vec<TaskIx> = plan
        .numbers()
        .filter(|ix| tasks.is_empty() || tasks.contains(&plan.task(*ix).id))
        .collect();
    let expected = expected(plan, state);
    let mut estimate = Estimate::new(plan, &selected, jobs, |ix| expected[ix.0 as usize]);
    for ix in &selected {
        let id = &plan.task(*ix).id;
        match state.status(id) {
            Status::Completed => {
                estimate.completed(id);
                let task = state.tasks.get(id);
                let own = task.filter(|task| task.orch.as_ref() == Some(orch));
                if let Some(took) = own.and_then(|task| task.durations_ms.last()) {
                    estimate.seen(Duration::from_millis(*took));
                }
            }
            Status::Failed
            | Status::Stopped
            | Status::Skipped
            | Status::AwaitingApproval
            | Status::Unknown => {
                estimate.unknown(id);
            }
            Status::Pending | Status::InProgress => {}
        }
    }
    let running: BTreeMap<&TaskId, Duration> = state
        .open
        .values()
        .map(|run| {
            let spent = now.duration_since(run.reserved_at).try_into();
            (&run.task, spent.unwrap_or_default())
        })
        .collect();
    estimate.remaining(&running).filter(|left| !left.is_zero())
}
