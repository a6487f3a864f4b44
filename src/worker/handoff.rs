//! What an agent leaves for those that build on its work: a small structured summary.
//!
//! Knows its form and limit. It is the agent's own text: shown and passed on as such, and never the reason why
//! anything is done or not.

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::worker::account::Account;

/// A hand-off is at most this long, in bytes of JSON.
pub const LONGEST: usize = 4096;

/// What an agent is asked for where its program takes a JSON schema.
pub const SCHEMA: &str = r#"{"type":"object","properties":{"summary":{"type":"string","description":"what was done, in a few sentences"},"files":{"type":"array","items":{"type":"string"},"description":"files that those who build on this should know"},"decisions":{"type":"array","items":{"type":"string"}},"risks":{"type":"array","items":{"type":"string"}},"data":{"type":"object","description":"anything else that dependents need"}},"required":["summary"]}"#;

/// The same without free parts, for programs whose service takes strict schemas only.
pub const STRICT_SCHEMA: &str = r#"{"type":"object","properties":{"summary":{"type":"string","description":"what was done, in a few sentences"},"files":{"type":"array","items":{"type":"string"}},"decisions":{"type":"array","items":{"type":"string"}},"risks":{"type":"array","items":{"type":"string"}}},"required":["summary","files","decisions","risks"],"additionalProperties":false}"#;

/// A summary for dependents.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Handoff {
    pub summary: String,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub files: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub risks: Vec<String>,
    /// Whatever else it wants to pass on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub data: Option<Value>,
}

/// Why a hand-off is not kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum HandoffError {
    #[error("it is no object with a `summary`: {0}")]
    Form(String),
    #[error("it has {0} bytes, more than {LONGEST}")]
    TooLong(usize),
    #[error("its summary is empty")]
    Empty,
}

impl Handoff {
    /// Checks a value.
    ///
    /// # Errors
    /// When it has another form or is too long.
    pub fn from_value(value: &Value) -> Result<Self, HandoffError> {
        let handoff: Self = serde_json::from_value(value.clone())
            .map_err(|error| HandoffError::Form(error.to_string()))?;
        if handoff.summary.trim().is_empty() {
            return Err(HandoffError::Empty);
        }
        match handoff.to_json().len() {
            length if length > LONGEST => Err(HandoffError::TooLong(length)),
            _ => Ok(handoff),
        }
    }

    /// Reads a hand-off that was kept.
    ///
    /// # Errors
    /// When somebody made it into something else.
    pub fn from_json(text: &[u8]) -> Result<Self, HandoffError> {
        let value: Value =
            serde_json::from_slice(text).map_err(|error| HandoffError::Form(error.to_string()))?;
        Self::from_value(&value)
    }

    /// One line of JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        // Texts and values of JSON can always be written.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// For people and for prompts: a paragraph and lists.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = self.summary.trim().to_owned();
        for (name, list) in [
            ("files", &self.files),
            ("decisions", &self.decisions),
            ("risks", &self.risks),
        ] {
            if !list.is_empty() {
                text.push_str(&format!("\n{name}:"));
            }
            for item in list {
                text.push_str(&format!("\n- {}", item.trim()));
            }
        }
        if let Some(data) = &self.data {
            text.push_str(&format!("\ndata: {data}"));
        }
        text
    }
}

/// The hand-off of an account: the structured answer, else a last message that is JSON, alone or in its last
/// fenced block. `None`: there is nothing of the kind.
#[must_use]
pub fn of(account: &Account) -> Option<Result<Handoff, HandoffError>> {
    if let Some(value) = &account.structured {
        return Some(Handoff::from_value(value));
    }
    let message = account.message.as_deref()?.trim();
    let text = match message.starts_with('{') {
        true => message,
        false => fenced(message)?,
    };
    let value: Value = serde_json::from_str(text).ok()?;
    value.is_object().then(|| Handoff::from_value(&value))
}

/// The last fenced block of a message that ends with it.
fn fenced(message: &str) -> Option<&str> {
    let inside = message.strip_suffix("```")?;
    let (_, block) = inside.rsplit_once("```")?;
    let (language, text) = block.split_once('\n')?;
    matches!(language.trim(), "" | "json" | "handoff").then_some(text.trim())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn schemas_are_json() {
        for schema in [SCHEMA, STRICT_SCHEMA] {
            let value: Value = serde_json::from_str(schema).unwrap();
            assert_eq!(value["type"], "object");
        }
    }

    #[test]
    fn only_what_has_the_form_is_kept() {
        for (value, expected) in [
            (json!({"summary": "s"}), None),
            (
                json!({"summary": "s", "files": ["a"], "data": {"x": [1]}}),
                None,
            ),
            (json!({"summary": " "}), Some("its summary is empty")),
            (json!({"summary": 3}), Some("it is no object")),
            (
                json!({"summary": "s", "more": 1}),
                Some("unknown field `more`"),
            ),
            (json!("text"), Some("it is no object")),
            (json!({"summary": "x".repeat(5000)}), Some("more than 4096")),
        ] {
            let got = Handoff::from_value(&value).err().map(|e| e.to_string());
            match expected {
                None => assert_eq!(got, None),
                Some(part) => assert!(got.as_ref().is_some_and(|it| it.contains(part)), "{got:?}"),
            }
        }
    }

    #[test]
    fn a_last_message_may_be_one() {
        let with = |message: &str| Account {
            message: Some(message.to_owned()),
            ..Account::default()
        };
        for (message, found) in [
            ("{\"summary\":\"s\"}", true),
            ("Done.\n```json\n{\"summary\":\"s\"}\n```", true),
            ("Done.\n```\n{\"summary\":\"s\"}\n```\n", true),
            ("```json\n{\"summary\":\"s\"}\n```\nand more", false),
            ("```rust\n{\"summary\":\"s\"}\n```", false),
            ("All done.", false),
            ("{ not json", false),
            ("```", false),
        ] {
            assert_eq!(of(&with(message)).is_some(), found, "{message}");
        }
        assert!(of(&Account::default()).is_none());
        let both = Account {
            structured: Some(json!({"summary": 1})),
            ..with("{\"summary\":\"s\"}")
        };
        assert!(of(&both).unwrap().is_err());
    }

    #[test]
    fn its_text_survives_a_file() {
        let handoff =
            Handoff::from_value(&json!({"summary": "s", "risks": ["r"], "data": {"a": 1}}));
        let handoff = handoff.unwrap();
        assert_eq!(
            Handoff::from_json(handoff.to_json().as_bytes()),
            Ok(handoff.clone())
        );
        assert_eq!(handoff.to_text(), "s\nrisks:\n- r\ndata: {\"a\":1}");
    }
}
