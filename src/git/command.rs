//! The one place that starts git.
//!
//! Knows how git is started so that nothing of the repository's configuration, of the environment or of
//! a worker's doing can make it run a program, ask a person, or touch what it was not asked to touch.
//! Does not know what is asked. Plain `std` and rustix: an attempt's process uses it as it is.

use std::ffi::{OsStr, OsString};
use std::io::{self, Seek as _, Write as _};
use std::os::fd::AsFd;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::Errno;
use rustix::process::{
    Pid, PidfdFlags, Signal, WaitId, WaitIdOptions, kill_process_group, pidfd_open, waitid,
};

use crate::git::GitError;

/// Settings that stand above whatever the repository says.
const SETTINGS: &[(&str, &str)] = &[
    ("core.fsmonitor", "false"),
    ("core.hooksPath", "/dev/null"),
    ("core.sshCommand", "false"),
    ("protocol.ext.allow", "never"),
    ("submodule.recurse", "false"),
    ("gc.auto", "0"),
    ("maintenance.auto", "false"),
    ("log.showSignature", "false"),
    ("merge.verifySignatures", "false"),
    ("commit.gpgSign", "false"),
    // Another writer of a reference takes milliseconds; who takes longer is dead.
    ("core.filesRefLockTimeout", "2000"),
    ("core.packedRefsTimeout", "2000"),
    ("advice.addEmbeddedRepo", "false"),
    // By default a power cut can leave names and objects as empty files. An empty name makes every command that
    // reads all of them fail, the user's too; an empty object is taken for the real one by whoever writes it next.
    ("core.fsync", "reference,loose-object"),
    ("core.fsyncMethod", "batch"),
];

/// Variables that would lead git elsewhere or make it run something. Who the user is stays.
#[rustfmt::skip]
const FORGOTTEN: &[&str] = &[
    "GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_INDEX_VERSION", "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES", "GIT_COMMON_DIR", "GIT_NAMESPACE", "GIT_PREFIX",
    "GIT_CONFIG", "GIT_CONFIG_PARAMETERS", "GIT_CONFIG_COUNT", "GIT_GRAFT_FILE", "GIT_SHALLOW_FILE",
    "GIT_REPLACE_REF_BASE", "GIT_NO_REPLACE_OBJECTS", "GIT_IMPLICIT_WORK_TREE",
    "GIT_INTERNAL_SUPER_PREFIX", "GIT_EXTERNAL_DIFF", "GIT_DIFF_OPTS", "GIT_SSH", "GIT_SSH_COMMAND",
    "GIT_ASKPASS", "GIT_EDITOR", "GIT_SEQUENCE_EDITOR", "GIT_PAGER", "GIT_EXEC_PATH",
    "GIT_TEMPLATE_DIR", "GIT_GLOB_PATHSPECS", "GIT_NOGLOB_PATHSPECS", "GIT_ICASE_PATHSPECS",
    "GIT_DEFAULT_HASH", "GIT_DEFAULT_REF_FORMAT", "GIT_REF_PARANOIA", "GIT_ALLOW_PROTOCOL",
    "GIT_AUTHOR_DATE", "GIT_COMMITTER_DATE", "GIT_ATTR_SOURCE", "GIT_ATTR_NOSYSTEM",
    "GIT_TRACE", "GIT_TRACE2", "GIT_TRACE2_EVENT", "GIT_TRACE2_PERF", "GIT_TRACE_SETUP",
    "GIT_TRACE_PACKET", "GIT_TRACE_PERFORMANCE", "GIT_LITERAL_PATHSPECS",
];

/// No command of runr's takes this long in a healthy repository.
const PATIENCE: Duration = Duration::from_secs(600);

/// How git is called: for which repository, working tree and index.
#[derive(Debug, Clone)]
pub struct Git {
    place: Place,
    work_tree: Option<PathBuf>,
    index: Option<PathBuf>,
    settings: Vec<(String, String)>,
    env: Vec<(String, String)>,
    hooks: Hooks,
    patience: Duration,
}

#[derive(Debug, Clone)]
enum Place {
    /// git looks for the repository of this folder.
    Folder(PathBuf),
    /// This very directory; no `.git` file of a working tree is asked.
    Repository(PathBuf),
}

/// Are the repository's own hooks found?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Hooks {
    Off,
    On,
}

/// What a command said.
#[derive(Debug)]
pub struct Answer {
    /// `None`: a signal ended it.
    pub code: Option<i32>,
    pub out: Vec<u8>,
    /// The end of what it said on stderr, in one line.
    pub said: String,
    command: String,
}

