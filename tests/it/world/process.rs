//! Processes as `/proc` shows them, and commands of runr that run beside the test.

use std::fs::{self, File};
use std::io::Read as _;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::os::unix::process::ExitStatusExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use serde_json::Value;

/// A command of runr that has ended.
#[derive(Debug)]
pub struct Ran {
    /// 128 plus the signal's number when a signal ended it.
    pub code: i32,
    pub stdout: String,
    pub stderr: String,
}

impl Ran {
    /// Holds the exit code; shows everything when it is another one.
    #[track_caller]
    pub fn exits(self, code: i32) -> Self {
        assert_eq!(
            self.code, code,
            "exit code\nstdout:\n{}\nstderr:\n{}",
            self.stdout, self.stderr
        );
        self
    }

    /// Its output as one JSON value.
    #[track_caller]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|e| panic!("{e}\nstdout:\n{}\nstderr:\n{}", self.stdout, self.stderr))
    }
}

/// A command of runr that runs beside the test. Its output goes to files, so that it never waits for us.
/// When the test ends early it is killed.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Running {
    pub fn start(mut command: Command, stdout: PathBuf, stderr: PathBuf) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Self {
            child,
            stdout,
            stderr,
        }
    }

    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Where its stderr goes.
    pub fn stderr(&self) -> &Path {
        &self.stderr
    }

    /// What it has printed so far.
    pub fn printed(&self) -> String {
        fs::read_to_string(&self.stdout).unwrap()
    }

    pub fn signal(&self, signal: Signal) {
        Proc::of(self.pid()).expect("it has ended").signal(signal);
    }

    pub fn ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end.
    ///
    /// # Panics
    /// After a minute: it hangs.
    #[track_caller]
    pub fn wait(mut self) -> Ran {
        // A child of ours keeps its number until we have asked for its end.
        if let Some(process) = Proc::of(self.pid()) {
            let came = process.ends_within(Duration::from_secs(60));
            assert!(
                came,
                "runr hangs\n{}\n{}",
                self.printed(),
                fs::read_to_string(&self.stderr).unwrap()
            );
        }
        let status = self.child.wait().unwrap();
        Ran {
            code: status
                .code()
                .unwrap_or_else(|| 128 + status.signal().unwrap_or(0)),
            stdout: fs::read_to_string(&self.stdout).unwrap(),
            stderr: fs::read_to_string(&self.stderr).unwrap(),
        }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Both fail when it has ended and been waited for; nothing is left to do then.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// One live process, held by a descriptor: a later one with its number is never meant.
#[derive(Debug)]
pub struct Proc {
    pub pid: u32,
    handle: OwnedFd,
}

impl Proc {
    /// `None`: there is none, or it has ended.
    pub fn of(pid: u32) -> Option<Self> {
        let number = Pid::from_raw(i32::try_from(pid).ok()?)?;
        let handle = pidfd_open(number, PidfdFlags::empty()).ok()?;
        Some(Self { pid, handle })
    }

    /// The process with this number, if it was started with `NAME=value` in its environment.
    pub fn with_cookie(pid: u32, cookie: &str) -> Option<Self> {
        let process = Self::of(pid)?;
        has_cookie(pid, cookie).then_some(process)
    }

    /// Its parent, if that is alive.
    pub fn parent(&self) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{}/stat", self.pid)).ok()?;
        let after_name = stat.rsplit_once(')')?.1;
        let pid = after_name.split_whitespace().nth(1)?.parse().ok()?;
        Self::of(pid)
    }

    pub fn command_line(&self) -> String {
        let bytes = fs::read(format!("/proc/{}/cmdline", self.pid)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).replace('\0', " ")
    }

    /// Does nothing when it has ended.
    pub fn signal(&self, signal: Signal) {
        match pidfd_send_signal(&self.handle, signal) {
            Ok(()) | Err(rustix::io::Errno::SRCH) => {}
            Err(error) => panic!("cannot signal {}: {error}", self.pid),
        }
    }

    /// Kills it and waits until it is gone: until then it could still take what a gate gives.
    #[track_caller]
    pub fn kill(&self) {
        self.signal(Signal::KILL);
        assert!(
            self.ends_within(Duration::from_secs(60)),
            "{} does not die",
            self.pid
        );
    }

    /// Waits for its end; `false`: it is still there.
    pub fn ends_within(&self, patience: Duration) -> bool {
        let until = Instant::now() + patience;
        let mut fds = [PollFd::new(&self.handle, PollFlags::IN)];
        loop {
            let left = until.saturating_duration_since(Instant::now());
            match poll(&mut fds, Some(&Timespec::try_from(left).unwrap())) {
                Ok(ready) => return ready > 0,
                // A signal of the test's own, as when another child of it ended.
                Err(rustix::io::Errno::INTR) => {}
                Err(error) => panic!("cannot wait for {}: {error}", self.pid),
            }
        }
    }
}

