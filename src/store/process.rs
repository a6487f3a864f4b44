//! Which process is meant, and whether it lives: number, start time and boot together.
//!
//! The one place that asks the system about processes by number. On Linux `/proc` tells; elsewhere a
//! process is known by its number only, which the caller's locks have to make up for.

use std::io;

use crate::model::ProcessRef;

/// Refers to this process.
///
/// # Errors
/// When the system does not say.
pub fn this() -> io::Result<ProcessRef> {
    of(std::process::id())
}

/// Refers to the process that has a number now.
///
/// # Errors
/// `NotFound` when there is none; otherwise when the system does not say.
pub fn of(pid: u32) -> io::Result<ProcessRef> {
    system::of(pid)
}

/// Does exactly this process still run? One that has ended and was not yet waited for does not.
#[must_use]
pub fn is_alive(process: &ProcessRef) -> bool {
    system::is_alive(process)
}

/// Blocks until exactly this process has ended; at once when it does not run. Nothing polls.
///
/// # Errors
/// When the system cannot wait for a process that is not a child; `Unsupported` outside of Linux.
pub fn wait_for_end(process: &ProcessRef) -> io::Result<()> {
    system::wait_for_end(process)
}

/// Was the process started since this machine's last boot?
#[must_use]
pub fn is_of_this_boot(process: &ProcessRef) -> bool {
    system::boot_id().is_ok_and(|boot| boot == process.boot_id)
}

/// The session that the process with a number belongs to: its leader's number, 0 when that lies outside of
/// this process's PID namespace, as for what a container runtime starts in a container. (`rustix::process::getsid`
/// takes a 0 for impossible.)
///
/// # Errors
/// `NotFound` when there is no such process; otherwise when the system does not say.
pub fn session_of(pid: u32) -> io::Result<i32> {
    system::session_of(pid)
}

#[cfg(target_os = "linux")]
mod system {
    use std::io::{self, Read as _};

    use crate::model::ProcessRef;

    pub fn of(pid: u32) -> io::Result<ProcessRef> {
        Ok(ProcessRef {
            pid,
            start_ticks: stat(pid)?.start_ticks,
            boot_id: boot_id()?,
        })
    }

    pub fn session_of(pid: u32) -> io::Result<i32> {
        Ok(stat(pid)?.session)
    }

    fn stat(pid: u32) -> io::Result<super::Stat> {
        // One read is enough for it; its size is not known before.
        let mut text = Vec::with_capacity(1024);
        let file = std::fs::File::open(format!("/proc/{pid}/stat"))?;
        file.take(64 * 1024).read_to_end(&mut text)?;
        super::parse_stat(&text).ok_or_else(|| io::ErrorKind::InvalidData.into())
    }

    pub fn boot_id() -> io::Result<String> {
        let text = std::fs::read_to_string("/proc/sys/kernel/random/boot_id")?;
        Ok(text.trim_end().to_owned())
    }

    pub fn wait_for_end(process: &ProcessRef) -> io::Result<()> {
        use rustix::event::{PollFd, PollFlags, poll};
        use rustix::process::{Pid, PidfdFlags, pidfd_open};
        let Some(pid) = i32::try_from(process.pid).ok().and_then(Pid::from_raw) else {
            return Ok(());
        };
        let handle = match pidfd_open(pid, PidfdFlags::empty()) {
            Ok(handle) => handle,
            Err(rustix::io::Errno::SRCH) => return Ok(()),
            Err(error) => return Err(error.into()),
        };
        // The handle may belong to a later process with the same number: ask who it is only now.
        if !is_alive(process) {
            return Ok(());
        }
        loop {
            match poll(&mut [PollFd::new(&handle, PollFlags::IN)], None) {
                Ok(_) => return Ok(()),
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
        }
    }

    pub fn is_alive(process: &ProcessRef) -> bool {
        // A process that cannot be seen is gone, also when it vanishes between opening and reading.
        stat(process.pid).is_ok_and(|told| {
            !matches!(told.state, b'Z' | b'X' | b'x') && told.start_ticks == process.start_ticks
        }) && boot_id().is_ok_and(|boot| boot == process.boot_id)
    }
}

#[cfg(not(target_os = "linux"))]
mod system {
    use std::io;

