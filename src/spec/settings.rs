//! The settings that a task, a step, a track and a whole file can make.
//!
//! Knows their keys and values. Does not know which of several wins.

use std::time::Duration;

use crate::model::{AgentSettings, CommandLine, EnvVar, Isolation};
use crate::spec::fields::known;
use crate::spec::reader::{Reader, Want};
use crate::spec::yaml::{Node, Value};
use crate::spec::{At, Mark};

/// Limits in time; `Some(None)` lifts one.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TimeoutsDoc {
    pub startup: Option<Option<Duration>>,
    pub idle: Option<Option<Duration>>,
    pub wall: Option<Option<Duration>>,
    pub grace: Option<Duration>,
}

/// How often to try again, and the waits.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RetryDoc {
    pub max: Option<u32>,
    pub base: Option<Duration>,
    pub longest: Option<Duration>,
}

/// What is set in one place. `None` leaves it to the next.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Settings {
    pub worker: Option<At<Box<str>>>,
    pub timeouts: Option<Box<TimeoutsDoc>>,
    pub retries: Option<Box<RetryDoc>>,
    /// 0, 1 or 2.
    pub tier: Option<u8>,
    pub commands: Option<Vec<CommandLine>>,
    pub priority: Option<i32>,
    pub estimate: Option<Duration>,
    pub model: Option<Box<str>>,
    pub budget_usd: Option<f64>,
    pub agent: Option<Box<AgentSettings>>,
    pub env: Vec<EnvVar>,
    pub pools: Vec<(At<Box<str>>, u32)>,
    pub isolation: Option<Isolation>,
}

/// The keys that [`setting`] reads.
#[cfg(test)]
pub const SETTING_KEYS: [&str; 12] = [
    "worker",
    "timeout",
    "retries",
    "verify",
    "priority",
    "estimate",
    "model",
    "budget_usd",
    "agent",
    "env",
    "pools",
    "isolation",
];

/// Reads one setting into its place. `false`: the key is none.
pub fn setting(reader: &mut Reader, settings: &mut Settings, key: &str, node: &Node) -> bool {
    match key {
        "worker" => settings.worker = reader.text_at(key, node, "claude-code"),
        "timeout" => settings.timeouts = timeout(reader, key, node).map(Box::new),
        "retries" => settings.retries = retries(reader, key, node).map(Box::new),
        "verify" => verify(reader, settings, node),
        "priority" => {
            settings.priority = reader
                .whole(key, node, (-1_000_000, 1_000_000), "10")
                .and_then(|n| i32::try_from(n).ok());
        }
        "estimate" => settings.estimate = reader.duration(key, node),
        "model" => settings.model = reader.text(key, node, "sonnet").map(Into::into),
        "budget_usd" => settings.budget_usd = reader.amount(key, node),
        "agent" => {
            let mut agent = AgentSettings::default();
            for (key, node) in known(reader, node, "`agent`", &AGENT_KEYS) {
                agent_key(reader, &mut agent, key, node);
            }
            settings.agent = Some(Box::new(agent));
        }
        "env" => settings.env = reader.environment(key, node),
        "pools" => settings.pools = reader.counts(key, node),
        "isolation" => settings.isolation = reader.word(key, node, &ISOLATION),
        _ => return false,
    }
    true
}

/// The keys that [`agent_key`] reads.
pub const AGENT_KEYS: [&str; 4] = ["permission", "allow", "args", "max_turns"];

/// Reads one setting of an agent into its place.
pub fn agent_key(reader: &mut Reader, agent: &mut AgentSettings, key: &str, node: &Node) {
    let mut texts = |example| {
        let texts = reader.texts(key, node, example)?;
        Some(texts.into_iter().map(|text| text.value.into()).collect())
    };
    match key {
        "allow" => agent.allow = texts("Bash(cargo test *)"),
        "args" => agent.args = texts("[--add-dir, ../shared]"),
        "permission" => {
            agent.permission = reader.text(key, node, "acceptEdits").map(str::to_owned);
        }
        _ => agent.max_turns = reader.count(key, node, (1, 100_000), "50"),
    }
}
pub const ISOLATION: [(&str, Isolation); 2] =
    [("worktree", Isolation::Worktree), ("none", Isolation::None)];

