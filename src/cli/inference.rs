//! Gathers what `--infer-from-git` needs: the history with its cache, run folders, what commits changed.
//!
//! Knows which question goes where. What the answers mean is decided by `git` and `view`.

use std::collections::HashSet;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::cli::{Context, Failure};
use crate::git::changes;
use crate::git::history::History;
use crate::git::reading::Site;
use crate::git::scan::{self, Changed};
use crate::git::told;
use crate::model::{RunId, TaskId, Told};
use crate::plan::Plan;
use crate::report::Later;
use crate::state::State;
use crate::store::{Layout, prepare, replace};
use crate::view::{FileFacts, Inferred, Owners, inferred};

/// What git says.
#[derive(Debug)]
pub struct Inference {
    pub inferred: Vec<Inferred>,
    /// As in [`GitReport`](crate::report::GitReport).
    pub later: Vec<Vec<Later>>,
    pub unmatched: Vec<String>,
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
    let mut changed = scan::update(root, &[], &mut history)?;
    let told = told::told(&history, &site.folder);
    let facts = file_facts(layout, &told, &mut history, &mut changed)?;
    let inferred = inferred(plan, state, &told, &facts);
    if changed == Changed::Yes {
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
        later: later(root, plan, &inferred)?,
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
fn later(root: &Path, plan: &Plan, inferred: &[Inferred]) -> anyhow::Result<Vec<Vec<Later>>> {
    let mut later = vec![Vec::new(); inferred.len()];
    let owning: Vec<(usize, &str)> = inferred
        .iter()
        .enumerate()
        .filter(|(_, i)| !plan.task(i.task).owns.is_empty())
        .filter_map(|(n, i)| {
            let found = i.found.as_ref()?;
            let certain = found.evidence < crate::view::Evidence::TaskFile;
            Some((n, found.commit.as_deref().filter(|_| certain)?))
        })
        .collect();
    let mut commits: Vec<String> = owning.iter().map(|(_, c)| (*c).to_owned()).collect();
    commits.sort();
    commits.dedup();
    let all = changes::since(root, &commits).context("cannot read later changes")?;
    if all.is_empty() {
        return Ok(later);
    }
    let owners = Owners::new(plan);
    let touched: Vec<Vec<crate::plan::TaskIx>> = all
        .iter()
        .map(|change| {
            let mut tasks: Vec<_> = change.paths.iter().flat_map(|p| owners.of(p)).collect();
            tasks.sort_unstable();
            tasks.dedup();
            tasks
        })
        .collect();
    for (n, commit) in owning {
        let task = inferred[n].task;
        if !touched.iter().any(|tasks| tasks.contains(&task)) {
            continue;
        }
        let after = changes::later(&all, commit);
        let after: HashSet<&str> = after.iter().map(|change| change.commit.as_str()).collect();
        later[n] = all
            .iter()
            .zip(&touched)
            .filter(|(change, tasks)| {
                tasks.contains(&task) && after.contains(change.commit.as_str())
            })
            .map(|(change, _)| Later {
                commit: change.commit.clone(),
                subject: change.subject.clone(),
            })
            .collect();
    }
    Ok(later)
}
