//! Follows what an agent writes: new bytes of its file go to the reader, what people should see to the log.
//!
//! Knows two files. Does not know what the bytes mean, nor when there are new ones. Holds no more than a chunk of
//! them, however much is written.

use std::fs::File;
use std::io::{self, Read as _, Write as _};
use std::path::Path;

use crate::worker::Reader;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// The files of one start.
#[derive(Debug)]
pub struct EventsFile {
    from: File,
    log: File,
    chunk: Box<[u8]>,
}

impl EventsFile {
    /// Opens the file at its end, making it if need be, and the log to add to.
    ///
    /// # Errors
    /// When one of them cannot be opened.
    pub fn open(path: &Path, log: &Path) -> io::Result<Self> {
        File::options().create(true).append(true).open(path)?;
        let mut from = File::open(path)?;
        io::Seek::seek(&mut from, io::SeekFrom::End(0))?;
        Ok(Self {
            from,
            log: File::options().create(true).append(true).open(log)?,
            chunk: vec![0; CHUNK].into(),
        })
    }

    /// Reads what has come, up to what is there now.
    ///
    /// # Errors
    /// When a file cannot be read or written.
    pub fn drain(&mut self, reader: &mut Reader) -> io::Result<()> {
        loop {
            match self.from.read(&mut self.chunk) {
                Ok(0) => return Ok(()),
                Ok(n) => {
                    let mut said = Vec::new();
                    reader.feed(&self.chunk[..n], &mut said);
                    self.say(&said)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Adds lines to the log, each whole, so that they do not mix with what the program itself writes there.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn say(&mut self, lines: &[String]) -> io::Result<()> {
        if lines.is_empty() {
            return Ok(());
        }
        let mut text = String::new();
        for line in lines {
            text.push_str(&line.replace(['\n', '\r'], " "));
            text.push('\n');
        }
        self.log.write_all(text.as_bytes())
    }
}
