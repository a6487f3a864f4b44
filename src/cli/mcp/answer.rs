//! What a tool answers: words of runr's, and somebody else's text inside of a fence.

use crate::cli::mcp::fence::fenced;

/// The answer of one call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// runr's own words; names in it are ids, which hold nothing harmful.
    pub said: String,
    /// Text from files and commands.
    pub untrusted: Option<String>,
    pub verdict: Verdict,
}

/// Did the call do what was asked?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    Done,
    /// It did not; the words say why.
    Refused,
}

impl Answer {
    /// Somebody else's text alone.
    #[must_use]
    pub fn text(untrusted: String) -> Self {
        Self {
            said: String::new(),
            untrusted: Some(untrusted),
            verdict: Verdict::Done,
        }
    }

    #[must_use]
    pub fn done(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            untrusted: None,
            verdict: Verdict::Done,
        }
    }

    #[must_use]
    pub fn refused(said: impl Into<String>) -> Self {
        Self {
            said: said.into(),
            untrusted: None,
            verdict: Verdict::Refused,
        }
    }

    #[must_use]
    pub fn with(mut self, untrusted: String) -> Self {
        self.untrusted = Some(untrusted);
        self
    }

    /// The whole answer as one text. Words come first, so that a cut never takes them.
    #[must_use]
    pub fn whole(&self, secret: u64) -> String {
        let mut whole = crate::report::sanitise(&self.said).into_owned();
        if let Some(text) = &self.untrusted {
            if !whole.is_empty() {
                whole.push('\n');
            }
            whole.push_str(&fenced(text, secret));
        }
        whole
    }
}