/// A length for the whole attempt, or a mapping of all four.
fn timeout(reader: &mut Reader, key: &str, node: &Node) -> Option<TimeoutsDoc> {
    if matches!(node.value, Value::Map(_)) {
        return Some(timeouts(reader, key, node));
    }
    Some(TimeoutsDoc {
        wall: Some(reader.limit(key, node)?),
        ..TimeoutsDoc::default()
    })
}

/// `startup`, `idle`, `wall` and `grace`.
pub fn timeouts(reader: &mut Reader, key: &str, node: &Node) -> TimeoutsDoc {
    let mut doc = TimeoutsDoc::default();
    for (key, node) in known(reader, node, &format!("`{key}`"), &TIMEOUT_KEYS) {
        match key {
            "startup" => doc.startup = reader.limit(key, node),
            "idle" => doc.idle = reader.limit(key, node),
            "wall" => doc.wall = reader.limit(key, node),
            _ => doc.grace = reader.duration(key, node),
        }
    }
    doc
}
pub const TIMEOUT_KEYS: [&str; 4] = ["startup", "idle", "wall", "grace"];

/// A number, or `max` and `backoff`.
pub fn retries(reader: &mut Reader, key: &str, node: &Node) -> Option<RetryDoc> {
    let mut doc = RetryDoc::default();
    if !matches!(node.value, Value::Map(_)) {
        doc.max = Some(reader.count(key, node, (0, 100), "2")?);
        return Some(doc);
    }
    for (key, node) in known(reader, node, &format!("`{key}`"), &RETRY_KEYS) {
        match key {
            "max" => doc.max = reader.count(key, node, (0, 100), "2"),
            _ if matches!(node.value, Value::Map(_)) => {
                for (key, node) in known(reader, node, "`backoff`", &BACKOFF_KEYS) {
                    match key {
                        "base" => doc.base = reader.duration(key, node),
                        _ => doc.longest = reader.duration(key, node),
                    }
                }
            }
            _ => doc.base = reader.duration(key, node),
        }
    }
    Some(doc)
}
pub const RETRY_KEYS: [&str; 2] = ["max", "backoff"];
pub const BACKOFF_KEYS: [&str; 2] = ["base", "max"];

fn verify(reader: &mut Reader, settings: &mut Settings, node: &Node) {
    match &node.value {
        // `verify: cargo test` and `verify: [cargo test]` mean the commands.
        Value::Scalar(_) | Value::List(_) => settings.commands = reader.commands("verify", node),
        _ => {
            for (key, node) in known(reader, node, "`verify`", &VERIFY_KEYS) {
                match key {
                    "tier" => settings.tier = tier(reader, node),
                    _ => settings.commands = reader.commands(key, node),
                }
            }
        }
    }
}
pub const VERIFY_KEYS: [&str; 2] = ["tier", "commands"];

/// `verification: {tier: tier1}` of the TypeScript runr.
pub fn verification(reader: &mut Reader, settings: &mut Settings, node: &Node, mark: Mark) {
    if settings.tier.is_some() || settings.commands.is_some() {
        reader.error(
            "wrong-key",
            mark,
            "`verification` and `verify` say the same",
            "keep `verify`",
        );
        return;
    }
    for (_, node) in known(reader, node, "`verification`", &["tier"]) {
        settings.tier = tier(reader, node);
    }
}

fn tier(reader: &mut Reader, node: &Node) -> Option<u8> {
    if let Value::Scalar(text) = &node.value {
        match text.as_ref() {
            "0" | "tier0" => return Some(0),
            "1" | "tier1" => return Some(1),
            "2" | "tier2" => return Some(2),
            _ => {}
        }
    }
    let want = Want {
        what: "0, 1 or 2",
        example: "1",
    };
    reader.wrong("tier", node, want);
    None
}
