//! What is known of the sessions of agents that people run themselves: one file each, one line an event.
//!
//! Knows times and kinds of events, never what was said. A session's file only helps to show whether the
//! owner of a claim is still there: nothing else follows from it.

use std::fs::{self, OpenOptions};
use std::io::{self, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::PathBuf;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::store::{Layout, StoreError, first_write};

/// A file that is this long gets no more lines but the last one of a session.
const LIMIT: u64 = 256 * 1024;

/// How many files are kept.
const KEPT: usize = 200;

/// Something that happened in a session.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SessionEvent {
    pub at: Timestamp,
    /// `session-start`, `prompt`, `stop` or `session-end`.
    pub event: String,
    /// Why it started or ended, in the words of the agent's program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<String>,
    /// Of the agent's program.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pid: Option<u32>,
}

fn path(layout: &Layout, session: &str) -> PathBuf {
    layout.sessions().join(format!("{session}.jsonl"))
}

/// Adds an event to a session's file. `session` is a plain name.
///
/// # Errors
/// When the file cannot be made or written.
pub fn note(layout: &Layout, session: &str, event: &SessionEvent) -> Result<(), StoreError> {
    first_write::prepare(layout)?;
    let folder = layout.sessions();
    fs::create_dir_all(&folder).map_err(StoreError::io("create", &folder))?;
    let path = path(layout, session);
    let mut line =
        serde_json::to_vec(event).map_err(|error| StoreError::io("write", &path)(error.into()))?;
    line.push(b'\n');
    let mut file = OpenOptions::new()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(StoreError::io("open", &path))?;
    let long = file
        .metadata()
        .map_err(StoreError::io("read", &path))?
        .len()
        >= LIMIT;
    if long && event.event != "session-end" && event.event != "session-start" {
        return Ok(());
    }
    file.write_all(&line)
        .map_err(StoreError::io("write", &path))
}

/// Has the session said that it ends, and not begun again? One that nothing is known of has not.
#[must_use]
pub fn has_ended(layout: &Layout, session: &str) -> bool {
    let read = || -> io::Result<Option<SessionEvent>> {
        let mut file = fs::File::open(path(layout, session))?;
        let length = file.metadata()?.len();
        file.seek(SeekFrom::Start(length.saturating_sub(4096)))?;
        let mut tail = Vec::new();
        file.read_to_end(&mut tail)?;
        let mut lines = tail.split(|b| *b == b'\n').rev();
        let last = lines.find(|line| !line.is_empty());
        Ok(last.and_then(|line| serde_json::from_slice(line).ok()))
    };
    // What cannot be read tells nothing.
    matches!(read(), Ok(Some(last)) if last.event == "session-end")
}

/// Removes the oldest files beyond those that are kept, but none of a session in `needed`.
///
/// # Errors
/// When the folder cannot be read or a file not removed.
pub fn forget_oldest(layout: &Layout, needed: &[&str]) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(layout.sessions())? {
        let entry = entry?;
        files.push((entry.metadata()?.modified()?, entry.path()));
    }
    files.sort();
    let excess = files.len().saturating_sub(KEPT);
    for (_, path) in files.into_iter().take(excess) {
        let name = path.file_stem().unwrap_or_default();
        if needed.iter().all(|session| *session != name) {
            fs::remove_file(path)?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(word: &str) -> SessionEvent {
        SessionEvent {
            at: Timestamp::UNIX_EPOCH,
            event: word.to_owned(),
            why: None,
            pid: None,
        }
    }

    #[test]
    fn a_session_has_ended_until_it_begins_again() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        assert!(!has_ended(&layout, "s"));
        for (word, ended) in [
            ("session-start", false),
            ("stop", false),
            ("session-end", true),
            ("session-start", false),
        ] {
            note(&layout, "s", &event(word)).unwrap();
            assert_eq!(has_ended(&layout, "s"), ended, "{word}");
        }
        assert!(!has_ended(&layout, "t"));
    }

    #[test]
    fn a_long_session_stops_growing_and_still_ends() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        note(&layout, "s", &event("session-start")).unwrap();
        let path = path(&layout, "s");
        let long = "{}\n".repeat(usize::try_from(LIMIT).unwrap() / 3 + 1);
        fs::write(&path, &long).unwrap();
        note(&layout, "s", &event("prompt")).unwrap();
        assert_eq!(fs::metadata(&path).unwrap().len(), long.len() as u64);
        note(&layout, "s", &event("session-end")).unwrap();
        assert!(has_ended(&layout, "s"));
    }

    #[test]
    fn only_so_many_are_kept() {
        let dir = tempfile::tempdir().unwrap();
        let layout = Layout::new(dir.path());
        for n in 0..KEPT + 3 {
            note(&layout, &format!("s{n:04}"), &event("stop")).unwrap();
        }
        forget_oldest(&layout, &["s0000"]).unwrap();
        let left = fs::read_dir(layout.sessions()).unwrap().count();
        assert!((KEPT..=KEPT + 1).contains(&left), "{left}");
        assert!(path(&layout, "s0000").exists());
    }
}
