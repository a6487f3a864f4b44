//! The journal file: where it was read to, and what is new in it.
//!
//! Knows the text of the lines and the file. Does not know what the events mean, nor which are legal.
//! Writing is in `journal_write.rs`.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::{FileExt as _, MetadataExt as _};
use std::path::{Path, PathBuf};

use crate::store::StoreError;
use crate::store::line::{self, Crc, Header, Line};

/// How much is read at once.
pub(super) const CHUNK: usize = 1 << 20;

/// Everything before this is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// In bytes, just behind a newline.
    pub offset: u64,
    /// Of the last line before `offset`; 0 behind the first line of the file.
    pub seq: u64,
    /// How many lines lie before `offset`.
    pub lines: u64,
    /// The checksum of the last line before `offset`.
    pub crc: Crc,
}

/// How a reading of new lines ended.
#[derive(Debug)]
pub enum Stop {
    /// At the end of the file.
    Whole,
    /// Before a last line that is not whole. `bytes` is its length.
    Torn { bytes: u64 },
    /// Before something that cannot be read.
    Damaged(StoreError),
}

/// An open journal. Its file stays open between reads and appends.
#[derive(Debug)]
pub struct Journal {
    pub(super) path: PathBuf,
    pub(super) file: File,
    /// Device and inode: says whether the path still names this file.
    identity: (u64, u64),
    /// `None`: the file has no whole first line yet.
    header: Option<Header>,
    pub(super) position: Position,
    writable: bool,
    /// When the file was last changed, as it was known last; seconds and nanoseconds.
    changed: (i64, i64),
}

/// What stands at the path of a journal that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// The file that is open.
    Same {
        /// It was changed since this was last asked, or since it was opened.
        touched: bool,
    },
    /// Another file, or none.
    Another,
}

impl Journal {
    /// Opens a journal for reading. `None`: there is none.
    ///
    /// # Errors
    /// When the file is there and cannot be opened.
    pub fn open(path: &Path) -> Result<Option<Self>, StoreError> {
        match File::open(path) {
            Ok(file) => Self::with(path, file, false).map(Some),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(StoreError::io("open", path)(error)),
        }
    }

