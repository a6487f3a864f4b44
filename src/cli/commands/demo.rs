//! `runr demo`: makes and runs a small sample project.
//!
//! Knows what the sample project builds. Runs it with the same call as `runr orchestrate run`.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;

use crate::cli::commands::init::next::{self, Next};
use crate::cli::commands::init::place::{Folder, Mode};
use crate::cli::commands::{graph, orchestrate};
use crate::cli::{Context, Exit};
use crate::git::beginning;
use crate::model::Status;
use crate::project::{Loaded, Project};
use crate::report::shell_word;
use crate::scaffold;
use crate::store::Store;

/// What the sample project builds, and what each is.
const BUILT: &[(&str, &str)] = &[
    ("site/index.html", "the front page: open it in a browser"),
    ("site/report.html", "the texts, word by word"),
    ("graph.svg", "the graph of the tasks, coloured by status"),
];

#[derive(Debug, clap::Args)]
#[command(after_help = "\
Eleven tasks in three tracks build a web site from three short texts, offline and in a few seconds. Two of \
them are left to you. Inside git, each leaves one commit. Exits with 0 when only these are left.")]
pub struct Args {
    /// Where to make it; must be empty or not there yet
    #[arg(default_value = "runr-demo")]
    dir: PathBuf,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let dir = context.start()?.join(args.dir);
    let folder = Folder::empty(&dir)?;
    let files = scaffold::demo();
    for file in &files {
        folder.place(file, Mode::Write)?;
    }
    let dir = dir
        .canonicalize()
        .with_context(|| format!("cannot open the folder `{}`", next::shown_path(&dir)))?;
    if !context.quiet() {
        let mut err = context.err();
        writeln!(
            err,
            "made a sample project of {} files in {}\n",
            files.len(),
            next::shown_path(Next::new(&dir)?.dir())
        )?;
    }

    let is_repository = match beginning::begin(&dir, "runr demo", "demo@localhost") {
        Ok(()) => true,
        Err(error) => {
            // Without git it is a smaller demo, and works all the same.
            writeln!(
                context.err(),
                "note: without git, so without commits: {error}"
            )?;
            false
        }
    };
    let exit = orchestrate::run_in(context, &dir)?;
    if exit != Exit::OK && exit != Exit::UNFINISHED {
        return Ok(exit);
    }
    // Read again rather than remembered: what is told here is what the journal says.
    let project = Project {
        root: dir.clone(),
        git: is_repository,
        typed_in: None,
        asked_worker: None,
    };
    let loaded = context.load(&project, None)?;
    let store = context.store(&project)?;
    let picture = dir.join("graph.svg");
    std::fs::write(&picture, graph::svg(&loaded.plan, store.state())?)
        .with_context(|| format!("cannot write `{}`", next::shown_path(&picture)))?;

    let waiting = waiting(&loaded, &store, project.git);
    let mut out = context.out();
    tell_built(&mut out, &dir)?;
    if is_repository {
        writeln!(out, "  {:<22}one commit for each task", "git log --graph")?;
    }
    tell_left(&mut out, &dir, &waiting)?;
    let for_people = waiting.iter().filter(|task| task.command.is_some()).count();
    // People were meant to be needed: that is no failure here. Anything else that is left is one.
    Ok(if for_people == 0 { exit } else { Exit::OK })
}

/// A task that is not completed.
struct Waiting {
    title: String,
    /// What a person types when they have done their part.
    command: Option<String>,
}

/// The tasks that are not completed, those for people first, each in the order of the plan.
fn waiting(loaded: &Loaded, store: &Store, is_repository: bool) -> Vec<Waiting> {
    let mut waiting: Vec<Waiting> = loaded
        .plan
        .tasks()
        .iter()
        .filter_map(|task| {
            let name = shell_word(task.id.as_str());
            let command = match store.state().status(&task.id) {
                Status::Completed => return None,
                Status::Skipped if is_repository => Some(format!("tasks complete {name} --commit")),
                Status::Skipped => Some(format!("tasks complete {name}")),
                Status::AwaitingApproval => Some(format!("tasks approve {name}")),
                _ => None,
            };
            Some(Waiting {
                title: task.title.to_string(),
                command,
            })
        })
        .collect();
    waiting.sort_by_key(|task| task.command.is_none());
    waiting
}

/// Says what was built.
fn tell_built(out: &mut impl Write, dir: &Path) -> anyhow::Result<()> {
    writeln!(
        out,
        "\nbuilt in {}:",
        next::shown_path(Next::new(dir)?.dir())
    )?;
    for (path, what) in BUILT {
        if dir.join(path).is_file() {
            writeln!(out, "  {path:<22}{what}")?;
        }
    }
    Ok(())
}

/// Says which commands finish it, those of people with what is left to them.
fn tell_left(out: &mut impl Write, dir: &Path, waiting: &[Waiting]) -> io::Result<()> {
    let mut next = Next::new(dir).map_err(io::Error::other)?;
    for task in waiting {
        if let Some(command) = &task.command {
            next = next.command_for(command, &task.title);
        }
    }
    next.command_for("orchestrate run", "does the rest").print(
        out,
        "to finish it, do your part (`runr tasks show TASK` tells what) and say so:",
    )
}
