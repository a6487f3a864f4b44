//! What each key takes, as a schema, and what it is for, in one line.
//!
//! Knows every key of every file. That none is missing here and that both agree is held by tests.

use serde_json::{Value, json};

use crate::model::Occasion;
use crate::spec::configuration::{NESTED_KEYS, RISK_KEYS};
use crate::spec::schema::{defaults, object, step, track};
use crate::spec::settings::{AGENT_KEYS, BACKOFF_KEYS, RETRY_KEYS, TIMEOUT_KEYS, VERIFY_KEYS};

/// Whose key it is: the same word means different things in different places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Scope {
    Task,
    File,
    Track,
    /// Of a step, or of `defaults`.
    Step,
    Config,
    /// Inside this key of the configuration.
    In(&'static str),
    Timeouts,
    Retries,
    Backoff,
    Verify,
    OlderVerify,
    Risk,
    Agent,
}

/// What a key takes. `None`: it is not known there.
#[must_use]
pub fn shape(scope: Scope, key: &str) -> Option<Value> {
    Some(match (scope, key) {
        (_, "version") => json!({ "const": 1 }),
        (Scope::Task | Scope::Track | Scope::Step, "depends_on")
        | (Scope::Task, "tags" | "owns" | "allowlist_add" | "inputs")
        | (Scope::Step, "allowlist" | "inputs")
        | (Scope::In("scope"), "allow" | "deny" | "lockfiles")
        | (Scope::In("worktree"), "copy" | "link")
        | (Scope::Risk, "tier1" | "tier2") => texts(),
        (Scope::Task, "type") => words(&["automated", "manual", "hybrid"]),
        (Scope::Task, "verification") => object(Scope::OlderVerify, &["tier"], &[]),
        // Shown, never obeyed: anything may stand there.
        (Scope::Task, "status" | "completed_at" | "completed_by" | "completed_commit") => json!({}),
        (Scope::Task | Scope::Step, "run") | (Scope::In("workers" | "notify"), "command") => {
            command()
        }
        (Scope::File | Scope::Config, "pools") => counts(),
        (Scope::File, "tracks") => json!({ "type": "array", "minItems": 1, "items": track() }),
        (Scope::File | Scope::Track, "defaults") => defaults(),
        (Scope::Track, "name") | (Scope::Step, "name" | "task") => text(),
        (Scope::Track, "steps") => json!({ "type": "array", "minItems": 1, "items": step() }),
        (Scope::Task | Scope::Step, key) => return setting(key),
        (Scope::Config, key) => return configured(key),
        (Scope::In("workers"), "model" | "fallback") => text(),
        (Scope::In("workers"), "adapter") => words(&["claude-code", "codex", "custom"]),
        (Scope::In("workers"), "result") => words(&["exit", "json"]),
        (Scope::Agent | Scope::In("workers"), "permission") => text(),
        (Scope::Agent | Scope::In("workers"), "allow" | "args") => texts(),
        (Scope::Agent | Scope::In("workers"), "max_turns") => count(1, 100_000),
        (Scope::In("notify"), "on") => {
            let words = words(&Occasion::ALL.map(Occasion::word));
            any(&[words.clone(), json!({ "type": "array", "items": words })])
        }
        (Scope::In("workers"), "max_parallel") => count(1, 1024),
        (Scope::In("workers"), "env") => environment(),
        (Scope::In("verify"), "tier0" | "tier1" | "tier2") | (Scope::In("worktree"), "setup") => {
            commands()
        }
        (Scope::In("verify"), "timeout") => limit(),
        (Scope::In("verify"), "cwd") => text(),
        (Scope::In("verify"), "max_attempts") => count(1, 100),
        (Scope::In("verify"), "risk") => object(Scope::Risk, &RISK_KEYS, &[]),
        (Scope::Risk, _) => count(1, 1_000_000),
        (Scope::In("budget"), _) => amount(),
        (Scope::In("status" | "git"), _) | (Scope::In("notify"), "desktop") => flag(),
        (Scope::Timeouts, "grace") => duration(),
        (Scope::Timeouts, "startup" | "idle" | "wall") => limit(),
        (Scope::Retries, "max") => count(0, 100),
        (Scope::Retries, "backoff") => {
            any(&[duration(), object(Scope::Backoff, &BACKOFF_KEYS, &[])])
        }
        (Scope::Backoff, _) => duration(),
        (Scope::Verify | Scope::OlderVerify, "tier") => {
            json!({ "enum": [0, 1, 2, "tier0", "tier1", "tier2"] })
        }
        (Scope::Verify, "commands") => commands(),
        _ => return None,
    })
}

