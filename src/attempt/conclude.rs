//! The way of an attempt's work into a commit and onto the branch.
//!
//! Knows the order of things (reliability page, "Files and order of writes", 5 to 7) and what each failure means
//! for the attempt. How git does it is [`crate::git`]'s matter. Nothing here runs while the worker does.

use std::ops::ControlFlow;

use crate::attempt::approval;
use crate::attempt::ground::{Ground, broken, few, vanished};
use crate::attempt::limits::Limits;
use crate::attempt::outcome::{self, Stop};
use crate::attempt::perform::{Attempt, cancelled};
use crate::attempt::scope::{self, Bounds};
use crate::attempt::turn;
use crate::attempt::verify::Round;
use crate::git::checkpoint::{self, Change, Merged, Message};
use crate::git::integrate::{self, Step};
use crate::git::trailers::{self, Trailers};
use crate::git::{GitError, repository, worktree};
use crate::model::{Conflict, RunSpec, StopReason, TaskKind};

impl<'a> Attempt<'a> {
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
        let work = Work {
            commit: &commit,
            onto_base: &commit,
            message: &message,
        };
        self.integrate(ground, &work)
    }

    /// Puts the checkpoint onto the run's own branch, on disk.
    fn keep(&self, ground: &Ground<'_>, commit: &str) -> ControlFlow<Stop> {
        let kept = worktree::keep(&ground.git, &ground.spec.common, &self.spec.run, commit);
        match kept {
            Ok(()) => ControlFlow::Continue(()),
            Err(error) => broken("keep the work on its branch", &error),
        }
    }

    fn integrate(&mut self, ground: &Ground<'_>, work: &Work<'_>) -> ControlFlow<Stop> {
        let (spec, commit) = (ground.spec, work.commit);
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
            work.onto_base.to_owned()
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
            let merged = checkpoint::commit(&ground.git, &tree, &tip, work.message, spec.commits);
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
            + &trailers::remarks(&ground.spec.remarks)
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
        let said = match approval::read(self.dir) {
            Ok(said) => said,
            Err(error) => {
                let message = format!("cannot read who approved it: {error}");
                return ControlFlow::Break(Stop::new(StopReason::InternalError, message));
            }
        };
        let changed = self.left.changed.clone();
        self.weigh_paths(&spec.folder, &changed);
        let ground = self.ground(spec, git, base);
        let (mut message, mut onto_base) = (message, commit.clone());
        if let Some(said) = said {
            message.push_str(&trailers::remarks(&[said]));
            // The checkpoint stays what it is; what comes onto the branch says who approved it.
            let tree = format!("{commit}^{{tree}}");
            let again =
                checkpoint::commit(&ground.git, &tree, &ground.base, &message, spec.commits);
            onto_base = match again {
                Ok(again) => again,
                Err(error) => return broken("commit the work", &error),
            };
        }
        let work = Work {
            commit: &commit,
            onto_base: &onto_base,
            message: &message,
        };
        self.integrate(&ground, &work)
    }
}

/// What is to come onto the branch.
struct Work<'a> {
    /// The checkpoint, which is kept whatever becomes of it.
    commit: &'a str,
    /// What the branch is advanced to when it has not moved.
    onto_base: &'a str,
    message: &'a str,
}

impl Ground<'_> {
    fn tree(&self) -> Result<(String, Vec<Change>), GitError> {
        let tree = checkpoint::tree(&self.inside)?;
        let changes = checkpoint::changes(&self.git, &self.base, &tree)?;
        Ok((tree, changes))
    }
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
