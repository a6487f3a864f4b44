//! The checks after the work: each a command with its own log and limit; the first that does not
//! pass ends them.
//!
//! Knows the specification's verification. A check passes only if it ran and ended with exit code 0.

use std::ops::ControlFlow;
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use crate::attempt::command::{self, How, Job};
use crate::attempt::limits::{Limit, Limits};
use crate::attempt::outcome::{self, End, Stop};
use crate::attempt::perform::{Attempt, cancelled};
use crate::model::{CheckResult, CommandLine, StopReason, VerifyPolicy};
use crate::worker;

/// When checks run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Round {
    First,
    /// Once more, when the work has met what others did.
    AfterMerge,
}

impl<'a> Attempt<'a> {
    /// The commands of its tier, in order.
    pub fn checks_to_run(&self) -> Vec<&'a CommandLine> {
        let policy: &'a VerifyPolicy = &self.spec.verify;
        policy
            .commands
            .iter()
            .chain(policy.beyond(self.tier))
            .collect()
    }

    /// Runs all checks, in order.
    pub fn verify(&mut self, round: Round) -> ControlFlow<Stop> {
        let policy = &self.spec.verify;
        let commands = self.checks_to_run();
        if commands.is_empty() {
            return ControlFlow::Continue(());
        }
        let Some(folder) = inside(&self.spec.tree, policy.cwd.as_deref()) else {
            return ControlFlow::Break(Stop::new(
                StopReason::VerificationFailed,
                format!(
                    "the checks' folder `{}` is outside the tree",
                    policy.cwd.as_deref().unwrap_or_default()
                ),
            ));
        };
        for (n, command) in (1..).zip(commands) {
            self.heed_requests("before its verification was done")?;
            let log = match round {
                Round::First => format!("verify-{n}.log"),
                Round::AfterMerge => format!("verify-{n}-merged.log"),
            };
            self.check(log, command, &folder)?;
        }
        ControlFlow::Continue(())
    }

    fn check(&mut self, log: String, command: &CommandLine, folder: &Path) -> ControlFlow<Stop> {
        let began = Instant::now();
        let result = |exit_code, passed| CheckResult {
            command: command.clone(),
            exit_code,
            took_ms: millis(began.elapsed()),
            log: log.clone(),
            passed,
        };
        let limits = Limits::new(self.began, self.spec.timeouts.wall)
            .command(began, self.spec.verify.timeout);
        let job = Job {
            words: &worker::invocation(command),
            folder,
            env: &self.env,
            log: &self.dir.join(&log),
            secrets: &self.secrets,
            lock: self.lock,
        };
        let running = match command::spawn(&job) {
            Ok(running) => running,
            Err(error) => {
                self.checks.push(result(None, false));
                return ControlFlow::Break(Stop::new(
                    StopReason::VerificationFailed,
                    format!("`{}` could not be run: {error}", outcome::brief(command)),
                ));
            }
        };
        let finish = command::finish(running, limits, None, self.watch, &self.tree);
        let end = match finish.as_ref().map(|finish| finish.how) {
            Ok(How::Exited(status)) => Some(End::from(status)),
            _ => None,
        };
        let bad = end.map(|end| outcome::complaint(command, end));
        let exit_code = end.and_then(|end| end.exit_code);
        self.checks.push(result(exit_code, bad == Some(None)));
        match self.take(finish)? {
            How::Exited(_) => match bad.flatten() {
                None => ControlFlow::Continue(()),
                Some(message) => {
                    ControlFlow::Break(Stop::new(StopReason::VerificationFailed, message))
                }
            },
            How::Asked => ControlFlow::Break(cancelled("before its verification was done")),
            How::Passed(Limit::Command(limit)) => {
                ControlFlow::Break(outcome::slow_check(command, limit))
            }
            How::Passed(limit) => ControlFlow::Break(outcome::passed(limit)),
        }
    }
}

/// A folder of the tree, by its path from there. `None`: the path leads outside.
pub fn inside(tree: &Path, cwd: Option<&str>) -> Option<PathBuf> {
    let cwd = Path::new(cwd.unwrap_or_default());
    cwd.components()
        .all(|part| matches!(part, Component::Normal(_) | Component::CurDir))
        .then(|| tree.join(cwd))
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checks_run_inside_the_tree() {
        let tree = Path::new("/t");
        for (cwd, folder) in [
            (None, Some("/t")),
            (Some(""), Some("/t")),
            (Some("."), Some("/t")),
            (Some("a/b"), Some("/t/a/b")),
            (Some("../x"), None),
            (Some("a/../../x"), None),
            (Some("/etc"), None),
        ] {
            assert_eq!(inside(tree, cwd), folder.map(PathBuf::from), "{cwd:?}");
        }
    }
}
