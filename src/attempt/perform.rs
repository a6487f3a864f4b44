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
use crate::model::{CheckResult, Outcome, RunSpec, RunState, StopReason};
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
}

/// Does the work and judges it. When this returns, nothing that it started is alive.
///
/// The task's lock stays with the caller: whoever finds it free takes an attempt without a verdict for
/// a crashed one.
pub fn perform(dir: &Path, spec: &RunSpec, go: &mut Go) -> RunState {
    let started_at = Timestamp::now();
    let mut attempt = Attempt {
        dir,
        spec,
        lock: &go.lock,
        watch: &mut go.watch,
        tree: Tree {
            cookie: format!("{}={}", worker::COOKIE, spec.run),
            grace: spec.timeouts.grace,
        },
        env: whole_environment(dir, spec),
        secrets: Arc::new(Secrets::of(&spec.env)),
        began: Instant::now(),
        worker: None,
        checks: Vec::new(),
        ended: Ending::default(),
        agent: None,
    };
    let stop = match attempt.work() {
        ControlFlow::Break(stop) => Some(stop),
        ControlFlow::Continue(()) => match attempt.accept() {
            ControlFlow::Break(stop) => Some(stop),
            ControlFlow::Continue(()) => None,
        },
    };
    let agent = attempt.farewell();
    let took = attempt.began.elapsed();
    RunState {
        schema_version: 1,
        run: spec.run.clone(),
        task: spec.task.clone(),
        outcome: stop
            .as_ref()
            .map_or(Outcome::Succeeded, |stop| Outcome::Ended(stop.reason)),
        message: stop.map(|stop| attempt.secrets.redact(&stop.message)),
        started_at,
        ended_at: Timestamp::now(),
        took_ms: u64::try_from(took.as_millis()).unwrap_or(u64::MAX),
        exit_code: attempt.worker.and_then(|end| end.exit_code),
        signal: attempt.worker.and_then(|end| end.signal),
        checks: attempt.checks,
        ended_strays: attempt.ended.strays,
        agent,
    }
}

impl Attempt<'_> {
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
    env.extend(identity.map(|(name, value)| (name.to_owned(), value)));
    env
}
