//! The working tree of an attempt: made before the work, and its way into a commit and onto the branch
//! after it.
//!
//! Knows the order of things (reliability page, "Files and order of writes", 5 to 7) and what each failure means
//! for the attempt. How git does it is [`crate::git`]'s matter. Nothing here runs while the worker does.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::attempt::command::{self, How, Job};
use crate::attempt::limits::Limits;
use crate::attempt::outcome::{self, End, Stop};
use crate::attempt::perform::{Attempt, cancelled};
use crate::attempt::scope::{self, Bounds};
use crate::attempt::turn;
use crate::attempt::verify::Round;
use crate::git::beside::Beside;
use crate::git::checkpoint::{self, Change, Merged, Message};
use crate::git::integrate::{self, Step};
use crate::git::trailers::Trailers;
use crate::git::{Git, GitError, contained, guard, repository, setup, worktree};
use crate::model::{
    CommandLine, Conflict, GitSpec, RunGit, RunId, RunSpec, RunState, StopReason, TaskKind,
};
use crate::worker;

/// A working tree that was made.
#[derive(Debug)]
pub struct Ground<'a> {
    pub spec: &'a GitSpec,
    /// For the repository.
    git: Git,
    /// For the working tree, by an index of runr's own.
    inside: Git,
    base: String,
    /// A file of the run folder, for the message on its way through a hook.
    scratch: PathBuf,
}

/// The index of runr's own, in the run folder.
pub const INDEX: &str = "index";
/// The names that are ignored in the working tree, in the run folder.
pub const EXCLUDES: &str = "excludes";

/// Files that a message names before it says how many more there are.
const NAMED: usize = 5;

