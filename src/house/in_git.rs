//! What the checks judge of the repository: commits that are gone, working trees that nobody knows. Only looks.

use std::path::PathBuf;

use crate::git::contained::{self, Lost};
use crate::git::{Git, GitError, Head, Repository, repository};
use crate::house::leftovers::folders;
use crate::model::{Needed, RunId, Status, TaskId};
use crate::state::State;
use crate::store::Layout;

/// What was seen; all empty without a repository.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct InGit {
    /// How many completed tasks have a commit.
    pub commits: usize,
    /// Completed tasks whose commit is nowhere and has no equivalent in what is checked out.
    pub missing: Vec<(TaskId, String)>,
    pub trees: usize,
    /// Working trees of runs that have no folder.
    pub unknown: Vec<PathBuf>,
    /// Why git could not tell.
    pub failed: Option<String>,
}

/// Looks. What git refuses to tell is a finding too.
#[must_use]
pub fn look(layout: &Layout, state: &State) -> InGit {
    match seen(layout, state) {
        Ok(seen) => seen,
        Err(error) => InGit {
            failed: Some(error.to_string()),
            ..InGit::default()
        },
    }
}

fn seen(layout: &Layout, state: &State) -> Result<InGit, GitError> {
    // The check of git itself says what is wrong with git.
    let Ok(found) = Repository::at(layout.root()) else {
        return Ok(InGit::default());
    };
    let git = Git::of(&found.common);
    let completed = state.tasks.iter();
    let needed: Vec<Needed> = completed
        .filter(|(id, task)| task.status == Status::Completed && !id.is_inline())
        .filter_map(|(id, task)| {
            Some(Needed {
                task: id.clone(),
                run: task.last_run_id.clone(),
                commit: task.checkpoint_sha.clone()?,
            })
        })
        .collect();
    let folder = repository::folder(layout.root())?;
    let outside = match &found.head {
        Head::Unborn { .. } => Vec::new(),
        Head::Branch { commit, .. } | Head::Detached { commit } => {
            contained::outside(&git, commit, &folder, &needed)?
        }
    };
    let trees = layout.worktrees();
    let trees = folders(&trees).map_err(GitError::io("read", &trees))?;
    let mut seen = InGit {
        commits: needed.len(),
        missing: outside
            .into_iter()
            .filter(|outside| outside.is == Lost::Missing)
            .map(|outside| (outside.task, outside.commit))
            .collect(),
        trees: trees.len(),
        ..InGit::default()
    };
    for tree in trees {
        let name = tree.file_name().and_then(|name| name.to_str());
        let run = name.and_then(|name| RunId::parse(name).ok());
        if !run.is_some_and(|run| layout.run(&run).is_dir()) {
            let path = tree.strip_prefix(layout.root()).unwrap_or(&tree);
            seen.unknown.push(path.to_owned());
        }
    }
    Ok(seen)
}
