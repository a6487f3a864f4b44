//! How an orchestration ended: its receipt beside its plan, and its summary for whoever comes back.

use std::collections::BTreeMap;
use std::io::Write as _;

use anyhow::Context as _;
use jiff::Timestamp;

use crate::cli::{Context, Exit, runs, snapshot};
use crate::event::{Event, Recorded};
use crate::model::{RunId, Status, StopReason, TaskId};
use crate::orchestrate::session::Finished;
use crate::report::receipt::{Receipt, Subject, TaskEntry};
use crate::report::{Close, Facts, SummaryLook, last_lines, summary};
use crate::store::{Layout, StoreError, history, process, replace};
use crate::view;

/// What goes to stdout at the end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Output {
    Summary(Close),
    /// The receipt as JSON.
    Json,
    /// The summary, unless everything is completed: it is to be quiet.
    Trouble,
    /// Nothing: events were written there.
    Nothing,
}

/// Lines of a failed task's log that the summary may show.
const LOG_LINES: usize = 10;

/// Writes the receipt and prints the end. Gives the exit code.
///
/// # Errors
/// When the receipt or stdout cannot be written.
pub fn conclude(context: &Context, finished: Finished, output: Output) -> anyhow::Result<Exit> {
    let layout = finished.store.layout().clone();
    let events = events_of(&finished, &layout)?;
    let mut receipt = receipt(context, &finished, &events)?;
    receipt.landing.clone_from(&finished.landing);
    write(&layout, &receipt)?;
    let exit = Exit(finished.exit);
    match output {
        Output::Trouble if exit == Exit::OK => finished.screen.finish(""),
        Output::Summary(_) | Output::Trouble => {
            let logs = logs(&layout, &receipt);
            let look = SummaryLook {
                glyphs: context.glyphs(),
                width: context.width(),
                close: match output {
                    Output::Summary(close) => close,
                    _ => Close::Whole,
                },
            };
            // The bars go first; the summary is the result and stands on stdout.
            finished.screen.finish("");
            write!(context.out(), "{}", summary(&receipt, &logs, look))?;
        }
        Output::Json => {
            finished.screen.finish("");
            writeln!(context.out(), "{}", serde_json::to_string_pretty(&receipt)?)?;
        }
        Output::Nothing => finished.screen.finish(""),
    }
    Ok(exit)
}

/// Everything that was written since the orchestration's first start.
fn events_of(finished: &Finished, layout: &Layout) -> anyhow::Result<Vec<Recorded>> {
    let mut events = Vec::new();
    let mut begun = false;
    history(layout, &mut |recorded| {
        let starts = matches!(&recorded.event, Event::OrchestrationStarted { orch, .. } if *orch == finished.orch);
        begun = begun || starts;
        if begun {
            events.push(recorded);
        }
    })?;
    Ok(events)
}

fn receipt(context: &Context, finished: &Finished, events: &[Recorded]) -> anyhow::Result<Receipt> {
    let state = finished.store.state();
    let views = view::tasks_of(&finished.plan, state, &finished.orch);
    // Whoever left its attempts behind is as good as gone, though it still says so itself.
    let left = finished
        .detached
        .then(|| state.orchestrations.get(&finished.orch))
        .flatten()
        .map(|entry| &entry.owner);
    let processes = snapshot::processes(state, &|p| Some(p) != left && process::is_alive(p));
    let facts = Facts {
        plan: &finished.plan,
        state,
        views: &views,
        processes: &processes,
        now: Timestamp::now(),
    };
    let ids: Vec<RunId> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Reserved { orch, run, .. } if *orch == finished.orch => Some(run.clone()),
            _ => None,
        })
        .collect();
    let runs = runs::read_states(context, finished.store.layout(), &ids)?;
    let subject = Subject {
        orch: &finished.orch,
        selected: &finished.selected,
        events,
        runs: &runs,
    };
    Receipt::gather(&facts, &subject)
        .with_context(|| format!("the journal does not hold the start of {}", finished.orch))
}

fn write(layout: &Layout, receipt: &Receipt) -> anyhow::Result<()> {
    let dir = layout.orchestration(&receipt.orchestration);
    for (name, text) in [
        ("receipt.json", serde_json::to_string_pretty(receipt)?),
        ("receipt.md", receipt.to_markdown()),
    ] {
        let path = dir.join(name);
        let doing = "write";
        replace(&path, text.as_bytes()).map_err(|source| StoreError::Io {
            doing,
            path,
            source,
        })?;
    }
    Ok(())
}

/// The last lines of what failed or stopped: of the check that failed, else of the worker.
fn logs(layout: &Layout, receipt: &Receipt) -> BTreeMap<TaskId, Vec<String>> {
    let bad = |task: &&TaskEntry| match task.status {
        Status::Failed => true,
        // The log of what was cancelled tells nothing about why.
        Status::Stopped => task.stop_reason != Some(StopReason::Cancelled),
        _ => false,
    };
    let tasks = receipt.tasks.iter().filter(bad);
    tasks
        .filter_map(|task| {
            let run = task.runs.last()?;
            let log = run
                .checks
                .iter()
                .find(|check| !check.passed)
                .map_or("worker.log", |check| &check.log);
            // A log that cannot be read is only not shown.
            let lines = last_lines(&layout.run(&run.run).join(log), LOG_LINES).ok()?;
            Some((task.task.clone(), lines))
        })
        .collect()
}
