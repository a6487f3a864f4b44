//! The runs of the past and of now, as the journal tells them.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::Serialize;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, RunId, StopReason, TaskId};
use crate::store::{Layout, StoreError, history};

/// The latest runs that are shown.
const RUNS: usize = 3_000;

#[derive(Debug, Serialize)]
struct RunJson {
    run: RunId,
    task: TaskId,
    orchestration: OrchId,
    attempt: u32,
    start: Timestamp,
    took_ms: Option<u64>,
    /// As in reports: `running`, `completed`, `awaiting_approval`, `retry`, `failed` or `stopped`.
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
pub fn timeline(layout: &Layout) -> Result<String, StoreError> {
    let mut runs: BTreeMap<RunId, RunJson> = BTreeMap::new();
    history(layout, &mut |recorded| take(&mut runs, recorded))?;
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
        } => {
            let entry = RunJson {
                run: run.clone(),
                task,
                orchestration: orch,
                attempt,
                start: recorded.at,
                took_ms: None,
                outcome: "running",
                reason: None,
            };
            runs.insert(run, entry);
        }
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
        } => {
            if let Some(entry) = runs.get_mut(&run) {
                entry.took_ms = Some(took_ms);
                (entry.outcome, entry.reason) = match verdict {
                    Verdict::Completed { .. } => ("completed", None),
                    Verdict::AwaitingApproval { .. } => ("awaiting_approval", None),
                    Verdict::Retry { reason, .. } => ("retry", Some(reason)),
                    Verdict::Failed { reason, .. } => ("failed", Some(reason)),
                    Verdict::Stopped { reason, .. } => ("stopped", Some(reason)),
                };
            }
        }
        _ => {}
    }
}
