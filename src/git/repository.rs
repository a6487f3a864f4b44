//! What a repository is: where it lies, what is checked out, who the user is, what its configuration can run.
//!
//! Only reads.

use std::path::{Path, PathBuf};

use crate::git::{Git, GitError};

/// The oldest git whose `merge-tree` writes trees.
const NEEDED: (u32, u32) = (2, 38);

/// A repository as one of its working trees sees it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Repository {
    /// The directory that all working trees share, absolute.
    pub common: PathBuf,
    /// The top of the working tree; `None`: there is none here.
    pub top: Option<PathBuf>,
    pub head: Head,
}

/// What is checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Head {
    /// A branch, without `refs/heads/`, and its commit.
    Branch {
        name: String,
        commit: String,
    },
    Detached {
        commit: String,
    },
    /// A branch without a commit.
    Unborn {
        name: String,
    },
}

impl Head {
    #[must_use]
    pub fn commit(&self) -> Option<&str> {
        match self {
            Self::Branch { commit, .. } | Self::Detached { commit } => Some(commit),
            Self::Unborn { .. } => None,
        }
    }
}

impl Repository {
    /// Looks at the repository of a folder.
    ///
    /// # Errors
    /// When there is none, git is missing or too old, or refuses.
    pub fn at(folder: &Path) -> Result<Self, GitError> {
        let git = Git::at(folder);
        new_enough(&git)?;
        let common = git
            .run(&["rev-parse", "--path-format=absolute", "--git-common-dir"])?
            .text()?;
        let top = git.ask(&["rev-parse", "--path-format=absolute", "--show-toplevel"])?;
        let top = match top.code {
            Some(0) => Some(PathBuf::from(top.text()?)),
            _ => None,
        };
        Ok(Self {
            common: PathBuf::from(common),
            top,
            head: head(&git)?,
        })
    }
}

fn new_enough(git: &Git) -> Result<(), GitError> {
    let found = git.run(&["version"])?.text()?;
    let number = found.strip_prefix("git version ").unwrap_or(&found);
    let mut parts = number.split(['.', ' ', '-']).map(str::parse::<u32>);
    match (parts.next(), parts.next()) {
        (Some(Ok(major)), Some(Ok(minor))) if (major, minor) >= NEEDED => Ok(()),
        _ => Err(GitError::TooOld {
            found: number.to_owned(),
        }),
    }
}

/// What is checked out.
///
/// # Errors
/// When git refuses.
pub fn head(git: &Git) -> Result<Head, GitError> {
    let name = git.ask(&["symbolic-ref", "--quiet", "HEAD"])?;
    let name = match name.code {
        Some(0) => Some(name.text()?),
        Some(1) => None,
        _ => return Err(name.failed()),
    };
    let commit = git.ask(&["rev-parse", "--verify", "--quiet", "HEAD^{commit}"])?;
    let commit = match commit.code {
        Some(0) => Some(commit.object()?),
        _ => None,
    };
    let short = |name: String| match name.strip_prefix("refs/heads/") {
        Some(short) => short.to_owned(),
        None => name,
    };
    match (name, commit) {
        (Some(name), Some(commit)) => Ok(Head::Branch {
            name: short(name),
            commit,
        }),
        (Some(name), None) => Ok(Head::Unborn { name: short(name) }),
        (None, Some(commit)) => Ok(Head::Detached { commit }),
        (None, None) => Err(GitError::Unreadable {
            command: "git rev-parse HEAD".to_owned(),
            answer: "HEAD names neither a branch nor a commit".to_owned(),
        }),
    }
}

/// The commit of a branch. `None`: there is no such branch.
///
/// # Errors
/// When git refuses.
pub fn tip(git: &Git, branch: &str) -> Result<Option<String>, GitError> {
    let name = format!("refs/heads/{branch}^{{commit}}");
    let answer = git.ask(&["rev-parse", "--verify", "--quiet", &name])?;
    match answer.code {
        Some(0) => answer.object().map(Some),
        Some(1 | 128) => Ok(None),
        _ => Err(answer.failed()),
    }
}

/// A folder from the top of its repository, without `/` at its end; empty: the top.
///
/// # Errors
/// When git refuses.
pub fn folder(root: &Path) -> Result<String, GitError> {
    let prefix = Git::at(root).run(&["rev-parse", "--show-prefix"])?.text()?;
    Ok(prefix.trim_end_matches('/').to_owned())
}

