//! A run's log files as they grow: whole lines, made harmless.
//!
//! Knows how far each file was read. Does not know who watches them.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::report::shown_line;

/// Of each file, how much of what is there already is shown.
const TAIL: u64 = 256 * 1024;
/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

/// Some lines of one file.
#[derive(Debug, Serialize)]
pub struct Piece {
    pub file: String,
    /// Bytes before it that are left out.
    pub skipped: u64,
    /// Every line ends with a newline.
    pub text: String,
}

/// How far one file was read.
#[derive(Debug, Default)]
struct Read {
    at: u64,
    skipped: u64,
    begun: Vec<u8>,
}

/// The files of one run, each read from near its end on.
#[derive(Debug, Default)]
pub struct LogFiles(Vec<(PathBuf, Read)>);

impl LogFiles {
    /// What is new in these files, at most so much of each; nothing when everything was read. At the end a last line
    /// without its newline counts too.
    ///
    /// # Errors
    /// When a file is there no longer, or cannot be read.
    pub fn read(&mut self, paths: &[PathBuf], ended: bool) -> io::Result<Vec<Piece>> {
        let mut pieces = Vec::new();
        for path in paths {
            if !self.0.iter().any(|(known, _)| known == path) {
                self.0.push((path.clone(), Read::new(path)?));
            }
            for (_, read) in self.0.iter_mut().filter(|(known, _)| known == path) {
                let text = read.more(path, ended)?;
                if !text.is_empty() {
                    let name = path.file_name().unwrap_or_default();
                    pieces.push(Piece {
                        file: name.to_string_lossy().into_owned(),
                        skipped: std::mem::take(&mut read.skipped),
                        text,
                    });
                }
            }
        }
        Ok(pieces)
    }
}

impl Read {
    fn new(path: &Path) -> io::Result<Self> {
        let length = File::open(path)?.metadata()?.len();
        let skipped = length.saturating_sub(TAIL);
        Ok(Self {
            at: skipped,
            skipped,
            begun: Vec::new(),
        })
    }

    fn more(&mut self, path: &Path, ended: bool) -> io::Result<String> {
        let mut file = File::open(path)?;
        file.seek(SeekFrom::Start(self.at))?;
        let mut bytes = Vec::new();
        let n = file.take(CHUNK).read_to_end(&mut bytes)?;
        self.at += n as u64;
        self.begun.extend_from_slice(&bytes);
        // A line longer than a chunk is shown in parts.
        let whole = if (ended && (n as u64) < CHUNK) || self.begun.len() as u64 >= CHUNK {
            self.begun.len()
        } else {
            self.begun
                .iter()
                .rposition(|b| *b == b'\n')
                .map_or(0, |at| at + 1)
        };
        let lines: Vec<u8> = self.begun.drain(..whole).collect();
        let mut text = String::new();
        for line in lines.split_inclusive(|b| *b == b'\n') {
            text.push_str(&shown_line(line));
            text.push('\n');
        }
        Ok(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_come_whole_and_the_last_one_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let paths = vec![folder.path().join("worker.log")];
        let mut files = LogFiles::default();
        let texts = |files: &mut LogFiles, ended| -> Vec<String> {
            let pieces = files.read(&paths, ended).unwrap();
            pieces.into_iter().map(|piece| piece.text).collect()
        };
        std::fs::write(&paths[0], "\x1b[31mone\x1b[0m\ntw").unwrap();
        assert_eq!(texts(&mut files, false), ["one\n"]);
        assert_eq!(texts(&mut files, false), [""; 0]);
        std::fs::write(&paths[0], "\x1b[31mone\x1b[0m\ntwo\nthree").unwrap();
        assert_eq!(texts(&mut files, false), ["two\n"]);
        assert_eq!(texts(&mut files, true), ["three\n"]);
        assert_eq!(texts(&mut files, true), [""; 0]);
    }

    #[test]
    fn of_a_long_file_the_end_is_shown() {
        let folder = tempfile::tempdir().unwrap();
        let paths = vec![folder.path().join("worker.log")];
        std::fs::write(&paths[0], "0123456789\n".repeat(50_000)).unwrap();
        let mut files = LogFiles::default();
        let (mut skipped, mut bytes) = (0, 0);
        loop {
            let pieces = files.read(&paths, true).unwrap();
            if pieces.is_empty() {
                break;
            }
            for piece in pieces {
                skipped += piece.skipped;
                bytes += piece.text.len() as u64;
            }
        }
        assert_eq!(skipped, 550_000 - TAIL);
        assert!((TAIL..TAIL + 20).contains(&bytes), "{bytes}");
    }
}
