//! `--set key=value` and `--unset key`, as `add` and `edit` have them.

use crate::cli::Failure;
use crate::spec::{Change, TASK_KEYS, nearest};

/// Keys that say how a task stands: the journal's matter.
const STATUS: [&str; 4] = ["status", "completed_at", "completed_by", "completed_commit"];

/// The flags for any key of the frontmatter.
#[derive(Debug, Clone, Default, clap::Args)]
pub struct Keys {
    /// Give a key of the frontmatter this value, as YAML or as a text; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    set: Vec<String>,
}

impl Keys {
    /// The changes, in the order typed.
    ///
    /// # Errors
    /// The first that is no `key=value`, or whose key a task file does not have.
    pub fn changes(&self) -> Result<Vec<Change>, Failure> {
        let change = |text: &String| {
            let (key, value) = text.split_once('=').ok_or_else(|| {
                Failure::usage(format!("`--set {text}` has no `=`"))
                    .help("for instance --set priority=10")
            })?;
            let key = settable(key)?;
            let value = value.to_owned();
            Ok(Change::Set { key, value })
        };
        self.set.iter().map(change).collect()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.set.is_empty()
    }
}

/// A key that a person may give a value.
///
/// # Errors
/// When it is not known, or not a person's to set.
fn settable(key: &str) -> Result<String, Failure> {
    let key = key.trim();
    if STATUS.contains(&key) {
        return Err(Failure::usage(format!(
            "`{key}` says how a task stands, and what a task file says of that is not obeyed"
        ))
        .help("runr tasks complete TASK    says that it is done")
        .help("runr tasks reset TASK    makes it count as never run"));
    }
    known(key)
}

/// A key that a task file may have.
///
/// # Errors
/// When it is not known.
pub fn known(key: &str) -> Result<String, Failure> {
    let key = key.trim();
    let own = key.strip_prefix("x-").is_some_and(|rest| {
        rest.chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_'))
    });
    if own || TASK_KEYS.contains(&key) {
        return Ok(key.to_owned());
    }
    let failure = Failure::usage(format!("a task file has no key `{}`", key.escape_debug()));
    Err(match nearest(key, TASK_KEYS.into_iter()) {
        Some(near) => failure.help(format!(
            "did you mean `{near}`? keys of your own begin with `x-`"
        )),
        None => {
            let keys: Vec<&str> = TASK_KEYS
                .into_iter()
                .filter(|key| !STATUS.contains(key))
                .collect();
            failure.help(format!(
                "keys: {}; keys of your own begin with `x-`",
                keys.join(", ")
            ))
        }
    })
}
