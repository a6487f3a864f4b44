//! Copies log files to the output, and what is added to them later.
//!
//! On a terminal every line is made harmless, and a heading says which file follows; anywhere else the
//! bytes are passed on as they are, as `cat` would. As JSON each line says which file of which run it is of.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};

use serde::Serialize;

use crate::report::shown_line;

/// How much is read at once.
const CHUNK: usize = 64 * 1024;
const JSON_BEGINS: &[u8] = b"{\"schema_version\":1,\"lines\":[";

/// Who reads the output.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reader {
    Person,
    /// Who wants the bytes.
    Program,
    /// Who wants one JSON object with all lines.
    Json,
    /// Who wants a JSON object for each line, as soon as it is there.
    JsonLines,
}

/// A line of output as JSON.
#[derive(Debug, Serialize)]
struct LineJson<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    schema_version: Option<u32>,
    run: &'a str,
    /// `worker.log`, or the log of a check.
    file: &'a str,
    /// As it was written, without its end; what is not UTF-8 is U+FFFD.
    text: &'a str,
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
    /// How many lines were written as JSON.
    listed: u64,
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
            listed: 0,
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
                    Reader::Person | Reader::Json | Reader::JsonLines => {
                        self.lines(&chunk[..n])?;
                    }
                }
            }
        }
        self.out.flush()
    }

    /// Writes the last line out if its end never came; nothing is copied after it.
    ///
    /// # Errors
    /// When the output cannot be written.
    pub fn finish(&mut self) -> io::Result<()> {
        self.last_line()?;
        if self.reader == Reader::Json {
            if self.listed == 0 {
                self.out.write_all(JSON_BEGINS)?;
            }
            self.out.write_all(b"]}\n")?;
        }
        self.out.flush()
    }

    fn last_line(&mut self) -> io::Result<()> {
        match self.begun.is_empty() {
            true => Ok(()),
            false => self.line(),
        }
    }

    /// Writes the line that has come to its end.
    fn line(&mut self) -> io::Result<()> {
        let line = std::mem::take(&mut self.begun);
        match self.reader {
            Reader::Program => self.out.write_all(&line),
            Reader::Person => writeln!(self.out, "{}", shown_line(&line)),
            Reader::Json => {
                let before = if self.listed == 0 { JSON_BEGINS } else { b"," };
                self.out.write_all(before)?;
                self.json(None, &line)
            }
            Reader::JsonLines => {
                self.json(Some(1), &line)?;
                self.out.write_all(b"\n")
            }
        }
    }

    fn json(&mut self, schema_version: Option<u32>, line: &[u8]) -> io::Result<()> {
        self.listed += 1;
        let (run, file) = names(self.last.as_deref());
        let text = &String::from_utf8_lossy(line);
        let line = LineJson {
            schema_version,
            run: &run,
            file: &file,
            text,
        };
        serde_json::to_writer(&mut self.out, &line).map_err(io::Error::from)
    }

    fn head(&mut self, path: &Path) -> io::Result<()> {
        if self.last.as_deref() == Some(path) {
            return Ok(());
        }
        self.last_line()?;
        self.last = Some(path.to_owned());
        if self.reader != Reader::Person {
            return Ok(());
        }
        let dim = anstyle::Style::new().dimmed();
        let (run, file) = names(Some(path));
        writeln!(self.out, "{dim}==> {run}/{file}{dim:#}")
    }

    fn lines(&mut self, bytes: &[u8]) -> io::Result<()> {
        let mut rest = bytes;
        while let Some(end) = rest.iter().position(|b| *b == b'\n') {
            self.begun.extend_from_slice(&rest[..end]);
            self.line()?;
            rest = &rest[end + 1..];
        }
        self.begun.extend_from_slice(rest);
        Ok(())
    }
}

/// The run and the file that a log is of.
fn names(path: Option<&Path>) -> (String, String) {
    let name = |path: Option<&Path>| {
        let name = path.and_then(Path::file_name).unwrap_or_default();
        name.to_string_lossy().into_owned()
    };
    (name(path.and_then(Path::parent)), name(path))
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
    fn as_json_each_line_says_where_it_is_from() {
        let (folder, files) = folder(&[("worker.log", "a \"b\"\nhal"), ("verify-1.log", "\n")]);
        let run = folder.path().file_name().unwrap().to_str().unwrap();
        let line =
            |file: &str, text: &str| serde_json::json!({"run": run, "file": file, "text": text});
        let all = [
            line("worker.log", "a \"b\""),
            line("worker.log", "half"),
            line("verify-1.log", ""),
        ];
        for (reader, expected) in [
            (
                Reader::Json,
                vec![serde_json::json!({"schema_version": 1, "lines": all})],
            ),
            (
                Reader::JsonLines,
                all.iter()
                    .map(|line| {
                        let mut line = line.clone();
                        line["schema_version"] = 1.into();
                        line
                    })
                    .collect(),
            ),
        ] {
            std::fs::write(&files[0], "a \"b\"\nhal").unwrap();
            let mut out = Vec::new();
            let mut output = LogOutput::new(&mut out, reader);
            // What comes later belongs to the line that has begun.
            output.copy(&files[..1]).unwrap();
            std::fs::write(&files[0], "a \"b\"\nhalf").unwrap();
            output.copy(&files).unwrap();
            output.finish().unwrap();
            let out = String::from_utf8(out).unwrap();
            let read = out.lines().map(|line| serde_json::from_str(line).unwrap());
            assert_eq!(
                read.collect::<Vec<serde_json::Value>>(),
                expected,
                "{reader:?}"
            );
        }
        let mut out = Vec::new();
        LogOutput::new(&mut out, Reader::Json).finish().unwrap();
        assert_eq!(out, b"{\"schema_version\":1,\"lines\":[]}\n");
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
