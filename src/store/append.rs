//! Appending: the one way in which anything becomes true.
//!
//! Lock, read what is new, check each event against the state that it would meet, one `write`,
//! `fdatasync`, unlock. Knows no rule about events: [`State::check`](crate::state::State::check) does.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

use jiff::Timestamp;

use crate::event::{Event, Recorded};
use crate::state::{Illegal, State};
use crate::store::journal::Journal;
use crate::store::{Notice, Store, StoreError, first_write, line, lock, older_files, replace};

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
    /// The events that belong into the journal of another repository, and that cannot be written.
    pub unwritten: Vec<Event>,
}

impl Store {
    /// Appends events as one line: lock, read what is new, check each event against the state it
    /// would meet, one `write`, `fdatasync`, unlock. When no event is legal, nothing is written.
    ///
    /// # Errors
    /// When the journal is damaged, newer than this program, or cannot be written or synced. A failed
    /// write or sync is final for this value, every later append fails; only [`StoreError::Full`] is not.
    pub fn append(&mut self, events: Vec<Event>) -> Result<Appended, StoreError> {
        if self.poisoned {
            return Err(StoreError::Poisoned {
                path: self.layout.journal(),
            });
        }
        let mut early = Vec::new();
        if self.journal.is_none() && self.damage.is_none() {
            early = self.refresh()?;
            if early.is_empty() && events.iter().all(|event| self.state.check(event).is_err()) {
                // Nothing would be written: a refusal does not make a project of a folder.
                return Ok(Appended {
                    news: early,
                    refused: self.refuse_all(events),
                    unwritten: Vec::new(),
                });
            }
        }
        let path = self.layout.journal_lock();
        let lock = match self.lock.take() {
            Some(lock) => lock,
            None => self.open_lock(&path)?,
        };
        lock.lock().map_err(StoreError::io("lock", &path))?;
        // Were this to panic, the file is closed and the lock with it.
        let done = self.append_locked(events);
        lock.unlock().map_err(StoreError::io("unlock", &path))?;
        self.lock = Some(lock);
        done.map(|mut done| {
            done.news.splice(0..0, early);
            done
        })
    }

    fn refuse_all(&self, events: Vec<Event>) -> Vec<Refused> {
        let refuse = |event| match self.state.check(&event) {
            Ok(()) => None,
            Err(why) => Some(Refused { event, why }),
        };
        events.into_iter().filter_map(refuse).collect()
    }

    fn open_lock(&self, path: &Path) -> Result<File, StoreError> {
        // A damaged journal is found before anything is made beside it.
        self.refuse_damage()?;
        first_write::prepare(&self.layout)?;
        // Here and not with the journal: what was released stays released for this store.
        first_write::fill_reserve(&self.layout);
        lock::open(path)
    }

    fn append_locked(&mut self, events: Vec<Event>) -> Result<Appended, StoreError> {
        let mut done = Appended {
            news: self.refresh()?,
            ..Appended::default()
        };
        self.refuse_damage()?;
        self.make_writable()?;
        let Some(journal) = &mut self.journal else {
            return Err(StoreError::Lost {
                path: self.layout.journal(),
            });
        };
        if !self.verified {
            if let Err(error) = journal.verify_before() {
                self.damage = Some(error.again());
                return Err(error);
            }
            self.verified = true;
        }
        if self.synced < journal.position().offset {
            // Its writer may have died before its sync. With this no more than one line is ever
            // unsynced, which is what lets a torn end be told from damage.
            if let Err(error) = journal.sync() {
                self.poisoned = true;
                return Err(error);
            }
            self.synced = journal.position().offset;
        }
        if self.state.seq == 0 {
            self.import(&mut done)?;
        }
        self.write_events(events, &mut done)?;
        Ok(done)
    }

    fn write_events(&mut self, events: Vec<Event>, done: &mut Appended) -> Result<(), StoreError> {
        let seq = self.state.seq + 1;
        let at = now();
        let first = done.news.len();
        for event in events {
            if let Err(why) = self.state.check(&event) {
                done.refused.push(Refused { event, why });
                continue;
            }
            let recorded = Recorded { seq, at, event };
            // The next event of the line meets the state after this one.
            self.state.apply(&recorded);
            done.news.push(recorded);
        }
        if done.news.len() == first {
            return Ok(());
        }
        let written = self.write_line(seq, at, &done.news[first..]);
        if let Err(error) = written {
            self.poisoned = !matches!(error, StoreError::Full { .. });
            // The state has gone ahead of the journal: back to what is written.
            self.reread()?;
            return Err(error);
        }
        Ok(())
    }

