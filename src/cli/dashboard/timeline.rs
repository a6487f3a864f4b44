//! The runs of the past and of now, as the journal tells them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, RunId, StopReason, TaskId};
use crate::store::{Places, StoreError};

/// The latest runs that are shown.
const RUNS: usize = 3_000;

#[derive(Debug, Serialize)]
struct RunJson {
    run: RunId,
    task: TaskId,
    /// `None`: somebody claimed the task and did it outside of any.
    orchestration: Option<OrchId>,
    attempt: u32,
    start: Timestamp,
    took_ms: Option<u64>,
    /// As in reports: `running`, `completed`, `awaiting_approval`, `retry`, `failed`,
    /// `stopped` or `released`.
    outcome: &'static str,
    reason: Option<StopReason>,
}

#[derive(Debug, Serialize)]
struct Timeline<'a> {
    runs: Vec<&'a RunJson>,
    /// Earlier runs that are left out.
    earlier: usize,
}

/// Reads the journal from its beginning. One JSON object.
///
/// # Errors
/// When the journal cannot be read.
pub fn timeline(places: &Places) -> Result<String, StoreError> {
    let mut runs: BTreeMap<RunId, RunJson> = BTreeMap::new();
    places.history(&mut |recorded| take(&mut runs, recorded))?;
    let mut sorted: Vec<&RunJson> = runs.values().collect();
    sorted.sort_by_key(|run| (run.start, &run.run));
    let earlier = sorted.len().saturating_sub(RUNS);
    let timeline = Timeline {
        runs: sorted.split_off(earlier),
        earlier,
    };
    Ok(super::seen::json(&timeline))
}

fn take(runs: &mut BTreeMap<RunId, RunJson>, recorded: Recorded) {
    match recorded.event {
        Event::Reserved {
            orch,
            run,
            task,
            attempt,
            ..
        } => begin(runs, run, (task, attempt, Some(orch)), recorded.at),
        Event::Claimed {
            run, task, attempt, ..
        } => begin(runs, run, (task, attempt, None), recorded.at),
        Event::Started { run, .. } => {
            if let Some(entry) = runs.get_mut(&run) {
                entry.start = recorded.at;
            }
        }
        // Its worker never started.
        Event::Voided { run, .. } => {
            runs.remove(&run);
        }
        Event::Ended {
            run,
            verdict,
            took_ms,
        } => end(runs, &run, Some(verdict), took_ms),
        Event::ClaimEnded {
            run,
            verdict,
            took_ms,
            ..
        } => end(runs, &run, verdict, took_ms),
        _ => {}
    }
}

fn begin(
    runs: &mut BTreeMap<RunId, RunJson>,
    run: RunId,
    (task, attempt, orchestration): (TaskId, u32, Option<OrchId>),
    start: Timestamp,
) {
    let entry = RunJson {
        run: run.clone(),
        task,
        orchestration,
        attempt,
        start,
        took_ms: None,
        outcome: "running",
        reason: None,
    };
    runs.insert(run, entry);
}

fn end(runs: &mut BTreeMap<RunId, RunJson>, run: &RunId, verdict: Option<Verdict>, took_ms: u64) {
    let Some(entry) = runs.get_mut(run) else {
        return;
    };
    entry.took_ms = Some(took_ms);
    (entry.outcome, entry.reason) = match verdict {
        Some(Verdict::Completed { .. }) => ("completed", None),
        Some(Verdict::AwaitingApproval { .. }) => ("awaiting_approval", None),
        Some(Verdict::Retry { reason, .. }) => ("retry", Some(reason)),
        Some(Verdict::Failed { reason, .. }) => ("failed", Some(reason)),
        Some(Verdict::Stopped { reason, .. }) => ("stopped", Some(reason)),
        None => ("released", None),
    };
}
