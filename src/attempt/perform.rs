//! The body of an attempt: the worker, then the verification, then the verdict.
//!
//! Knows the order of things and what each end means. Does not know how the verdict is written or who
//! reads it.

use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use jiff::Timestamp;

use crate::attempt::command::{self, How, Job};
use crate::attempt::conversation::Conversation;
use crate::attempt::handshake::Go;
use crate::attempt::limits::Limits;
use crate::attempt::outcome::{self, End, Stop};
use crate::attempt::output::Output;
use crate::attempt::tree::{Ending, Tree};
use crate::attempt::watch::Watch;
use crate::model::{CheckResult, GitSpec, Outcome, RunGit, RunSpec, RunState, StopReason};
use crate::worker::{self, Secrets};

/// An attempt at work.
#[derive(Debug)]
pub struct Attempt<'a> {
    pub dir: &'a Path,
    pub spec: &'a RunSpec,
    pub lock: &'a std::fs::File,
    pub watch: &'a mut Watch,
    pub tree: Tree,
    /// The environment of everything that is started.
    pub env: Vec<(String, String)>,
    /// What of the environment must not reach the disk.
    pub secrets: Arc<Secrets>,
    /// When it was told to go.
    pub began: Instant,
    pub worker: Option<End>,
    pub checks: Vec<CheckResult>,
    pub ended: Ending,
    /// The conversation with the agent, once it has begun.
    pub agent: Option<Conversation>,
    /// How high it is verified: as asked, or as what it changed asks for.
    pub tier: u8,
    /// What it has left in git so far.
    pub left: RunGit,
}

/// Does the work and judges it. When this returns, nothing that it started is alive.
///
/// The task's lock stays with the caller: whoever finds it free takes an attempt without a verdict for
/// a crashed one.
pub fn perform(dir: &Path, spec: &RunSpec, go: &mut Go) -> RunState {
    let started_at = Timestamp::now();
    let mut attempt = Attempt::new(dir, spec, go);
    let stop = attempt.whole().break_value();
    attempt.verdict(started_at, stop)
}

/// Brings work that a person has approved onto its branch. `earlier` is what the work itself gave.
pub fn integrate(dir: &Path, spec: &RunSpec, go: &mut Go, earlier: RunState) -> RunState {
    let mut attempt = Attempt::new(dir, spec, go);
    attempt.checks = earlier.checks.clone();
    attempt.left = earlier.git.clone().unwrap_or_default();
    let stop = attempt.approved().break_value();
    let state = attempt.verdict(earlier.started_at, stop);
    RunState {
        outcome: state.outcome,
        message: state.message,
        checks: state.checks,
        ended_strays: state.ended_strays,
        git: state.git,
        ..earlier
    }
}

impl<'a> Attempt<'a> {
    fn new(dir: &'a Path, spec: &'a RunSpec, go: &'a mut Go) -> Self {
        Self {
            dir,
            spec,
            lock: &go.lock,
            watch: &mut go.watch,
            tree: Tree {
                marks: worker::marks(&spec.root, &spec.run),
                grace: spec.timeouts.grace,
            },
            env: whole_environment(dir, spec),
            secrets: Arc::new(Secrets::of(&spec.env)),
            began: Instant::now(),
            worker: None,
            checks: Vec::new(),
            ended: Ending::default(),
            agent: None,
            tier: spec.verify.tier,
            left: RunGit::default(),
        }
    }

    fn verdict(mut self, started_at: Timestamp, stop: Option<Stop>) -> RunState {
        let spec = self.spec;
        let git = self.left_in_git();
        let agent = self.farewell();
        let took = self.began.elapsed();
        RunState {
            schema_version: 1,
            run: spec.run.clone(),
            task: spec.task.clone(),
            outcome: stop
                .as_ref()
                .map_or(Outcome::Succeeded, |stop| Outcome::Ended(stop.reason)),
            message: stop.map(|stop| self.secrets.redact(&stop.message)),
            started_at,
            ended_at: Timestamp::now(),
            took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
            exit_code: self.worker.and_then(|end| end.exit_code),
            signal: self.worker.and_then(|end| end.signal),
            checks: self.checks,
            ended_strays: self.ended.strays,
            git,
            agent,
        }
    }

