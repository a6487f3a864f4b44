//! The files that the older TypeScript runr left below `.runr/`.
//!
//! Only reads them; what they mean is `older`'s.

use std::fs;
use std::io;
use std::path::Path;

use jiff::Timestamp;
use serde_json::Value;

use crate::event::Event;
use crate::store::status_file::{self, Found};
use crate::store::{Layout, Notice, StoreError, older};

/// What was found.
#[derive(Debug, Default)]
pub struct Older {
    /// One `Imported` a task, in their order.
    pub events: Vec<Event>,
    /// What was passed over.
    pub unreadable: Vec<Notice>,
}

/// Gives the bytes of `task-status.json` when the older runr wrote it.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn status_bytes(layout: &Layout) -> Result<Option<Vec<u8>>, StoreError> {
    Ok(match status_file::read(&layout.status_cache())? {
        Found::Older(bytes) => Some(bytes),
        _ => None,
    })
}

/// Reads its status file, whose bytes are given, and the states of its runs.
///
/// # Errors
/// When the folder of runs is there and cannot be read. A single file that cannot be read is passed
/// over and named.
pub fn read(layout: &Layout, status: Option<&[u8]>) -> Result<Older, StoreError> {
    let mut found = Older::default();
    let mut claims = Vec::new();
    if let Some(bytes) = status {
        let path = layout.status_cache();
        match serde_json::from_slice::<Value>(bytes) {
            Ok(json) => {
                let (more, unclear) = older::status_file(&json, modified(&path));
                claims = more;
                for why in unclear {
                    found.pass_over(&path, why);
                }
            }
            Err(error) => found.pass_over(&path, error.to_string()),
        }
    }
    let runs = layout.runs();
    for run in names(&runs)? {
        let path = runs.join(&run).join("state.json");
        let text = match fs::read(&path) {
            Ok(text) => text,
            // A folder without a state says nothing.
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                found.pass_over(&path, error.to_string());
                continue;
            }
        };
        let claim = serde_json::from_slice::<Value>(&text)
            .map_err(|error| error.to_string())
            .and_then(|json| older::run_file(&run, &json, modified(&path)));
        match claim {
            Ok(claim) => claims.extend(claim),
            Err(why) => found.pass_over(&path, why),
        }
    }
    found.events = older::events(claims);
    Ok(found)
}

impl Older {
    fn pass_over(&mut self, path: &Path, why: String) {
        self.unreadable.push(Notice::OlderUnreadable {
            path: path.to_owned(),
            why,
        });
    }
}

/// The names in a folder, sorted; none when it is not there. Names that are no text are no run ids.
fn names(folder: &Path) -> Result<Vec<String>, StoreError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error)
            if matches!(
                error.kind(),
                io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
            ) =>
        {
            return Ok(Vec::new());
        }
        Err(error) => return Err(StoreError::io("read", folder)(error)),
    };
    let mut names = Vec::new();
    for entry in entries {
        let entry = entry.map_err(StoreError::io("read", folder))?;
        names.extend(entry.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

fn modified(path: &Path) -> Timestamp {
    fs::metadata(path)
        .and_then(|meta| meta.modified())
        .ok()
        .and_then(|time| Timestamp::try_from(time).ok())
        .unwrap_or(Timestamp::UNIX_EPOCH)
}
