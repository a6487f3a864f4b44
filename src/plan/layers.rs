//! Which setting wins: step, task, track, file, configuration, built-in.
//!
//! Knows the order of precedence and the built-in values. Does not know the graph.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;
use std::time::Duration;

use crate::model::{
    AgentSettings, Backoff, CommandLine, EnvVar, HigherTier, LAST_TIER, Policy, RetryPolicy,
    Timeouts, VerifyPolicy,
};
use crate::spec::{At, ConfigDoc, RetryDoc, Settings, TimeoutsDoc, VerifyDoc};

/// An attempt may take this long when nothing else is said.
const WALL: Duration = Duration::from_secs(3600);
/// A program that says nothing at all for this long hangs: agents tell their first event before they ask anybody.
const AGENT_STARTUP: Duration = Duration::from_secs(120);
/// A service that cannot be reached may be waited for without end; a tool may run for long without a word.
const AGENT_IDLE: Duration = Duration::from_secs(30 * 60);
const GRACE: Duration = Duration::from_secs(10);
const BACKOFF_BASE: Duration = Duration::from_secs(1);
const BACKOFF_MAX: Duration = Duration::from_secs(60);

/// The settings that hold for one task, the strongest first.
#[derive(Debug, Clone, Copy)]
pub struct Layers<'a> {
    pub settings: [Option<&'a Settings>; 4],
    pub config: &'a ConfigDoc,
}

impl<'a> Layers<'a> {
    fn first<T>(&self, pick: impl Fn(&'a Settings) -> Option<T>) -> Option<T> {
        self.settings.iter().flatten().find_map(|s| pick(s))
    }

    /// The worker that a step or the task itself names.
    pub fn own_worker(&self) -> Option<&'a At<Box<str>>> {
        self.settings[..2]
            .iter()
            .flatten()
            .find_map(|s| s.worker.as_ref())
    }

