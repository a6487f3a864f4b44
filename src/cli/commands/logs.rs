//! `runr logs`: shows the output of a run.

use std::collections::BTreeSet;
use std::io::{IsTerminal as _, Write};
use std::path::PathBuf;
use std::sync::mpsc;

use anyhow::Context as _;
use notify::{RecursiveMode, Watcher as _};

use crate::cli::log_output::{LogOutput, Reader};
use crate::cli::runs;
use crate::cli::subject::{self, Subject};
use crate::cli::{Context, Exit, Failure, there};
use crate::event::Event;
use crate::model::{ProcessRef, RunId};
use crate::store::{Layout, Store, history, process, read_state};

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// A run id, or a task: then its latest run
    #[arg(value_name = "RUN|TASK")]
    of: String,
    /// Go on until the run ends
    #[arg(short, long)]
    follow: bool,
    /// Begin with the last N lines
    #[arg(short = 'n', long, value_name = "N")]
    lines: Option<usize>,
    /// Show all runs of the task, the oldest first
    #[arg(long, conflicts_with = "follow")]
    all: bool,
    /// Print one JSON object with the lines; with --follow, one for each line
    #[arg(long)]
    json: bool,
}

/// The worker's output, then that of each verification.
///
/// On a terminal lines are made harmless and files get headings; into a pipe go the bytes as they are. With `--json`
/// each line is an object: all in one object, or each by itself while they are followed.
pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let there = there::each(context, std::slice::from_ref(&args.of), |context, names| {
        let of = names.into_iter().next().unwrap_or_default();
        run(context, Args { of, ..args.clone() })
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    if let Ok(id) = RunId::parse(&args.of)
        && let Some(there) = there::of_run(context, &id)?
    {
        return run(&there, args);
    }
    let project = context.project()?;
    let mut store = context.store(&project)?;
    let subject = subject::find(&project, &store, &args.of)?;
    let layout = store.layout().clone();
    let wanted = match (&subject, args.all) {
        (Subject::Task(task), true) => {
            let mut runs = Vec::new();
            history(&layout, &mut |recorded| {
                if let Event::Reserved { run, task: of, .. } = recorded.event
                    && of == *task
                {
                    runs.push(run);
                }
            })?;
            runs
        }
        (Subject::Task(task), false) => store.state().task(task).last_run_id.into_iter().collect(),
        (Subject::Run(run), _) => vec![run.clone()],
    };
    let Some(latest) = wanted.last().cloned() else {
        return Err(
            Failure::usage(format!("`{}` has not run yet", subject.name()))
                .help(format!("runr why {}", subject.name()))
                .into(),
        );
    };
    let terminal = std::io::stdout().is_terminal();
    let reader = match (args.json, args.follow) {
        (true, true) => Reader::JsonLines,
        (true, false) => Reader::Json,
        (false, _) if terminal => Reader::Person,
        (false, _) => Reader::Program,
    };
    // The stream for people would drop escape sequences, which belong to the bytes.
    let out: Box<dyn Write> = if terminal {
        Box::new(context.out())
    } else {
        Box::new(std::io::stdout().lock())
    };
    let mut output = LogOutput::new(out, reader);
    let mut files: Vec<PathBuf> = Vec::new();
    for run in &wanted {
        files.extend(runs::logs(&layout, run).context("cannot read the run's folder")?);
    }
    if let Some(lines) = args.lines {
        output.skip_to_last(&files, lines)?;
    }
    if !args.follow {
        output.copy(&files)?;
        output.finish()?;
        if !output.any() && args.lines != Some(0) && !context.quiet() {
            writeln!(context.err(), "note: run {latest} has left no output")?;
        }
        return Ok(Exit::OK);
    }
    let end = follow(&mut store, &latest, &mut output)?;
    output.finish()?;
    if end == End::Ended && args.lines != Some(0) && !output.any() && !context.quiet() {
        writeln!(context.err(), "note: run {latest} has left no output")?;
    }
    if end == End::Gone && !context.quiet() {
        writeln!(
            context.err(),
            "note: the process of run {latest} is gone, and so is its orchestrator\n  help: runr resume"
        )?;
    }
    Ok(Exit::OK)
}

/// Why there is nothing more to follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum End {
    Ended,
    /// Nobody is left who could write more, or say how it ended.
    Gone,
}

/// Copies until the run ends. Woken by the file system and by the end of the processes; nothing polls.
fn follow<W: Write>(
    store: &mut Store,
    run: &RunId,
    output: &mut LogOutput<W>,
) -> anyhow::Result<End> {
    let layout = store.layout().clone();
    let (wake, woken) = mpsc::channel::<()>();
    let on_change = wake.clone();
    let mut watcher = notify::recommended_watcher(move |_| {
        // Nobody listens any more when the command is about to end.
        let _ = on_change.send(());
    })
    .context("cannot watch files")?;
    // The journal says when a run was given up; the folder of runs, when this one's appears.
    watcher.watch(&layout.dir(), RecursiveMode::NonRecursive)?;
    if layout.runs().is_dir() {
        watcher.watch(&layout.runs(), RecursiveMode::NonRecursive)?;
    }
    let folder = layout.run(run);
    let mut watches_folder = false;
    let mut watched = BTreeSet::new();
    loop {
        if !watches_folder && folder.is_dir() {
            watcher.watch(&folder, RecursiveMode::NonRecursive)?;
            watches_folder = true;
        }
        // First ask whether it has ended, then copy: what was written before the end is then there.
        let end = ended(store, &layout, run)?;
        if end.is_none() {
            for process in processes(store, run) {
                if watched.insert((process.pid, process.start_ticks)) {
                    let wake = wake.clone();
                    std::thread::spawn(move || {
                        // Where one cannot wait for a process, the files alone have to tell.
                        if process::wait_for_end(&process).is_ok() {
                            let _ = wake.send(());
                        }
                    });
                }
            }
        }
        output.copy(&runs::logs(&layout, run)?)?;
        if let Some(end) = end {
            return Ok(end);
        }
        woken.recv().context("the file watcher has ended")?;
        while woken.try_recv().is_ok() {}
    }
}

fn ended(store: &mut Store, layout: &Layout, run: &RunId) -> anyhow::Result<Option<End>> {
    if read_state(layout, run)?.is_some() {
        return Ok(Some(End::Ended));
    }
    store.refresh()?;
    if !store.state().open.contains_key(run) {
        return Ok(Some(End::Ended));
    }
    let alive = processes(store, run).iter().any(process::is_alive);
    Ok((!alive).then_some(End::Gone))
}

/// The attempt and its orchestrator, as far as they are known.
fn processes(store: &Store, run: &RunId) -> Vec<ProcessRef> {
    let state = store.state();
    let Some(open) = state.open.get(run) else {
        return Vec::new();
    };
    let owner = state
        .orchestrations
        .get(&open.orch)
        .map(|o| o.owner.clone());
    open.process.clone().into_iter().chain(owner).collect()
}
