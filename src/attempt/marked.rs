//! Finds every process that carries the marks of any run, to see whether it should be there.
//!
//! Only looks; ending them is `sweep`'s. Does not know which runs are open.

use std::io;
use std::path::PathBuf;

use rustix::process::getpid;

use crate::attempt::kin::lineage;
use crate::attempt::os::{self, Life};
use crate::model::RunId;
use crate::worker::{COOKIE, ROOT};

/// A living process of a run.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Marked {
    pub pid: i32,
    pub run: RunId,
    /// The project of the run.
    pub root: PathBuf,
}

/// Every such process by number, the caller and its ancestors left out.
///
/// # Errors
/// When processes cannot be listed.
pub fn marked() -> io::Result<Vec<Marked>> {
    let all = os::processes()?;
    let spared = lineage(&all, getpid().as_raw_nonzero().get());
    let living = all
        .iter()
        .filter(|seen| seen.life == Life::Alive && !spared.contains(&seen.pid));
    Ok(living
        .filter_map(|seen| {
            let run = RunId::parse(&os::variable(seen.pid, COOKIE)?).ok()?;
            let root = os::variable(seen.pid, ROOT)?.into();
            let pid = seen.pid;
            Some(Marked { pid, run, root })
        })
        .collect())
}
