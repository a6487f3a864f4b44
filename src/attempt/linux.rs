//! What only Linux can do: `/proc`, subreapers, pidfds, inotify.
//!
//! Knows how to see and to signal processes. Does not know which of them belong to an attempt or
//! when they must end.

use std::fs;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::path::Path;

use rustix::fs::inotify;
use rustix::io::Errno;
use rustix::process::{Pid, PidfdFlags, Signal, getpid, pidfd_open, pidfd_send_signal};

/// One process as `/proc/PID/stat` told it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    pub pid: i32,
    pub parent: i32,
    pub group: i32,
    pub session: i32,
    /// Clock ticks since boot.
    pub start: u64,
    pub life: Life,
}

/// Has the process ended, and only its parent has not looked yet?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Life {
    Alive,
    Zombie,
}

/// Makes this process the parent of every descendant that loses its own.
pub fn adopt_orphans() -> io::Result<()> {
    // Any number but none means yes.
    Ok(rustix::process::set_child_subreaper(Some(getpid()))?)
}

/// Every process there is, by number. One that ends meanwhile is left out.
pub fn processes() -> io::Result<Vec<Seen>> {
    let mut all = Vec::new();
    for entry in fs::read_dir("/proc")? {
        let name = entry?.file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<i32>().ok()) else {
            continue;
        };
        all.extend(process(pid)?);
    }
    all.sort_unstable_by_key(|seen| seen.pid);
    Ok(all)
}

/// One process; `None`: it is gone.
pub fn process(pid: i32) -> io::Result<Option<Seen>> {
    match fs::read(format!("/proc/{pid}/stat")) {
        Ok(text) => Ok(parse_stat(&text)),
        Err(error) if is_gone(&error) => Ok(None),
        Err(error) => Err(error),
    }
}

/// The process numbers of this process's own children, the adopted ones too. They cannot be given
/// again while this process does not reap.
pub fn children() -> io::Result<Vec<i32>> {
    let me = getpid().as_raw_nonzero();
    match fs::read_to_string(format!("/proc/{me}/task/{me}/children")) {
        Ok(text) => Ok(text
            .split_ascii_whitespace()
            .filter_map(|pid| pid.parse().ok())
            .collect()),
        // A kernel built without this file.
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(processes()?
            .into_iter()
            .filter(|seen| seen.parent == me.get())
            .map(|seen| seen.pid)
            .collect()),
        Err(error) => Err(error),
    }
}

/// Was the process started with all of these variables in its environment, and with these values? One
/// that cannot be looked into belongs to somebody else, or is gone: no.
pub fn has_marks(pid: i32, marks: &[(&str, String)]) -> bool {
    let Ok(text) = fs::read(format!("/proc/{pid}/environ")) else {
        return false;
    };
    marks.iter().all(|(name, value)| {
        text.split(|&byte| byte == 0)
            .filter_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
            .any(|it| it == value.as_bytes())
    })
}

/// A variable of the environment that a process was started with. `None`: it has none, is gone, or belongs
/// to somebody else.
pub fn variable(pid: i32, name: &str) -> Option<String> {
    let text = fs::read(format!("/proc/{pid}/environ")).ok()?;
    text.split(|&byte| byte == 0)
        .find_map(|it| it.strip_prefix(name.as_bytes())?.strip_prefix(b"="))
        .and_then(|value| String::from_utf8(value.to_vec()).ok())
}

/// A process that cannot be mistaken for a later one with its number.
#[derive(Debug)]
pub struct Handle(OwnedFd);