impl Git {
    /// For the repository that this folder is in.
    #[must_use]
    pub fn at(folder: &Path) -> Self {
        Self::new(Place::Folder(folder.to_owned()))
    }

    /// For this repository directory.
    #[must_use]
    pub fn of(directory: &Path) -> Self {
        Self::new(Place::Repository(directory.to_owned()))
    }

    fn new(place: Place) -> Self {
        Self {
            place,
            work_tree: None,
            index: None,
            settings: Vec::new(),
            env: Vec::new(),
            hooks: Hooks::Off,
            patience: PATIENCE,
        }
    }

    #[must_use]
    pub fn tree(mut self, work_tree: &Path) -> Self {
        self.work_tree = Some(work_tree.to_owned());
        self
    }

    #[must_use]
    pub fn index(mut self, index: &Path) -> Self {
        self.index = Some(index.to_owned());
        self
    }

    /// One more setting, above the repository's.
    #[must_use]
    pub fn setting(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// One more variable, as the mark by which strays are found.
    #[must_use]
    pub fn env(mut self, name: &str, value: &str) -> Self {
        self.env.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The user has asked for the repository's hooks.
    #[must_use]
    pub fn with_hooks(mut self) -> Self {
        self.hooks = Hooks::On;
        self
    }

    /// Runs a command that has to succeed.
    ///
    /// # Errors
    /// When it cannot be run, fails, or takes too long.
    pub fn run<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Answer, GitError> {
        self.run_with(args, b"")
    }

    /// As [`Self::run`], with something on its stdin.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn run_with<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Answer, GitError> {
        let answer = self.ask_with(args, input)?;
        match answer.code {
            Some(0) => Ok(answer),
            _ => Err(answer.failed()),
        }
    }

    /// Runs a command whose exit code is an answer.
    ///
    /// # Errors
    /// When it cannot be run or takes too long.
    pub fn ask<S: AsRef<OsStr>>(&self, args: &[S]) -> Result<Answer, GitError> {
        self.ask_with(args, b"")
    }

    /// Runs a command that has to succeed and hands over each record of its output, which NUL ends, while it still
    /// runs: nothing of it is kept.
    ///
    /// # Errors
    /// As [`Self::run`].
    pub fn each_record<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        mut take: impl FnMut(&[u8]),
    ) -> Result<(), GitError> {
        // Of what has come in: how much was looked at and has no end of a record.
        let mut seen = 0;
        let answer = self.tell(args, b"", &mut |out: &mut Vec<u8>| {
            let Some(last) = out[seen..].iter().rposition(|byte| *byte == 0) else {
                seen = out.len();
                return;
            };
            let whole = seen + last;
            for record in out[..whole].split(|byte| *byte == 0) {
                take(record);
            }
            out.drain(..=whole);
            seen = out.len();
        })?;
        if answer.code != Some(0) {
            return Err(answer.failed());
        }
        if !answer.out.is_empty() {
            take(&answer.out);
        }
        Ok(())
    }

    /// As [`Self::ask`], with something on its stdin.
    ///
    /// # Errors
    /// As [`Self::ask`].
    pub fn ask_with<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> Result<Answer, GitError> {
        self.tell(args, input, &mut |_| ())
    }

    /// `listen` is given what was said so far each time there is more, and may take of it.
    fn tell<S: AsRef<OsStr>>(
        &self,
        args: &[S],
        input: &[u8],
        listen: &mut dyn FnMut(&mut Vec<u8>),
    ) -> Result<Answer, GitError> {
        let command = shown(args);
        let system = |source: io::Error| match source.kind() {
            io::ErrorKind::NotFound => GitError::Missing,
            _ => GitError::System {
                command: command.clone(),
                source,
            },
        };
        let mut child = self.start(args, input).map_err(system)?;
        let heard = hear(&mut child, self.patience, listen);
        // Past its time, its group goes. Killed from outside, too: what it had started would go on without it.
        if !matches!(heard, Ok(Some(_))) || was_killed(&child) {
            end_group(&child);
        }
        let status = child.wait().map_err(system)?;
        let (out, said) = heard.map_err(system)?.ok_or_else(|| GitError::TimedOut {
            command: command.clone(),
            after: self.patience,
        })?;
        Ok(Answer {
            code: status.code(),
            out,
            said: last_words(&said),
            command,
        })
    }