impl<'a> Attempt<'a> {
    /// Git in the repository, whose processes are the run's.
    fn git(&self, spec: &GitSpec) -> Git {
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
    fn ground(&mut self, spec: &'a GitSpec, git: Git, base: String) -> Ground<'a> {
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

    /// INTEGRATE, later: a person has approved what an earlier process of this run left.
    pub fn approved(&mut self) -> ControlFlow<Stop> {
        let spec: &'a RunSpec = self.spec;
        let Some(spec) = spec.git.as_deref() else {
            return ControlFlow::Continue(());
        };
        let (Some(base), Some(commit)) = (self.left.base.clone(), self.left.checkpoint.clone())
        else {
            let stop = Stop::new(
                StopReason::InternalError,
                "there is no checkpoint".to_owned(),
            );
            return ControlFlow::Break(stop);
        };
        if self.left.integrated.is_some() {
            return ControlFlow::Continue(());
        }
        let git = self.git(spec);
        let message = git
            .run(&["log", "-1", "--format=%B", &commit, "--"])
            .and_then(|answer| answer.text());
        let message = match message {
            Ok(message) => format!("{}\n", message.trim_end()),
            Err(error) => return broken("read the checkpoint", &error),
        };
        let changed = self.left.changed.clone();
        self.weigh_paths(&spec.folder, &changed);
        let ground = self.ground(spec, git, base);
        self.integrate(&ground, &commit, &message)
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

    /// How high what it changed is to be verified. git is asked only where the answer can matter.
    pub fn weigh(&mut self, ground: &Ground<'a>) -> ControlFlow<Stop> {
        let policy = &self.spec.verify;
        if policy.higher.is_empty() {
            return ControlFlow::Continue(());
        }
        if !ground.spec.worktree.is_dir() {
            return vanished(&ground.spec.worktree);
        }
        let (_, changes) = match ground.tree() {
            Ok(found) => found,
            Err(error) => return broken("read what was changed", &error),
        };
        let changed: Vec<String> = changes.into_iter().map(|change| change.path).collect();
        self.weigh_paths(&ground.spec.folder, &changed);
        ControlFlow::Continue(())
    }

    /// The same of paths from the top of the repository.
    fn weigh_paths(&mut self, folder: &str, changed: &[String]) {
        let folder = match folder {
            "" => String::new(),
            folder => format!("{folder}/"),
        };
        let changed: Vec<String> = changed
            .iter()
            .map(|path| path.strip_prefix(&folder).unwrap_or(path).to_owned())
            .collect();
        self.tier = self.spec.verify.tier_for_changes(&changed);
    }

    /// SCOPE, CHECKPOINT and INTEGRATE.
    pub fn conclude(&mut self, ground: &Ground<'a>) -> ControlFlow<Stop> {
        self.heed_requests("before its work was committed")?;
        let spec = ground.spec;
        if !spec.worktree.is_dir() {
            return vanished(&spec.worktree);
        }
        let (tree, changes) = match ground.tree() {
            Ok(found) => found,
            Err(error) => return broken("read what was changed", &error),
        };
        self.left.changed = changes.iter().map(|change| change.path.clone()).collect();
        let outside = match scope::outside(&Bounds::of(spec), &changes) {
            Ok(outside) => outside,
            Err(error) => {
                let message = format!("cannot use a pattern of its scope: {error}");
                return ControlFlow::Break(Stop::new(StopReason::InternalError, message));
            }
        };
        let message = self.message(ground);
        let message = match spec.commits.hooks {
            false => message,
            true => match checkpoint::hooks(&ground.inside, &message, &ground.scratch) {
                Ok(message) => message,
                Err(error) => {
                    let message = format!("a hook of the repository refused: {error}");
                    return ControlFlow::Break(Stop::new(StopReason::VerificationFailed, message));
                }
            },
        };
        let commit = checkpoint::commit(&ground.git, &tree, &ground.base, &message, spec.commits);
        let commit = match commit {
            Ok(commit) => commit,
            Err(error) => return broken("commit the work", &error),
        };
        self.left.checkpoint = Some(commit.clone());
        if !outside.is_empty() {
            self.keep(ground, &commit)?;
            let lines: Vec<String> = outside
                .iter()
                .map(|outside| format!("`{}`: {}", outside.path, outside.why.words()))
                .collect();
            self.left.outside = outside.into_iter().map(|outside| outside.path).collect();
            return ControlFlow::Break(Stop::new(StopReason::ScopeViolation, few(&lines)));
        }
        if spec.kind == TaskKind::Hybrid {
            // A person decides; `approve` integrates it.
            return self.keep(ground, &commit);
        }
        self.integrate(ground, &commit, &message)
    }

    /// Puts the checkpoint onto the run's own branch, on disk.
    fn keep(&self, ground: &Ground<'_>, commit: &str) -> ControlFlow<Stop> {
        let kept = worktree::keep(&ground.git, &ground.spec.common, &self.spec.run, commit);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => broken("keep the work on its branch", &error),
        }
    }

    fn integrate(&mut self, ground: &Ground<'_>, commit: &str, message: &str) -> ControlFlow<Stop> {
        let spec = ground.spec;
        let limits = Limits::new(self.began, self.spec.timeouts.wall);
        let _turn = match turn::wait(&spec.branch_lock, &limits, self.watch) {
            Ok(turn::Turn::Ours(lock)) => lock,
            Ok(turn::Turn::Asked) => {
                self.keep(ground, commit)?;
                return ControlFlow::Break(cancelled("before its work was integrated"));
            }
            Ok(turn::Turn::Passed(limit)) => {
                self.keep(ground, commit)?;
                return ControlFlow::Break(outcome::passed(limit));
            }
            Err(error) => return broken("wait for the branch", &error),
        };
        let tip = match repository::tip(&ground.git, &spec.branch) {
            Ok(Some(tip)) => tip,
            Ok(None) => {
                self.keep(ground, commit)?;
                let message = format!("the branch `{}` is gone", spec.branch);
                return ControlFlow::Break(Stop::new(StopReason::InternalError, message));
            }
            Err(error) => return broken("find the branch", &error),
        };
        let to = if tip == ground.base {
            commit.to_owned()
        } else {
            let merged = checkpoint::merge(&ground.git, &ground.base, &tip, commit);
            let tree = match merged {
                Ok(Merged::Tree(tree)) => tree,
                Ok(Merged::Conflict(conflict)) => {
                    self.keep(ground, commit)?;
                    let stop = Stop::new(StopReason::MergeConflict, conflicting(&conflict));
                    self.left.conflict = Some(conflict);
                    return ControlFlow::Break(stop);
                }
                Err(error) => {
                    self.keep(ground, commit)?;
                    return broken("merge the work", &error);
                }
            };
            let merged = checkpoint::commit(&ground.git, &tree, &tip, message, spec.commits);
            let merged = match merged {
                Ok(merged) => merged,
                Err(error) => return broken("commit the merged work", &error),
            };
            if !self.checks_to_run().is_empty()
                && let ControlFlow::Break(stop) = self.verify_merged(ground, commit, &merged)
            {
                self.keep(ground, commit)?;
                return ControlFlow::Break(stop);
            }
            merged
        };
        let step = Step {
            common: &spec.common,
            branch: &spec.branch,
            from: &tip,
            to: &to,
            run: &self.spec.run,
        };
        match integrate::advance(&ground.git, &step) {
            Ok(()) => {
                self.left.integrated = Some(to);
                ControlFlow::Continue(())
            }
            Err(error) => {
                self.keep(ground, commit)?;
                broken("advance the branch", &error)
            }
        }
    }

    /// The checks once more, on the work together with what came onto the branch meanwhile: in the
    /// same working tree, so that what was built before need not be built again.
    fn verify_merged(
        &mut self,
        ground: &Ground<'_>,
        commit: &str,
        merged: &str,
    ) -> ControlFlow<Stop> {
        if let Err(error) = ground
            .inside
            .run(&["read-tree", "-m", "-u", commit, merged])
        {
            return broken("check the merged work", &error);
        }
        let checked = self.verify(Round::AfterMerge);
        // Back to its own work, so that what is left in it can be told from the commit.
        if let Err(error) = ground.inside.run(&["read-tree", "--reset", "-u", commit]) {
            return broken("go back to the work", &error);
        }
        match checked {
            ControlFlow::Break(stop) if stop.reason == StopReason::VerificationFailed => {
                let message = format!(
                    "{}, after the merge onto what others did meanwhile",
                    stop.message
                );
                ControlFlow::Break(Stop::new(stop.reason, message))
            }
            checked => checked,
        }
    }

    fn message(&self, ground: &Ground<'_>) -> String {
        let spec = self.spec;
        let verified = self.checks_to_run().into_iter().map(outcome::brief);
        let verified = verified.collect::<Vec<_>>().join("; ");
        let with_tier = format!("tier{} {verified}", self.tier);
        Message {
            title: &spec.title,
            trailers: Trailers {
                folder: &ground.spec.folder,
                task: &spec.task,
                run: &spec.run,
                fingerprint: ground.spec.fingerprint,
                worker: &spec.worker,
                verified: (!verified.is_empty()).then_some(with_tier.as_str()),
            },
        }
        .text()
    }

    /// What was left in git, for `state.json`; `None` for work in place.
    pub fn left_in_git(&mut self) -> Option<RunGit> {
        self.spec.git.as_ref()?;
        Some(std::mem::take(&mut self.left))
    }
}

impl Ground<'_> {
    fn tree(&self) -> Result<(String, Vec<Change>), GitError> {
        let tree = checkpoint::tree(&self.inside)?;
        let changes = checkpoint::changes(&self.git, &self.base, &tree)?;
        Ok((tree, changes))
    }
}

/// git could not do its part: no verdict on the work.
fn broken<T>(doing: &str, error: &GitError) -> ControlFlow<Stop, T> {
    let message = format!("cannot {doing}: {error}");
    ControlFlow::Break(Stop::new(StopReason::InternalError, message))
}

fn vanished(worktree: &Path) -> ControlFlow<Stop> {
    let message = format!("its working tree `{}` is gone", worktree.display());
    ControlFlow::Break(Stop::new(StopReason::WorktreeMissing, message))
}

fn conflicting(conflict: &Conflict) -> String {
    let files = conflict.files.iter().map(|file| format!("`{file}`"));
    let files = few(&files.collect::<Vec<_>>());
    if conflict.others.is_empty() {
        return format!("{files} changed on the branch too");
    }
    format!(
        "{files} changed on the branch too, by {}",
        few(&conflict.others)
    )
}

fn few(all: &[String]) -> String {
    let named = all[..all.len().min(NAMED)].join(", ");
    match all.len().saturating_sub(NAMED) {
        0 => named,
        more => format!("{named} and {more} more"),
    }
}
