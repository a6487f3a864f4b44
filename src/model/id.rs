//! The names of tasks, runs and orchestrations.

use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

/// Says why a text is not an id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("the name is empty")]
    Empty,
    #[error("`{0}` is longer than 255 bytes")]
    TooLong(String),
    #[error("`{0}` leaves its folder or has an empty, `.` or `..` part")]
    BadPart(String),
    #[error("`{}` has a control character or a backslash", .0.escape_debug())]
    BadCharacter(String),
    #[error("`{0}` is not a run id (YYYYMMDD-HHMMSS-xxxx)")]
    NotARun(String),
    #[error("`{0}` is not an orchestration id (orch-YYYYMMDD-HHMMSS-xxxx)")]
    NotAnOrchestration(String),
}

/// Names a task: the path of its file below `.runr/tasks/` with `/` between parts (`net/03-http.md`),
/// or, for an inline step of an orchestration file, `TRACK/NAME`, which never ends in `.md`.
///
/// Cheap to clone. Ordered by bytes.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct TaskId(Arc<str>);

impl TaskId {
    /// Checks a name.
    ///
    /// # Errors
    /// When it is empty, longer than 255 bytes, absolute, has an empty, `.` or `..` part, a control
    /// character or a backslash.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if text.is_empty() {
            return Err(IdError::Empty);
        }
        if text.len() > 255 {
            return Err(IdError::TooLong(text.to_owned()));
        }
        if text.chars().any(|c| c.is_control() || c == '\\') {
            return Err(IdError::BadCharacter(text.to_owned()));
        }
        if text.split('/').any(|part| matches!(part, "" | "." | "..")) {
            return Err(IdError::BadPart(text.to_owned()));
        }
        Ok(Self(text.into()))
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Is this a step written in the orchestration file rather than a task file?
    #[must_use]
    pub fn is_inline(&self) -> bool {
        !self.0.ends_with(".md")
    }

    /// The key of `task-status.json` and of the `Runr-Task:` trailer: the path from the project root.
    #[must_use]
    pub fn status_key(&self) -> String {
        format!(".runr/tasks/{}", self.0)
    }
}

impl TryFrom<String> for TaskId {
    type Error = IdError;
    fn try_from(text: String) -> Result<Self, IdError> {
        Self::parse(&text)
    }
}
impl From<TaskId> for String {
    fn from(id: TaskId) -> Self {
        id.0.as_ref().to_owned()
    }
}
impl fmt::Display for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(&self.0)
    }
}
impl fmt::Debug for TaskId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", &*self.0)
    }
}

/// `YYYYMMDD-HHMMSS`, optionally followed by `-` and four letters or digits.
fn is_stamp(bytes: &[u8]) -> bool {
    let digits = |range: std::ops::Range<usize>| bytes[range].iter().all(u8::is_ascii_digit);
    match bytes.len() {
        15 => digits(0..8) && bytes[8] == b'-' && digits(9..15),
        20 => {
            is_stamp(&bytes[..15])
                && bytes[15] == b'-'
                && bytes[16..]
                    .iter()
                    .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit())
        }
        _ => false,
    }
}

/// Four letters of base 32 (RFC 4648 alphabet, lower case) from twenty random bits.
fn letters(random: u32) -> String {
    const ALPHABET: &[u8; 32] = b"abcdefghijklmnopqrstuvwxyz234567";
    (0..4)
        .map(|i| ALPHABET[(random >> (5 * i) & 31) as usize] as char)
        .collect()
}

fn stamp(at: jiff::Timestamp, random: u32) -> String {
    format!("{}-{}", at.strftime("%Y%m%d-%H%M%S"), letters(random))
}

/// Names one attempt at one task: `20250108-144530-p2mx` (UTC, four random base-32 letters).
/// The older form without letters is read too.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct RunId(Arc<str>);

impl RunId {
    /// Makes an id from a time and twenty random bits (the lowest of `random`).
    #[must_use]
    pub fn new(at: jiff::Timestamp, random: u32) -> Self {
        Self(stamp(at, random).into())
    }

    /// Checks a text.
    ///
    /// # Errors
    /// When it has not the form of a run id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        if is_stamp(text.as_bytes()) {
            Ok(Self(text.into()))
        } else {
            Err(IdError::NotARun(text.to_owned()))
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Names one invocation that dispatches: `orch-20250108-144530-p2mx`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct OrchId(Arc<str>);

impl OrchId {
    /// Makes an id from a time and twenty random bits (the lowest of `random`).
    #[must_use]
    pub fn new(at: jiff::Timestamp, random: u32) -> Self {
        Self(format!("orch-{}", stamp(at, random)).into())
    }

    /// Stands in for an orchestration where a run that was claimed has none; never in the journal.
    #[must_use]
    pub fn of_claim(run: &RunId) -> Self {
        Self(format!("orch-{run}").into())
    }

    /// Checks a text.
    ///
    /// # Errors
    /// When it has not the form of an orchestration id.
    pub fn parse(text: &str) -> Result<Self, IdError> {
        match text.strip_prefix("orch-") {
            Some(rest) if is_stamp(rest.as_bytes()) => Ok(Self(text.into())),
            _ => Err(IdError::NotAnOrchestration(text.to_owned())),
        }
    }

    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

macro_rules! text_id {
    ($name:ident) => {
        impl TryFrom<String> for $name {
            type Error = IdError;
            fn try_from(text: String) -> Result<Self, IdError> {
                Self::parse(&text)
            }
        }
        impl From<$name> for String {
            fn from(id: $name) -> Self {
                id.0.as_ref().to_owned()
            }
        }
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.pad(&self.0)
            }
        }
        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}
text_id!(RunId);
text_id!(OrchId);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn task_names_stay_inside_their_folder() {
        for good in ["a.md", "net/03-http.md", "engine/step-1", "ü b.md"] {
            assert_eq!(
                TaskId::parse(good).map(|id| id.as_str().to_owned()),
                Ok(good.to_owned())
            );
        }
        for bad in [
            "", "/a.md", "a//b.md", "../a.md", "a/./b.md", "a\\b.md", "a\nb.md", "a/",
        ] {
            assert!(TaskId::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert!(TaskId::parse(&"x".repeat(256)).is_err());
    }

    #[test]
    fn run_ids_are_read_in_both_forms_and_written_in_the_long_one() {
        let at: jiff::Timestamp = "2025-01-08T14:45:30Z".parse().unwrap();
        let id = RunId::new(at, 0xf_ffff);
        assert_eq!(id.as_str(), "20250108-144530-7777");
        assert_eq!(RunId::parse(id.as_str()), Ok(id));
        assert!(RunId::parse("20250108-144530").is_ok());
        for bad in [
            "",
            "20250108",
            "20250108-144530-",
            "20250108-144530-ABCD",
            "2025010é-144530",
            // As long as an id, in bytes.
            "20250108-14453🟧ab",
        ] {
            assert!(RunId::parse(bad).is_err(), "{bad:?} was taken");
        }
        assert_eq!(OrchId::new(at, 0).as_str(), "orch-20250108-144530-aaaa");
        assert!(OrchId::parse("20250108-144530-aaaa").is_err());
    }
}