impl AsFd for Proc {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.handle.as_fd()
    }
}

/// The live processes that were started with this entry in their environment.
pub fn with_cookie(cookie: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        if has_cookie(pid, cookie) {
            let line = Proc::of(pid).map(|process| process.command_line());
            found.extend(line.map(|line| (pid, line)));
        }
    }
    found
}

/// The live processes whose command line names something.
pub fn processes_naming(what: &str) -> Vec<(u32, String)> {
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    let each = numbers.filter_map(|pid| Some((pid, Proc::of(pid)?.command_line())));
    each.filter(|(_, line)| line.contains(what)).collect()
}

/// The live processes of this program whose command line or environment names something.
pub fn processes_called(program: &str, what: &str) -> Vec<(u32, String)> {
    let mut found = Vec::new();
    for entry in fs::read_dir("/proc").unwrap() {
        let name = entry.unwrap().file_name();
        let Some(pid) = name.to_str().and_then(|name| name.parse::<u32>().ok()) else {
            continue;
        };
        let read = |file: &str| fs::read(format!("/proc/{pid}/{file}")).unwrap_or_default();
        if read("comm").trim_ascii_end() != program.as_bytes() {
            continue;
        }
        let line = String::from_utf8_lossy(&read("cmdline")).replace('\0', " ");
        if line.contains(what) || String::from_utf8_lossy(&read("environ")).contains(what) {
            found.push((pid, line));
        }
    }
    found
}

/// The live processes that work in a folder or have a file below it open.
pub fn processes_inside(folder: &Path) -> Vec<(u32, String)> {
    let is_inside = |link: PathBuf| fs::read_link(link).is_ok_and(|to| to.starts_with(folder));
    let numbers = fs::read_dir("/proc").unwrap().filter_map(|entry| {
        let name = entry.unwrap().file_name();
        name.to_str()?.parse::<u32>().ok()
    });
    numbers
        .filter(|pid| {
            let open = fs::read_dir(format!("/proc/{pid}/fd"))
                .into_iter()
                .flatten();
            is_inside(PathBuf::from(format!("/proc/{pid}/cwd")))
                || open.flatten().any(|file| is_inside(file.path()))
        })
        .filter_map(|pid| Some((pid, Proc::of(pid)?.command_line())))
        .collect()
}

/// What each thread of a process waits for in the kernel.
pub fn threads(pid: u32) -> Vec<String> {
    let Ok(tasks) = fs::read_dir(format!("/proc/{pid}/task")) else {
        return Vec::new();
    };
    let read = |path: PathBuf| fs::read_to_string(path).unwrap_or_default();
    tasks
        .filter_map(|task| Some(task.ok()?.path()))
        .map(|task| {
            format!(
                "{} {}",
                read(task.join("wchan")),
                read(task.join("syscall")).trim()
            )
        })
        .collect()
}

fn has_cookie(pid: u32, cookie: &str) -> bool {
    let mut bytes = Vec::new();
    // Of a process that is going or not ours nothing can be read.
    let read = File::open(format!("/proc/{pid}/environ"))
        .and_then(|mut file| file.read_to_end(&mut bytes));
    read.is_ok()
        && bytes
            .split(|byte| *byte == 0)
            .any(|entry| entry == cookie.as_bytes())
}