    fn start<S: AsRef<OsStr>>(&self, args: &[S], input: &[u8]) -> io::Result<Child> {
        let mut command = Command::new("git");
        command.arg("--no-pager").arg("--literal-pathspecs");
        for (key, value) in SETTINGS {
            if *key != "core.hooksPath" || self.hooks == Hooks::Off {
                command.arg("-c").arg(format!("{key}={value}"));
            }
        }
        for (key, value) in &self.settings {
            command.arg("-c").arg(format!("{key}={value}"));
        }
        match &self.place {
            Place::Folder(folder) => command.arg("-C").arg(folder),
            Place::Repository(directory) => command.arg(with("--git-dir=", directory)),
        };
        if let Some(tree) = &self.work_tree {
            command.arg(with("--work-tree=", tree)).current_dir(tree);
        }
        command.args(args);
        for name in FORGOTTEN {
            command.env_remove(name);
        }
        if let Some(index) = &self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        command
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_NO_LAZY_FETCH", "1")
            .env("LC_ALL", "C")
            .envs(self.env.iter().map(|(name, value)| (name, value)))
            .stdin(given(input)?)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }
}

impl Answer {
    /// The error that a failure is.
    #[must_use]
    pub fn failed(self) -> GitError {
        GitError::Failed {
            command: self.command,
            code: self.code,
            said: self.said,
        }
    }

    /// Its text without the last line end.
    ///
    /// # Errors
    /// When it is no UTF-8.
    pub fn text(self) -> Result<String, GitError> {
        let command = self.command;
        let mut text = String::from_utf8(self.out).map_err(|error| GitError::Unreadable {
            command,
            answer: String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })?;
        while text.ends_with('\n') {
            text.pop();
        }
        Ok(text)
    }

    /// The one object name that it gave.
    ///
    /// # Errors
    /// When it is none.
    pub fn object(self) -> Result<String, GitError> {
        let command = self.command.clone();
        let text = self.text()?;
        if is_object(&text) {
            Ok(text)
        } else {
            Err(GitError::Unreadable {
                command,
                answer: text,
            })
        }
    }

    /// Its records, which end with NUL. What is no UTF-8 is shown with replacement characters.
    pub fn records(&self) -> impl Iterator<Item = String> {
        let records = self.out.split(|byte| *byte == 0);
        records
            .filter(|record| !record.is_empty())
            .map(|record| String::from_utf8_lossy(record).into_owned())
    }
}

/// Is this a full object name, of either format?
#[must_use]
pub fn is_object(text: &str) -> bool {
    matches!(text.len(), 40 | 64) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'))
}

fn with(option: &str, path: &Path) -> OsString {
    let mut word = OsString::from(option);
    word.push(path);
    word
}

fn given(input: &[u8]) -> io::Result<Stdio> {
    if input.is_empty() {
        return Ok(Stdio::null());
    }
    // A file, so that nobody waits for anybody.
    let mut file = tempfile::tempfile()?;
    file.write_all(input)?;
    file.rewind()?;
    Ok(file.into())
}

type Heard = (Vec<u8>, Vec<u8>);

