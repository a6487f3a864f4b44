//! Ends what carries a run's marks, wherever it is.
//!
//! Knows the marks in the environment of every process. For the processes of an attempt that was
//! itself killed, which nobody is the parent of any more, and for those that an attempt's worker had
//! started by somebody else's hand.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Signal, getpid};

use crate::attempt::kin::{belonging, lineage};
use crate::attempt::os::{self, Handle, Life};
use crate::model::RunId;
use crate::worker;

/// Rounds of stopping and killing at most; a round that finds nobody ends the sweep.
const ROUNDS: u32 = 3;

/// Walks of one round at most: each finds only what was forked during the one before.
const WALKS: u32 = 50;

/// How long the killed of one round may take to disappear.
const PATIENCE: Duration = Duration::from_secs(2);

/// What a sweep did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Swept {
    pub ended: u32,
    pub survivors: usize,
}

/// Kills everything that carries the marks of the project's run, with its descendants and the rest of its session,
/// and waits for its end. Spares the caller and its ancestors. Gives the number of ended processes.
///
/// Blocks for the time that killed processes need to disappear.
///
/// # Errors
/// When processes cannot be listed, or some of them cannot be ended.
pub fn sweep(root: &Path, run: &RunId) -> io::Result<u32> {
    let swept = sweep_marked(&worker::marks(root, run))?;
    match swept.survivors {
        0 => Ok(swept.ended),
        left => Err(io::Error::new(
            io::ErrorKind::TimedOut,
            format!("{left} processes of the run could not be ended"),
        )),
    }
}

/// The variables, by name and value, that all of a run's processes were started with.
pub type Marks = [(&'static str, String)];

/// As [`sweep`].
pub fn sweep_marked(marks: &Marks) -> io::Result<Swept> {
    let mut ended = BTreeSet::new();
    for _ in 0..ROUNDS {
        let (frozen, survivors) = freeze(marks)?;
        if frozen.is_empty() {
            return Ok(Swept {
                ended: u32::try_from(ended.len()).unwrap_or(u32::MAX),
                survivors,
            });
        }
        for handle in frozen.values() {
            handle.signal(Signal::KILL)?;
        }
        await_end(frozen.values())?;
        ended.extend(frozen.into_keys());
    }
    let (left, survivors) = freeze(marks)?;
    Ok(Swept {
        ended: u32::try_from(ended.len()).unwrap_or(u32::MAX),
        survivors: survivors + left.len(),
    })
}

/// Processes by number and start time.
type Family = BTreeMap<(i32, u64), Handle>;

/// Stops everything that belongs to the run, walk after walk, until a walk finds nobody new. Nobody is
/// killed before: a child that was forked a moment ago and has dropped its environment is found only while its
/// parent, or another of its session, is still there to tell. Gives the stopped ones, by number and
/// start, and how many could not be stopped: those have another user's rights.
fn freeze(marks: &Marks) -> io::Result<(Family, usize)> {
    let mut frozen = BTreeMap::new();
    for _ in 0..WALKS {
        let all = os::processes()?;
        let spared = lineage(&all, getpid().as_raw_nonzero().get());
        let marked: BTreeSet<i32> = all
            .iter()
            .filter(|seen| seen.life == Life::Alive && !spared.contains(&seen.pid))
            .filter(|seen| os::has_marks(seen.pid, marks))
            .map(|seen| seen.pid)
            .collect();
        let mut refused = 0;
        let known = frozen.len();
        for seen in belonging(&all, &marked, &spared) {
            if frozen.contains_key(&(seen.pid, seen.start)) {
                continue;
            }
            let Some(handle) = Handle::open(seen.pid, seen.start)? else {
                continue;
            };
            match handle.signal(Signal::STOP) {
                Ok(()) => {
                    frozen.insert((seen.pid, seen.start), handle);
                }
                Err(error) if error.kind() == io::ErrorKind::PermissionDenied => refused += 1,
                Err(error) => return Err(error),
            }
        }
        if frozen.len() == known {
            return Ok((frozen, refused));
        }
    }
    Ok((frozen, 0))
}

/// Waits until all of them have ended, or patience has.
fn await_end<'a>(handles: impl Iterator<Item = &'a Handle>) -> io::Result<()> {
    let until = Instant::now() + PATIENCE;
    for handle in handles {
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let timeout = Timespec {
                tv_sec: i64::try_from(left.as_secs()).unwrap_or(i64::MAX),
                tv_nsec: left.subsec_nanos().into(),
            };
            match poll(&mut [PollFd::new(handle, PollFlags::IN)], Some(&timeout)) {
                Ok(_) => break,
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }
    Ok(())
}
