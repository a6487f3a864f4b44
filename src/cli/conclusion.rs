//! How an orchestration ended: its receipt beside its plan, and its summary for whoever comes back.

use std::io::Write as _;

use anyhow::Context as _;
use jiff::Timestamp;

use crate::cli::{Context, Exit, runs, snapshot};
use crate::event::{Event, Recorded};
use crate::model::RunId;
use crate::orchestrate::session::Finished;
use crate::report::receipt::{Ending, Receipt, Subject};
use crate::report::{Close, Facts, Remedy, SummaryLook, summary};
use crate::store::{Layout, Places, StoreError, process, replace};
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

/// Writes the receipt and prints the end. Gives the exit code.
///
/// # Errors
/// When the receipt or stdout cannot be written.
pub fn conclude(context: &Context, finished: Finished, output: Output) -> anyhow::Result<Exit> {
    let layout = finished.store.layout().clone();
    let places = finished.store.places();
    let events = events_of(&finished, &places)?;
    let mut receipt = receipt(context, &finished, (&events, &places))?;
    receipt.landing.clone_from(&finished.landing);
    if !finished.lost.is_empty() {
        receipt.why = format!("{} cannot be read any more", finished.lost.join(", "));
        receipt.last_type(
            &format!("runr resume {}", finished.orch),
            "goes on when that is mended",
        );
    }
    receipt.warnings.clone_from(&finished.not_told);
    if let Some((task, outside)) = finished.held_back.first()
        && receipt.ending == Ending::Blocked
    {
        let remedy = Remedy::new(&finished.plan.task(*task).id, outside);
        receipt.why = format!("what is left waits: {}", remedy.says);
    }
    if let Some(command) = &finished.to_land {
        receipt.first_type(command, "brings the work onto your branch");
    }
    write(&layout, &receipt)?;
    let exit = Exit(finished.exit);
    // The screen is silent then, and this needs a person.
    if matches!(output, Output::Trouble | Output::Nothing)
        && let Some(line) = &finished.not_landed
    {
        writeln!(context.err(), "{line}")?;
    }
    match output {
        Output::Trouble if exit == Exit::OK => finished.screen.finish(""),
        Output::Summary(_) | Output::Trouble => {
            let remains = runs::remains(&places, &receipt);
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
            write!(context.out(), "{}", summary(&receipt, &remains, look))?;
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
fn events_of(finished: &Finished, places: &Places) -> anyhow::Result<Vec<Recorded>> {
    let mut events = Vec::new();
    let mut begun = false;
    places.history(&mut |recorded| {
        let starts = matches!(&recorded.event, Event::OrchestrationStarted { orch, .. } if *orch == finished.orch);
        begun = begun || starts;
        if begun {
            events.push(recorded);
        }
    })?;
    Ok(events)
}

fn receipt(
    context: &Context,
    finished: &Finished,
    (events, places): (&[Recorded], &Places),
) -> anyhow::Result<Receipt> {
    let state = finished.store.state();
    let mut views = view::tasks_of(&finished.plan, state, &finished.orch);
    view::hold_back(&finished.plan, &mut views, finished.held_back.clone());
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
        not_landed: &[],
        now: Timestamp::now(),
    };
    let ids: Vec<RunId> = events
        .iter()
        .filter_map(|recorded| match &recorded.event {
            Event::Reserved { orch, run, .. } if *orch == finished.orch => Some(run.clone()),
            _ => None,
        })
        .collect();
    let runs = runs::read_states(context, places, &ids)?;
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