/// Takes what a child says until it ends. Its end counts, not that of its pipes: whatever it left
/// behind may hold these for ever. `None`: the time was up.
fn hear(
    child: &mut Child,
    patience: Duration,
    listen: &mut dyn FnMut(&mut Vec<u8>),
) -> io::Result<Option<Heard>> {
    let (Some(out), Some(err)) = (child.stdout.take(), child.stderr.take()) else {
        return Err(io::Error::other("the child has no pipes"));
    };
    for pipe in [out.as_fd(), err.as_fd()] {
        rustix::io::ioctl_fionbio(pipe, true)?;
    }
    let pid = pid_of(child)?;
    let end = pidfd_open(pid, PidfdFlags::empty())?;
    let until = Instant::now() + patience;
    let (mut said, mut wrong) = (Vec::new(), Vec::new());
    let (mut out_open, mut err_open) = (true, true);
    loop {
        let left = until.saturating_duration_since(Instant::now());
        let timeout = Timespec::try_from(left).map_err(io::Error::other)?;
        let mut fds = vec![PollFd::new(&end, PollFlags::IN)];
        if out_open {
            fds.push(PollFd::new(&out, PollFlags::IN));
        }
        if err_open {
            fds.push(PollFd::new(&err, PollFlags::IN));
        }
        match poll(&mut fds, Some(&timeout)) {
            Ok(_) | Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
        // Looked at before the pipes are emptied: what it said before its end is in them.
        let ended = !fds[0].revents().is_empty();
        out_open = out_open && take(&out, &mut said)?;
        err_open = err_open && take(&err, &mut wrong)?;
        listen(&mut said);
        if ended {
            return Ok(Some((said, wrong)));
        }
        if Instant::now() >= until {
            return Ok(None);
        }
    }
}

/// Empties a pipe; `false`: it was closed.
fn take(pipe: &impl AsFd, into: &mut Vec<u8>) -> io::Result<bool> {
    let mut buffer = [0; 65536];
    loop {
        match rustix::io::read(pipe, &mut buffer) {
            Ok(0) => return Ok(false),
            Ok(count) => into.extend_from_slice(&buffer[..count]),
            Err(Errno::AGAIN) => return Ok(true),
            Err(Errno::INTR) => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn pid_of(child: &Child) -> io::Result<Pid> {
    i32::try_from(child.id())
        .ok()
        .and_then(Pid::from_raw)
        .ok_or_else(|| io::Error::other("the process number is out of range"))
}

/// Did a signal end it? Looked at without reaping it, so that its group's number stays its own.
fn was_killed(child: &Child) -> bool {
    let Ok(pid) = pid_of(child) else {
        return false;
    };
    let how = WaitIdOptions::EXITED | WaitIdOptions::NOWAIT;
    matches!(waitid(WaitId::Pid(pid), how), Ok(Some(status)) if status.killed() || status.dumped())
}

fn end_group(child: &Child) {
    if let Ok(pid) = pid_of(child) {
        // It is not reaped yet, so that the number is its own. Gone already: nothing to end.
        let _ = kill_process_group(pid, Signal::KILL);
    }
}

/// The command as people know it, without what is put before it.
fn shown<S: AsRef<OsStr>>(args: &[S]) -> String {
    let words: Vec<_> = args
        .iter()
        .take(4)
        .map(|word| word.as_ref().to_string_lossy())
        .collect();
    let dots = if args.len() > 4 { " …" } else { "" };
    format!("git {}{dots}", words.join(" "))
}

/// What git says behind every failure on a lock, instead of which lock it was.
const LOCK_ADVICE: &[&str] = &[
    "Another git process seems to be running",
    "an editor opened by 'git commit'",
    "are terminated then try again",
    "may have crashed in this repository",
    "remove the file manually to continue",
];

fn last_words(said: &[u8]) -> String {
    let text = String::from_utf8_lossy(said);
    let lines: Vec<&str> = text
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with("hint:"))
        .filter(|line| !LOCK_ADVICE.iter().any(|advice| line.starts_with(advice)))
        .collect();
    let from = lines.len().saturating_sub(4);
    lines[from..].join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn object_names_are_whole() {
        for (text, is) in [
            ("0123456789abcdef0123456789abcdef01234567", true),
            ("0123456789abcdef0123456789abcdef0123456", false),
            ("0123456789ABCDEF0123456789abcdef01234567", false),
            ("", false),
        ] {
            assert_eq!(is_object(text), is, "{text}");
        }
        assert!(is_object(&"a".repeat(64)));
    }

    #[test]
    fn a_failure_names_the_command_and_what_it_said() {
        let dir = tempfile::tempdir().unwrap();
        let error = Git::of(&dir.path().join("none"))
            .run(&["rev-parse", "HEAD"])
            .unwrap_err();
        assert!(
            matches!(&error, GitError::Failed { command, code: Some(128), said }
                if command == "git rev-parse HEAD" && said.contains("not a git repository")),
            "{error:?}"
        );
    }

    #[test]
    fn a_command_that_does_not_end_is_ended() {
        let dir = tempfile::tempdir().unwrap();
        let mut git = Git::at(dir.path()).setting("alias.wait", "!sleep 1000");
        git.patience = Duration::from_millis(50);
        assert!(matches!(git.run(&["wait"]), Err(GitError::TimedOut { .. })));
    }

    #[test]
    fn who_holds_a_pipe_holds_nobody_up() {
        let dir = tempfile::tempdir().unwrap();
        let mut git = Git::at(dir.path()).setting("alias.leave", "!setsid sleep 5 & echo here");
        git.patience = Duration::from_secs(60);
        let began = Instant::now();
        assert_eq!(git.run(&["leave"]).unwrap().text().unwrap(), "here");
        assert!(began.elapsed() < Duration::from_secs(4));
    }
}