    /// The worker that is named anywhere.
    pub fn worker(&self) -> Option<&'a At<Box<str>>> {
        self.first(|s| s.worker.as_ref())
            .or(self.config.worker.as_ref())
    }

    /// The name of the worker; the command line's word comes first.
    pub fn worker_name(&self) -> Option<&'a str> {
        let asked = self.config.asked_worker.as_deref();
        asked.or_else(|| self.worker().map(|worker| &*worker.value))
    }
    pub fn priority(&self) -> i32 {
        self.first(|s| s.priority).unwrap_or(0)
    }
    pub fn estimate(&self) -> Option<Duration> {
        self.first(|s| s.estimate)
    }
    pub fn model(&self) -> Option<Box<str>> {
        self.first(|s| s.model.clone())
    }
    pub fn budget_usd(&self) -> Option<f64> {
        self.first(|s| s.budget_usd)
    }

    /// What is said about how the agent is started, one setting at a time.
    pub fn agent(&self) -> AgentSettings {
        let all = self
            .settings
            .iter()
            .flatten()
            .filter_map(|s| s.agent.as_deref());
        all.fold(AgentSettings::default(), AgentSettings::or)
    }

    /// All variables; of one that is set in several places the strongest value. Sorted by name.
    pub fn env(&self) -> Box<[EnvVar]> {
        if self.settings.iter().flatten().all(|s| s.env.is_empty()) {
            return Box::default();
        }
        let mut all = BTreeMap::new();
        for (name, value) in self.settings.iter().rev().flatten().flat_map(|s| &s.env) {
            all.insert(name.clone(), value.clone());
        }
        all.into_iter().collect()
    }

    /// All pools, as [`Layers::env`].
    pub fn pools(&self) -> BTreeMap<&'a str, (&'a At<Box<str>>, u32)> {
        let mut all = BTreeMap::new();
        for (name, take) in self.settings.iter().rev().flatten().flat_map(|s| &s.pools) {
            all.insert(&*name.value, (name, *take));
        }
        all
    }

    /// Does any layer but the configuration speak about limits?
    fn has_policy(&self) -> bool {
        self.settings.iter().flatten().any(|s| {
            s.timeouts.is_some()
                || s.retries.is_some()
                || s.tier.is_some()
                || s.commands.is_some()
                || s.isolation.is_some()
        })
    }

    fn policy(&self, who: Who) -> Policy {
        let timeout = |pick: fn(&TimeoutsDoc) -> Option<Option<Duration>>, built_in| {
            self.first(|s| s.timeouts.as_deref().and_then(pick))
                .or_else(|| pick(&self.config.timeouts))
                .unwrap_or(built_in)
        };
        let retry = |pick: fn(&RetryDoc) -> Option<Duration>, built_in| {
            self.first(|s| s.retries.as_deref().and_then(pick))
                .or_else(|| pick(&self.config.retries))
                .unwrap_or(built_in)
        };
        let base = retry(|r| r.base, BACKOFF_BASE);
        let verify = &self.config.verify;
        let tier = self.first(|s| s.tier).unwrap_or(0).min(LAST_TIER);
        let own = self.first(|s| s.commands.as_ref());
        let commands: Vec<CommandLine> = verify.tiers[..=usize::from(tier)]
            .iter()
            .flatten()
            .chain(own.into_iter().flatten())
            .cloned()
            .collect();
        Policy {
            timeouts: Timeouts {
                startup: timeout(|t| t.startup, (who == Who::Agent).then_some(AGENT_STARTUP)),
                idle: timeout(|t| t.idle, (who == Who::Agent).then_some(AGENT_IDLE)),
                wall: timeout(|t| t.wall, Some(WALL)),
                grace: self
                    .first(|s| s.timeouts.as_deref().and_then(|t| t.grace))
                    .or(self.config.timeouts.grace)
                    .unwrap_or(GRACE),
            },
            retry: RetryPolicy {
                max: self
                    .first(|s| s.retries.as_deref().and_then(|r| r.max))
                    .or(self.config.retries.max)
                    .unwrap_or(0),
                backoff: Backoff {
                    base,
                    max: retry(|r| r.longest, BACKOFF_MAX).max(base),
                },
            },
            verify: VerifyPolicy {
                commands,
                timeout: verify.timeout.flatten(),
                cwd: verify.cwd.as_deref().map(str::to_owned),
                tier,
                higher: higher(verify, tier),
                max_attempts: verify.max_attempts,
                asked: self
                    .settings
                    .iter()
                    .flatten()
                    .any(|s| s.tier.is_some() || s.commands.is_some()),
            },
            isolation: self.first(|s| s.isolation),
        }
    }
}

/// The tiers above one that have anything to run.
fn higher(verify: &VerifyDoc, tier: u8) -> Vec<HigherTier> {
    (tier + 1..=LAST_TIER)
        .zip(&verify.risk[usize::from(tier)..])
        .map(|(tier, risk)| HigherTier {
            tier,
            commands: verify.tiers[usize::from(tier)].clone(),
            paths: risk.paths.clone(),
            files: risk.files,
        })
        .filter(|higher| !higher.commands.is_empty())
        .collect()
}

/// Policies that have been made, each once. The map answers single questions only.
#[derive(Debug, Default)]
pub struct Policies {
    known: HashMap<Policy, Arc<Policy>>,
    plain: BTreeMap<Who, Arc<Policy>>,
}

/// Whose limits they are: what is sensible for a command is not for an agent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    Command,
    Agent,
}

impl Policies {
    /// The policy of a task, shared with all tasks that have the same.
    pub fn of(&mut self, layers: &Layers, who: Who) -> Arc<Policy> {
        if layers.has_policy() {
            return self.share(layers.policy(who));
        }
        if let Some(plain) = self.plain.get(&who) {
            return plain.clone();
        }
        let plain = self.share(layers.policy(who));
        self.plain.insert(who, plain.clone());
        plain
    }

