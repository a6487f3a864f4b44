//! The orchestrator's side of an attempt's start: spawn it, wait for ready, say go.
//!
//! Knows the attempt's process and its two pipes. Does not know the journal: between `start` and
//! [`Held::go`] the caller writes `started` there.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::process::{ExitStatus, Stdio};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, ChildStdin, Command};

use crate::attempt::early::AttemptExit;
use crate::attempt::handshake::Order;
use crate::attempt::live::Live;
use crate::attempt::process_ref::process_of;
use crate::model::ProcessRef;

/// Why an attempt did not become ready. Its worker never ran.
#[derive(Debug, thiserror::Error)]
pub enum LaunchError {
    #[error("cannot start `{}`", .exe.display())]
    Spawn { exe: PathBuf, source: io::Error },
    #[error("cannot write `{}`", .path.display())]
    Log { path: PathBuf, source: io::Error },
    /// Another attempt at the task is alive.
    #[error("the task's lock is held by another attempt")]
    Locked,
    #[error("the attempt left before it was ready ({status}): {said}")]
    Left { status: ExitStatus, said: String },
    #[error("cannot watch the attempt's process")]
    Watch(#[from] io::Error),
}

/// An attempt that holds its task's lock and waits. Dropping it abandons it: it sees the end of its
/// input and leaves.
#[derive(Debug)]
pub struct Held {
    process: ProcessRef,
    child: Child,
    go: ChildStdin,
}

/// Starts `exe attempt DIR` and waits until it holds the task's lock. `secrets` are the variables that the
/// specification names without their values.
///
/// Cancel safe: when the future is dropped the attempt leaves without having started anything.
///
/// # Errors
/// When it cannot be started, or leaves before it is ready.
pub async fn start(
    exe: &Path,
    dir: &Path,
    secrets: &[(String, String)],
) -> Result<Held, LaunchError> {
    let path = dir.join("attempt.log");
    let log = File::options()
        .create(true)
        .append(true)
        .open(&path)
        .map_err(|source| LaunchError::Log {
            path: path.clone(),
            source,
        })?;
    let mut child = Command::new(exe)
        .arg("attempt")
        .arg(dir)
        .envs(secrets.iter().map(|(name, value)| (name, value)))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(log)
        .kill_on_drop(false)
        .spawn()
        .map_err(|source| LaunchError::Spawn {
            exe: exe.to_owned(),
            source,
        })?;
    let (Some(go), Some(mut ready), Some(pid)) =
        (child.stdin.take(), child.stdout.take(), child.id())
    else {
        return Err(LaunchError::Watch(io::Error::other(
            "the attempt has no pipes",
        )));
    };
    let mut byte = [0];
    if ready.read(&mut byte).await? == 1 {
        // It is this process's child and not reaped: its number is its own.
        let process = process_of(pid)?
            .ok_or_else(|| io::Error::other("the attempt ended as soon as it was ready"))?;
        return Ok(Held { process, child, go });
    }
    let status = child.wait().await?;
    if status.code() == Some(AttemptExit::Locked as i32) {
        return Err(LaunchError::Locked);
    }
    Err(LaunchError::Left {
        status,
        said: last_line(&path),
    })
}

impl Held {
    #[must_use]
    pub fn process(&self) -> &ProcessRef {
        &self.process
    }

    /// Lets the worker start. Only after `started` is on disk.
    ///
    /// # Errors
    /// When the attempt is gone or cannot be watched; if it is alive it may have begun.
    pub async fn go(self) -> io::Result<Live> {
        self.order(Order::Work).await
    }

    /// Lets an attempt whose work a person has approved bring it onto its branch.
    ///
    /// # Errors
    /// As for [`Self::go`].
    pub async fn integrate(self) -> io::Result<Live> {
        self.order(Order::Integrate).await
    }

    async fn order(mut self, order: Order) -> io::Result<Live> {
        // First: an attempt that runs unwatched would be worse than one that never ran.
        let live = Live::own(self.process, self.child)?;
        self.go.write_all(&[order as u8]).await?;
        Ok(live)
    }

    /// Gives the attempt up and waits until it has left. Its worker never ran.
    ///
    /// # Errors
    /// When it cannot be waited for.
    pub async fn abandon(mut self) -> io::Result<()> {
        drop(self.go);
        self.child.wait().await.map(drop)
    }
}

/// What the attempt said last.
fn last_line(path: &Path) -> String {
    // It is for a message about another failure, which matters more than this one.
    let text = std::fs::read(path).unwrap_or_default();
    let text = String::from_utf8_lossy(&text);
    text.trim_end()
        .lines()
        .next_back()
        .unwrap_or_default()
        .to_owned()
}