/// Is a text a name that a branch may have?
///
/// # Errors
/// When git cannot be run.
pub fn is_branch_name(git: &Git, name: &str) -> Result<bool, GitError> {
    Ok(git.ask(&["check-ref-format", "--branch", name])?.code == Some(0))
}

/// Is one commit reachable from another?
///
/// # Errors
/// When one of them is not there.
pub fn contains(git: &Git, whole: &str, part: &str) -> Result<bool, GitError> {
    let answer = git.ask(&["merge-base", "--is-ancestor", part, whole])?;
    match answer.code {
        Some(0) => Ok(true),
        Some(1) => Ok(false),
        _ => Err(answer.failed()),
    }
}

/// Checks that commits can be made: the user has told git who they are.
///
/// # Errors
/// When they have not, with what git says.
pub fn identity(git: &Git) -> Result<(), GitError> {
    git.run(&["var", "GIT_AUTHOR_IDENT"])?;
    git.run(&["var", "GIT_COMMITTER_IDENT"])?;
    Ok(())
}

/// The user as git knows them: `Name <mail>`. `None`: they have not told git who they are.
///
/// # Errors
/// When git cannot be asked.
pub fn who(git: &Git) -> Result<Option<String>, GitError> {
    let answer = git.ask(&["var", "GIT_AUTHOR_IDENT"])?;
    if answer.code != Some(0) {
        return Ok(None);
    }
    let text = answer.text()?;
    // `Name <mail> SECONDS ZONE`
    Ok(text.rfind('>').map(|end| text[..=end].to_owned()))
}

/// The user's own file of ignored names, when it is there.
///
/// # Errors
/// When git refuses.
pub fn excludes(git: &Git) -> Result<Option<PathBuf>, GitError> {
    let answer = git.ask(&["config", "--type=path", "--get", "core.excludesFile"])?;
    let path = match answer.code {
        Some(0) => PathBuf::from(answer.text()?),
        // git's own default, which depends on the environment.
        _ => match git.ask(&["var", "GIT_CONFIG_GLOBAL"])? {
            answer if answer.code == Some(0) => {
                let text = answer.text()?;
                let beside = text.lines().find_map(|line| {
                    let path = Path::new(line);
                    path.ends_with("git/config")
                        .then(|| path.with_file_name("ignore"))
                });
                match beside {
                    Some(path) => path,
                    None => return Ok(None),
                }
            }
            _ => return Ok(None),
        },
    };
    Ok(path.is_file().then_some(path))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn what_is_checked_out_is_told() {
        let sample = Sample::new();
        assert_eq!(
            Repository::at(&sample.root()).unwrap().head,
            Head::Unborn {
                name: "main".to_owned()
            }
        );
        let first = sample.commit("a.txt", "a");
        let repository = Repository::at(&sample.root()).unwrap();
        assert_eq!(
            repository.head,
            Head::Branch {
                name: "main".to_owned(),
                commit: first.clone()
            }
        );
        assert_eq!(repository.top, Some(sample.root()));
        assert_eq!(repository.common, sample.root().join(".git"));
        sample.git(&["checkout", "-q", "--detach"]);
        assert_eq!(
            Repository::at(&sample.root()).unwrap().head,
            Head::Detached { commit: first }
        );
        let bare = Repository::at(&sample.root().join(".git")).unwrap();
        assert_eq!(bare.top, None);
        let none = tempfile::tempdir().unwrap();
        assert!(matches!(
            Repository::at(none.path()),
            Err(GitError::Failed { .. })
        ));
    }

    #[test]
    fn branches_and_their_order() {
        let sample = Sample::new();
        let first = sample.commit("a.txt", "a");
        let second = sample.commit("a.txt", "b");
        let git = Git::at(&sample.root());
        assert_eq!(tip(&git, "main").unwrap(), Some(second.clone()));
        assert_eq!(tip(&git, "other").unwrap(), None);
        assert!(contains(&git, &second, &first).unwrap());
        assert!(!contains(&git, &first, &second).unwrap());
        assert!(contains(&git, &first, &"0".repeat(40)).is_err());
        for (name, good) in [("a/b", true), ("-x", false), ("a..b", false), ("", false)] {
            assert_eq!(is_branch_name(&git, name).unwrap(), good, "{name}");
        }
    }
}