    fn share(&mut self, policy: Policy) -> Arc<Policy> {
        self.known
            .entry(policy)
            .or_insert_with_key(|policy| Arc::new(policy.clone()))
            .clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Settings {
        let mut findings = Vec::new();
        let text = format!("---\n{text}\n---\n");
        let doc = crate::spec::read_task(&"t.md".into(), text.as_bytes(), &mut findings);
        assert_eq!(findings, []);
        doc.unwrap().settings.map(|s| *s).unwrap_or_default()
    }

    #[test]
    fn the_strongest_setting_wins_one_by_one() {
        let mut findings = Vec::new();
        let config = crate::spec::read_config(
            &"c".into(),
            b"timeouts: {idle: 1m, wall: 2m}\nretries: {max: 4, backoff: 2s}\nverify: {tier0: a, tier1: [b], tier2: c, max_attempts: 5, risk: {tier1: [src/**], tier2: [db/**], tier2_files: 9}}\n",
            &mut findings,
        )
        .unwrap();
        let (step, task, track, file) = (
            read("priority: 1"),
            read("priority: 2\nretries: 1\nenv: {A: task}\nverify: {tier: 1}"),
            read("timeout: 9m\nenv: {A: track, B: track}\nverify: {commands: [mine]}"),
            read("timeout: {wall: 8m, idle: none}\nworker: codex"),
        );
        let layers = Layers {
            settings: [Some(&step), Some(&task), Some(&track), Some(&file)],
            config: &config,
        };
        let policy = Policies::default().of(&layers, Who::Command);
        let minutes = |m: u64| Some(Duration::from_secs(60 * m));
        assert_eq!(layers.priority(), 1);
        assert_eq!(layers.worker().map(|w| &*w.value), Some("codex"));
        assert_eq!(layers.own_worker(), None);
        assert_eq!(policy.timeouts.wall, minutes(9));
        assert_eq!(
            policy.timeouts.idle, None,
            "`none` lifts the configured limit"
        );
        assert_eq!(policy.retry.max, 1);
        assert_eq!(policy.retry.backoff.base, Duration::from_secs(2));
        let commands: Vec<String> = policy
            .verify
            .commands
            .iter()
            .map(ToString::to_string)
            .collect();
        assert_eq!(commands, ["a", "b", "mine"]);
        assert_eq!(
            (policy.verify.tier, policy.verify.max_attempts),
            (1, Some(5))
        );
        let higher: Vec<_> = policy
            .verify
            .higher
            .iter()
            .map(|h| (h.tier, h.files))
            .collect();
        assert_eq!(higher, [(2, Some(9))]);
        assert_eq!(policy.verify.higher[0].paths, ["db/**"]);
        assert!(policy.verify.asked);
        let env: Vec<(&str, Option<&str>)> = vec![("A", Some("task")), ("B", Some("track"))];
        let found = layers.env();
        assert_eq!(
            found
                .iter()
                .map(|(n, v)| (&**n, v.as_deref()))
                .collect::<Vec<_>>(),
            env
        );
    }

    #[test]
    fn built_in_values_and_sharing() {
        let config = ConfigDoc::default();
        let layers = Layers {
            settings: [None; 4],
            config: &config,
        };
        let mut policies = Policies::default();
        let policy = policies.of(&layers, Who::Command);
        assert_eq!(policy.timeouts.wall, Some(Duration::from_secs(3600)));
        assert_eq!(
            (policy.timeouts.startup, policy.timeouts.idle),
            (None, None)
        );
        assert_eq!((policy.retry.max, policy.verify.asked), (0, false));
        let same = read("retries: 0");
        let layers = Layers {
            settings: [Some(&same), None, None, None],
            config: &config,
        };
        assert!(Arc::ptr_eq(&policy, &policies.of(&layers, Who::Command)));
    }
}
