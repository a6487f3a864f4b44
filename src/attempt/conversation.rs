//! The work of an agent: it is started with a prompt, what it says is read as it comes, and while its work does not
//! pass the checks it is told what failed, in the same session.
//!
//! Knows the files of the run and the order of things. What words start an agent, what its output means and what it
//! is told is [`crate::worker`]'s matter. It never decides that the work is good: [`Attempt::verify`] does.

use std::fs;
use std::io::{self, Read as _, Seek as _};
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
use crate::attempt::verify::Round;
use crate::model::{
    Adapter, AgentReport, AgentSpec, HandoffState, ResultWay, Session, Spent, StopReason, Tokens,
};
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
const LOG: &str = "worker.log";

/// How much of a failed check's output is sent back: its end, where the reasons stand.
const SENT_BACK: u64 = 32 * 1024;

/// A conversation that has begun.
#[derive(Debug)]
pub struct Conversation {
    reader: Reader,
    starts: u32,
    sent_back: u32,
    /// The session that the next start continues.
    session: Option<String>,
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

    /// Verifies; as long as that fails, the agent hears why and goes on in its session.
    /// `look` is what is to be seen to before each verification.
    pub fn accept(
        &mut self,
        mut look: impl FnMut(&mut Self) -> ControlFlow<Stop>,
    ) -> ControlFlow<Stop> {
        loop {
            look(self)?;
            let stop = match self.verify(Round::First) {
                ControlFlow::Continue(()) => return ControlFlow::Continue(()),
                ControlFlow::Break(stop) => stop,
            };
            let (Some(spec), StopReason::VerificationFailed) =
                (self.spec.agent.as_deref(), stop.reason)
            else {
                return ControlFlow::Break(stop);
            };
            let stop = self.with_denials(stop);
            let Some(session) = self.may_send_back(spec) else {
                return ControlFlow::Break(stop);
            };
            let failed = match self.failing_output() {
                Ok(output) => format!("{}\n\n{output}", stop.message),
                Err(error) => {
                    return ControlFlow::Break(Stop::internal("read a check's output", &error));
                }
            };
            let end = self.start(spec, &worker::send_back(&failed), Way::Resume(&session))?;
            match end {
                // Without its session it cannot mend anything: the checks' verdict stands.
                WorkEnd::SessionGone => return ControlFlow::Break(stop),
                end => told(end)?,
            }
        }
    }

    /// The session to go on with, if there is one and the agent may be asked once more.
    fn may_send_back(&mut self, spec: &AgentSpec) -> Option<String> {
        let agent = self.agent.as_mut()?;
        let money = spec.budget.is_none_or(|budget| {
            let spent = agent.reader.account().spent.cost_usd.unwrap_or_default();
            spent < budget
        });
        if !spec.adapter.resumes() || agent.sent_back >= spec.send_backs || !money {
            return None;
        }
        agent.sent_back += 1;
        agent.session.clone()
    }

    /// What an agent was not allowed to do is the likeliest reason why its work does not pass.
    fn with_denials(&self, stop: Stop) -> Stop {
        let denials = self
            .agent
            .as_ref()
            .map(|agent| &agent.reader.account().denials);
        match denials.and_then(|denials| denials.first().map(|first| (first, denials.len()))) {
            None => stop,
            Some((first, count)) => {
                let more = match count {
                    1 => String::new(),
                    n => format!(" and {} more", n - 1),
                };
                Stop::new(
                    stop.reason,
                    format!("not allowed to the agent: {first}{more}; {}", stop.message),
                )
            }
        }
    }

    /// The end of the failed check's output; all logs of this round are put aside for the next one.
    fn failing_output(&mut self) -> io::Result<String> {
        let mut text = String::new();
        let round = self.agent.as_ref().map_or(0, |agent| agent.sent_back);
        for check in std::mem::take(&mut self.checks) {
            let log = self.dir.join(&check.log);
            if !check.passed {
                text = tail(&log)?;
            }
            let aside = check.log.trim_end_matches(".log");
            // A check that could not be run left no log.
            if log.exists() {
                fs::rename(&log, self.dir.join(format!("{aside}-round-{round}.log")))?;
            }
        }
        Ok(text)
    }

    /// Starts the agent once and reads it to its end.
    fn start(
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

    /// What the conversation left, and its hand-off in the run's folder.
    pub fn farewell(&mut self) -> Option<Box<AgentReport>> {
        let agent = self.agent.as_ref()?;
        let account = agent.reader.account();
        let handoff = match worker::handoff_of(account) {
            None => HandoffState::Missing,
            Some(Err(error)) => HandoffState::Malformed(error.to_string()),
            Some(Ok(handoff)) => {
                let text = self.secrets.redact(&handoff.to_json());
                match fs::write(self.dir.join(HANDOFF), text) {
                    Ok(()) => HandoffState::Kept,
                    Err(error) => HandoffState::Malformed(format!("it cannot be written: {error}")),
                }
            }
        };
        Some(Box::new(AgentReport {
            session: agent.session.clone(),
            model: account.model.clone(),
            spent: account.spent,
            counted: account.counted,
            starts: agent.starts,
            retries: account.retries,
            denials: account
                .denials
                .iter()
                .map(|denial| self.secrets.redact(denial))
                .collect(),
            limit: account.limit.clone(),
            malformed_lines: account.malformed_lines,
            handoff,
        }))
    }
}

/// How a start begins.
#[derive(Debug, Clone, Copy)]
enum Way<'a> {
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
fn told(end: WorkEnd) -> ControlFlow<Stop> {
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

/// What the agent of a run without a verdict has used by its own words. `None`: it never said anything.
///
/// # Errors
/// When its events cannot be read.
pub fn spent_so_far(dir: &Path, spec: &AgentSpec) -> io::Result<Option<Spent>> {
    let file = match spec.adapter {
        Adapter::ClaudeCode | Adapter::Codex => EVENTS,
        Adapter::Custom => LOG,
    };
    let mut file = match fs::File::open(dir.join(file)) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error),
    };
    let mut reader = new_reader(spec);
    let mut chunk = vec![0; 64 * 1024];
    loop {
        match file.read(&mut chunk)? {
            0 => break,
            n => reader.feed(&chunk[..n], &mut Vec::new()),
        }
    }
    reader.close(&mut Vec::new());
    Ok(Some(reader.account().spent))
}

fn new_reader(spec: &AgentSpec) -> Reader {
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

/// The end of a file, from the beginning of a line on.
pub fn tail(path: &Path) -> io::Result<String> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(String::new()),
        Err(error) => return Err(error),
    };
    let length = file.metadata()?.len();
    let from = length.saturating_sub(SENT_BACK);
    file.seek(io::SeekFrom::Start(from))?;
    let mut bytes = Vec::new();
    file.take(SENT_BACK).read_to_end(&mut bytes)?;
    let text = String::from_utf8_lossy(&bytes);
    Ok(match (from, text.split_once('\n')) {
        (0, _) | (_, None) => text.into_owned(),
        (_, Some((_, rest))) => format!("[{from} bytes before this are left out]\n{rest}"),
    })
}
