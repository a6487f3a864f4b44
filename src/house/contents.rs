//! What lies below `.runr/`: folders of runs and orchestrations with their sizes, and temporary files.
//!
//! Only looks. List it before the journal is read: a run that begins in between is then not in it.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::attempt::marked;
use crate::house::leftovers::{entries, folders, temporary};
use crate::model::{OrchId, RunId};
use crate::store::Layout;

/// Everything that could be removed.
#[derive(Debug, Clone, Default)]
pub struct Contents {
    pub runs: Vec<RunFolder>,
    pub orchestrations: Vec<OrchFolder>,
    /// With their sizes in bytes.
    pub temporary: Vec<(PathBuf, u64)>,
    /// The runs of which a process lives.
    pub alive: BTreeSet<RunId>,
    /// The runs whose working trees stay; filled in by whoever asked git.
    pub trees: BTreeSet<RunId>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunFolder {
    pub path: PathBuf,
    pub run: RunId,
    /// On disk.
    pub bytes: u64,
    /// When something in it was last added or renamed.
    pub modified: Timestamp,
    pub has: Has,
}

/// What a run folder holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Has {
    /// No specification: the older runr's, or not runr's at all.
    Nothing,
    Specification,
    Verdict,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OrchFolder {
    pub path: PathBuf,
    pub orch: OrchId,
    pub bytes: u64,
    pub modified: Timestamp,
}

/// Lists it, by name.
///
/// # Errors
/// When a folder or the processes cannot be read.
pub fn contents(layout: &Layout) -> io::Result<Contents> {
    let mut contents = Contents::default();
    for path in folders(&layout.runs())? {
        let Some(run) = name(&path).and_then(|name| RunId::parse(name).ok()) else {
            continue;
        };
        let has = match (
            path.join("spec.json").exists(),
            path.join("state.json").exists(),
        ) {
            (false, _) => Has::Nothing,
            (true, false) => Has::Specification,
            (true, true) => Has::Verdict,
        };
        contents.runs.push(RunFolder {
            run,
            has,
            bytes: size(&path)?,
            modified: modified(&path)?,
            path,
        });
    }
    for path in folders(&layout.orchestrations())? {
        let Some(orch) = name(&path).and_then(|name| OrchId::parse(name).ok()) else {
            continue;
        };
        contents.orchestrations.push(OrchFolder {
            orch,
            bytes: size(&path)?,
            modified: modified(&path)?,
            path,
        });
    }
    for path in temporary(layout)? {
        let bytes = size(&path)?;
        contents.temporary.push((path, bytes));
    }
    contents.alive = marked()?.into_iter().map(|it| it.run).collect();
    Ok(contents)
}

fn name(path: &Path) -> Option<&str> {
    path.file_name().and_then(|name| name.to_str())
}

fn modified(path: &Path) -> io::Result<Timestamp> {
    let modified = fs::symlink_metadata(path)?.modified()?;
    // A time that cannot be told is a recent one: what is young stays.
    Ok(Timestamp::try_from(modified).unwrap_or(Timestamp::MAX))
}

/// What a file or folder takes on disk, links not followed. What vanishes meanwhile takes nothing.
fn size(path: &Path) -> io::Result<u64> {
    const BLOCK: u64 = 512;
    let mut total: u64 = 0;
    let mut left = vec![path.to_owned()];
    while let Some(path) = left.pop() {
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => return Err(error),
        };
        total = total.saturating_add(meta.blocks().saturating_mul(BLOCK));
        if meta.is_dir() {
            left.extend(entries(&path)?);
        }
    }
    Ok(total)
}
