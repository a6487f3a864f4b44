//! What follows when an agent's work does not pass the checks: it is told what failed, in the same session, as often
//! as its specification allows.
//!
//! Knows the checks' logs and the session. That an agent hears of a failure changes nothing about the verdict: only
//! checks that pass do.

use std::fs;
use std::io::{self, Read as _, Seek as _};
use std::ops::ControlFlow;
use std::path::Path;

use crate::attempt::conversation::{Way, told};
use crate::attempt::outcome::Stop;
use crate::attempt::perform::Attempt;
use crate::attempt::verify::Round;
use crate::model::{AgentSpec, StopReason};
use crate::worker::{self, WorkEnd};

/// How much of a failed check's output is sent back: its end, where the reasons stand.
const SENT_BACK: u64 = 32 * 1024;

impl Attempt<'_> {
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