    use crate::model::ProcessRef;

    pub fn of(pid: u32) -> io::Result<ProcessRef> {
        Ok(ProcessRef {
            pid,
            start_ticks: 0,
            boot_id: boot_id()?,
        })
    }

    pub fn session_of(pid: u32) -> io::Result<i32> {
        let pid = i32::try_from(pid).map_err(|_| io::ErrorKind::NotFound)?;
        let session = rustix::process::getsid(rustix::process::Pid::from_raw(pid))?;
        Ok(session.as_raw_nonzero().get())
    }

    /// Unknown here; the same for all processes.
    pub fn boot_id() -> io::Result<String> {
        Ok(String::new())
    }

    pub fn wait_for_end(_process: &ProcessRef) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub fn is_alive(process: &ProcessRef) -> bool {
        i32::try_from(process.pid)
            .ok()
            .and_then(rustix::process::Pid::from_raw)
            .is_some_and(|pid| rustix::process::test_kill_process(pid).is_ok())
    }
}

/// Fields 3, 6 and 22 of a `/proc/PID/stat`.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
#[derive(Debug, PartialEq, Eq)]
struct Stat {
    state: u8,
    session: i32,
    start_ticks: u64,
}

/// The name in parentheses may hold anything, spaces and parentheses included: the last `)` ends it.
#[cfg_attr(not(target_os = "linux"), allow(dead_code))]
fn parse_stat(stat: &[u8]) -> Option<Stat> {
    let end = stat.iter().rposition(|b| *b == b')')?;
    let rest = std::str::from_utf8(&stat[end + 1..]).ok()?;
    let mut fields = rest.split_ascii_whitespace();
    let state = *fields.next()?.as_bytes().first()?;
    // `state` was field 3: two more lie before field 6, and then fifteen before field 22.
    let session = fields.nth(2)?.parse().ok()?;
    let start_ticks = fields.nth(15)?.parse().ok()?;
    Some(Stat {
        state,
        session,
        start_ticks,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_start_time_is_found_behind_any_name() {
        let tail = "S 1 2 3 0 -1 4194560 10 11 12 13 14 15 16 17 20 0 1 0 987654 1000 20 18446744073709551615";
        for name in ["cat", "a b", "a) R 1 (b", "((", ")", ""] {
            let stat = format!("123 ({name}) {tail}");
            let told = Stat {
                state: b'S',
                session: 3,
                start_ticks: 987_654,
            };
            assert_eq!(parse_stat(stat.as_bytes()), Some(told), "{name}");
        }
        for bad in [
            "",
            "123 (cat",
            "123 (cat) S 1 2",
            "123 (cat) S 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 x",
        ] {
            assert_eq!(parse_stat(bad.as_bytes()), None, "{bad}");
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn only_the_very_same_process_is_alive() {
        let mut child = std::process::Command::new("cat")
            .stdin(std::process::Stdio::piped())
            .stdout(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let here = of(child.id()).unwrap();
        assert!(is_alive(&here) && is_of_this_boot(&here));
        let later = ProcessRef {
            start_ticks: here.start_ticks + 1,
            ..here.clone()
        };
        assert!(!is_alive(&later));
        let rebooted = ProcessRef {
            boot_id: "another".to_owned(),
            ..here.clone()
        };
        assert!(!is_alive(&rebooted) && !is_of_this_boot(&rebooted));
        wait_for_end(&later).unwrap();
        drop(child.stdin.take());
        // Before it is waited for: a process that has ended is over, whoever its parent is.
        wait_for_end(&here).unwrap();
        child.wait().unwrap();
        wait_for_end(&here).unwrap();
        assert!(!is_alive(&here));
        assert!(is_alive(&this().unwrap()));
    }
}
