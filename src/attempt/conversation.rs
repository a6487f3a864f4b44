//! The work of an agent: it is started with a prompt, what it says is read as it comes, and while its work does not
//! pass the checks it is told what failed, in the same session.
//!
//! Knows the files of the run and the order of things. What words start an agent, what its output means and what it
//! is told is [`crate::worker`]'s matter. It never decides that the work is good: the checks do.

use std::fs;
use std::io;
use std::ops::ControlFlow;
use std::path::Path;
use std::time::Instant;

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::attempt::command::{self, Ears, How, Job, Streams};
use crate::attempt::events_file::EventsFile;
use crate::attempt::gate;
use crate::attempt::limits::{Limit, Limits};
use crate::attempt::outcome::{self, End, Stop};
use crate::attempt::output::Output;
use crate::attempt::perform::{Attempt, cancelled};
use crate::model::{Adapter, AgentSpec, ResultWay, Session, StopReason, Tokens};
use crate::worker::{
    self, Clock, Exit, Input, Lingered, NeedsWord, Reader, Resumed, Start, WorkEnd,
};

/// The event stream of an agent, in the run's folder.
pub const EVENTS: &str = "events.jsonl";
/// The id of the session, for an attempt after this one should this one be lost.
pub const SESSION: &str = "session";
/// What the agent leaves for dependents.
pub const HANDOFF: &str = "handoff.json";
const SCHEMA: &str = "handoff.schema.json";
pub const LOG: &str = "worker.log";

/// A conversation that has begun.
#[derive(Debug)]
pub struct Conversation {
    pub reader: Reader,
    pub starts: u32,
    pub sent_back: u32,
    /// The session that the next start continues.
    pub session: Option<String>,
}

impl Attempt<'_> {
    /// Lets the agent work until it says that it is done.
    pub fn converse(&mut self, spec: &AgentSpec) -> ControlFlow<Stop> {
        self.agent = Some(Conversation {
            reader: new_reader(spec),
            starts: 0,
            sent_back: 0,
            session: None,
        });
        if spec.adapter == Adapter::Codex {
            let path = self.dir.join(SCHEMA);
            if let Err(error) = fs::write(&path, worker::STRICT_SCHEMA) {
                return ControlFlow::Break(Stop::internal("write the schema of hand-offs", &error));
            }
        }
        let follow_up = spec.follow_up.as_deref().unwrap_or(&spec.prompt);
        let end = match &spec.session {
            Session::New { id } => self.start(spec, &spec.prompt, Way::New(id.as_deref()))?,
            Session::Resume { id, else_new, .. } => {
                match self.start(spec, follow_up, Way::Resume(id))? {
                    WorkEnd::SessionGone => {
                        if let Some(agent) = &mut self.agent {
                            agent.reader.forget_session();
                        }
                        self.start(spec, &spec.prompt, Way::New(Some(else_new)))?
                    }
                    end => end,
                }
            }
        };
        told(end)
    }

    /// Starts the agent once and reads it to its end.
    pub fn start(
        &mut self,
        spec: &AgentSpec,
        prompt: &str,
        way: Way<'_>,
    ) -> ControlFlow<Stop, WorkEnd> {
        self.heed_requests("before the worker started")?;
        let Some(mut agent) = self.agent.take() else {
            let error = io::Error::other("there is no conversation");
            return ControlFlow::Break(Stop::internal("start the agent", &error));
        };
        let end = self.one_start(spec, prompt, way, &mut agent);
        self.agent = Some(agent);
        end
    }

    fn one_start(
        &mut self,
        spec: &AgentSpec,
        prompt: &str,
        way: Way<'_>,
        agent: &mut Conversation,
    ) -> ControlFlow<Stop, WorkEnd> {
        agent.starts += 1;
        let name = match agent.starts {
            1 => "prompt.md".to_owned(),
            n => format!("prompt-{n}.md"),
        };
        let prompt_file = self.dir.join(name);
        if let Err(error) = fs::write(&prompt_file, prompt) {
            return ControlFlow::Break(Stop::internal("write the prompt", &error));
        }
        agent.reader.begin_anew();
        let spent = agent.reader.account().spent.cost_usd.unwrap_or_default();
        let gate = gate::command(spec, &self.spec.verify, self.dir);
        let schema = self.dir.join(SCHEMA).to_string_lossy().into_owned();
        let prompt_path = prompt_file.to_string_lossy().into_owned();
        let start = Start {
            spec,
            prompt,
            prompt_file: &prompt_path,
            session: way.new_session(),
            resume: way.resumed_session(),
            budget: spec.budget.map(|budget| budget.minus(spent)),
            gate: gate.as_deref(),
            schema_file: (spec.adapter == Adapter::Codex).then_some(schema.as_str()),
        };
        let (words, input) = match start.words() {
            Ok(words) => words,
            Err(error) => {
                return ControlFlow::Break(Stop::new(StopReason::WorkerFailed, error.to_string()));
            }
        };
        let how = self.watched(
            spec,
            &words,
            (input == Input::Prompt).then_some(&prompt_file),
            agent,
        )?;
        self.ended(spec, how, way, agent)
    }

    /// Runs the program with everything that it says read as it comes.
    fn watched(
        &mut self,
        spec: &AgentSpec,
        words: &[String],
        input: Option<&std::path::PathBuf>,
        agent: &mut Conversation,
    ) -> ControlFlow<Stop, How> {
        let log = self.dir.join(LOG);
        // Only of programs whose events are read is the output something else than the log.
        let events = match spec.adapter {
            Adapter::ClaudeCode | Adapter::Codex => self.dir.join(EVENTS),
            Adapter::Custom => log.clone(),
        };
        let listening =
            EventsFile::open(&events, &log).and_then(|file| Ok((file, Output::listen(&events)?)));
        let (mut file, output) = match listening {
            Ok(listening) => listening,
            Err(error) => {
                return ControlFlow::Break(Stop::internal("watch the worker's log", &error));
            }
        };
        let mut env = self.env.clone();
        if let Some(path) = input {
            env.push((
                "RUNR_PROMPT_FILE".to_owned(),
                path.to_string_lossy().into_owned(),
            ));
        }
        let job = Job {
            words,
            folder: &self.spec.tree,
            env: &env,
            log: &log,
            secrets: &self.secrets,
            lock: self.lock,
        };
        let streams = Streams {
            input: input.map(std::path::PathBuf::as_path),
            output: (events != log).then_some(&events),
        };
        let running = match command::spawn_with(&job, streams) {
            Ok(running) => running,
            Err(error) => return ControlFlow::Break(outcome::not_started(&error)),
        };
        let timeouts = &self.spec.timeouts;
        let session_file = self.dir.join(SESSION);
        let ears = Ears {
            limits: Limits::new(self.began, timeouts.wall).silence(
                Instant::now(),
                timeouts.startup,
                timeouts.idle,
            ),
            output: Some(output),
            heard: &mut |limits| {
                file.drain(&mut agent.reader)?;
                remember(&session_file, &mut agent.session, &agent.reader)?;
                let said = agent.reader.account().result.is_some();
                limits.may_linger(Instant::now(), said.then_some(spec.linger));
                Ok(())
            },
        };
        let finish = command::finish_with(running, ears, self.watch, &self.tree);
        // Whatever came after the last look, and whether the end was good or bad: it was paid for.
        let mut said = Vec::new();
        let read = file.drain(&mut agent.reader).and_then(|()| {
            agent.reader.close(&mut said);
            file.say(&said)?;
            remember(&session_file, &mut agent.session, &agent.reader)
        });
        let how = self.take(finish)?;
        match read {
            Ok(()) => ControlFlow::Continue(how),
            Err(error) => ControlFlow::Break(Stop::internal("read what the worker says", &error)),
        }
    }

    fn ended(
        &mut self,
        spec: &AgentSpec,
        how: How,
        way: Way<'_>,
        agent: &Conversation,
    ) -> ControlFlow<Stop, WorkEnd> {
        let (end, lingered) = match how {
            How::Exited(status) => (End::from(status), Lingered::No),
            How::Passed(Limit::Linger(_)) => {
                let end = End {
                    exit_code: None,
                    signal: None,
                };
                (end, Lingered::Yes)
            }
            How::Asked => return ControlFlow::Break(cancelled("while the worker ran")),
            How::Passed(limit) => return ControlFlow::Break(outcome::passed(limit)),
        };
        self.worker = Some(end);
        let needs_word = match (spec.adapter, spec.result) {
            (Adapter::Custom, ResultWay::Exit) => NeedsWord::No,
            _ => NeedsWord::Yes,
        };
        let exit = Exit {
            code: end.exit_code,
            lingered,
            needs_word,
            resumed: match way {
                Way::Resume(_) => Resumed::Yes,
                Way::New(_) => Resumed::No,
            },
        };
        let complaint = outcome::complaint(&spec.program, end);
        ControlFlow::Continue(worker::judge(agent.reader.account(), exit, complaint))
    }
}

