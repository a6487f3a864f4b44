//! Who has approved a run's work, told to the process that brings it onto its branch.
//!
//! A file of the run folder, written before that process starts: what was asked of the run does not change.

use std::io;
use std::path::Path;

use crate::model::Remark;
use crate::store::replace;

const FILE: &str = "approval.json";

/// Leaves it in the run folder, in place of what an earlier approval left there.
///
/// # Errors
/// When it cannot be written.
pub fn write(dir: &Path, said: &Remark) -> io::Result<()> {
    replace(&dir.join(FILE), &serde_json::to_vec(said)?)
}

/// `None`: nobody left anything.
///
/// # Errors
/// When it is there and cannot be read.
pub fn read(dir: &Path) -> io::Result<Option<Remark>> {
    match std::fs::read(dir.join(FILE)) {
        Ok(text) => Ok(Some(serde_json::from_slice(&text)?)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}