    /// Opens a journal for appending and makes the file when there is none.
    ///
    /// # Errors
    /// When the file cannot be opened.
    pub fn open_writable(path: &Path) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .read(true)
            .append(true)
            .create(true)
            .open(path)
            .map_err(StoreError::io("open", path))?;
        Self::with(path, file, true)
    }

    fn with(path: &Path, file: File, writable: bool) -> Result<Self, StoreError> {
        let meta = file.metadata().map_err(StoreError::io("read", path))?;
        if !meta.is_file() {
            return Err(StoreError::Corrupt {
                path: path.to_owned(),
                line: 0,
                what: "it is not a file",
            });
        }
        Ok(Self {
            path: path.to_owned(),
            file,
            identity: (meta.dev(), meta.ino()),
            header: None,
            position: Position::default(),
            writable,
            changed: (meta.mtime(), meta.mtime_nsec()),
        })
    }

    /// The journal's id; `None` until its first line was read.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.header.as_ref().map(|header| header.id.as_str())
    }
    #[must_use]
    pub fn position(&self) -> Position {
        self.position
    }
    #[must_use]
    pub fn is_writable(&self) -> bool {
        self.writable
    }

    /// What the path names now.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn standing(&mut self) -> Result<Standing, StoreError> {
        let meta = match std::fs::metadata(&self.path) {
            Ok(meta) if (meta.dev(), meta.ino()) == self.identity => meta,
            Ok(_) => return Ok(Standing::Another),
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Standing::Another),
            Err(error) => return Err(StoreError::io("read", &self.path)(error)),
        };
        let changed = (meta.mtime(), meta.mtime_nsec());
        let touched = std::mem::replace(&mut self.changed, changed) != changed;
        Ok(Standing::Same { touched })
    }

    /// Reads the first line only.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn read_header(&mut self) -> Result<Stop, StoreError> {
        let mut first = vec![0; 512];
        let n = self.read_at(&mut first, 0)?;
        first.truncate(n);
        match first.iter().position(|b| *b == b'\n') {
            Some(end) if !first[..end].contains(&0) => Ok(match self.take_header(&first[..end]) {
                Ok(()) => Stop::Whole,
                Err(error) => Stop::Damaged(error),
            }),
            // Too long a first line, zeros in it, or none: the full reader says which.
            _ => Ok(Stop::Torn { bytes: 0 }),
        }
    }

    /// Goes to a position that the status cache knows, if the file holds its last line there.
    ///
    /// # Errors
    /// When the file cannot be read.
    pub fn skip_to(&mut self, id: &str, position: Position) -> Result<Skip, StoreError> {
        if self.id() != Some(id) {
            return Ok(Skip::OtherJournal);
        }
        let length = self.length()?;
        // `xxxxxxxx"}` and a newline.
        const END: u64 = 11;
        if position.offset < END || length < position.offset {
            return Ok(Skip::Lost);
        }
        let mut end = [0; END as usize];
        let n = self.read_at(&mut end, position.offset - END)?;
        if n == end.len() && end[..8] == position.crc && end[8..] == *b"\"}\n" {
            self.position = position;
            Ok(Skip::Done)
        } else {
            Ok(Skip::Lost)
        }
    }

    /// Goes to a position that another opening of the same journal has read to.
    #[must_use]
    pub fn resume(&mut self, id: &str, position: Position) -> bool {
        let same = self.id() == Some(id);
        if same {
            self.position = position;
        }
        same
    }

    /// Reads every whole line behind the position, in order, and moves the position behind each.
    ///
    /// # Errors
    /// When the file cannot be read. Damage is no error here but a [`Stop`].
    pub fn read(&mut self, sink: &mut dyn FnMut(u64, Line)) -> Result<Stop, StoreError> {
        let length = self.length()?;
        if length < self.position.offset {
            return Ok(Stop::Damaged(StoreError::Lost {
                path: self.path.clone(),
            }));
        }
        let mut buffer = Vec::new();
        loop {
            let kept = buffer.len();
            let want = usize::try_from(length.saturating_sub(self.position.offset))
                .unwrap_or(CHUNK)
                .clamp(4096, CHUNK);
            buffer.resize(kept + want, 0);
            let n = self.read_at(&mut buffer[kept..], self.position.offset + kept as u64)?;
            buffer.truncate(kept + n);
            if n == 0 {
                let bytes = buffer.len() as u64;
                return Ok(if bytes == 0 {
                    Stop::Whole
                } else {
                    Stop::Torn { bytes }
                });
            }
            let mut used = 0;
            // What was kept from the read before has no newline.
            let mut from = kept;
            while let Some(found) = buffer[from..].iter().position(|b| *b == b'\n') {
                let end = from + found;
                if let Err(error) = self.take(&buffer[used..end], sink) {
                    return self.stop_at(&buffer[used..end], error);
                }
                used = end + 1;
                from = used;
            }
            buffer.drain(..used);
        }
    }

    /// Takes one line over and moves the position behind it.
    fn take(&mut self, text: &[u8], sink: &mut dyn FnMut(u64, Line)) -> Result<(), StoreError> {
        if self.position.lines == 0 {
            return self.take_header(text);
        }
        let line = line::decode(text).map_err(|what| self.corrupt(what))?;
        if line.seq != self.position.seq + 1 {
            return Err(self.corrupt("its sequence number is out of order"));
        }
        self.advance(text.len() as u64 + 1, line.seq, line.crc);
        sink(self.position.lines, line);
        Ok(())
    }

    pub(super) fn take_header(&mut self, text: &[u8]) -> Result<(), StoreError> {
        let (header, crc) = line::decode_header(text).map_err(|what| self.corrupt(what))?;
        self.header = Some(header);
        self.position = Position {
            offset: text.len() as u64 + 1,
            seq: 0,
            lines: 1,
            crc,
        };
        Ok(())
    }

    /// Says what a line that could not be taken means: zeros in the last line are what a power cut
    /// leaves, anything else is damage.
    fn stop_at(&self, text: &[u8], error: StoreError) -> Result<Stop, StoreError> {
        let bytes = text.len() as u64 + 1;
        if text.contains(&0) && self.length()? == self.position.offset + bytes {
            return Ok(Stop::Torn { bytes });
        }
        Ok(Stop::Damaged(error))
    }

    pub(super) fn corrupt(&self, what: &'static str) -> StoreError {
        StoreError::Corrupt {
            path: self.path.clone(),
            line: self.position.lines + 1,
            what,
        }
    }

    pub(super) fn advance(&mut self, bytes: u64, seq: u64, crc: Crc) {
        self.position.offset += bytes;
        self.position.seq = seq;
        self.position.lines += 1;
        self.position.crc = crc;
    }

    /// Says whether the journal's format is newer than this program.
    #[must_use]
    pub fn newer(&self) -> Option<StoreError> {
        let header = self.header.as_ref()?;
        (header.format > line::FORMAT).then(|| StoreError::Newer {
            path: self.path.clone(),
            format: header.format,
        })
    }

    /// How many bytes the file has now, what was not read included.
    ///
    /// # Errors
    /// When that cannot be found out.
    pub fn length(&self) -> Result<u64, StoreError> {
        self.file
            .metadata()
            .map(|meta| meta.len())
            .map_err(StoreError::io("read", &self.path))
    }

    pub(super) fn read_at(&self, buffer: &mut [u8], offset: u64) -> Result<usize, StoreError> {
        let mut n = 0;
        while n < buffer.len() {
            match self.file.read_at(&mut buffer[n..], offset + n as u64) {
                Ok(0) => break,
                Ok(more) => n += more,
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(StoreError::io("read", &self.path)(error)),
            }
        }
        Ok(n)
    }
}

/// What came of skipping what the status cache knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skip {
    Done,
    /// The cache was made from another journal.
    OtherJournal,
    /// The journal no longer holds what the cache was made from.
    Lost,
}
