//! A run's output as it grows, line by line, made harmless.
//!
//! Woken by the file system and by the journal; nothing polls.

use std::fs::File;
use std::io::{self, Read as _, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use notify::{RecursiveMode, Watcher as _};
use serde::Serialize;
use tokio::sync::mpsc;

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::json;
use crate::cli::runs;
use crate::model::RunId;
use crate::report::shown_line;
use crate::state::State;
use crate::store::read_state;
use crate::web::{Message, Messages};

/// Of each file, how much of what is there already is shown.
const TAIL: u64 = 256 * 1024;
/// How much is read at once.
const CHUNK: u64 = 64 * 1024;

#[derive(Debug, Serialize)]
struct Piece {
    file: String,
    /// Bytes before it that are left out.
    skipped: u64,
    text: String,
}

/// How far one file was read.
#[derive(Debug, Default)]
struct Read {
    at: u64,
    skipped: u64,
    begun: Vec<u8>,
}

#[derive(Debug, Default)]
struct Files(Vec<(PathBuf, Read)>);

/// Sends until the run ends or the reader leaves.
pub async fn follow(desk: Arc<Desk>, run: RunId, mut messages: Messages) {
    let (wake, mut woken) = mpsc::channel(1);
    let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
        if event.is_ok_and(|event| event.kind.is_access()) {
            return;
        }
        // Full: a wake-up waits already. Closed: nobody listens any more.
        let _ = wake.try_send(());
    });
    // Without a watch the journal still tells of the end, and everything is shown then.
    let mut watcher = watcher.ok();
    let mut watched = false;
    let mut seen = desk.seen.subscribe();
    let mut files = Files::default();
    loop {
        // Its folder may not be made yet, and tells in which repository it is.
        let layout = desk.layout_of(&run);
        let folder = layout.run(&run);
        if let Some(watcher) = &mut watcher
            && !watched
        {
            watched = watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok();
        }
        // First ask whether it has ended, then read: what was written before the end is then there.
        let ended = matches!(read_state(&layout, &run), Ok(Some(_)) | Err(_))
            || !alive(&seen.borrow_and_update().state, &run);
        loop {
            let read = {
                let (layout, run) = (layout.clone(), run.clone());
                let mut taken = std::mem::take(&mut files);
                tokio::task::spawn_blocking(move || {
                    let read =
                        runs::logs(&layout, &run).and_then(|paths| taken.read(&paths, ended));
                    (taken, read)
                })
                .await
            };
            let Ok((kept, read)) = read else {
                return;
            };
            files = kept;
            let pieces = match read {
                Ok(pieces) => pieces,
                Err(error) => {
                    let data = json(&error.to_string());
                    let _ = messages.send(&Message {
                        event: "trouble",
                        data,
                    });
                    return;
                }
            };
            if pieces.is_empty() {
                break;
            }
            for piece in pieces {
                let data = json(&piece);
                if !messages
                    .send_patiently(&Message {
                        event: "piece",
                        data,
                    })
                    .await
                {
                    return;
                }
            }
        }
        if ended {
            let data = "{}".to_owned();
            let _ = messages
                .send_patiently(&Message { event: "end", data })
                .await;
            return;
        }
        tokio::select! {
            _ = woken.recv(), if watched => {}
            changed = seen.changed() => if changed.is_err() { return },
            () = messages.closed() => return,
        }
    }
}

fn alive(state: &State, run: &RunId) -> bool {
    state.open.contains_key(run) || state.claimed.contains_key(run)
}

impl Files {
    /// What is new in these files. At the end a last line without its newline counts too.
    fn read(&mut self, paths: &[PathBuf], ended: bool) -> io::Result<Vec<Piece>> {
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
        let mut files = Files::default();
        let texts = |files: &mut Files, ended| -> Vec<String> {
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
        let mut files = Files::default();
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
