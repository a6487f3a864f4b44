//! The part of an attempt's contract that is about an agent: what it is given, and what it left.

use std::time::Duration;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::model::{CommandLine, EnvVar, Usd};

/// Which program an agent is, as far as its arguments and its output are concerned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Adapter {
    ClaudeCode,
    Codex,
    /// A command of the configuration.
    Custom,
}

impl Adapter {
    /// Does it tell what it cost, so that a budget can be kept?
    #[must_use]
    pub fn meters_money(self, result: ResultWay) -> bool {
        match self {
            Self::ClaudeCode => true,
            Self::Codex => false,
            Self::Custom => result == ResultWay::Json,
        }
    }

    /// Can a session be continued by its id?
    #[must_use]
    pub fn resumes(self) -> bool {
        matches!(self, Self::ClaudeCode | Self::Codex)
    }
}

/// How a worker of the configuration says how it went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum ResultWay {
    /// By its exit code alone.
    #[default]
    Exit,
    /// By its exit code and a JSON object in the last line of its output that begins with `{`.
    Json,
}

/// What a configuration, a track or a task says about how an agent is started. `None` leaves it open.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct AgentSettings {
    /// Claude Code's permission mode, Codex's sandbox.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub permission: Option<String>,
    /// Tools that need no permission.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub allow: Option<Vec<String>>,
    /// Further arguments, passed as they are.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub args: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub max_turns: Option<u32>,
}

impl AgentSettings {
    /// What is said here, else what `weaker` says.
    #[must_use]
    pub fn or(self, weaker: &Self) -> Self {
        Self {
            permission: self.permission.or_else(|| weaker.permission.clone()),
            allow: self.allow.or_else(|| weaker.allow.clone()),
            args: self.args.or_else(|| weaker.args.clone()),
            max_turns: self.max_turns.or(weaker.max_turns),
        }
    }
}

/// Caps on money.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct Budget {
    /// For one task in one orchestration.
    pub task_usd: Option<Usd>,
    /// For one orchestration.
    pub run_usd: Option<Usd>,
    /// For one day (UTC) of the whole repository.
    pub day_usd: Option<Usd>,
}

impl Budget {
    #[must_use]
    pub fn is_set(&self) -> bool {
        *self != Self::default()
    }
}

/// The agent that does a task, with everything that the files say about it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct AgentWork {
    pub adapter: Adapter,
    pub program: CommandLine,
    pub result: ResultWay,
    pub model: Option<Box<str>>,
    pub settings: AgentSettings,
    /// Variables of the worker's configuration; the task's own win.
    pub env: Box<[EnvVar]>,
    /// How often a failed verification is sent back to it.
    pub send_backs: u32,
    pub budget: Budget,
}

/// Which conversation an attempt has with its agent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "kind")]
pub enum Session {
    /// A new one. `id` is chosen beforehand where the program takes one.
    New { id: Option<String> },
    /// The one of an earlier attempt. Should it be gone, a new one with the id `else_new`.
    Resume {
        id: String,
        else_new: String,
        /// What the program had counted in this session by then, for those that count on.
        #[serde(default)]
        counted: Tokens,
    },
}

/// What an attempt with an agent is given. Written into `spec.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AgentSpec {
    pub adapter: Adapter,
    /// The program and the words before runr's own arguments.
    pub program: CommandLine,
    pub result: ResultWay,
    pub model: Option<String>,
    pub settings: AgentSettings,
    /// What this attempt may cost at most.
    pub budget: Option<Usd>,
    pub session: Session,
    /// What it is asked, whole.
    pub prompt: String,
    /// What it is told instead when its session is continued.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub follow_up: Option<String>,
    /// How often a failed verification is sent back to it before the attempt is given up.
    pub send_backs: u32,
    /// How long a program that has given its result may go on before it is ended.
    pub linger: Duration,
}

