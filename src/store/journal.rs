//! The journal file. (Skeleton.)

use std::path::Path;

use crate::event::{Event, Recorded};
use crate::state::{Illegal, State};
use crate::store::{Layout, StoreError};

/// An event that was not written, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    pub event: Event,
    pub why: Illegal,
}

/// What an append did.
#[derive(Debug, Default)]
pub struct Appended {
    /// Everything new since the last read, in order: what others wrote, then what was accepted now.
    pub news: Vec<Recorded>,
    /// The events that would have been illegal; the others of the same append were written.
    pub refused: Vec<Refused>,
}

/// The journal of one project and the state that it folds to.
#[derive(Debug)]
pub struct Store {
    layout: Layout,
    state: State,
}

impl Store {
    /// Reads the state. Creates nothing; a project without a journal has the empty state.
    ///
    /// # Errors
    /// When the files cannot be read. A damaged journal is read up to the damage.
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        Ok(Self {
            layout: Layout::new(root),
            state: State::default(),
        })
    }
    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }
    /// Reads what others have written since the last read.
    ///
    /// # Errors
    /// As for `open`.
    pub fn refresh(&mut self) -> Result<Vec<Recorded>, StoreError> {
        Ok(Vec::new())
    }
    /// Appends events as one line: lock, read what is new, check each event against the state it
    /// would meet, one `write`, `fdatasync`, unlock.
    ///
    /// # Errors
    /// When the journal is damaged, newer than this program, or cannot be written or synced. A failed
    /// sync is final for this value: every later append fails.
    pub fn append(&mut self, _events: Vec<Event>) -> Result<Appended, StoreError> {
        Ok(Appended::default())
    }
    /// Replaces `task-status.json` if it is behind. Never fails a command: the error is for a warning.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_cache(&mut self) -> Result<(), StoreError> {
        Ok(())
    }
}
