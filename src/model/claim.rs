//! Who took a task outside of any orchestration, and by which way they said so.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The way by which somebody outside spoke to runr.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Through {
    /// `runr claim` and `runr tasks …`.
    CommandLine,
    /// A tool of `runr mcp`.
    Mcp,
}

/// Who said something.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Provenance {
    /// The login name.
    pub by: String,
    pub through: Through,
    /// The agent's session, as its own program names it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub session: Option<String>,
}

/// In words for people: `ada` or `ada, session 1b8a0000`.
impl fmt::Display for Provenance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.by)?;
        if let Some(session) = &self.session {
            let short: String = session.chars().take(SHORT).collect();
            write!(f, ", session {short}")?;
        }
        Ok(())
    }
}

/// Of a session's name people are shown as much as tells a few apart.
const SHORT: usize = 8;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_shown_in_short() {
        let mut who = Provenance {
            by: "ada".to_owned(),
            through: Through::CommandLine,
            session: None,
        };
        assert_eq!(who.to_string(), "ada");
        who.session = Some("1b8a0000-aaaa-bbbb".to_owned());
        assert_eq!(who.to_string(), "ada, session 1b8a0000");
    }
}