impl Handle {
    /// Opens a process; `None`: it is gone, or its number now names another one.
    pub fn open(pid: i32, start: u64) -> io::Result<Option<Self>> {
        let Some(raw) = Pid::from_raw(pid) else {
            return Ok(None);
        };
        let fd = match pidfd_open(raw, PidfdFlags::empty()) {
            Ok(fd) => fd,
            Err(Errno::SRCH) => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        // Only now: what the handle names can no longer change, so this is either it or too late.
        let same = process(pid)?.is_some_and(|seen| seen.start == start);
        Ok(same.then_some(Self(fd)))
    }
    /// Sends a signal; one that is gone needs none.
    pub fn signal(&self, signal: Signal) -> io::Result<()> {
        match pidfd_send_signal(&self.0, signal) {
            Ok(()) | Err(Errno::SRCH) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }
}

/// Readable once the process has ended.
impl AsFd for Handle {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
}
impl std::os::fd::AsRawFd for Handle {
    fn as_raw_fd(&self) -> std::os::fd::RawFd {
        std::os::fd::AsRawFd::as_raw_fd(&self.0)
    }
}

/// This boot of this machine.
pub fn boot_id() -> io::Result<String> {
    Ok(fs::read_to_string("/proc/sys/kernel/random/boot_id")?
        .trim()
        .to_owned())
}

/// Tells when a file is written to.
#[derive(Debug)]
pub struct FileWatch(OwnedFd);

impl FileWatch {
    pub fn new(path: &Path) -> io::Result<Self> {
        let fd = inotify::init(inotify::CreateFlags::CLOEXEC | inotify::CreateFlags::NONBLOCK)?;
        inotify::add_watch(&fd, path, inotify::WatchFlags::MODIFY)?;
        Ok(Self(fd))
    }
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.0.as_fd()
    }
    /// Takes what was told, so that the next wait sleeps.
    pub fn drain(&self) -> io::Result<()> {
        let mut buffer = [MaybeUninit::uninit(); 1024];
        let mut events = inotify::Reader::new(&self.0, &mut buffer);
        loop {
            match events.next() {
                Ok(_) | Err(Errno::INTR) => {}
                Err(Errno::AGAIN) => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
    }
}

fn is_gone(error: &io::Error) -> bool {
    error.kind() == io::ErrorKind::NotFound
        || error.raw_os_error() == Some(Errno::SRCH.raw_os_error())
}

/// The second field is the program's name in parentheses and may itself hold spaces and parentheses:
/// the fields are counted from the last one.
fn parse_stat(text: &[u8]) -> Option<Seen> {
    let text = String::from_utf8_lossy(text);
    let (pid, rest) = text.split_once(' ')?;
    let (_, rest) = rest.rsplit_once(") ")?;
    let fields: Vec<&str> = rest.split_ascii_whitespace().collect();
    let number = |field: usize| fields.get(field - 3)?.parse::<i32>().ok();
    Some(Seen {
        pid: pid.parse().ok()?,
        parent: number(4)?,
        group: number(5)?,
        session: number(6)?,
        start: fields.get(22 - 3)?.parse().ok()?,
        life: match *fields.first()? {
            "Z" | "X" => Life::Zombie,
            _ => Life::Alive,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_name_cannot_move_the_fields() {
        let line = "7 (a) S 1 (b) R 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20 991 0 0\n";
        assert_eq!(
            parse_stat(line.as_bytes()),
            Some(Seen {
                pid: 7,
                parent: 3,
                group: 4,
                session: 5,
                start: 991,
                life: Life::Alive,
            })
        );
        assert_eq!(parse_stat(b"7 (a) S 1"), None);
        assert_eq!(parse_stat(b""), None);
    }

    #[test]
    fn this_process_is_seen_and_another_start_is_not_it() {
        let me = getpid().as_raw_nonzero().get();
        let seen = process(me).unwrap().unwrap();
        assert!(
            processes()
                .unwrap()
                .iter()
                .any(|it| it.pid == me && it.start == seen.start)
        );
        assert!(Handle::open(me, seen.start).unwrap().is_some());
        assert!(Handle::open(me, seen.start + 1).unwrap().is_none());
        assert!(has_marks(me, &[]));
        assert!(!has_marks(me, &[("RUNR_RUN_ID", "nobody".to_owned())]));
    }
}
