//! What can go wrong with git, with the command and what it said.

use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// Why git did not do what was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    #[error("there is no program `git`")]
    Missing,
    #[error("`{command}` cannot be run: there is no folder `{}`", .folder.display())]
    NoFolder { command: String, folder: PathBuf },
    #[error("git {found} is too old, runr needs 2.38 or later")]
    TooOld { found: String },
    #[error("`{command}` cannot be run: {source}")]
    System { command: String, source: io::Error },
    #[error("`{command}` failed{}: {said}", .code.map(|code| format!(" ({code})")).unwrap_or_default())]
    Failed {
        command: String,
        code: Option<i32>,
        said: String,
    },
    #[error("`{command}` did not end within {} s", .after.as_secs())]
    TimedOut { command: String, after: Duration },
    #[error("`{command}` gave an answer that cannot be read: {answer:?}")]
    Unreadable { command: String, answer: String },
    #[error("cannot {doing} `{}`: {source}", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
}

impl GitError {
    /// Wraps a failure of a file.
    pub fn io(doing: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io {
            doing,
            path,
            source,
        }
    }
}
