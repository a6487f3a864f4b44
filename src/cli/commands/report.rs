//! `runr report`: tells what a run or an orchestration did.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::attempt::HANDOFF;
use crate::cli::runs::{self, read_states};
use crate::cli::snapshot::{Snapshot, look};
use crate::cli::subject::{candidates, newest};
use crate::cli::{Context, Exit, Failure};
use crate::event::{Event, Recorded};
use crate::git::diff;
use crate::model::{FileChange, OrchId, RunGit, RunId, Status, TaskId};
use crate::orchestrate::FrozenPlan;
use crate::plan::TaskIx;
use crate::report::receipt::{Receipt, Runs, RunsOf, Subject, TaskEntry};
use crate::report::{
    Close, Provenance, RunPage, SummaryLook, next_commands, one_line, shell_word, summary,
};
use crate::store::{read_spec, read_state};
use crate::worker::Handoff;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// A run id or an orchestration id; without one, the latest orchestration
    #[arg(value_name = "RUN|ORCH")]
    of: Option<String>,
    /// Print Markdown
    #[arg(long, conflicts_with = "json")]
    md: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let snapshot = Snapshot::read(context)?;
    let of = args.of.as_deref();
    if let Some(run) = of.and_then(|name| RunId::parse(name).ok()) {
        return report_run(context, &snapshot, &args, &run);
    }
    let orch = match of {
        Some(name) => OrchId::parse(name).map_err(|_| {
            let shown = one_line(name);
            Failure::usage(format!("`{shown}` is neither a run nor an orchestration"))
                .help(format!(
                    "runr tasks show {}    tells about a task",
                    shell_word(&shown)
                ))
                .help("runr orchestrate list    shows the ids of orchestrations")
        })?,
        None => latest(&snapshot)?,
    };
    let mut receipt = receipt(context, &snapshot, &orch)?;
    let text = if args.json {
        serde_json::to_string(&receipt)? + "\n"
    } else if args.md {
        receipt.to_markdown()
    } else {
        let look = SummaryLook {
            glyphs: look(context).glyphs,
            width: context.width(),
            close: Close::Whole,
        };
        let remains = runs::remains(&snapshot.store.places(), &receipt);
        let since = since(&snapshot, &mut receipt);
        // Whoever reads this has just typed it.
        receipt.next.retain(|next| next.command != "runr report");
        let mut text = summary(&receipt, &remains, look);
        if let Some(landing) = &receipt.landing {
            text = format!("{text}\n{}\n", one_line(landing));
        }
        for warning in &receipt.warnings {
            text = format!("{text}\nwarning: {}\n", one_line(warning));
        }
        if !since.is_empty() {
            text = format!("{text}\nsince then completed: {}\n", since.join(", "));
        }
        text
    };
    context.out().write_all(text.as_bytes())?;
    Ok(snapshot.exit())
}

/// What the orchestration left undone and is completed by now. Then its next commands are today's, and nobody is asked
/// for what has been done.
fn since(snapshot: &Snapshot, receipt: &mut Receipt) -> Vec<String> {
    let facts = snapshot.facts();
    let now = |task: &TaskId| facts.plan.find(task).map(|ix| facts.view(ix).status);
    let left = |entry: &&TaskEntry| entry.status != Status::Completed;
    let done: Vec<String> = receipt
        .tasks
        .iter()
        .filter(left)
        .filter(|entry| now(&entry.task) == Some(Status::Completed))
        .map(|entry| entry.task.to_string())
        .collect();
    if !done.is_empty() {
        let tasks = receipt.tasks.iter();
        let shown: Vec<TaskIx> = tasks.filter_map(|e| facts.plan.find(&e.task)).collect();
        receipt.next = next_commands(&facts, &shown);
        let needs = std::mem::take(&mut receipt.needs_people).into_iter();
        let (answered, open): (Vec<_>, Vec<_>) =
            needs.partition(|need| now(&need.task) == Some(Status::Completed));
        receipt.needs_people = open;
        let is_answered = |task: &TaskId| answered.iter().any(|need| need.task == *task);
        receipt.tasks.retain(|entry| !is_answered(&entry.task));
    }
    done
}

fn latest(snapshot: &Snapshot) -> Result<OrchId, Failure> {
    let orchestrations = &snapshot.store.state().orchestrations;
    orchestrations
        .iter()
        .filter(|(_, o)| !o.abroad)
        .max_by_key(|(id, o)| (o.started_at, *id))
        .map(|(id, _)| id.clone())
        .ok_or_else(|| {
            Failure::usage("nothing has been run yet")
                .help("runr next    shows what can be done now")
        })
}

