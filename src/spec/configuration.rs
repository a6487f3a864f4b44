//! The configuration of a repository.
//!
//! Knows all keys, also those whose features come later: their types are checked now. Does not know the
//! built-in values.

use std::sync::Arc;

use crate::model::{
    Adapter, AgentSettings, Alias, Budget, Collision, CommandLine, EnvVar, GitConfig, Land,
    NotifyConfig, Occasion, OrphanPolicy, ResultWay, StalePolicy, Usd,
};
use crate::spec::fields::{entries, known};
use crate::spec::orchestration::version;
use crate::spec::reader::{Reader, Want};
use crate::spec::settings::{ISOLATION, RetryDoc, TimeoutsDoc, agent_key, retries, timeouts};
use crate::spec::yaml::{Node, Value};
use crate::spec::{At, Finding, MAX_BYTES};
use std::time::Duration;

/// Every key at the top of the configuration.
pub const CONFIG_KEYS: [&str; 20] = [
    "version",
    "worker",
    "jobs",
    "isolation",
    "land",
    "timeouts",
    "retries",
    "verify",
    "scope",
    "worktree",
    "workers",
    "pools",
    "budget",
    "collision",
    "stale",
    "status",
    "git",
    "repos",
    "notify",
    "on_orphan",
];

/// The keys of its mappings, by the key they stand under.
pub const NESTED_KEYS: [(&str, &[&str]); 10] = [
    ("timeouts", &super::settings::TIMEOUT_KEYS),
    ("retries", &super::settings::RETRY_KEYS),
    (
        "verify",
        &[
            "tier0",
            "tier1",
            "tier2",
            "max_attempts",
            "timeout",
            "cwd",
            "risk",
        ],
    ),
    ("scope", &["allow", "deny", "lockfiles"]),
    ("worktree", &["copy", "link", "setup"]),
    ("workers", &WORKER_KEYS),
    ("budget", &["task_usd", "run_usd", "day_usd"]),
    ("status", &["frontmatter"]),
    ("git", &["hooks", "sign"]),
    ("notify", &["command", "desktop", "on"]),
];

/// What can be said of a worker.
const WORKER_KEYS: [&str; 11] = [
    "command",
    "adapter",
    "model",
    "max_parallel",
    "env",
    "result",
    "fallback",
    "permission",
    "allow",
    "args",
    "max_turns",
];

const ADAPTERS: [(&str, Adapter); 3] = [
    ("claude-code", Adapter::ClaudeCode),
    ("codex", Adapter::Codex),
    ("custom", Adapter::Custom),
];
const RESULTS: [(&str, ResultWay); 2] = [("exit", ResultWay::Exit), ("json", ResultWay::Json)];

/// What the configuration says.
#[derive(Debug, Default)]
pub struct ConfigDoc {
    pub file: Option<Arc<str>>,
    pub worker: Option<At<Box<str>>>,
    pub jobs: Option<u32>,
    pub timeouts: TimeoutsDoc,
    pub retries: RetryDoc,
    pub verify: VerifyDoc,
    pub workers: Vec<WorkerDoc>,
    pub pools: Vec<PoolDoc>,
    pub collision: Option<Collision>,
    pub stale: Option<StalePolicy>,
    pub on_orphan: Option<OrphanPolicy>,
    pub budget: Budget,
    /// The worker that was asked for on the command line; it stands in no file.
    pub asked_worker: Option<Box<str>>,
    /// `status: {frontmatter: true}`.
    pub frontmatter: bool,
    pub git: GitConfig,
    pub notify: NotifyConfig,
    /// Other repositories, in the order in which they are named.
    pub repos: Vec<RepoDoc>,
}

/// Another repository: what it is called here, and its folder as written.
#[derive(Debug, Clone)]
pub struct RepoDoc {
    pub alias: At<Alias>,
    pub folder: At<Box<str>>,
}

/// A pool's name and capacity.
pub type PoolDoc = (At<Box<str>>, u32);

