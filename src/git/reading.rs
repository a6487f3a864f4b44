//! Starts git for commands that only read.
//!
//! Knows how git is kept from running anything of the repository's: an agent can write the shared
//! configuration, and a plain `git log` would obey it. Does not know what is read.

use std::ffi::OsStr;
use std::io::{self, BufRead, BufReader, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

/// Variables that would lead git to another repository or make it run or write something.
const NOT_INHERITED: [&str; 18] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_INDEX_FILE",
    "GIT_COMMON_DIR",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
    "GIT_CONFIG",
    "GIT_CONFIG_PARAMETERS",
    "GIT_CONFIG_COUNT",
    "GIT_EXTERNAL_DIFF",
    "GIT_REPLACE_REF_BASE",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_TRACE",
    "GIT_TRACE2",
    "GIT_TRACE2_EVENT",
];

const SETTINGS: [&str; 9] = [
    "core.fsmonitor=false",
    "core.hooksPath=/dev/null",
    "core.sshCommand=false",
    "protocol.ext.allow=never",
    "submodule.recurse=false",
    "gc.auto=0",
    "maintenance.auto=false",
    "core.quotePath=false",
    "log.showSignature=false",
];

/// Why git could not tell.
#[derive(Debug, thiserror::Error)]
pub enum ReadingError {
    #[error("cannot start git: {0}")]
    Start(#[source] io::Error),
    #[error("cannot read what `git {command}` prints: {source}")]
    Output {
        command: String,
        #[source]
        source: io::Error,
    },
    #[error("`git {command}` failed ({status}): {stderr}")]
    Failed {
        command: String,
        status: std::process::ExitStatus,
        stderr: String,
    },
}

/// Runs git in a folder and hands over each piece of its output that NUL ends, without the NUL.
///
/// # Errors
/// When git cannot be started or read, or does not end with exit code 0.
pub fn each_piece<S: AsRef<OsStr>>(
    folder: &Path,
    args: &[S],
    mut take: impl FnMut(&[u8]),
) -> Result<(), ReadingError> {
    let name = args
        .first()
        .map(|word| word.as_ref().to_string_lossy().into_owned())
        .unwrap_or_default();
    let mut child = command(folder, args).spawn().map_err(ReadingError::Start)?;
    let read = pieces(&mut child, &mut take);
    if read.is_err() {
        // It may be waiting for somebody to read on. That it has ended already is no failure.
        let _ = child.kill();
    }
    let ended = child.wait_with_output();
    let output = |source| ReadingError::Output {
        command: name.clone(),
        source,
    };
    read.map_err(output)?;
    let ended = ended.map_err(output)?;
    if ended.status.success() {
        return Ok(());
    }
    Err(ReadingError::Failed {
        command: name,
        status: ended.status,
        stderr: String::from_utf8_lossy(&ended.stderr).trim().to_owned(),
    })
}

fn pieces(child: &mut Child, take: &mut dyn FnMut(&[u8])) -> io::Result<()> {
    let Some(stdout) = child.stdout.take() else {
        return Ok(());
    };
    let mut reader = BufReader::with_capacity(1 << 18, stdout);
    let mut piece = Vec::new();
    // A message may be of any size; more of one than this is nobody's trailer.
    const LONGEST: u64 = 8 << 20;
    loop {
        piece.clear();
        if reader.by_ref().take(LONGEST).read_until(0, &mut piece)? == 0 {
            return Ok(());
        }
        if piece.last() == Some(&0) {
            piece.pop();
        } else if piece.len() as u64 == LONGEST {
            reader.skip_until(0)?;
        }
        take(&piece);
    }
}

fn command<S: AsRef<OsStr>>(folder: &Path, args: &[S]) -> Command {
    let mut command = Command::new("git");
    command.arg("-C").arg(folder).args([
        "--no-pager",
        "--no-replace-objects",
        "--literal-pathspecs",
    ]);
    for setting in SETTINGS {
        command.arg("-c").arg(setting);
    }
    for name in NOT_INHERITED {
        command.env_remove(name);
    }
    command
        .args(args)
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_NO_LAZY_FETCH", "1")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    command
}

/// Where in its repository a project is, found without running git.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Site {
    /// As in [`Trailers::folder`](crate::git::trailers::Trailers::folder).
    pub folder: String,
    /// Tells states of a shallow repository apart; empty when it is whole.
    pub shallow: String,
}

impl Site {
    /// Looks from the project's root upwards. `None`: this is no repository.
    #[must_use]
    pub fn find(root: &Path) -> Option<Self> {
        let top = root.ancestors().find(|top| top.join(".git").exists())?;
        let folder = root.strip_prefix(top).ok()?.to_str()?.to_owned();
        let shallow = std::fs::read(common(&top.join(".git"))?.join("shallow"))
            .map(|bytes| blake3::hash(&bytes).to_hex().to_string())
            .unwrap_or_default();
        Some(Self { folder, shallow })
    }
}

fn common(git: &Path) -> Option<PathBuf> {
    if git.is_dir() {
        return Some(git.to_owned());
    }
    let text = std::fs::read_to_string(git).ok()?;
    let own = git.parent()?.join(text.strip_prefix("gitdir:")?.trim());
    match std::fs::read_to_string(own.join("commondir")) {
        Ok(common) => Some(own.join(common.trim())),
        Err(_) => Some(own),
    }
}
