//! Gathers what `--infer-from-git` needs: the history with its cache, run folders, what commits changed.
//!
//! Knows which question goes where. What the answers mean is decided by `git` and `view`.

use std::collections::HashMap;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::{Context, Failure};
use crate::git::changes;
use crate::git::history::History;
use crate::git::later::{Asked, LaterCommits, Sources};
use crate::git::log::Paths;
use crate::git::reading::Site;
use crate::git::scan::{self, Changed, Update, Wanted};
use crate::git::told;
use crate::model::{RunId, TaskId, Told};
use crate::plan::{Plan, TaskIx};
use crate::report::{LaterChange, LaterChanges};
use crate::state::State;
use crate::store::{Layout, prepare, replace};
use crate::view::{Evidence, FileFacts, Inferred, Owners, inferred};

/// What git says.
#[derive(Debug)]
pub struct Inference {
    pub inferred: Vec<Inferred>,
    /// As in [`GitReport`](crate::report::GitReport).
    pub later: Vec<LaterChanges>,
    pub unmatched: Vec<String>,
}

/// What the history was read with, and what that found.
struct Reading<'a> {
    root: &'a Path,
    owners: &'a Owners,
    paths: &'a Paths,
    update: &'a Update,
}

/// Reads the history and compares.
///
/// # Errors
/// When this is no repository (2), or git cannot tell.
pub fn infer(
    context: &Context,
    layout: &Layout,
    plan: &Plan,
    state: &State,
) -> anyhow::Result<Inference> {
    let root = layout.root();
    let site = Site::find(root).ok_or_else(|| {
        Failure::usage(format!(
            "`{}` is in no git repository, so there is no history to read",
            root.display()
        ))
        .help("runr status --tasks    shows what the journal says")
    })?;
    let cache = layout.dir().join("git-history.json");
    let mut history = match std::fs::read(&cache) {
        Ok(bytes) => History::decode(&bytes, &site.shallow),
        Err(_) => History::empty(&site.shallow),
    };
    let owners = Owners::new(plan);
    let paths = Paths::below(owners.folders());
    let wanted = Wanted {
        root,
        landing: &[],
        paths: &paths,
    };
    let update = scan::update(wanted, &mut history)?;
    let mut changed = update.changed;
    let told = told::told(&history, &site.folder);
    let facts = file_facts(layout, &told, &mut history, &mut changed)?;
    let inferred = inferred(plan, state, &told, &facts);
    let reading = Reading {
        root,
        owners: &owners,
        paths: &paths,
        update: &update,
    };
    let (learnt, later) = later(plan, &inferred, &reading, &mut history)?;
    if changed == Changed::Yes || learnt == Changed::Yes {
        keep(context, layout, &cache, &history)?;
    }
    let unmatched = told
        .unnamed
        .iter()
        .map(|unnamed| &unnamed.commit)
        .filter(|commit| {
            let used = |i: &&Inferred| {
                i.found
                    .as_ref()
                    .is_some_and(|found| found.commit.as_ref() == Some(*commit))
            };
            !inferred.iter().any(|i| used(&i))
        })
        .cloned()
        .collect();
    Ok(Inference {
        later,
        inferred,
        unmatched,
    })
}

/// Where there is no `.runr/` nothing is made: this is a reading command.
fn keep(context: &Context, layout: &Layout, path: &Path, history: &History) -> anyhow::Result<()> {
    if !layout.dir().is_dir() {
        return Ok(());
    }
    let written = prepare(layout)
        .map_err(std::io::Error::other)
        .and_then(|()| history.encode().map_err(std::io::Error::other))
        .and_then(|bytes| replace(path, &bytes));
    if let Err(error) = written {
        writeln!(
            context.err(),
            "warning: cannot keep what was read of the history in `{}`: {error}",
            path.display()
        )?;
    }
    Ok(())
}

fn file_facts(
    layout: &Layout,
    told: &Told,
    history: &mut History,
    changed: &mut Changed,
) -> anyhow::Result<FileFacts> {
    let mut facts = FileFacts::default();
    let mut unknown = Vec::new();
    for unnamed in &told.unnamed {
        match task_of_run(layout, &unnamed.run) {
            Some(task) => drop(facts.runs.insert(unnamed.run.clone(), task)),
            None if history.files(&unnamed.commit).is_none() => {
                unknown.push(unnamed.commit.clone());
            }
            None => {}
        }
    }
    for change in changes::of_commits(layout.root(), &unknown)
        .context("cannot see what commits without a task changed")?
    {
        *changed = Changed::Yes;
        history.learn_files(change.commit, change.paths);
    }
    for unnamed in &told.unnamed {
        if let Some(paths) = history.files(&unnamed.commit) {
            facts.files.insert(unnamed.commit.clone(), paths.to_vec());
        }
    }
    Ok(facts)
}

/// What a run's `state.json` says that it was at, in this runr's format or the older one's.
fn task_of_run(layout: &Layout, run: &RunId) -> Option<TaskId> {
    let bytes = std::fs::read(layout.run(run).join("state.json")).ok()?;
    let json: serde_json::Value = serde_json::from_slice(&bytes).ok()?;
    let task = ["/task", "/task_path", "/task/path"]
        .iter()
        .find_map(|pointer| json.pointer(pointer)?.as_str())?;
    let name = task
        .split_once(".runr/tasks/")
        .map_or(task, |(_, name)| name);
    TaskId::parse(name).ok()
}

/// Commits of HEAD after each task's checkpoint that touch what it owns.
fn later(
    plan: &Plan,
    inferred: &[Inferred],
    reading: &Reading<'_>,
    history: &mut History,
) -> anyhow::Result<(Changed, Vec<LaterChanges>)> {
    let owning: Vec<(TaskIx, &str)> = inferred
        .iter()
        .filter(|i| !plan.task(i.task).owns.is_empty())
        .filter_map(|i| {
            let found = i.found.as_ref()?;
            let certain = found.evidence < Evidence::TaskFile;
            Some((i.task, found.commit.as_deref().filter(|_| certain)?))
        })
        .collect();
    let asked: Vec<Asked> = owning
        .iter()
        .map(|(task, commit)| Asked {
            task: plan.task(*task).id.clone(),
            commit: (*commit).to_owned(),
            owns: plan.task(*task).owns.to_vec(),
        })
        .collect();
    let places: HashMap<TaskIx, usize> = owning
        .iter()
        .enumerate()
        .map(|(n, (task, _))| (*task, n))
        .collect();
    let owners = |path: &str| {
        let tasks = reading.owners.of(path);
        tasks
            .filter_map(|task| places.get(&task).copied())
            .collect()
    };
    let mut known = std::mem::take(&mut history.later);
    let order: HashMap<&str, usize> = history
        .records()
        .iter()
        .enumerate()
        .map(|(n, record)| (record.commit.as_str(), n))
        .collect();
    let sources = Sources {
        root: reading.root,
        paths: reading.paths,
        update: reading.update,
        owners: &owners,
        order: &|commit| order.get(commit).copied().unwrap_or(usize::MAX),
    };
    let changed = known
        .update(&sources, &asked)
        .context("cannot read later changes")?;
    history.later = known;
    let later = inferred
        .iter()
        .map(|i| history.later.of(&plan.task(i.task).id))
        .map(|later| later.map(shown).unwrap_or_default());
    Ok((changed, later.collect()))
}

fn shown(later: &LaterCommits) -> LaterChanges {
    let newest = later.newest.iter().map(|change| LaterChange {
        commit: change.commit.clone(),
        subject: change.subject.clone(),
    });
    LaterChanges {
        total: later.total,
        newest: newest.collect(),
    }
}