/// The settings that tasks, steps and defaults share.
fn setting(key: &str) -> Option<Value> {
    Some(match key {
        "worker" | "model" => text(),
        "timeout" => any(&[limit(), object(Scope::Timeouts, &TIMEOUT_KEYS, &[])]),
        "retries" => any(&[count(0, 100), object(Scope::Retries, &RETRY_KEYS, &[])]),
        "verify" => any(&[commands(), object(Scope::Verify, &VERIFY_KEYS, &[])]),
        "priority" => json!({ "type": "integer", "minimum": -1_000_000, "maximum": 1_000_000 }),
        "estimate" => duration(),
        "budget_usd" => amount(),
        "agent" => object(Scope::Agent, &AGENT_KEYS, &[]),
        "env" => environment(),
        "pools" => counts(),
        "isolation" => words(&["worktree", "none"]),
        _ => return None,
    })
}

/// The keys at the top of the configuration.
fn configured(key: &str) -> Option<Value> {
    Some(match key {
        "worker" => text(),
        "jobs" => count(1, 1024),
        "isolation" => words(&["worktree", "none"]),
        "land" => words(&["end", "each", "never"]),
        "collision" => words(&["serialize", "force", "fail"]),
        "stale" => words(&["warn", "rerun"]),
        "on_orphan" => words(&["keep", "kill"]),
        "repos" => json!({ "type": "object", "additionalProperties": text() }),
        "timeouts" => object(Scope::Timeouts, &TIMEOUT_KEYS, &[]),
        "retries" => any(&[count(0, 100), object(Scope::Retries, &RETRY_KEYS, &[])]),
        "workers" => json!({ "type": "object", "additionalProperties": inside("workers")? }),
        "notify" => any(&[command(), inside("notify")?]),
        key => inside(key)?,
    })
}

/// The mapping under a key of the configuration.
fn inside(key: &str) -> Option<Value> {
    let (key, keys) = NESTED_KEYS.iter().find(|(name, _)| *name == key)?;
    Some(object(Scope::In(key), keys, &[]))
}

fn any(shapes: &[Value]) -> Value {
    json!({ "anyOf": shapes })
}
fn text() -> Value {
    json!({ "type": "string", "minLength": 1 })
}
fn texts() -> Value {
    any(&[text(), json!({ "type": "array", "items": text() })])
}
fn command() -> Value {
    any(&[
        text(),
        json!({ "type": "array", "minItems": 1, "items": { "type": ["string", "number", "boolean"] } }),
    ])
}
fn commands() -> Value {
    any(&[text(), json!({ "type": "array", "items": command() })])
}
fn words(words: &[&str]) -> Value {
    json!({ "enum": words })
}
fn flag() -> Value {
    json!({ "type": "boolean" })
}
fn count(least: u32, most: u32) -> Value {
    json!({ "type": "integer", "minimum": least, "maximum": most })
}
fn amount() -> Value {
    json!({ "type": "number", "minimum": 0 })
}
fn counts() -> Value {
    json!({ "type": "object", "additionalProperties": count(1, 1_000_000) })
}
fn environment() -> Value {
    let value = json!({ "type": ["string", "number", "boolean", "null"] });
    json!({ "type": "object", "additionalProperties": value })
}
/// With a unit, as `90s` or `1h 30m`.
fn duration() -> Value {
    json!({ "type": "string", "pattern": "[0-9] *[a-z]" })
}
fn limit() -> Value {
    json!({ "type": "string", "pattern": "^none$|[0-9] *[a-z]" })
}

