//! What comes to a screen and what it asks for.

use std::sync::Arc;

use jiff::Timestamp;

use crate::model::{Decision, RunId, TaskId};
use crate::screen::key::Key;
use crate::screen::moment::Moment;

/// What happens to a screen.
#[derive(Debug)]
pub enum Msg {
    Key(Key),
    /// Text that was pasted.
    Pasted(String),
    /// Columns and rows.
    Resized(u16, u16),
    /// The journal or the files have changed.
    Moment(Arc<Moment>),
    /// Time has passed.
    Tick(Timestamp),
    /// Of the source that was asked for last.
    News(Source, News),
    /// A decision was carried out: what its command said, and whether it went well.
    Done {
        said: String,
        well: bool,
    },
}

/// What a screen asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
#[must_use]
pub enum Ask {
    Leave,
    /// As a signal would ask for it: a terminal in this mode sends a key instead.
    Interrupt,
    /// Gives the terminal back until the program is continued.
    Suspend,
    Do(Decision),
    /// Follows this from its beginning, and nothing else; `None`: nothing.
    Follow(Option<Source>),
}

/// A text beside the list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// The logs of a run.
    Log(RunId),
    /// A file below the project's root.
    Text(Box<str>),
    /// What a person looks at before an answer, after this run of the task.
    Evidence(TaskId, Option<RunId>),
}

/// What has come of a source.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum News {
    /// The name of the file whose lines follow, and how many bytes before them are left out.
    File { name: String, skipped: u64 },
    /// Whole lines, made harmless.
    Lines(Vec<String>),
    /// It cannot be read.
    Trouble(String),
}
