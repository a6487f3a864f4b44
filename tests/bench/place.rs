//! Fresh folders on a real disk, and the commands that are timed in them.
//!
//! Nothing is deleted between two measurements: ext4 then passes over the freed inodes, which makes every
//! later measurement slower. Everything is deleted at the end.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

/// The folder of one benchmark.
pub struct Place {
    dir: TempDir,
}

impl Place {
    /// In the system's folder for temporary files (`TMPDIR`).
    ///
    /// # Errors
    /// When that lies in a git repository: runr would take the whole repository for its project, and
    /// run there instead of here.
    pub fn new() -> io::Result<Self> {
        let dir = TempDir::with_prefix("runr-bench-")?;
        if let Some(inside) = dir.path().ancestors().find(|at| at.join(".git").exists()) {
            return Err(io::Error::other(format!(
                "`{}` is a git repository: set TMPDIR to a folder outside of any",
                inside.display()
            )));
        }
        Ok(Self { dir })
    }

    /// A folder that was never used.
    pub fn fresh(&self, name: &str) -> io::Result<PathBuf> {
        let path = self.dir.path().join(name);
        fs::create_dir(&path)?;
        Ok(path)
    }

    /// The middle time of appending a hundred bytes and syncing them.
    pub fn fdatasync(&self) -> io::Result<Duration> {
        let mut file = File::create(self.dir.path().join("probe"))?;
        let mut times = Vec::new();
        for _ in 0..300 {
            let began = Instant::now();
            file.write_all(&[0x20; 100])?;
            file.sync_data()?;
            times.push(began.elapsed());
        }
        Ok(super::table::median(times))
    }
}

/// runr in a folder, silent.
pub fn runr(folder: &Path, args: &[&str]) -> Command {
    program(env!("CARGO_BIN_EXE_runr"), folder, args)
}

/// Any program in a folder, silent, with a small environment.
pub fn program(name: &str, folder: &Path, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", folder)
        .env("LC_ALL", "C.UTF-8")
        .args(args)
        .current_dir(folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// How long a command takes.
///
/// # Errors
/// When it cannot be started or does not exit with 0: its time would say nothing.
pub fn time(mut command: Command) -> io::Result<Duration> {
    let began = Instant::now();
    let status = command.status()?;
    let took = began.elapsed();
    if status.success() {
        return Ok(took);
    }
    Err(io::Error::other(format!("{command:?} ended with {status}")))
}

/// Holds that this many tasks were completed here: the time of anything else would say nothing.
pub fn completed(folder: &Path, tasks: usize) -> io::Result<()> {
    let journal = fs::read_to_string(folder.join(".runr/journal.jsonl"))?;
    let found = journal.matches("\"is\":\"completed\"").count();
    if found == tasks {
        return Ok(());
    }
    Err(io::Error::other(format!(
        "{found} of {tasks} tasks were completed"
    )))
}

/// The most memory that a command had resident, in bytes. The kernel's own high-water mark, read until
/// the command ends.
pub fn peak_memory(mut command: Command) -> io::Result<u64> {
    let mut child = command.spawn()?;
    let path = format!("/proc/{}/status", child.id());
    let mut peak = 0;
    while child.try_wait()?.is_none() {
        let status = fs::read_to_string(&path).unwrap_or_default();
        let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
        let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
        peak = peak.max(kib.unwrap_or(0) * 1024);
        std::thread::sleep(Duration::from_micros(500));
    }
    Ok(peak)
}