/// What an agent read and wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Tokens {
    pub input: u64,
    pub output: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_read: u64,
    #[serde(default, skip_serializing_if = "is_zero")]
    pub cache_write: u64,
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde asks for a reference"
)]
fn is_zero(n: &u64) -> bool {
    *n == 0
}

impl Tokens {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            input: self.input.saturating_add(other.input),
            output: self.output.saturating_add(other.output),
            cache_read: self.cache_read.saturating_add(other.cache_read),
            cache_write: self.cache_write.saturating_add(other.cache_write),
        }
    }

    /// What came since; a program that began to count anew has all of it counted.
    #[must_use]
    pub fn since(self, before: Self) -> Self {
        let less = self.input < before.input || self.output < before.output;
        if less {
            return self;
        }
        Self {
            input: self.input - before.input,
            output: self.output - before.output,
            cache_read: self.cache_read.saturating_sub(before.cache_read),
            cache_write: self.cache_write.saturating_sub(before.cache_write),
        }
    }

    /// `1200 in, 50 out`; with what came from a cache counted as read.
    #[must_use]
    pub fn line(self) -> String {
        let read = self
            .input
            .saturating_add(self.cache_read)
            .saturating_add(self.cache_write);
        format!("{read} in, {} out", self.output)
    }
}

/// What a run has used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Spent {
    /// `None`: the worker does not tell.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cost_usd: Option<Usd>,
    pub tokens: Tokens,
    pub turns: u32,
    /// The worker was ended before it gave its account: the numbers are what was seen until then.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub at_least: bool,
}

impl Spent {
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            cost_usd: match (self.cost_usd, other.cost_usd) {
                (Some(a), Some(b)) => Some(a.plus(b)),
                (a, b) => a.or(b),
            },
            tokens: self.tokens.plus(other.tokens),
            turns: self.turns.saturating_add(other.turns),
            at_least: self.at_least || other.at_least,
        }
    }

    /// Was nothing used, as by a worker that did not even start?
    #[must_use]
    pub fn is_nothing(self) -> bool {
        self.cost_usd.is_none_or(|cost| cost == Usd::ZERO)
            && self.tokens == Tokens::default()
            && self.turns == 0
    }

    /// `$0.015, 3000 in, 150 out, 3 turns`.
    #[must_use]
    pub fn line(self) -> String {
        let mut parts = Vec::new();
        if let Some(cost) = self.cost_usd {
            parts.push(cost.to_string());
        }
        parts.push(format!("{} tokens", self.tokens.line()));
        if self.turns > 0 {
            let word = if self.turns == 1 { "turn" } else { "turns" };
            parts.push(format!("{} {word}", self.turns));
        }
        let line = parts.join(", ");
        if self.at_least {
            format!("at least {line}")
        } else {
            line
        }
    }
}

/// A limit of the service that an agent ran into.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServiceLimit {
    /// `None`: it did not say.
    pub resets_at: Option<Timestamp>,
}

/// What became of the hand-off.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", tag = "is", content = "why")]
pub enum HandoffState {
    /// None was given.
    #[default]
    Missing,
    /// It is in `handoff.json`.
    Kept,
    /// It was not what was asked for.
    Malformed(String),
}

/// What an agent left. Part of `state.json`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct AgentReport {
    /// The conversation that a later attempt can continue.
    pub session: Option<String>,
    pub model: Option<String>,
    pub spent: Spent,
    /// What the program itself has counted in the session.
    #[serde(default)]
    pub counted: Tokens,
    /// How often it was started: once more for every failed verification that was sent back.
    pub starts: u32,
    /// Requests that the program itself tried again.
    #[serde(default)]
    pub retries: u32,
    /// What it wanted to do and was not allowed to, one line each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub denials: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub limit: Option<ServiceLimit>,
    /// Lines of its event stream that could not be read.
    #[serde(default)]
    pub malformed_lines: u64,
    #[serde(default)]
    pub handoff: HandoffState,
}