#[derive(Debug, Default)]
pub struct VerifyDoc {
    pub tiers: [Vec<CommandLine>; 3],
    pub timeout: Option<Option<Duration>>,
    pub cwd: Option<Box<str>>,
    pub max_attempts: Option<u32>,
    /// Of tier 1 and of tier 2.
    pub risk: [RiskDoc; 2],
}

/// Which changes ask for a tier.
#[derive(Debug, Default)]
pub struct RiskDoc {
    pub paths: Vec<String>,
    /// As many changed files.
    pub files: Option<u32>,
}

#[derive(Debug)]
pub struct WorkerDoc {
    pub name: At<Box<str>>,
    pub command: Option<CommandLine>,
    pub max_parallel: Option<u32>,
    pub model: Option<Box<str>>,
    /// `None`: the one of its name, else a command of the user's.
    pub adapter: Option<Adapter>,
    pub result: ResultWay,
    pub settings: AgentSettings,
    /// The worker that takes its tasks while it cannot work.
    pub fallback: Option<At<Box<str>>>,
    pub env: Vec<EnvVar>,
}

/// Reads the configuration. `None`: it has an error.
pub fn read(file: &Arc<str>, bytes: &[u8], findings: &mut Vec<Finding>) -> Option<ConfigDoc> {
    let mut reader = Reader::new(file.clone());
    let doc = read_bytes(&mut reader, bytes);
    let sound = !reader.findings.iter().any(Finding::is_error);
    findings.append(&mut reader.findings);
    doc.filter(|_| sound)
}

fn read_bytes(reader: &mut Reader, bytes: &[u8]) -> Option<ConfigDoc> {
    let mut doc = ConfigDoc {
        file: Some(reader.file.clone()),
        ..ConfigDoc::default()
    };
    let Some(map) = reader.document(bytes, MAX_BYTES)? else {
        return Some(doc);
    };
    for (key, node) in known(reader, &map, "the configuration", &CONFIG_KEYS) {
        match key {
            "version" => version(reader, node),
            "worker" => doc.worker = reader.text_at(key, node, "claude-code"),
            "jobs" => doc.jobs = reader.count(key, node, (1, 1024), "4"),
            "timeouts" => doc.timeouts = timeouts(reader, key, node),
            "retries" => doc.retries = retries(reader, key, node).unwrap_or_default(),
            "verify" => doc.verify = verify(reader, node),
            "workers" => doc.workers = workers(reader, node),
            "pools" => doc.pools = reader.counts(key, node),
            "collision" => doc.collision = reader.word(key, node, &COLLISION),
            "stale" => {
                doc.stale = reader.word(
                    key,
                    node,
                    &[("warn", StalePolicy::Warn), ("rerun", StalePolicy::Rerun)],
                )
            }
            "budget" => doc.budget = budget(reader, node),
            "on_orphan" => {
                doc.on_orphan = reader.word(
                    key,
                    node,
                    &[("keep", OrphanPolicy::Keep), ("kill", OrphanPolicy::Kill)],
                );
            }
            "status" => {
                for (key, node) in known(reader, node, "`status`", nested("status")) {
                    doc.frontmatter = reader.flag(key, node).unwrap_or(false);
                }
            }
            "notify" => doc.notify = notify(reader, key, node),
            "isolation" => doc.git.isolation = reader.word(key, node, &ISOLATION),
            "land" => doc.git.land = reader.word(key, node, &LAND),
            "scope" | "worktree" | "git" => about_git(reader, &mut doc.git, key, node),
            _ => doc.repos = repos(reader, key, node),
        }
    }
    Some(doc)
}

const COLLISION: [(&str, Collision); 3] = [
    ("serialize", Collision::Serialize),
    ("force", Collision::Force),
    ("fail", Collision::Fail),
];

const LAND: [(&str, Land); 3] = [
    ("end", Land::End),
    ("each", Land::Each),
    ("never", Land::Never),
];