/// The receipt as its orchestrator wrote it; while there is none, or it went on since, one made now.
fn receipt(context: &Context, snapshot: &Snapshot, orch: &OrchId) -> anyhow::Result<Receipt> {
    let layout = snapshot.store.layout();
    let open = snapshot
        .store
        .state()
        .orchestrations
        .get(orch)
        .is_some_and(|o| o.ended_at.is_none());
    let path = layout.orchestration(orch).join("receipt.json");
    if !open && path.is_file() {
        let text =
            std::fs::read(&path).with_context(|| format!("cannot read `{}`", path.display()))?;
        match serde_json::from_slice(&text) {
            Ok(receipt) => return Ok(receipt),
            Err(error) => writeln!(
                context.err(),
                "warning: `{}` is not a receipt ({error}); it is made anew from the journal",
                path.display()
            )?,
        }
    }
    let mut events: Vec<Recorded> = Vec::new();
    let places = snapshot.store.places();
    places.history(&mut |recorded| events.push(recorded))?;
    let mut ids = Vec::new();
    let mut touched: Vec<TaskId> = Vec::new();
    for recorded in &events {
        match &recorded.event {
            Event::Reserved {
                orch: of,
                run,
                task,
                ..
            } if of == orch => {
                ids.push(run.clone());
                touched.push(task.clone());
            }
            Event::Skipped { orch: of, task } | Event::GivenUp { orch: of, task, .. }
                if of == orch =>
            {
                touched.push(task.clone());
            }
            _ => {}
        }
    }
    let states = read_states(context, &places, &ids)?;
    let selected = selected(snapshot, orch, &touched);
    let subject = Subject {
        orch,
        selected: &selected,
        events: &events,
        runs: &states,
    };
    Receipt::gather(&snapshot.facts(), &subject).ok_or_else(|| {
        let failure = Failure::usage(format!("there is no orchestration `{orch}`"));
        candidates(failure, &newest(layout.orchestrations())).into()
    })
}

/// What the orchestration selected, as its plan.json says; without one that can be read, the tasks that it
/// came to. What is no longer a task is left out.
fn selected(snapshot: &Snapshot, orch: &OrchId, touched: &[TaskId]) -> Vec<TaskIx> {
    let plan = &snapshot.loaded.plan;
    let mut found: Vec<TaskIx> = match FrozenPlan::read(snapshot.store.layout(), orch) {
        Ok(frozen) => frozen
            .selected
            .iter()
            .filter_map(|number| plan.find(frozen.tasks.get(*number as usize)?))
            .collect(),
        Err(_) => touched.iter().filter_map(|task| plan.find(task)).collect(),
    };
    found.sort_unstable();
    found.dedup();
    found
}

/// What the attempt's commit changed. Its names alone are told when the commit is gone or git cannot be asked.
fn difference(root: &Path, git: &RunGit) -> Vec<FileChange> {
    match (&git.base, &git.checkpoint) {
        (Some(base), Some(commit)) => diff::stat(root, base, commit).unwrap_or_default(),
        _ => Vec::new(),
    }
}

fn report_run(
    context: &Context,
    snapshot: &Snapshot,
    args: &Args,
    run: &RunId,
) -> anyhow::Result<Exit> {
    let places = snapshot.store.places();
    let layout = places.of_run(run);
    let folder = layout.run(run);
    if args.md {
        return Err(Failure::usage("only orchestrations have a report in Markdown").into());
    }
    let mut events: Vec<Recorded> = Vec::new();
    let mut about = None;
    places.history(&mut |recorded| {
        match &recorded.event {
            Event::Reserved {
                run: of,
                task,
                orch,
                ..
            } if of == run => about = Some((task.clone(), Some(orch.clone()))),
            Event::Claimed { run: of, task, .. } if of == run => about = Some((task.clone(), None)),
            _ => {}
        }
        events.push(recorded);
    })?;
    let Some((task, orch)) = about else {
        let failure = Failure::usage(format!("there is no run `{run}`"));
        return Err(candidates(failure, &newest(layout.runs())).into());
    };
    let state = read_state(layout, run)?;
    let states: BTreeMap<_, _> = state
        .clone()
        .map(|s| (run.clone(), s))
        .into_iter()
        .collect();
    let mut runs = Runs::new(RunsOf::Task(task.clone()), &states);
    events.iter().for_each(|recorded| runs.take(recorded));
    let entry = runs
        .take_of(&task)
        .into_iter()
        .rfind(|entry| entry.run == *run);
    let Some(entry) = entry else {
        return Err(Failure::usage(format!("there is no run `{run}`")).into());
    };
    // A run that never came so far as to have a folder has no specification.
    let spec = if folder.join("spec.json").is_file() {
        Some(read_spec(&folder)?)
    } else {
        None
    };
    let logs: Vec<String> = runs::logs(layout, run)?
        .iter()
        .filter_map(|path| path.file_name()?.to_str())
        .map(|name| format!("{}.runr/runs/{run}/{name}", places.prefix_of(run)))
        .collect();
    let handoff = match std::fs::read(folder.join(HANDOFF)) {
        // One that was changed by hand is shown in its file only.
        Ok(text) => Handoff::from_json(&text)
            .ok()
            .map(|handoff| handoff.to_text()),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => None,
        Err(error) => {
            return Err(error)
                .with_context(|| format!("cannot read `{}`", folder.join(HANDOFF).display()));
        }
    };
    let git = state.as_ref().and_then(|state| state.git.as_ref());
    let diff = git.map(|git| difference(layout.root(), git));
    let kept = layout.worktree(run);
    let tree = kept.strip_prefix(layout.root()).ok();
    let tree = tree.filter(|_| kept.is_dir()).and_then(Path::to_str);
    let tree = tree.map(|tree| format!("{}{tree}", places.prefix_of(run)));
    let provenance = git.map(|git| Provenance {
        git,
        diff: diff.as_deref().unwrap_or_default(),
        tree: tree.as_deref(),
    });
    let page = RunPage {
        provenance,
        task: &task,
        orch: orch.as_ref(),
        entry: &entry,
        spec: spec.as_ref(),
        state: state.as_ref(),
        handoff: handoff.as_deref(),
        logs: &logs,
    };
    let mut out = context.out();
    if args.json {
        writeln!(out, "{}", page.json()?)?;
    } else {
        out.write_all(page.to_text(&look(context)).as_bytes())?;
    }
    Ok(snapshot.exit())
}
