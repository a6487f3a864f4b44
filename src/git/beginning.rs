//! Makes a repository of a folder that is runr's own, as of the sample project.

use std::path::Path;

use crate::git::{Git, GitError, Repository, repository};

/// Makes a repository with everything in the folder in its first commit, on `main`. Where git does not know who the
/// user is, the repository itself, and nothing else, is given `name` and `email`.
///
/// # Errors
/// When git is missing, too old, or refuses.
pub fn begin(folder: &Path, name: &str, email: &str) -> Result<(), GitError> {
    let git = Git::at(folder);
    git.run(&["init", "--quiet", "--initial-branch=main"])?;
    // It says so when git is too old for what comes.
    Repository::at(folder)?;
    if repository::identity(&git).is_err() {
        git.run(&["config", "user.name", name])?;
        git.run(&["config", "user.email", email])?;
    }
    git.run(&["add", "--all"])?;
    git.run(&["commit", "--quiet", "-m", "Begin"]).map(drop)
}
