//! The one place that starts git.
//!
//! Knows how git is started so that nothing of the repository's configuration, of the environment or of
//! a worker's doing can make it run a program, ask a person, or touch what it was not asked to touch.
//! Does not know what is asked. Plain `std` and rustix: an attempt's process uses it as it is.

use std::ffi::{OsStr, OsString};
use std::io::{self, Seek as _, Write as _};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use crate::git::GitError;
use crate::git::answer::{self, Answer};
use crate::git::child;

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
        let system = |source: io::Error| GitError::System {
            command: command.clone(),
            source,
        };
        let started = self.start(args, given(input).map_err(system)?);
        let mut child = started.map_err(|source| match (source.kind(), &self.work_tree) {
            // The system has one word for a program and for a folder that is not there.
            (io::ErrorKind::NotFound, Some(tree)) if !tree.is_dir() => GitError::NoFolder {
                command: command.clone(),
                folder: tree.clone(),
            },
            (io::ErrorKind::NotFound, _) => GitError::Missing,
            _ => system(source),
        })?;
        let heard = child::hear(&mut child, self.patience, listen);
        // Past its time, its group goes. Killed from outside, too: what it had started would go on without it.
        if !matches!(heard, Ok(Some(_))) || child::was_killed(&child) {
            child::end_group(&child);
        }
        let status = child.wait().map_err(system)?;
        let (out, said) = heard.map_err(system)?.ok_or_else(|| GitError::TimedOut {
            command: command.clone(),
            after: self.patience,
        })?;
        Ok(Answer {
            code: status.code(),
            out,
            said: answer::last_words(&said),
            command,
        })
    }

    fn start<S: AsRef<OsStr>>(&self, args: &[S], given: Stdio) -> io::Result<Child> {
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
            .stdin(given)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .process_group(0)
            .spawn()
    }
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

#[cfg(test)]
mod tests {
    use std::time::Instant;

    use super::*;

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
    fn a_folder_that_is_gone_is_not_taken_for_a_missing_git() {
        let dir = tempfile::tempdir().unwrap();
        let gone = dir.path().join("gone");
        let error = Git::at(dir.path()).tree(&gone).run(&["status"]);
        let error = error.unwrap_err();
        assert!(
            matches!(&error, GitError::NoFolder { command, folder }
                if command == "git status" && *folder == gone),
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
