//! The store: the journal of one project, and the state that it folds to.
//!
//! Knows how journal, status cache and the older runr's files make one state. Reading takes no lock and
//! writes nothing; appending is in `append.rs`, writing the cache in `status_file.rs`.

use std::fs::File;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::event::Recorded;
use crate::state::State;
use crate::store::journal::{Journal, Skip, Standing, Stop};
use crate::store::line::Line;
use crate::store::status_file::{self, Found};
use crate::store::{Layout, Notice, StoreError, older_files};

/// The journal of one project and the state that it folds to.
#[derive(Debug)]
pub struct Store {
    pub(super) layout: Layout,
    pub(super) state: State,
    pub(super) journal: Option<Journal>,
    /// The open lock file of the journal; locked only while appending.
    pub(super) lock: Option<File>,
    pub(super) damage: Option<StoreError>,
    pub(super) notices: Vec<Notice>,
    /// A write or sync failed: what is on disk is not known.
    pub(super) poisoned: bool,
    /// The length of a last line that is not whole.
    pub(super) torn: u64,
    /// Were all lines before the position read, not only taken from the cache?
    pub(super) verified: bool,
    /// Everything of the journal before this offset is known to be on disk.
    pub(super) synced: u64,
    pub(super) cache: CacheMemory,
}

/// What is known about `task-status.json` on disk.
#[derive(Debug, Default)]
pub(super) struct CacheMemory {
    /// The journal's sequence number that it holds; `None`: it must be written anew.
    pub seq: Option<u64>,
    /// When this store last wrote it.
    pub written: Option<Instant>,
    /// How long that took.
    pub cost: Duration,
    /// Bytes that somebody edited, to be kept before they are replaced.
    pub edited: Option<Vec<u8>>,
    /// A newer runr's: never replaced.
    pub newer: Option<u32>,
}

impl Store {
    /// Reads the state. Creates nothing; a project without a journal has the empty state, or what the
    /// older runr's files say.
    ///
    /// # Errors
    /// When the files cannot be read. A damaged journal is read up to the damage, see [`Store::damage`].
    pub fn open(root: &Path) -> Result<Self, StoreError> {
        let layout = Layout::new(root);
        let mut store = Self {
            layout,
            state: State::default(),
            journal: None,
            lock: None,
            damage: None,
            notices: Vec::new(),
            poisoned: false,
            torn: 0,
            verified: true,
            synced: 0,
            cache: CacheMemory::default(),
        };
        store.load()?;
        Ok(store)
    }

    #[must_use]
    pub fn layout(&self) -> &Layout {
        &self.layout
    }
    #[must_use]
    pub fn state(&self) -> &State {
        &self.state
    }
    /// What is wrong with the journal, if anything: the state is what could be read, and appends are
    /// refused with this error.
    #[must_use]
    pub fn damage(&self) -> Option<&StoreError> {
        self.damage.as_ref()
    }
    /// What a person should be told, in the order it was found.
    #[must_use]
    pub fn notices(&self) -> &[Notice] {
        &self.notices
    }
    /// Is there a journal? Without one nothing was ever recorded here.
    #[must_use]
    pub fn has_journal(&self) -> bool {
        self.journal.is_some()
    }

    /// Reads what others have written since the last read.
    ///
    /// # Errors
    /// As for `open`.
    pub fn refresh(&mut self) -> Result<Vec<Recorded>, StoreError> {
        let mut news = Vec::new();
        let touched = match self.journal.as_mut().map(Journal::standing).transpose()? {
            Some(Standing::Same { touched }) => touched,
            Some(Standing::Another) => {
                self.go_over()?;
                false
            }
            None => {
                self.journal = Journal::open(&self.layout.journal())?;
                if self.journal.is_some() {
                    self.begin_anew();
                }
                false
            }
        };
        if touched && self.stops_reading() {
            self.doubt();
        }
        self.fold(&mut |recorded| news.push(recorded))?;
        if touched && news.is_empty() && self.damage.is_none() {
            self.doubt();
        }
        Ok(news)
    }

