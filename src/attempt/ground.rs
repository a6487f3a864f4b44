//! The working tree of an attempt, made before the work.
//!
//! Knows what has to be in it and what each failure means for the attempt. How git does it is [`crate::git`]'s
//! matter. Nothing here runs while the worker does.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::attempt::command::{self, How, Job};
use crate::attempt::limits::Limits;
use crate::attempt::outcome::{self, End, Stop};
use crate::attempt::perform::{Attempt, cancelled};
use crate::git::beside::Beside;
use crate::git::{Git, GitError, contained, guard, repository, setup, worktree};
use crate::model::{CommandLine, GitSpec, RunGit, RunId, RunState, StopReason};
use crate::worker;

/// A working tree that was made.
#[derive(Debug)]
pub struct Ground<'a> {
    pub spec: &'a GitSpec,
    /// For the repository.
    pub(super) git: Git,
    /// For the working tree, by an index of runr's own.
    pub(super) inside: Git,
    pub(super) base: String,
    /// A file of the run folder, for the message on its way through a hook.
    pub(super) scratch: PathBuf,
}

/// The index of runr's own, in the run folder.
pub const INDEX: &str = "index";
/// The names that are ignored in the working tree, in the run folder.
pub const EXCLUDES: &str = "excludes";

/// Files that a message names before it says how many more there are.
const NAMED: usize = 5;

impl<'a> Attempt<'a> {
    /// Git in the repository, whose processes are the run's.
    pub(super) fn git(&self, spec: &GitSpec) -> Git {
        let git = Git::of(&spec.common);
        let marks = worker::marks(&self.spec.root, &self.spec.run);
        marks
            .iter()
            .fold(git, |git, (name, value)| git.env(name, value))
    }