/// `scope`, `worktree` and `git`.
fn about_git(reader: &mut Reader, doc: &mut GitConfig, key: &'static str, node: &Node) {
    let paths = |reader: &mut Reader, key: &str, node: &Node| -> Vec<String> {
        let found = reader.patterns(key, node).unwrap_or_default();
        found.into_iter().map(|at| at.value.into()).collect()
    };
    for (inner, node) in known(reader, node, &format!("`{key}`"), nested(key)) {
        match (key, inner) {
            ("scope", "allow") => doc.scope.allow = paths(reader, inner, node),
            ("scope", "deny") => doc.scope.deny = paths(reader, inner, node),
            ("scope", _) => doc.scope.lockfiles = paths(reader, inner, node),
            ("worktree", "copy") => doc.tree.copy = paths(reader, inner, node),
            ("worktree", "link") => doc.tree.link = paths(reader, inner, node),
            ("worktree", _) => doc.tree.setup = reader.commands(inner, node).unwrap_or_default(),
            (_, "hooks") => doc.commits.hooks = reader.flag(inner, node).unwrap_or_default(),
            _ => doc.commits.sign = reader.flag(inner, node).unwrap_or_default(),
        }
    }
}

fn nested(key: &str) -> &'static [&'static str] {
    NESTED_KEYS
        .iter()
        .find(|(name, _)| *name == key)
        .map_or(&[], |(_, keys)| keys)
}

fn verify(reader: &mut Reader, node: &Node) -> VerifyDoc {
    let mut doc = VerifyDoc::default();
    for (key, node) in known(reader, node, "`verify`", nested("verify")) {
        match key {
            "tier0" => doc.tiers[0] = reader.commands(key, node).unwrap_or_default(),
            "tier1" => doc.tiers[1] = reader.commands(key, node).unwrap_or_default(),
            "tier2" => doc.tiers[2] = reader.commands(key, node).unwrap_or_default(),
            "timeout" => doc.timeout = reader.limit(key, node),
            "max_attempts" => doc.max_attempts = reader.count(key, node, (1, 100), "3"),
            "cwd" => {
                let folder = reader.text_at(key, node, "packages/app");
                if let Some(folder) = folder {
                    if folder.value.starts_with('/')
                        || folder.value.split('/').any(|part| part == "..")
                    {
                        reader.error(
                            "bad-path",
                            folder.mark,
                            format!("`{}` leaves the project", folder.value),
                            "write a folder from the project root, as in `packages/app`",
                        );
                    } else {
                        doc.cwd = Some(folder.value);
                    }
                }
            }
            _ => doc.risk = risk(reader, node),
        }
    }
    doc
}

/// `risk: { tier1: [src/**], tier2: [migrations/**], tier1_files: 20 }`: changes that ask for a higher tier.
fn risk(reader: &mut Reader, node: &Node) -> [RiskDoc; 2] {
    let mut risk = [RiskDoc::default(), RiskDoc::default()];
    for (key, node) in known(reader, node, "`risk`", &RISK_KEYS) {
        let tier = &mut risk[usize::from(key.starts_with("tier2"))];
        if key.ends_with("files") {
            tier.files = reader.count(key, node, (1, 1_000_000), "20");
        } else {
            let found = reader.patterns(key, node).unwrap_or_default();
            tier.paths = found.into_iter().map(|at| at.value.into()).collect();
        }
    }
    risk
}
pub const RISK_KEYS: [&str; 4] = ["tier1", "tier2", "tier1_files", "tier2_files"];

/// `budget: { task_usd: 3, run_usd: 20, day_usd: 50 }`.
fn budget(reader: &mut Reader, node: &Node) -> Budget {
    let mut budget = Budget::default();
    for (key, node) in known(reader, node, "`budget`", nested("budget")) {
        let amount = reader.amount(key, node).and_then(Usd::from_dollars);
        match key {
            "task_usd" => budget.task_usd = amount,
            "run_usd" => budget.run_usd = amount,
            _ => budget.day_usd = amount,
        }
    }
    budget
}

