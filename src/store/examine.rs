//! Looks at journal and status cache as they lie on disk, whole and without trusting either.
//!
//! Only looks; `repair.rs` acts. Reads far more than any other command has to: every line to the last.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::Path;

use crate::model::RunId;
use crate::store::status_file::{self, Found};
use crate::store::survey::{Survey, Wound};
use crate::store::{Layout, StoreError};

/// What journal and cache turned out to be.
#[derive(Debug)]
pub struct Examination {
    pub journal: JournalHealth,
    pub cache: CacheHealth,
    /// Every run that any readable line names.
    pub runs: BTreeSet<RunId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum JournalHealth {
    /// Nothing was ever recorded here.
    None,
    Whole {
        lines: u64,
    },
    /// The last line is not whole: an append that was interrupted.
    Torn {
        lines: u64,
        bytes: u64,
    },
    Damaged {
        /// How many lines stand before the damage.
        before: u64,
        /// How many whole lines stand behind it.
        behind: u64,
        wounds: Vec<Wound>,
    },
    /// Lines that the cache was made from are gone, or the whole file is.
    Lost {
        /// Up to which sequence number the cache was made.
        cached: u64,
        /// How far the journal goes.
        found: u64,
    },
    /// Written by a newer runr.
    Newer,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CacheHealth {
    None,
    Current,
    /// So many appends are not in it yet.
    Behind(u64),
    /// Changed by hand.
    Edited,
    /// Made from another journal.
    OfAnotherJournal,
    /// Of a journal that is damaged or lost: see there.
    Ahead,
    Newer {
        version: u32,
    },
    /// The older runr's, not yet taken over.
    Older,
}

/// Looks at both files.
///
/// # Errors
/// When one is there and cannot be read.
pub fn examine(layout: &Layout) -> Result<Examination, StoreError> {
    // The cache first: it is never ahead of a journal that is read later.
    let found = status_file::read(&layout.status_cache())?;
    let text = read(&layout.journal())?;
    let survey = Survey::of(text.as_deref().unwrap_or_default());
    let journal = journal_health(text.as_deref(), &survey, &found);
    let cache = match &found {
        Found::None => CacheHealth::None,
        Found::Edited(_) => CacheHealth::Edited,
        Found::Newer { version } => CacheHealth::Newer { version: *version },
        Found::Older(_) => CacheHealth::Older,
        Found::Ours(cache) => match &survey.header {
            Some(header) if header.id != cache.id => CacheHealth::OfAnotherJournal,
            _ if matches!(
                journal,
                JournalHealth::Lost { .. } | JournalHealth::Damaged { .. }
            ) =>
            {
                CacheHealth::Ahead
            }
            _ => match survey.position.seq.saturating_sub(cache.position.seq) {
                0 => CacheHealth::Current,
                behind => CacheHealth::Behind(behind),
            },
        },
    };
    let lines = survey.good.iter().chain(&survey.later);
    let events = lines.flat_map(|line| &line.events);
    Ok(Examination {
        journal,
        cache,
        runs: events.filter_map(|event| event.run().cloned()).collect(),
    })
}

fn journal_health(text: Option<&[u8]>, survey: &Survey, found: &Found) -> JournalHealth {
    if survey.is_newer() {
        return JournalHealth::Newer;
    }
    if !survey.wounds.is_empty() {
        return JournalHealth::Damaged {
            before: survey.position.lines,
            behind: survey.later.len() as u64,
            wounds: survey.wounds.clone(),
        };
    }
    let id = survey.header.as_ref().map(|header| header.id.as_str());
    if let Found::Ours(cache) = found
        && id.is_none_or(|id| id == cache.id)
        && cache.position.seq > survey.position.seq
    {
        return JournalHealth::Lost {
            cached: cache.position.seq,
            found: survey.position.seq,
        };
    }
    let lines = survey.position.lines;
    match (text, survey.torn) {
        (None, _) => JournalHealth::None,
        (Some(_), 0) => JournalHealth::Whole { lines },
        (Some(_), bytes) => JournalHealth::Torn { lines, bytes },
    }
}

pub(super) fn read(path: &Path) -> Result<Option<Vec<u8>>, StoreError> {
    match fs::read(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}
