//! What a person should be told about runr's own files, though it stops nothing.

use std::fmt;
use std::path::PathBuf;

/// One thing to tell; shown as a line on stderr.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// `task-status.json` is not what runr wrote. It is not obeyed.
    StatusEdited,
    /// `task-status.json` was written by a newer runr, and is left alone.
    StatusNewer { version: u64 },
    /// The last line of the journal was not whole; it was cut off and kept here.
    TornEndCut { bytes: u64, kept: PathBuf },
    /// Files of the older runr are shown; the first command that changes something takes them over.
    OlderShown { tasks: usize },
    /// Files of the older runr were taken over; its status file is kept here.
    OlderImported { tasks: usize, kept: Option<PathBuf> },
    /// This file of the older runr cannot be read and was passed over.
    OlderUnreadable { path: PathBuf, why: String },
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::StatusEdited => f.write_str(
                "`.runr/task-status.json` was changed by hand; it is only a copy and is not obeyed (`runr tasks complete TASK` is how a person says done)",
            ),
            Self::StatusNewer { version } => write!(
                f,
                "`.runr/task-status.json` was written by a newer runr (schema {version}) and is left as it is"
            ),
            Self::TornEndCut { bytes, kept } => write!(
                f,
                "the journal ended in {bytes} bytes of an interrupted write, which nobody was told about; they are kept in `{}`",
                kept.display()
            ),
            Self::OlderShown { tasks } => write!(
                f,
                "showing {tasks} tasks from the files of the older runr; the first command that changes something takes them over"
            ),
            Self::OlderImported { tasks, kept: Some(kept) } => write!(
                f,
                "took {tasks} tasks over from the files of the older runr; its status file is kept in `{}`",
                kept.display()
            ),
            Self::OlderImported { tasks, kept: None } => {
                write!(f, "took {tasks} tasks over from the files of the older runr")
            }
            Self::OlderUnreadable { path, why } => {
                write!(f, "cannot read `{}` of the older runr: {why}", path.display())
            }
        }
    }
}