/// How a start begins.
#[derive(Debug, Clone, Copy)]
pub enum Way<'a> {
    New(Option<&'a str>),
    Resume(&'a str),
}

impl<'a> Way<'a> {
    fn new_session(self) -> Option<&'a str> {
        match self {
            Self::New(id) => id,
            Self::Resume(_) => None,
        }
    }
    fn resumed_session(self) -> Option<&'a str> {
        match self {
            Self::New(_) => None,
            Self::Resume(id) => Some(id),
        }
    }
}

/// What an agent's end means for the attempt.
pub fn told(end: WorkEnd) -> ControlFlow<Stop> {
    let (reason, message) = match end {
        WorkEnd::Done => return ControlFlow::Continue(()),
        WorkEnd::Failed(message) => (StopReason::WorkerFailed, message),
        WorkEnd::Limited(message) => (StopReason::UsageLimit, message),
        WorkEnd::LoginNeeded(message) => (StopReason::AuthRequired, message),
        WorkEnd::BudgetReached(message) => (StopReason::BudgetExceeded, message),
        WorkEnd::SessionGone => (
            StopReason::WorkerFailed,
            "the session that it was to continue is gone".to_owned(),
        ),
    };
    ControlFlow::Break(Stop::new(reason, message))
}

/// Notes the session as soon as it is known to exist.
fn remember(path: &Path, known: &mut Option<String>, reader: &Reader) -> io::Result<()> {
    let session = &reader.account().session;
    if session.is_some() && session != known {
        known.clone_from(session);
        fs::write(path, session.as_deref().unwrap_or_default())?;
    }
    Ok(())
}

pub fn new_reader(spec: &AgentSpec) -> Reader {
    let counted = match &spec.session {
        Session::New { .. } => Tokens::default(),
        Session::Resume { counted, .. } => *counted,
    };
    let clock = Clock {
        now: Timestamp::now(),
        zone: TimeZone::system(),
    };
    Reader::new(spec.adapter, spec.result, clock, counted)
}