    /// PREPARE: the working tree at the branch's tip, with everything that the worker is to find in it.
    pub fn prepare(&mut self, spec: &'a GitSpec) -> ControlFlow<Stop, Ground<'a>> {
        self.heed_requests("before the work began")?;
        let git = self.git(spec);
        self.tampered(spec)?;
        if let Some(from) = &spec.continues {
            return match self.go_on(spec, git, from) {
                Ok(ground) => ControlFlow::Continue(ground),
                Err(error) => broken("go on with what was sent back", &error),
            };
        }
        let base = match repository::tip(&git, &spec.branch) {
            Ok(Some(tip)) => tip,
            Ok(None) => {
                let message = format!("the branch `{}` is gone", spec.branch);
                return ControlFlow::Break(Stop::new(StopReason::InternalError, message));
            }
            Err(error) => return broken("find the branch", &error),
        };
        self.left.base = Some(base.clone());
        match contained::outside(&git, &base, &spec.folder, &spec.needs) {
            Ok(outside) if outside.is_empty() => {}
            Ok(outside) => {
                let names: Vec<&str> = outside.iter().map(|o| o.task.as_str()).collect();
                let message = format!(
                    "{} is completed, but not in `{}`: git merge {}",
                    names.join(", "),
                    spec.branch,
                    outside[0].commit,
                );
                return ControlFlow::Break(Stop::new(StopReason::CheckpointMissing, message));
            }
            Err(error) => return broken("look for the prerequisites", &error),
        }
        let ground = match self.make(spec, git, base) {
            Ok(ground) => ground,
            Err(error) => return broken("make the working tree", &error),
        };
        for (n, command) in (1..).zip(&spec.setup.setup) {
            self.set_up(n, command)?;
        }
        ControlFlow::Continue(ground)
    }

    fn make(&mut self, spec: &'a GitSpec, git: Git, base: String) -> Result<Ground<'a>, GitError> {
        let run = &self.spec.run;
        if let Err(error) = worktree::add(&git, spec, run, &base) {
            // Half a working tree is in everybody's way. Should this fail too, the first failure tells more, and the
            // next orchestration tries again.
            let _ = worktree::discard(&git, &spec.common, &spec.git_lock, &spec.worktree);
            return Err(error);
        }
        let index = self.dir.join(INDEX);
        worktree::private_index(spec, run, &index)?;
        // The base may not have the project's folder yet.
        let tree = &self.spec.tree;
        std::fs::create_dir_all(tree).map_err(GitError::io("create", tree))?;
        let ways = setup::Ways {
            root: &self.spec.root,
            tree,
            folder: &spec.folder,
        };
        let made = setup::furnish(&ways, &spec.setup)?;
        if !made.is_empty() {
            let excludes = self.dir.join(EXCLUDES);
            setup::write_excludes(&excludes, spec.excludes.as_deref(), &made)?;
        }
        Ok(self.ground(spec, git, base))
    }

    /// The working tree of an earlier run, as that one and a person left it.
    fn go_on(&mut self, spec: &'a GitSpec, git: Git, from: &RunId) -> Result<Ground<'a>, GitError> {
        let its = self.dir.with_file_name(from.as_str());
        let path = its.join("state.json");
        let text = std::fs::read(&path).map_err(GitError::io("read", &path))?;
        let state: RunState = serde_json::from_slice(&text)
            .map_err(|error| GitError::io("read", &path)(error.into()))?;
        let base = state.git.and_then(|git| git.base);
        let base = base.ok_or_else(|| {
            let source = std::io::Error::other("it names no base");
            GitError::io("use", &path)(source)
        })?;
        for name in [INDEX, EXCLUDES] {
            let (there, here) = (its.join(name), self.dir.join(name));
            if there.is_file() {
                std::fs::copy(&there, &here).map_err(GitError::io("copy", &there))?;
            }
        }
        worktree::hand_over(&git, spec, from, &self.spec.run)?;
        self.left.base = Some(base.clone());
        Ok(self.ground(spec, git, base))
    }

    /// A working tree that is there, with everything as it was made.
    pub(super) fn ground(&mut self, spec: &'a GitSpec, git: Git, base: String) -> Ground<'a> {
        let index = self.dir.join(INDEX);
        let mut inside = git.clone().tree(&spec.worktree).index(&index);
        let excludes = self.dir.join(EXCLUDES);
        if excludes.is_file() {
            let path = excludes.to_string_lossy().into_owned();
            inside = inside.setting("core.excludesFile", &path);
            for (name, value) in [
                ("GIT_CONFIG_COUNT", "1"),
                ("GIT_CONFIG_KEY_0", "core.excludesFile"),
                ("GIT_CONFIG_VALUE_0", &path),
            ] {
                self.env.retain(|(known, _)| known != name);
                self.env.push((name.to_owned(), value.to_owned()));
            }
        }
        Ground {
            spec,
            git,
            inside,
            base,
            scratch: self.dir.join("message"),
        }
    }

    fn set_up(&mut self, n: u32, command: &CommandLine) -> ControlFlow<Stop> {
        self.heed_requests("while its working tree was made ready")?;
        let failed = |message| ControlFlow::Break(Stop::new(StopReason::WorkerFailed, message));
        let job = Job {
            words: &worker::invocation(command),
            folder: &self.spec.tree,
            env: &self.env,
            log: &self.dir.join(format!("setup-{n}.log")),
            secrets: &self.secrets,
            lock: self.lock,
        };
        let running = match command::spawn(&job) {
            Ok(running) => running,
            Err(error) => return failed(format!("set-up: {error}")),
        };
        let limits = Limits::new(self.began, self.spec.timeouts.wall);
        let finish = command::finish(running, limits, None, self.watch, &self.tree);
        match self.take(finish)? {
            How::Exited(status) => match outcome::complaint(command, End::from(status)) {
                None => ControlFlow::Continue(()),
                Some(message) => failed(format!("set-up: {message}")),
            },
            How::Asked => ControlFlow::Break(cancelled("while its working tree was made ready")),
            How::Passed(limit) => ControlFlow::Break(outcome::passed(limit)),
        }
    }

    /// The user's own working tree, where an agent may get to by a wrong path. Only ever a hint: without it
    /// the run goes on.
    pub fn look_beside(&self, spec: &GitSpec) -> Option<Beside> {
        self.spec.agent.as_ref()?;
        let up = Path::new(&spec.folder).components().count();
        Beside::of(self.spec.root.ancestors().nth(up)?).ok()
    }

    /// Has anything that can run programs changed in what all working trees share?
    pub fn tampered(&mut self, spec: &GitSpec) -> ControlFlow<Stop> {
        match guard::changes(&spec.common, &spec.guard) {
            Ok(changes) if changes.is_empty() => ControlFlow::Continue(()),
            Ok(changes) => {
                let message = format!(
                    "the repository's shared configuration changed meanwhile: {}",
                    few(&changes)
                );
                self.left.tampered = changes;
                ControlFlow::Break(Stop::new(StopReason::ScopeViolation, message))
            }
            Err(error) => broken("read the shared configuration", &error),
        }
    }

    /// What was left in git, for `state.json`; `None` for work in place.
    pub fn left_in_git(&mut self) -> Option<RunGit> {
        self.spec.git.as_ref()?;
        Some(std::mem::take(&mut self.left))
    }
}

/// git could not do its part: no verdict on the work.
pub(super) fn broken<T>(doing: &str, error: &GitError) -> ControlFlow<Stop, T> {
    let message = format!("cannot {doing}: {error}");
    ControlFlow::Break(Stop::new(StopReason::InternalError, message))
}

pub(super) fn vanished(worktree: &Path) -> ControlFlow<Stop> {
    let message = format!("its working tree `{}` is gone", worktree.display());
    ControlFlow::Break(Stop::new(StopReason::WorktreeMissing, message))
}

pub(super) fn few(all: &[String]) -> String {
    let named = all[..all.len().min(NAMED)].join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
