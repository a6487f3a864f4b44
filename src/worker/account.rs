//! What is known of an agent's work from its own words, whichever program it is.
//!
//! Knows what all programs have in common. Does not know how they say it, and judges nothing: that a program
//! says it is done is not the same as being done.

use serde_json::Value;

use crate::model::{ServiceLimit, Spent, Tokens};

/// More refusals than this are counted and not listed.
const DENIALS_KEPT: usize = 20;
/// How much of the last message is kept, in bytes.
const MESSAGE_KEPT: usize = 64 * 1024;

/// Filled while the output is read.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Account {
    pub session: Option<String>,
    pub model: Option<String>,
    pub spent: Spent,
    /// What the program itself has counted in the session so far.
    pub counted: Tokens,
    pub retries: u32,
    pub denials: Vec<String>,
    pub limit: Option<ServiceLimit>,
    pub malformed_lines: u64,
    /// The last final word; a program may give several.
    pub result: Option<Said>,
    /// What it said last.
    pub message: Option<String>,
    /// The structured answer it was asked for.
    pub structured: Option<Value>,
}

/// A program's final word.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Said {
    Done,
    Trouble(Trouble),
}

/// Why a program gave up, by its own words.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trouble {
    pub kind: TroubleKind,
    pub message: String,
}

/// What follows from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TroubleKind {
    /// The work itself, or something that another attempt may get past.
    Failed,
    /// A usage limit, or the service is overloaded.
    Limited,
    /// No valid login, or no credit.
    Login,
    Budget,
    /// The session that was to be continued is not there.
    SessionGone,
}

impl Account {
    pub fn deny(&mut self, what: String) {
        if self.denials.len() < DENIALS_KEPT && !self.denials.contains(&what) {
            self.denials.push(what);
        }
    }

    /// Keeps the last message, without its middle when it is long: a summary stands at the end.
    pub fn say(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        let mut from = text.len().saturating_sub(MESSAGE_KEPT);
        while !text.is_char_boundary(from) {
            from += 1;
        }
        self.message = Some(text[from..].to_owned());
    }
}

/// The first line of a text, cut, for a progress line.
#[must_use]
pub fn first_line(text: &str) -> String {
    const LONGEST: usize = 200;
    let line = text.trim().lines().next().unwrap_or_default().trim_end();
    match line.char_indices().nth(LONGEST) {
        Some((at, _)) => format!("{}…", &line[..at]),
        None => line.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_kept_is_bounded() {
        let mut account = Account::default();
        for n in 0..100 {
            account.deny(format!("Bash {}", n % 50));
        }
        assert_eq!(account.denials.len(), DENIALS_KEPT);
        account.say(&"ü".repeat(MESSAGE_KEPT));
        assert_eq!(
            account.message.as_ref().map(String::len),
            Some(MESSAGE_KEPT)
        );
        account.say("  \n");
        assert!(account.message.is_some());
        assert_eq!(first_line(&"ü".repeat(201)).chars().count(), 201);
        assert_eq!(first_line("\n a \n b"), "a");
    }
}
