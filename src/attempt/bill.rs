//! What an agent leaves when its attempt is over: its account, and its hand-off in the run's folder.
//!
//! Knows the account and the files. Judges nothing: a hand-off that is not what it should be is noted and stops
//! nothing.

use std::fs;
use std::io::{self, Read as _};
use std::path::Path;

use crate::attempt::conversation::{EVENTS, HANDOFF, LOG, new_reader};
use crate::attempt::perform::Attempt;
use crate::model::{Adapter, AgentReport, AgentSpec, HandoffState, Spent};
use crate::worker;

impl Attempt<'_> {
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