/// What a key is for. `None`: its name says it.
#[must_use]
pub fn about(scope: Scope, key: &str) -> Option<&'static str> {
    Some(match (scope, key) {
        (Scope::Track, "depends_on") => {
            "tracks (all their steps), tasks, or steps as TRACK/NAME that come first"
        }
        (_, "depends_on") => {
            "the tasks that come first, from this file's folder, .runr/tasks/ or the root; `.md` may be left off"
        }
        (_, "type") => {
            "automated: a worker does it; manual: a person; hybrid: a worker, and a person approves"
        }
        (Scope::Task | Scope::Step, "run") => {
            "the command of the worker `shell`: a text for `sh -c`, or a list of words"
        }
        (_, "owns") => "path patterns: its claim while it runs, and what it may change",
        (_, "allowlist") => "replaces what the task file owns",
        (_, "allowlist_add") => "more of `owns`, as the older runr wrote it",
        (_, "inputs") => "files whose change makes a completed task stale",
        (Scope::Task | Scope::Step, "verify") => {
            "what must pass after the work: a tier of the configuration, and commands"
        }
        (_, "verification") => "`verify`, as the older runr wrote it",
        (Scope::Task | Scope::Step, "timeout") => {
            "for a whole attempt, or startup, idle, wall and grace apart"
        }
        (_, "estimate") => "how long it takes, until runr has seen it",
        (Scope::Task | Scope::Step | Scope::Config, "retries") => {
            "attempts after the first, or max and backoff"
        }
        (_, "priority") => "higher goes first among what is ready",
        (Scope::Config | Scope::File, "pools") => "named capacity over all runs",
        (_, "pools") => "capacity that each run takes",
        (Scope::In("budget"), _) | (_, "budget_usd") => "in US dollars",
        (Scope::In("workers"), "env") => {
            "for this worker; without a value it is passed on from your environment"
        }
        (_, "env") => "for the worker; without a value it is passed on from your environment",
        (_, "worker") => "who works: claude-code, codex, shell, or one of the configuration",
        (_, "model") => "for agents",
        (_, "agent") => "for agents: what they may do, and further arguments",
        (_, "isolation") => "worktree: in a git working tree of its own; none: in place",
        (_, "status" | "completed_at" | "completed_by" | "completed_commit")
            if scope == Scope::Task =>
        {
            "written by runr where that is configured; never obeyed"
        }
        (_, "defaults") => "settings for all steps below",
        (_, "tracks") => "lines of work; steps of one go one after the other",
        (Scope::Step, "task") => "a task file",
        (Scope::Step, "name") => "so that others can say TRACK/NAME",
        (_, "jobs") => "runs at once",
        (_, "land") => "when an orchestration's branch comes onto yours",
        (_, "scope") => "what tasks may change",
        (_, "worktree") => "what each attempt's working tree gets",
        (_, "workers") => "workers by name",
        (_, "collision") => "claims that overlap",
        (_, "stale") => "completed tasks that changed since",
        (_, "repos") => "other repositories, by name",
        (_, "notify") => "who is told when a run ends or needs people",
        (_, "on_orphan") => "running attempts when the terminal closes",
        (_, "max_parallel") => "runs of this worker at once, over all orchestrations",
        (Scope::In("notify"), "command") => "gets the event as JSON on stdin",
        (Scope::In("notify"), "desktop") => "show it on the desktop",
        (Scope::In("notify"), "on") => "of what is told; built in: all",
        (Scope::In("verify"), "risk") => "changes that ask for a higher tier",
        _ => return None,
    })
}
