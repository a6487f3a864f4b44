//! What an attempt does before it may begin: its own session, the task's lock, ready, go.
//!
//! Knows the order of reliability §2 (3) and (4). Does not know what the work is. Until the go byte
//! nothing has been started and nothing has been written, so that leaving needs no trace.

use std::fs::{File, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::path::{Path, PathBuf};

use rustix::process::setsid;

use crate::attempt::os;
use crate::attempt::watch::Watch;
use crate::store::process;

/// The attempt may start its worker.
#[derive(Debug)]
pub struct Go {
    /// The task's lock, for as long as this is open here or in the worker.
    pub lock: File,
    pub watch: Watch,
    pub order: Order,
}

/// What the attempt is to do; the byte that says go says it too.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Order {
    /// The whole of it.
    Work = b'g',
    /// It has worked, and a person has approved: bring the work onto the branch.
    Integrate = b'i',
}

/// Why the attempt leaves without having started anything.
#[derive(Debug, thiserror::Error)]
pub enum NotStarted {
    #[error("the orchestrator left before it said go")]
    Abandoned,
    #[error("the task's lock `{}` is held by another attempt", .0.display())]
    Locked(PathBuf),
    #[error("cannot {doing}: {source}")]
    System {
        doing: &'static str,
        source: io::Error,
    },
}

impl NotStarted {
    /// What to say about it; being abandoned is nothing to talk about.
    pub fn line(&self) -> Option<String> {
        match self {
            Self::Abandoned => None,
            other => Some(other.to_string()),
        }
    }
}

fn system(doing: &'static str) -> impl Fn(io::Error) -> NotStarted {
    move |source| NotStarted::System { doing, source }
}

/// Takes the lock, reports ready on stdout, and waits on stdin for the go byte.
pub fn wait_for_go(lock: &Path) -> Result<Go, NotStarted> {
    own_session().map_err(system("start a session"))?;
    // Before ready: from then on a request to end must never meet the default action, which would
    // leave no verdict behind.
    let watch = Watch::install().map_err(system("watch for signals"))?;
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(lock)
        .map_err(system("open the task's lock"))?;
    match file.try_lock() {
        Ok(()) => {}
        Err(TryLockError::WouldBlock) => return Err(NotStarted::Locked(lock.to_owned())),
        Err(TryLockError::Error(source)) => return Err(system("lock the task")(source)),
    }
    let mut out = io::stdout();
    // An orchestrator that cannot hear ready will not say go either.
    if out.write_all(b"r").and_then(|()| out.flush()).is_err() {
        return Err(NotStarted::Abandoned);
    }
    let mut byte = [0];
    match io::stdin().read_exact(&mut byte) {
        Ok(()) => {}
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
            return Err(NotStarted::Abandoned);
        }
        Err(source) => return Err(system("wait for go")(source)),
    }
    os::adopt_orphans().map_err(system("become the parent of orphans"))?;
    let order = match byte[0] {
        byte if byte == Order::Integrate as u8 => Order::Integrate,
        _ => Order::Work,
    };
    Ok(Go {
        lock: file,
        watch,
        order,
    })
}

/// A closed terminal and its signals reach a session, and this one has no terminal.
fn own_session() -> io::Result<()> {
    match setsid() {
        Ok(_) => Ok(()),
        // It leads a session already: somebody else called setsid for it.
        Err(rustix::io::Errno::PERM) if leads_its_session()? => Ok(()),
        Err(error) => Err(error.into()),
    }
}

fn leads_its_session() -> io::Result<bool> {
    let me = std::process::id();
    Ok(u32::try_from(process::session_of(me)?) == Ok(me))
}
