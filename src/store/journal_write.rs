//! The writing half of the journal file: its first line, one line an append, the repair of a torn end.
//!
//! Who calls it holds the journal's lock, has read to the end, and knows that the events are legal.

use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use crate::store::journal::{Journal, Position};
use crate::store::line::{self, Header};
use crate::store::{StoreError, replace};

impl Journal {
    /// Copies a torn end of `bytes` bytes to the quarantine folder and cuts it off. Gives the copy.
    ///
    /// # Errors
    /// When either fails; the journal is not cut before the copy is on disk.
    pub fn cut_torn_end(&mut self, bytes: u64, quarantine: &Path) -> Result<PathBuf, StoreError> {
        let mut torn = vec![0; usize::try_from(bytes).unwrap_or(usize::MAX)];
        let n = self.read_at(&mut torn, self.position.offset)?;
        torn.truncate(n);
        let copy = replace::keep(quarantine, "journal.torn", &torn)?;
        self.file
            .set_len(self.position.offset)
            .and_then(|()| self.file.sync_data())
            .map_err(StoreError::io("cut the torn end of", &self.path))?;
        Ok(copy)
    }

    /// Writes the first line of a new journal and makes sure that the file is found after a power cut.
    ///
    /// # Errors
    /// When it cannot be written or synced.
    pub fn write_header(&mut self, id: String) -> Result<(), StoreError> {
        let header = Header {
            format: line::FORMAT,
            id,
        };
        let text = line::encode_header(&header)
            .map_err(|error| StoreError::io("write", &self.path)(error.into()))?;
        self.write_whole(&text)?;
        self.sync()?;
        if let Some(folder) = self.path.parent() {
            replace::sync_folder(folder).map_err(StoreError::io("sync", folder))?;
        }
        self.take_header(&text[..text.len() - 1])
    }

    /// Writes one line with one `write`. Not synced yet.
    ///
    /// # Errors
    /// [`StoreError::Full`] when there is no space; the file is as it was then. Anything else leaves it
    /// in doubt.
    pub fn write(&mut self, text: &[u8]) -> Result<(), StoreError> {
        let (seq, crc) =
            line::sequence(text.strip_suffix(b"\n").unwrap_or(text)).map_err(|what| {
                StoreError::Corrupt {
                    path: self.path.clone(),
                    line: self.position.lines + 1,
                    what,
                }
            })?;
        self.write_whole(text)?;
        self.advance(text.len() as u64, seq, crc);
        Ok(())
    }

    fn write_whole(&mut self, text: &[u8]) -> Result<(), StoreError> {
        let written = loop {
            match self.file.write(text) {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                other => break other,
            }
        };
        let error = match written {
            Ok(n) if n == text.len() => return Ok(()),
            // The rest of a short write did not fit; the kernel would say so on the next call.
            Ok(_) => io::Error::from(io::ErrorKind::StorageFull),
            Err(error) => error,
        };
        let full = matches!(
            error.kind(),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded | io::ErrorKind::FileTooLarge
        );
        if full && self.file.set_len(self.position.offset).is_ok() {
            return Err(StoreError::Full {
                path: self.path.clone(),
                source: error,
            });
        }
        Err(StoreError::io("write", &self.path)(error))
    }

    /// Waits until everything written is on disk.
    ///
    /// # Errors
    /// When the system reports a failure. What is on disk is not known then, and a second attempt
    /// would not tell.
    pub fn sync(&self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .map_err(StoreError::io("sync", &self.path))
    }

    /// Takes a line back whose sync failed, so that no reader takes it for true. It may come back with
    /// a power cut; nobody was told about it.
    pub fn take_back(&mut self, before: Position) {
        if self.file.set_len(before.offset).is_ok() {
            self.position = before;
        }
    }
}