    fn write_line(&mut self, seq: u64, at: Timestamp, news: &[Recorded]) -> Result<(), StoreError> {
        let path = self.layout.journal();
        let Some(journal) = &mut self.journal else {
            return Err(StoreError::Lost { path });
        };
        let text = line::encode(seq, at, news.iter().map(|recorded| &recorded.event))
            .map_err(|error| StoreError::io("write", &path)(error.into()))?;
        let before = journal.position();
        journal.write(&text)?;
        if let Err(error) = journal.sync() {
            journal.take_back(before);
            return Err(error);
        }
        self.synced = journal.position().offset;
        Ok(())
    }

    fn refuse_damage(&self) -> Result<(), StoreError> {
        match &self.damage {
            Some(damage) => Err(damage.again()),
            None => Ok(()),
        }
    }

    /// Makes sure that the journal is there, open for writing, and ends in a whole line.
    fn make_writable(&mut self) -> Result<(), StoreError> {
        let ready = self
            .journal
            .as_ref()
            .is_some_and(|journal| journal.is_writable() && journal.id().is_some());
        if !ready {
            self.open_writable()?;
        }
        self.cut_torn_end()
    }

    /// A torn end's writer has died, for we hold the lock.
    fn cut_torn_end(&mut self) -> Result<(), StoreError> {
        if let (Some(journal), 1..) = (&mut self.journal, self.torn) {
            let bytes = self.torn;
            let kept = journal.cut_torn_end(bytes, &self.layout.quarantine())?;
            self.notices.push(Notice::TornEndCut { bytes, kept });
            self.torn = 0;
        }
        Ok(())
    }

    /// Opens the journal for writing; begins it when it is new.
    fn open_writable(&mut self) -> Result<(), StoreError> {
        let path = self.layout.journal();
        let read_before = self.journal.as_ref().map(Journal::position);
        let mut journal = Journal::open_writable(&path)?;
        let begun = match (read_before, self.journal.as_ref().and_then(Journal::id)) {
            (Some(position), Some(id)) => {
                journal.read_header()?;
                journal.resume(id, position)
            }
            _ => false,
        };
        self.journal = Some(journal);
        if begun {
            return Ok(());
        }
        self.begin_new_journal()
    }

    fn begin_new_journal(&mut self) -> Result<(), StoreError> {
        self.cut_torn_end()?;
        self.begin_anew();
        let path = self.layout.journal();
        let id = getrandom::u64()
            .map_err(|error| StoreError::io("begin", &path)(io::Error::other(error)))?;
        let Some(journal) = &mut self.journal else {
            return Err(StoreError::Lost { path });
        };
        if let Err(error) = journal.write_header(format!("{id:016x}")) {
            self.poisoned = !matches!(error, StoreError::Full { .. });
            return Err(error);
        }
        self.synced = journal.position().offset;
        Ok(())
    }

    /// Takes over what the older runr left, as the first line of the journal: until that line is
    /// written, every writer tries again.
    fn import(&mut self, done: &mut Appended) -> Result<(), StoreError> {
        let status = older_files::status_bytes(&self.layout)?;
        let older = older_files::read(&self.layout, status.as_deref())?;
        if older.events.is_empty() {
            return Ok(());
        }
        let kept = match &status {
            Some(bytes) => Some(replace::keep(
                &self.layout.dir(),
                "task-status.json.imported",
                bytes,
            )?),
            None => None,
        };
        let tasks = older.events.len();
        // What was shown of them until now becomes true again by their events.
        self.state = State::default();
        self.write_events(older.events, done)?;
        self.notices.push(Notice::OlderImported { tasks, kept });
        Ok(())
    }

    /// Gives the set-aside space back to the file system, so that the last events fit on a full disk.
    ///
    /// # Errors
    /// When the reserve cannot be emptied.
    pub fn release_reserve(&mut self) -> Result<(), StoreError> {
        let path = self.layout.reserve();
        match OpenOptions::new().write(true).open(&path) {
            Ok(file) => file.set_len(0).map_err(StoreError::io("empty", &path)),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            Err(error) => Err(StoreError::io("open", &path)(error)),
        }
    }
}

/// Milliseconds are as fine as anybody reads.
fn now() -> Timestamp {
    let now = Timestamp::now();
    Timestamp::from_millisecond(now.as_millisecond()).unwrap_or(now)
}