    fn whole(&mut self) -> ControlFlow<Stop> {
        let spec: &'a RunSpec = self.spec;
        let Some(git) = spec.git.as_deref() else {
            self.work()?;
            return self.accept(|_| ControlFlow::Continue(()));
        };
        let before = self.look_beside(git);
        let concluded = self.in_a_tree(git);
        let now = before.is_some().then(|| self.look_beside(git)).flatten();
        if let (Some(before), Some(now)) = (before, now) {
            self.left.beside = before.changed(&now);
        }
        concluded
    }

    fn in_a_tree(&mut self, git: &'a GitSpec) -> ControlFlow<Stop> {
        let ground = self.prepare(git)?;
        let worked = self.work();
        // Before git is asked anything: what the worker put into the shared configuration must not run.
        self.tampered(git)?;
        worked?;
        let accepted = self.accept(|attempt| {
            // An agent that was sent back has been at work again.
            attempt.tampered(git)?;
            attempt.weigh(&ground)
        });
        self.tampered(git)?;
        accepted?;
        self.conclude(&ground)
    }

    fn work(&mut self) -> ControlFlow<Stop> {
        self.heed_requests("before the worker started")?;
        if let Some(agent) = self.spec.agent.as_deref() {
            return self.converse(agent);
        }
        let timeouts = &self.spec.timeouts;
        let words = worker::invocation(&self.spec.command);
        let log = self.dir.join("worker.log");
        let limits = Limits::new(self.began, timeouts.wall).silence(
            Instant::now(),
            timeouts.startup,
            timeouts.idle,
        );
        let output = match limits.listens().then(|| Output::listen(&log)).transpose() {
            Ok(output) => output,
            Err(error) => {
                return ControlFlow::Break(Stop::internal("watch the worker's log", &error));
            }
        };
        let job = Job {
            words: &words,
            folder: &self.spec.tree,
            env: &self.env,
            log: &log,
            secrets: &self.secrets,
            lock: self.lock,
        };
        let running = match command::spawn(&job) {
            Ok(running) => running,
            Err(error) => return ControlFlow::Break(outcome::not_started(&error)),
        };
        let finish = command::finish(running, limits, output, self.watch, &self.tree);
        let how = self.take(finish)?;
        match how {
            How::Exited(status) => {
                let end = End::from(status);
                self.worker = Some(end);
                match outcome::complaint(&self.spec.command, end) {
                    None => ControlFlow::Continue(()),
                    Some(message) => {
                        ControlFlow::Break(Stop::new(StopReason::WorkerFailed, message))
                    }
                }
            }
            How::Asked => ControlFlow::Break(cancelled("while the worker ran")),
            How::Passed(limit) => ControlFlow::Break(outcome::passed(limit)),
        }
    }

    /// Leaves if somebody has asked for it.
    pub fn heed_requests(&mut self, when: &str) -> ControlFlow<Stop> {
        match self.watch.asked() {
            Ok(0) => ControlFlow::Continue(()),
            Ok(_) => ControlFlow::Break(cancelled(when)),
            Err(error) => ControlFlow::Break(Stop::internal("read signals", &error)),
        }
    }

    /// Books what was left behind by a command. Whatever could not be ended is told, and no success.
    pub fn take(&mut self, finish: io::Result<command::Finish>) -> ControlFlow<Stop, How> {
        let finish = match finish {
            Ok(finish) => finish,
            Err(error) => {
                return ControlFlow::Break(Stop::internal("watch over the worker", &error));
            }
        };
        self.ended.strays = self.ended.strays.saturating_add(finish.ending.strays);
        match finish.ending.survivors {
            0 => ControlFlow::Continue(finish.how),
            left => ControlFlow::Break(Stop::new(
                StopReason::InternalError,
                format!("{left} processes of the run could not be ended"),
            )),
        }
    }
}

/// The verdict after a request to end.
pub fn cancelled(when: &str) -> Stop {
    Stop::new(StopReason::Cancelled, format!("cancelled {when}"))
}

/// What the specification allows, and which run this is; the latter wins.
fn whole_environment(dir: &Path, spec: &RunSpec) -> Vec<(String, String)> {
    let identity = worker::identity(spec, &dir.to_string_lossy());
    let mut env: Vec<(String, String)> = spec
        .env
        .iter()
        .filter(|(name, _)| identity.iter().all(|(mine, _)| mine != name))
        .cloned()
        .collect();
    env.extend(
        identity
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value)),
    );
    env
}
