//! `task-status.json` on disk: read at the start, replaced when it is behind.
//!
//! Knows when the file may be written. Its text is [`status_format`]'s.

use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use crate::store::journal::Journal;
pub use crate::store::status_format::Found;
use crate::store::{Store, StoreError, first_write, lock, replace, status_format};

/// The shortest time between two replacements while a command runs.
const INTERVAL: Duration = Duration::from_millis(200);
/// The file of ten thousand tasks takes tens of milliseconds to write, and a command has better things to
/// do: at most a twentieth of its time goes there.
const SHARE: u32 = 20;

/// Reads the file and says what it is.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(path: &Path) -> Result<Found, StoreError> {
    match std::fs::read(path) {
        Ok(bytes) => Ok(status_format::decode(bytes)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Found::None),
        Err(error) => Err(StoreError::io("read", path)(error)),
    }
}

impl Store {
    /// Replaces `task-status.json` if it is behind. Never fails a command: the error is for a warning.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_cache(&mut self) -> Result<(), StoreError> {
        self.write_cache_at(Instant::now())
    }

    /// As [`Store::write_cache`], unless this store has written it less than 200 ms before `now`, or less
    /// than twenty times as long before as that took.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write_cache_if_due(&mut self, now: Instant) -> Result<(), StoreError> {
        if is_due(self.cache.written, self.cache.cost, now) {
            self.write_cache_at(now)
        } else {
            Ok(())
        }
    }

    fn write_cache_at(&mut self, now: Instant) -> Result<(), StoreError> {
        let path = self.layout.status_cache();
        if let Some(format) = self.cache.newer {
            return Err(StoreError::Newer { path, format });
        }
        // A state that stops at damage, or that is not known to be on disk, is no cache.
        if self.damage.is_some() || self.poisoned || self.cache.seq == Some(self.state.seq) {
            return Ok(());
        }
        let Some(journal) = &self.journal else {
            return Ok(());
        };
        let Some(id) = journal.id() else {
            return Ok(());
        };
        let begun = Instant::now();
        let position = journal.position();
        if self.synced < position.offset {
            // Lines of others may not be on disk yet; a cache ahead of its journal would be taken
            // for a loss after a power cut.
            if let Err(error) = journal.sync() {
                self.poisoned = true;
                return Err(error);
            }
            self.synced = position.offset;
        }
        if let Some(bytes) = self.cache.edited.take() {
            replace::keep(&self.layout.quarantine(), "task-status.json.edited", &bytes)?;
        }
        let text = status_format::encode(&self.state, id, position)
            .map_err(|error| StoreError::io("write", &path)(error.into()))?;
        first_write::prepare(&self.layout)?;
        let lock_path = self.layout.status_lock();
        let lock = lock::open(&lock_path)?;
        lock.lock().map_err(StoreError::io("lock", &lock_path))?;
        // Were this to panic, the file is closed and the lock with it.
        let replaced = match is_overtaken(journal, &path) {
            Ok(false) => replace::replace(&path, &text).map_err(StoreError::io("replace", &path)),
            Ok(true) => Ok(()),
            Err(error) => Err(error),
        };
        lock.unlock()
            .map_err(StoreError::io("unlock", &lock_path))?;
        replaced?;
        self.cache.seq = Some(self.state.seq);
        self.cache.written = Some(now);
        self.cache.cost = begun.elapsed();
        Ok(())
    }
}

/// Has another process replaced the file by what it has read further in the journal? Without this the slower of two
/// writers would put the older state over the newer one, and whoever reads the file alone would miss an update.
fn is_overtaken(journal: &Journal, path: &Path) -> Result<bool, StoreError> {
    let read = journal.position().offset;
    // Nobody can have read further: the usual case, and it spares reading the file.
    if journal.length()? <= read {
        return Ok(false);
    }
    Ok(match self::read(path)? {
        Found::Ours(cache) => {
            Some(cache.id.as_str()) == journal.id() && cache.position.offset > read
        }
        _ => false,
    })
}

/// `written` is when the file was last written, `cost` how long that took.
fn is_due(written: Option<Instant>, cost: Duration, now: Instant) -> bool {
    written.is_none_or(|written| {
        now.saturating_duration_since(written) >= INTERVAL.max(cost.saturating_mul(SHARE))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_slow_file_is_written_less_often() {
        let written = Instant::now();
        let ms = Duration::from_millis;
        for (cost, after, due) in [
            (0, 199, false),
            (0, 200, true),
            (10, 200, true),
            (40, 200, false),
            (40, 799, false),
            (40, 800, true),
        ] {
            let now = written + ms(after);
            assert_eq!(is_due(Some(written), ms(cost), now), due, "{cost} {after}");
        }
        assert!(is_due(None, Duration::MAX, written));
        // A time before the last writing, which callers on several clocks might give.
        assert!(!is_due(Some(written + ms(500)), Duration::ZERO, written));
    }
}
