//! How much is verified: the tier that a task asks for, and what its changes ask for beyond that.
//!
//! Pure. Knows patterns, paths and counts. Does not know who ran the commands, or how they went.

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::{Deserialize, Serialize};

use crate::model::{CommandLine, VerifyPolicy, overlap};

/// The highest tier.
pub const LAST_TIER: u8 = 2;

/// What a tier above the one asked for consists of, and which changes ask for it.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct HigherTier {
    /// 1 or 2.
    pub tier: u8,
    /// Its own commands; those of lower tiers come before them.
    pub commands: Vec<CommandLine>,
    /// Patterns from the project root; a change of any path that one matches asks for this tier.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub paths: Vec<String>,
    /// As many changed files ask for this tier. `None`: no number does.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub files: Option<u32>,
}

impl VerifyPolicy {
    /// The tier that changed files ask for, at least the one that the task asks for. Paths are from the project
    /// root.
    #[must_use]
    pub fn tier_for_changes(&self, changed: &[String]) -> u8 {
        let count = u32::try_from(changed.len()).unwrap_or(u32::MAX);
        self.highest(|higher| {
            let set = set(&higher.paths);
            higher.files.is_some_and(|files| count >= files)
                || changed.iter().any(|path| set.is_match(path))
        })
    }

    /// The same before anything changed, or where nobody can tell what did: what a task owns it may change.
    #[must_use]
    pub fn tier_for_claims<S: AsRef<str>>(&self, owns: &[S]) -> u8 {
        self.highest(|higher| {
            owns.iter()
                .any(|own| higher.paths.iter().any(|path| overlap(own.as_ref(), path)))
        })
    }

    fn highest(&self, asks: impl Fn(&HigherTier) -> bool) -> u8 {
        let asked = self.higher.iter().filter(|higher| asks(higher));
        asked.map(|higher| higher.tier).fold(self.tier, u8::max)
    }

    /// The commands that a tier has beyond those of this policy, in order.
    pub fn beyond(&self, tier: u8) -> impl Iterator<Item = &CommandLine> {
        let above = self.higher.iter().filter(move |it| it.tier <= tier);
        above.flat_map(|it| &it.commands)
    }

    /// The same policy with a higher tier asked for.
    #[must_use]
    pub fn raised(mut self, tier: u8) -> Self {
        if tier > self.tier {
            let more: Vec<CommandLine> = self.beyond(tier).cloned().collect();
            self.commands.extend(more);
            self.higher.retain(|higher| higher.tier > tier);
            self.tier = tier;
        }
        self
    }
}

/// Patterns were looked at when the configuration was read; one that is none matches nothing.
fn set(patterns: &[String]) -> GlobSet {
    let mut builder = GlobSetBuilder::new();
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        // A folder means what is in it.
        for pattern in [pattern.to_owned(), format!("{pattern}/**")] {
            if let Ok(glob) = GlobBuilder::new(&pattern).literal_separator(true).build() {
                builder.add(glob);
            }
        }
    }
    builder.build().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> VerifyPolicy {
        let shell = |text: &str| CommandLine::Shell(text.to_owned());
        VerifyPolicy {
            commands: vec![shell("zero"), shell("own")],
            higher: vec![
                HigherTier {
                    tier: 1,
                    commands: vec![shell("one")],
                    paths: vec!["src/**".to_owned()],
                    files: Some(3),
                },
                HigherTier {
                    tier: 2,
                    commands: vec![shell("two")],
                    paths: vec!["./db/".to_owned(), "*.sql".to_owned()],
                    files: None,
                },
            ],
            ..VerifyPolicy::default()
        }
    }

    #[test]
    fn changes_ask_for_the_highest_tier_that_any_of_them_asks_for() {
        for (changed, tier) in [
            (vec![], 0),
            (vec!["docs/a", "docs/b"], 0),
            (vec!["docs/a", "docs/b", "docs/c"], 1),
            (vec!["src/a/b.rs"], 1),
            (vec!["a.sql"], 2),
            (vec!["deep/a.sql"], 0),
            (vec!["src/a", "db/deep/x"], 2),
        ] {
            let changed: Vec<String> = changed.into_iter().map(str::to_owned).collect();
            assert_eq!(policy().tier_for_changes(&changed), tier, "{changed:?}");
        }
        let two = policy().raised(2);
        assert_eq!(two.tier_for_changes(&[]), 2, "never lower than asked");
    }

    #[test]
    fn what_a_task_owns_it_may_change() {
        for (owns, tier) in [
            (vec![], 0),
            (vec!["docs/**"], 2),
            (vec!["docs/a.md"], 2),
            (vec!["src/x"], 2),
        ] {
            // `*.sql` begins with no literal: in doubt it overlaps.
            assert_eq!(policy().tier_for_claims(&owns), tier, "{owns:?}");
        }
        let mut policy = policy();
        policy.higher[1].paths = vec!["db/**".to_owned()];
        assert_eq!(policy.tier_for_claims(&["docs/**"]), 0);
        assert_eq!(policy.tier_for_claims(&["docs/**", "src/a.rs"]), 1);
        assert_eq!(policy.tier_for_claims(&["db"]), 2);
    }

    #[test]
    fn a_raised_policy_has_the_commands_of_all_lower_tiers_once() {
        let words = |policy: &VerifyPolicy| -> Vec<String> {
            policy.commands.iter().map(ToString::to_string).collect()
        };
        assert_eq!(words(&policy().raised(0)), ["zero", "own"]);
        assert_eq!(words(&policy().raised(1)), ["zero", "own", "one"]);
        let two = policy().raised(1).raised(2);
        assert_eq!(words(&two), ["zero", "own", "one", "two"]);
        assert_eq!((two.tier, two.higher.len()), (2, 0));
        assert_eq!(policy().beyond(2).count(), 2);
    }
}