    /// Reads cache, journal and, without a journal, the older runr's files.
    fn load(&mut self) -> Result<(), StoreError> {
        // The cache first: it is never ahead of a journal that is opened later.
        let found = status_file::read(&self.layout.status_cache())?;
        self.journal = Journal::open(&self.layout.journal())?;
        let path = self.layout.journal();
        let mut older_status = None;
        match found {
            Found::None => {}
            Found::Ours(cache) => {
                let skip = match &mut self.journal {
                    None => Skip::Lost,
                    Some(journal) => match journal.read_header()? {
                        Stop::Whole => journal.skip_to(&cache.id, cache.position)?,
                        Stop::Torn { .. } => Skip::Lost,
                        Stop::Damaged(error) => {
                            self.state = cache.state;
                            self.damage = Some(error);
                            return Ok(());
                        }
                    },
                };
                match skip {
                    Skip::Done => {
                        self.state = cache.state;
                        self.cache.seq = Some(self.state.seq);
                        self.verified = false;
                    }
                    Skip::OtherJournal => self.rewind()?,
                    Skip::Lost => {
                        // What the cache says was on disk once: show it, and let nobody write over the loss.
                        self.state = cache.state;
                        self.damage = Some(StoreError::Lost { path });
                        return Ok(());
                    }
                }
            }
            Found::Edited(bytes) => {
                self.notices.push(Notice::StatusEdited);
                self.cache.edited = Some(bytes);
            }
            Found::Newer { version } => {
                self.notices.push(Notice::StatusNewer {
                    version: u64::from(version),
                });
                self.cache.newer = Some(version);
            }
            Found::Older(bytes) => older_status = Some(bytes),
        }
        self.fold(&mut |_| {})?;
        if self.state.seq == 0 && self.damage.is_none() {
            self.show_older(older_status.as_deref())?;
        } else if let Some(bytes) = older_status {
            // Taken over long ago: this was put there by hand, or by the older runr at work again.
            self.notices.push(Notice::StatusEdited);
            self.cache.edited = Some(bytes);
        }
        Ok(())
    }

    /// Shows what the first writer will take over.
    fn show_older(&mut self, status: Option<&[u8]>) -> Result<(), StoreError> {
        let older = older_files::read(&self.layout, status)?;
        let tasks = older.events.len();
        for event in older.events {
            self.state.apply(&Recorded {
                seq: 0,
                at: jiff::Timestamp::UNIX_EPOCH,
                event,
            });
        }
        if tasks > 0 {
            self.notices.push(Notice::OlderShown { tasks });
        }
        self.notices.extend(older.unreadable);
        Ok(())
    }

    /// Folds the journal's new lines.
    pub(super) fn fold(&mut self, news: &mut dyn FnMut(Recorded)) -> Result<(), StoreError> {
        if self.stops_reading() {
            return Ok(());
        }
        let Some(journal) = &mut self.journal else {
            return Ok(());
        };
        let state = &mut self.state;
        let mut unknown = None;
        let stop = journal.read(&mut |number, line: Line| {
            if let Some(event) = line.unknown {
                unknown.get_or_insert((number, event));
            }
            if line.seq == 1 {
                // Only what the older runr left could be there yet, and that was not recorded.
                *state = State::default();
            }
            // An append whose events are all unknown still counts.
            state.seq = line.seq;
            for event in line.events {
                let recorded = Recorded {
                    seq: line.seq,
                    at: line.at,
                    event,
                };
                state.apply(&recorded);
                news(recorded);
            }
        })?;
        self.torn = match stop {
            Stop::Torn { bytes } => bytes,
            _ => 0,
        };
        if self.damage.is_none() {
            let path = self.layout.journal();
            self.damage = match (stop, journal.newer(), unknown) {
                (_, Some(newer), _) => Some(newer),
                (Stop::Damaged(error), ..) => Some(error),
                (_, _, Some((line, event))) => Some(StoreError::NewerEvent { path, line, event }),
                (Stop::Whole | Stop::Torn { .. }, None, None) => None,
            };
        }
        Ok(())
    }

    /// Behind damage nothing more can be read; behind a newer event it can.
    fn stops_reading(&self) -> bool {
        matches!(
            self.damage,
            Some(StoreError::Corrupt { .. } | StoreError::Lost { .. })
        )
    }

    /// Forgets everything that was read, to read the journal from its first line.
    pub(super) fn begin_anew(&mut self) {
        self.state = State::default();
        self.damage = None;
        self.verified = true;
        self.synced = 0;
        self.torn = 0;
        self.cache.seq = None;
    }

    /// Opens the journal again at its first line.
    fn rewind(&mut self) -> Result<(), StoreError> {
        self.journal = Journal::open(&self.layout.journal())?;
        self.begin_anew();
        Ok(())
    }

    /// Folds the whole journal again, after an append that was not written left the state ahead of it.
    pub(super) fn reread(&mut self) -> Result<(), StoreError> {
        self.rewind()?;
        self.fold(&mut |_| {})
    }
}
