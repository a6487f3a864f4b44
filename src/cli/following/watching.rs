//! Tells when the journal or the files of a project change.

use std::path::Path;

use anyhow::Context as _;
use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::store::{Layout, Places};

/// What may be different now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Changed {
    Journal,
    /// Task files or the configuration.
    Files,
}

/// Watching ends with it.
#[derive(Debug)]
pub struct Watching {
    _watcher: RecommendedWatcher,
}

/// Watches every repository that has tasks; what is checked out, in the home only.
///
/// # Errors
/// As for [`watch`].
pub fn watch_all(
    places: &Places,
    git: Option<&Path>,
    tell: impl Fn(Changed) + Clone + Send + 'static,
) -> anyhow::Result<Vec<Watching>> {
    let there = places.layouts().filter(|layout| layout.dir().is_dir());
    there
        .map(|layout| {
            let git = git.filter(|_| layout == places.home());
            watch(layout, git, tell.clone())
        })
        .collect()
}

/// Watches `.runr/` for the journal and the configuration, the task files below it, and with the repository's common
/// directory what is checked out: merging a branch changes what has landed.
///
/// # Errors
/// When the system gives no watch.
fn watch(
    layout: &Layout,
    git: Option<&Path>,
    tell: impl Fn(Changed) + Send + 'static,
) -> anyhow::Result<Watching> {
    let (journal, tasks) = (layout.journal(), layout.tasks());
    let logs = git.map(|git| git.join("logs"));
    let head = logs.as_ref().map(|logs| logs.join("HEAD"));
    let told = move |event: notify::Result<notify::Event>| {
        let Ok(event) = event else {
            // After an overflow anything may have happened.
            tell(Changed::Files);
            return;
        };
        if event.kind.is_access() {
            return;
        }
        let is_file = |path: &Path| {
            let kind = path.extension().and_then(|kind| kind.to_str());
            path.starts_with(&tasks)
                || (path.parent() == tasks.parent()
                    && path.file_stem().is_some_and(|name| name != "task-status")
                    && matches!(kind, Some("yaml" | "yml" | "json")))
        };
        let found = if event.paths.iter().any(|path| is_file(path)) {
            Changed::Files
        } else if event.paths.contains(&journal)
            || head.as_ref().is_some_and(|head| event.paths.contains(head))
        {
            Changed::Journal
        } else {
            return;
        };
        tell(found);
    };
    let mut watcher = notify::recommended_watcher(told).context("cannot watch files")?;
    watcher
        .watch(&layout.dir(), RecursiveMode::NonRecursive)
        .with_context(|| format!("cannot watch `{}`", layout.dir().display()))?;
    if layout.tasks().is_dir() {
        watcher
            .watch(&layout.tasks(), RecursiveMode::Recursive)
            .with_context(|| format!("cannot watch `{}`", layout.tasks().display()))?;
    }
    // A repository may keep no such logs; the page is then a little late.
    if let Some(logs) = logs.filter(|logs| logs.is_dir()) {
        watcher
            .watch(&logs, RecursiveMode::NonRecursive)
            .with_context(|| format!("cannot watch `{}`", logs.display()))?;
    }
    Ok(Watching { _watcher: watcher })
}
