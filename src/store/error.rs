//! Why runr's own state could not be read or written. Exit code 4.

use std::io;
use std::path::{Path, PathBuf};

#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    #[error("cannot {doing} `{}`", .path.display())]
    Io {
        doing: &'static str,
        path: PathBuf,
        source: io::Error,
    },
    #[error("`{}` is damaged at line {line}: {what}", .path.display())]
    Corrupt {
        path: PathBuf,
        line: u64,
        what: &'static str,
    },
    #[error("`{}` was written by a newer runr (format {format})", .path.display())]
    Newer { path: PathBuf, format: u32 },
    /// A whole line of the format that is known holds an event that is not.
    #[error("`{}` has at line {line} the event `{event}` of a newer runr", .path.display())]
    NewerEvent {
        path: PathBuf,
        line: u64,
        event: String,
    },
    /// The journal is behind its own cache: lines that were on disk are gone.
    #[error("`{}` is missing or has lost lines that `task-status.json` was made from", .path.display())]
    Lost { path: PathBuf },
    /// The disk is full. Nothing was written, and the store can be used again: after
    /// [`crate::store::Store::release_reserve`] there is room for the last events.
    #[error("no space is left for `{}`", .path.display())]
    Full { path: PathBuf, source: io::Error },
    /// A write or a sync failed before. What is on disk is not known, so nothing more is written.
    #[error("`{}` could not be written before, nothing more is written to it", .path.display())]
    Poisoned { path: PathBuf },
    /// A lock there would not keep another machine out, or would not hold at all.
    #[error("`{}` is on a network file system ({kind}), where locks cannot be trusted", .path.display())]
    NetworkFileSystem { path: PathBuf, kind: String },
    /// A run's folder is there already: another attempt has taken its id.
    #[error("the folder `{}` of a run is there already", .path.display())]
    RunExists { path: PathBuf },
}

impl StoreError {
    /// The project whose state this is about, by the path of its file.
    #[must_use]
    pub fn root(&self) -> Option<&Path> {
        let path = match self {
            Self::Io { path, .. }
            | Self::Corrupt { path, .. }
            | Self::Newer { path, .. }
            | Self::NewerEvent { path, .. }
            | Self::Lost { path }
            | Self::Full { path, .. }
            | Self::Poisoned { path }
            | Self::NetworkFileSystem { path, .. }
            | Self::RunExists { path } => path,
        };
        path.ancestors()
            .find(|folder| folder.ends_with(".runr"))
            .and_then(Path::parent)
    }

    /// Says what to do about it, one line each. `doctor` is the command that examines that project, as it is typed from
    /// where the person stands.
    #[must_use]
    pub fn help(&self, doctor: &str) -> Vec<String> {
        let doctor = format!("{doctor}    says what can still be read, and repairs");
        match self {
            Self::Corrupt { .. } => vec![doctor],
            Self::Lost { .. } => vec![
                doctor,
                "put the journal back from a backup, or remove `task-status.json` to begin anew"
                    .to_owned(),
            ],
            Self::Newer { .. } | Self::NewerEvent { .. } => {
                vec!["use a runr at least as new as the one that wrote it".to_owned()]
            }
            Self::Full { .. } => vec!["free some space and run the same command again".to_owned()],
            Self::Poisoned { .. } => {
                vec!["look for disk errors, then run the same command again".to_owned()]
            }
            Self::NetworkFileSystem { .. } => {
                vec![
                    "move the project to a local disk; what others need of it travels by git"
                        .to_owned(),
                ]
            }
            Self::Io { .. } | Self::RunExists { .. } => Vec::new(),
        }
    }

    /// Makes the same error again. Damage is remembered and told to every caller; only variants
    /// without an `io::Error` are ever remembered.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Corrupt { path, line, what } => Self::Corrupt {
                path: path.clone(),
                line: *line,
                what,
            },
            Self::Newer { path, format } => Self::Newer {
                path: path.clone(),
                format: *format,
            },
            Self::NewerEvent { path, line, event } => Self::NewerEvent {
                path: path.clone(),
                line: *line,
                event: event.clone(),
            },
            Self::Lost { path } => Self::Lost { path: path.clone() },
            Self::NetworkFileSystem { path, kind } => Self::NetworkFileSystem {
                path: path.clone(),
                kind: kind.clone(),
            },
            Self::RunExists { path } => Self::RunExists { path: path.clone() },
            Self::Io { path, .. } | Self::Full { path, .. } | Self::Poisoned { path } => {
                Self::Poisoned { path: path.clone() }
            }
        }
    }

    /// Wraps an `io::Error` with what was being done to which file.
    pub(crate) fn io(doing: &'static str, path: &Path) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io {
            doing,
            path: path.to_owned(),
            source,
        }
    }
}