fn workers(reader: &mut Reader, node: &Node) -> Vec<WorkerDoc> {
    let want = Want {
        what: "a mapping of names to settings",
        example: "{ claude-code: { max_parallel: 2 } }",
    };
    let mut found = Vec::new();
    for (name, node) in entries(reader, node, "workers", want) {
        if name.value.is_empty()
            || name.value.contains(char::is_whitespace)
            || name.value.contains(':')
        {
            reader.error(
                "wrong-value",
                name.mark,
                format!("`{}` is no name for a worker", name.value),
                "a name has no space and no `:`",
            );
            continue;
        }
        let mut doc = WorkerDoc {
            name: At {
                value: name.value.into(),
                mark: name.mark,
            },
            command: None,
            max_parallel: None,
            model: None,
            adapter: None,
            result: ResultWay::default(),
            settings: AgentSettings::default(),
            fallback: None,
            env: Vec::new(),
        };
        for (key, node) in known(reader, node, "a worker", nested("workers")) {
            match key {
                "command" => doc.command = reader.command(key, node),
                "model" => doc.model = reader.text(key, node, "sonnet").map(Into::into),
                "env" => doc.env = reader.environment(key, node),
                "max_parallel" => doc.max_parallel = reader.count(key, node, (1, 1024), "2"),
                "adapter" => doc.adapter = reader.word(key, node, &ADAPTERS),
                "result" => doc.result = reader.word(key, node, &RESULTS).unwrap_or_default(),
                "fallback" => doc.fallback = reader.text_at(key, node, "codex"),
                _ => agent_key(reader, &mut doc.settings, key, node),
            }
        }
        found.push(doc);
    }
    found
}

/// `notify: notify-send runr`, or `{ command, desktop, on }`.
fn notify(reader: &mut Reader, key: &'static str, node: &Node) -> NotifyConfig {
    let mut doc = NotifyConfig::default();
    if !matches!(node.value, Value::Map(_)) {
        doc.command = reader.command(key, node);
        return doc;
    }
    for (inner, node) in known(reader, node, "`notify`", nested("notify")) {
        match inner {
            "command" => doc.command = reader.command(inner, node),
            "desktop" => doc.desktop = reader.flag(inner, node).unwrap_or(false),
            _ => {
                let alone = std::slice::from_ref(node);
                let items = match &node.value {
                    Value::List(items) => items.as_slice(),
                    _ => alone,
                };
                let words = Occasion::ALL.map(|occasion| (occasion.word(), occasion));
                let read = items
                    .iter()
                    .filter_map(|item| reader.word(inner, item, &words));
                doc.on = Some(read.collect());
            }
        }
    }
    doc
}

/// `repos: { api: ../api }`.
fn repos(reader: &mut Reader, key: &'static str, node: &Node) -> Vec<RepoDoc> {
    let want = Want {
        what: "a mapping of names to folders",
        example: "{ api: ../api }",
    };
    let mut found = Vec::new();
    for (name, node) in entries(reader, node, key, want) {
        let folder = reader.text_at(name.value, node, "../api");
        let Some(alias) = Alias::parse(name.value) else {
            reader.error(
                "wrong-value",
                name.mark,
                format!("`{}` is no name for a repository", name.value),
                "a name has letters, digits, `-`, `_` and `.` only",
            );
            continue;
        };
        let alias = At {
            value: alias,
            mark: name.mark,
        };
        found.extend(folder.map(|folder| RepoDoc { alias, folder }));
    }
    found
}

impl ConfigDoc {
    /// Whether a worker of this name is described.
    #[must_use]
    pub fn has_worker(&self, name: &str) -> bool {
        self.workers
            .iter()
            .any(|worker| *worker.name.value == *name)
    }
}
