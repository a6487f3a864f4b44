//! One start of an agent: the whole command line, and where the prompt goes.
//!
//! Knows the three adapters and picks one. Does not know processes or files.

use crate::model::{Adapter, AgentSpec, CommandLine, Session, Usd};
use crate::worker::{claude_code, codex, custom};

/// What differs between one start and the next of the same attempt.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    pub spec: &'a AgentSpec,
    /// What is said to it.
    pub prompt: &'a str,
    /// The file that holds the prompt.
    pub prompt_file: &'a str,
    /// The id of a new session, where the program takes one.
    pub session: Option<&'a str>,
    /// The session to continue.
    pub resume: Option<&'a str>,
    /// What this start may cost at most.
    pub budget: Option<Usd>,
    /// A shell text that runs the checks when the agent wants to stop.
    pub gate: Option<&'a str>,
    /// The file that holds the schema of the hand-off.
    pub schema_file: Option<&'a str>,
}

/// Where the prompt is read from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Input {
    Nothing,
    /// Standard input is the prompt's file.
    Prompt,
}

/// The prompt does not fit into an argument.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "the prompt has {bytes} bytes, and an argument can hold {LONGEST_ARGUMENT}; use `{{prompt_file}}` instead of `{{prompt}}`"
)]
pub struct PromptTooLong {
    pub bytes: usize,
}

/// The kernel takes 128 KiB for one argument, its end included.
pub const LONGEST_ARGUMENT: usize = 128 * 1024 - 1;

impl<'a> Start<'a> {
    /// The first start of an attempt, with nothing but its specification.
    #[must_use]
    pub fn new(spec: &'a AgentSpec) -> Self {
        let (session, resume) = match &spec.session {
            Session::New { id } => (id.as_deref(), None),
            Session::Resume { id, .. } => (None, Some(id.as_str())),
        };
        Self {
            spec,
            prompt: &spec.prompt,
            prompt_file: "",
            session,
            resume,
            budget: spec.budget,
            gate: None,
            schema_file: None,
        }
    }

    /// The program and all its arguments, and what its standard input is.
    ///
    /// # Errors
    /// When the prompt is to be an argument and too long for one.
    pub fn words(&self) -> Result<(Vec<String>, Input), PromptTooLong> {
        let arguments = match self.spec.adapter {
            Adapter::ClaudeCode => claude_code::arguments(self),
            Adapter::Codex => codex::arguments(self),
            Adapter::Custom => return custom::words(self),
        };
        let words = match &self.spec.program {
            CommandLine::Argv(program) => [program.clone(), arguments].concat(),
            CommandLine::Shell(text) => {
                let shell = ["/bin/sh", "-c", &format!("{text} \"$@\""), "sh"];
                [shell.map(str::to_owned).to_vec(), arguments].concat()
            }
        };
        Ok((words, Input::Prompt))
    }
}

#[cfg(test)]
pub(super) fn sample() -> AgentSpec {
    AgentSpec {
        adapter: Adapter::ClaudeCode,
        program: CommandLine::Argv(vec!["claude".to_owned()]),
        result: crate::model::ResultWay::Exit,
        model: None,
        settings: crate::model::AgentSettings::default(),
        budget: None,
        session: Session::New {
            id: Some("11111111-2222-4333-8444-555555555555".to_owned()),
        },
        prompt: "do it".to_owned(),
        follow_up: None,
        send_backs: 2,
        linger: std::time::Duration::from_secs(30),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_program_may_be_words_or_a_shell_text() {
        let mut spec = sample();
        spec.program = CommandLine::Argv(vec!["npx".to_owned(), "claude".to_owned()]);
        let (words, input) = Start::new(&spec).words().unwrap();
        assert_eq!(words[..3], ["npx", "claude", "-p"]);
        assert_eq!(input, Input::Prompt);
        spec.program = CommandLine::Shell("nice claude".to_owned());
        let (words, _) = Start::new(&spec).words().unwrap();
        assert_eq!(words[..4], ["/bin/sh", "-c", "nice claude \"$@\"", "sh"]);
        assert_eq!(words[4], "-p");
    }
}
