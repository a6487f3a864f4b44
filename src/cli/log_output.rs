//! Copies log files to the output, and what is added to them later.
//!
//! On a terminal every line is made harmless, and a heading says which file follows; anywhere else the
//! bytes are passed on as they are, as `cat` would.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use crate::report::shown_line;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Person,
    Program,
}

/// The output of one or several runs.
#[derive(Debug)]
pub struct LogOutput<W: Write> {
    out: W,
    reader: Reader,
    /// Of each file how much was copied.
    copied: Vec<(PathBuf, u64)>,
    last: Option<PathBuf>,
    /// The beginning of a line whose end has not been written yet.
    begun: Vec<u8>,
    any: bool,
}

impl<W: Write> LogOutput<W> {
    pub fn new(out: W, reader: Reader) -> Self {
        Self {
            out,
            reader,
            copied: Vec::new(),
            last: None,
            begun: Vec::new(),
            any: false,
        }
    }

    /// Has anything been copied?
    pub fn any(&self) -> bool {
        self.any
    }

    /// Passes over everything but the last lines of these files together.
    ///
    /// # Errors
    /// When a file cannot be read.
    pub fn skip_to_last(&mut self, files: &[PathBuf], lines: usize) -> io::Result<()> {
        let mut wanted = lines;
        for path in files.iter().rev() {
            let (offset, found) = start_of_last(path, wanted)?;
            wanted -= found;
            self.copied.push((path.clone(), offset));
        }
        Ok(())
    }

    /// Copies what is new in these files, in their order.
    ///
    /// # Errors
    /// When a file cannot be read or the output not be written.
    pub fn copy(&mut self, files: &[PathBuf]) -> io::Result<()> {
        for path in files {
            let known = self.copied.iter().position(|(p, _)| p == path);
            let index = known.unwrap_or_else(|| {
                self.copied.push((path.clone(), 0));
                self.copied.len() - 1
            });
            let mut file = File::open(path)?;
            file.seek(SeekFrom::Start(self.copied[index].1))?;
            let mut chunk = vec![0; CHUNK];
            loop {
                let n = file.read(&mut chunk)?;
                if n == 0 {
                    break;
                }
                self.copied[index].1 += n as u64;
                self.head(path)?;
                self.any = true;
                match self.reader {
                    Reader::Program => self.out.write_all(&chunk[..n])?,
                    Reader::Person => self.lines(&chunk[..n])?,
                }
            }
        }
        self.out.flush()
    }

    /// Writes the last line out if its end never came.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        if !self.begun.is_empty() {
            let line = std::mem::take(&mut self.begun);
            writeln!(self.out, "{}", shown_line(&line))?;
        }
        self.out.flush()
    }

    fn head(&mut self, path: &Path) -> io::Result<()> {
        if self.last.as_deref() == Some(path) {
            return Ok(());
        }
        self.finish()?;
        self.last = Some(path.to_owned());
        if self.reader == Reader::Program {
            return Ok(());
        }
        let dim = anstyle::Style::new().dimmed();
        let name = |path: Option<&Path>| {
            let name = path.and_then(Path::file_name).unwrap_or_default();
            name.to_string_lossy().into_owned()
        };
        let (run, file) = (name(path.parent()), name(Some(path)));
        writeln!(self.out, "{dim}==> {run}/{file}{dim:#}")
    }

    fn lines(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            let line = std::mem::take(&mut self.begun);
            writeln!(self.out, "{}", shown_line(&line))?;
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }
}

/// Where the last lines of a file begin, at most `lines` of them, and how many there are.
fn start_of_last(path: &Path, lines: usize) -> io::Result<(u64, usize)> {
    let mut file = File::open(path)?;
    let length = file.metadata()?.len();
    let mut end = length;
    let mut found = 0;
    let mut chunk = vec![0; CHUNK];
    if lines == 0 {
        return Ok((length, 0));
    }
    while end > 0 {
        let n = usize::try_from(end).unwrap_or(CHUNK).min(CHUNK);
        let start = end - n as u64;
        file.seek(SeekFrom::Start(start))?;
        file.read_exact(&mut chunk[..n])?;
        for i in (0..n).rev() {
            let at = start + i as u64;
            // The newline at the very end belongs to the last line and begins none.
            if chunk[i] == b'\n' && at + 1 < length {
                found += 1;
                if found == lines {
                    return Ok((at + 1, lines));
                }
            }
        }
        end = start;
    }
    let whole = if length == 0 { 0 } else { found + 1 };
    Ok((0, whole))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn folder(files: &[(&str, &str)]) -> (tempfile::TempDir, Vec<PathBuf>) {
        let folder = tempfile::tempdir().unwrap();
        let paths = files.iter().map(|(name, text)| {
            let path = folder.path().join(name);
            std::fs::write(&path, text).unwrap();
            path
        });
        let paths = paths.collect();
        (folder, paths)
    }

    #[test]
    fn the_last_lines_of_all_files_together() {
        let (_folder, files) = folder(&[("a", "1\n2\n3\n"), ("b", ""), ("c", "4\n5")]);
        for (lines, expected) in [
            (0, ""),
            (1, "5"),
            (2, "4\n5"),
            (3, "3\n4\n5"),
            (5, "1\n2\n3\n4\n5"),
            (9, "1\n2\n3\n4\n5"),
        ] {
            let mut out = Vec::new();
            let mut output = LogOutput::new(&mut out, Reader::Program);
            output.skip_to_last(&files, lines).unwrap();
            output.copy(&files).unwrap();
            assert_eq!(String::from_utf8_lossy(&out), expected, "{lines}");
        }
    }

    #[test]
    fn the_last_lines_of_a_file_longer_than_a_chunk() {
        let text = "0123456789\n".repeat(20_000);
        let (_folder, files) = folder(&[("a", &text)]);
        let (start, found) = start_of_last(&files[0], 10_000).unwrap();
        assert_eq!((start, found), (10_000 * 11, 10_000));
    }

    #[test]
    fn programs_get_the_bytes_and_people_clean_lines_under_headings() {
        let (folder, files) = folder(&[("worker.log", "\x1b[31mred\x1b[0m\nhalf")]);
        let mut raw = Vec::new();
        LogOutput::new(&mut raw, Reader::Program)
            .copy(&files)
            .unwrap();
        assert_eq!(raw, b"\x1b[31mred\x1b[0m\nhalf");
        let mut out = Vec::new();
        let mut output = LogOutput::new(&mut out, Reader::Person);
        output.copy(&files).unwrap();
        std::fs::write(&files[0], "\x1b[31mred\x1b[0m\nhalf and whole\nend").unwrap();
        output.copy(&files).unwrap();
        output.finish().unwrap();
        let name = folder
            .path()
            .file_name()
            .unwrap()
            .to_string_lossy()
            .into_owned();
        let text = anstream::adapter::strip_str(std::str::from_utf8(&out).unwrap()).to_string();
        assert_eq!(
            text,
            format!("==> {name}/worker.log\nred\nhalf and whole\nend\n")
        );
    }
}
