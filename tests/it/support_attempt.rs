//! A folder in which attempts can be started, and a view of what they leave behind.

use std::fs::{self, File, TryLockError};
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use runr::model::{CommandLine, OrchId, RunId, RunSpec, RunState, TaskId, Timeouts, VerifyPolicy};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::{Pid, Signal, kill_process};
use tempfile::TempDir;

pub const EXE: &str = env!("CARGO_BIN_EXE_runr");

/// One run folder with its specification.
pub struct Fixture {
    dir: TempDir,
    pub spec: RunSpec,
}

impl Fixture {
    /// A run of a shell text, without limits and checks.
    pub fn new(shell: &str) -> Self {
        Self::with(CommandLine::Shell(shell.to_owned()))
    }

    pub fn with(command: CommandLine) -> Self {
        let dir = tempfile::tempdir().unwrap();
        let root = fs::canonicalize(dir.path()).unwrap();
        let tree = root.join("tree");
        fs::create_dir(&tree).unwrap();
        fs::create_dir(root.join("run")).unwrap();
        // Tests that run at the same time have cookies of their own.
        let random = blake3::hash(root.as_os_str().as_encoded_bytes());
        let random = u32::from_le_bytes(random.as_bytes()[..4].try_into().unwrap());
        let now = jiff::Timestamp::now();
        let spec = RunSpec {
            schema_version: 1,
            run: RunId::new(now, random),
            orch: OrchId::new(now, random),
            task: TaskId::parse("net/a.md").unwrap(),
            attempt: 2,
            title: "A title".to_owned(),
            worker: "shell".to_owned(),
            root: root.clone(),
            tree,
            lock: root.join("lock"),
            command,
            env: vec![("PATH".to_owned(), "/usr/local/bin:/usr/bin:/bin".to_owned())],
            secrets: Vec::new(),
            verify: VerifyPolicy::default(),
            timeouts: Timeouts {
                startup: None,
                idle: None,
                wall: None,
                grace: Duration::from_secs(3600),
            },
            agent: None,
            previous: None,
            git: None,
        };
        Self { dir, spec }
    }

    pub fn checks<const N: usize>(mut self, commands: [&str; N]) -> Self {
        self.spec.verify.commands = commands
            .iter()
            .map(|text| CommandLine::Shell((*text).to_owned()))
            .collect();
        self
    }

    pub fn grace(mut self, millis: u64) -> Self {
        self.spec.timeouts.grace = Duration::from_millis(millis);
        self
    }

    pub fn root(&self) -> PathBuf {
        fs::canonicalize(self.dir.path()).unwrap()
    }
    pub fn tree(&self) -> PathBuf {
        self.root().join("tree")
    }
    pub fn run(&self) -> PathBuf {
        self.root().join("run")
    }
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.run().join(name)).unwrap()
    }
    pub fn has(&self, name: &str) -> bool {
        self.run().join(name).exists()
    }
    pub fn state(&self) -> RunState {
        serde_json::from_str(&self.read("state.json")).unwrap()
    }
    pub fn write_spec(&self) {
        let text = serde_json::to_vec(&self.spec).unwrap();
        fs::write(self.run().join("spec.json"), text).unwrap();
    }

    /// A pipe in the tree, for a worker and its test to wait for each other.
    pub fn fifo(&self, name: &str) -> PathBuf {
        let path = self.tree().join(name);
        mknodat(CWD, &path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).unwrap();
        path
    }

    /// Starts the attempt and waits until it is ready.
    pub fn start(&self) -> Running {
        let mut running = self.spawn();
        let mut byte = [0];
        let read = running.child.stdout.as_mut().unwrap().read(&mut byte);
        assert_eq!(read.unwrap(), 1, "the attempt did not become ready");
        running
    }

    /// Starts the attempt and waits for nothing.
    pub fn spawn(&self) -> Running {
        self.write_spec();
        let child = Command::new(EXE)
            .arg("attempt")
            .arg(self.run())
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        Running { child }
    }

    /// Runs the attempt to its end, which must be a written verdict.
    pub fn run_to_end(&self) -> RunState {
        let mut running = self.start();
        running.go();
        running.end_with_verdict(self)
    }

    /// Is nothing of the run alive? The lock is inherited by everything that a worker starts, the cookie
    /// too; a process can drop one of them.
    pub fn assert_nothing_left(&self) {
        let lock = File::open(&self.spec.lock).unwrap();
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => panic!("somebody still holds the task's lock"),
            Err(TryLockError::Error(error)) => panic!("{error}"),
        }
        assert_eq!(self.marked(), [0; 0], "processes with the run's cookie");
    }

    /// The processes that carry the run's cookie.
    pub fn marked(&self) -> Vec<i32> {
        let cookie = format!("RUNR_RUN_ID={}", self.spec.run);
        let mut marked = Vec::new();
        for entry in fs::read_dir("/proc").unwrap() {
            let entry = entry.unwrap();
            let Some(pid) = entry.file_name().to_str().and_then(|it| it.parse().ok()) else {
                continue;
            };
            let environ = fs::read(entry.path().join("environ")).unwrap_or_default();
            if environ
                .split(|byte| *byte == 0)
                .any(|it| it == cookie.as_bytes())
            {
                marked.push(pid);
            }
        }
        marked
    }
}

/// An attempt's process.
pub struct Running {
    pub child: Child,
}

impl Running {
    pub fn go(&mut self) {
        self.child.stdin.as_mut().unwrap().write_all(b"g").unwrap();
    }
    pub fn pid(&self) -> i32 {
        i32::try_from(self.child.id()).unwrap()
    }
    pub fn signal(&self, signal: Signal) {
        kill_process(Pid::from_raw(self.pid()).unwrap(), signal).unwrap();
    }
    /// Waits for the end; gives what it said on stderr.
    pub fn end(mut self) -> (ExitStatus, String) {
        drop(self.child.stdin.take());
        let mut said = String::new();
        let mut out = self.child.stdout.take().unwrap();
        out.read_to_end(&mut Vec::new()).unwrap();
        let mut err = self.child.stderr.take().unwrap();
        err.read_to_string(&mut said).unwrap();
        (self.child.wait().unwrap(), said)
    }
    pub fn end_with_verdict(self, fixture: &Fixture) -> RunState {
        let (status, said) = self.end();
        assert_eq!(status.code(), Some(0), "{said}");
        fixture.state()
    }
}

/// A test that fails takes its attempt, and so everything of it, with it.
impl Drop for Running {
    fn drop(&mut self) {
        if matches!(self.child.try_wait(), Ok(None)) {
            for signal in [Signal::TERM, Signal::INT] {
                self.signal(signal);
            }
            drop(self.child.wait());
        }
    }
}

/// Waits until somebody has written to the pipe and everybody has closed it; gives the text.
pub fn read_fifo(path: &Path) -> String {
    fs::read_to_string(path).unwrap()
}

/// Waits for one line from the pipe, which stays open.
pub fn read_line(pipe: &mut impl std::io::BufRead) -> String {
    let mut line = String::new();
    pipe.read_line(&mut line).unwrap();
    line.trim_end().to_owned()
}
