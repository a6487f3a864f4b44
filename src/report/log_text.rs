//! One line of a worker's output as it can be shown: colours dropped, overwritten parts dropped,
//! nothing left that steers the terminal.
//!
//! Knows bytes. `last_line` and `last_lines` read the end of a file; nothing else of this module does.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::Path;

use crate::report::sanitise::sanitise;

/// How much of a file's end is looked at for its last line.
const TAIL_BYTES: u64 = 4 * 1024;
/// The same for several lines.
const TAIL_BYTES_MANY: u64 = 64 * 1024;

/// A line of output for people. Escape sequences are dropped; of what a carriage return overwrites, the
/// last part stays; invalid UTF-8 becomes `U+FFFD`.
#[must_use]
pub fn shown_line(line: &[u8]) -> String {
    let text = String::from_utf8_lossy(line);
    let text = text.trim_end_matches(['\r', '\n']);
    let last = text.rsplit('\r').find(|part| !part.trim().is_empty());
    let plain = anstream::adapter::strip_str(last.unwrap_or(text)).to_string();
    sanitise(&plain).into_owned()
}

/// The last line of a file that is not blank, fit to be shown; looks at the last 4 KiB at most.
///
/// # Errors
/// When the file is there and cannot be read; `None` when it is not there or has no such line.
pub fn last_line(path: &Path) -> io::Result<Option<String>> {
    Ok(tail(path, TAIL_BYTES)?
        .split(|b| *b == b'\n')
        .map(shown_line)
        .rfind(|line| !line.trim().is_empty()))
}

/// The last lines of a file, at most `n`, the oldest first, blank ones at the end left out; looks at the
/// last 64 KiB at most. A file that is not there has none.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn last_lines(path: &Path, n: usize) -> io::Result<Vec<String>> {
    let bytes = tail(path, TAIL_BYTES_MANY)?;
    let mut lines: Vec<String> = bytes.split(|b| *b == b'\n').map(shown_line).collect();
    while lines.last().is_some_and(|line| line.trim().is_empty()) {
        lines.pop();
    }
    Ok(lines.split_off(lines.len().saturating_sub(n)))
}

fn tail(path: &Path, most: u64) -> io::Result<Vec<u8>> {
    let mut file = match File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    file.seek(SeekFrom::Start(length.saturating_sub(most)))?;
    let mut bytes = Vec::new();
    // The file may be growing: a reader that follows it to its end might never come there.
    file.take(most).read_to_end(&mut bytes)?;
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_shown_as_a_terminal_would_leave_them() {
        for (line, shown) in [
            (&b"plain\n"[..], "plain"),
            (b"\x1b[31mred\x1b[0m", "red"),
            (b"10%\r50%\r100%\r\n", "100%"),
            (b"\x1b]0;title\x07x", "x"),
            ("bidi \u{202e}x".as_bytes(), "bidi \\u{202e}x"),
            (b"\xffx", "\u{fffd}x"),
        ] {
            assert_eq!(shown_line(line), shown, "{line:?}");
        }
    }

    #[test]
    fn the_last_line_is_found_in_a_long_file_and_blank_ones_are_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("worker.log");
        assert_eq!(last_line(&path).unwrap(), None);
        std::fs::write(&path, "x\n".repeat(10_000) + "last\n\n \n").unwrap();
        assert_eq!(last_line(&path).unwrap().as_deref(), Some("last"));
        assert_eq!(last_lines(&path, 2).unwrap(), ["x", "last"]);
        std::fs::write(&path, "no newline").unwrap();
        assert_eq!(last_lines(&path, 5).unwrap(), ["no newline"]);
        std::fs::write(&path, "").unwrap();
        assert_eq!(last_line(&path).unwrap(), None);
    }
}
