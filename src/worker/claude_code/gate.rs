//! The Stop hook of a session: when the agent wants to stop, the task's checks run, and what failed is sent
//! back to it.
//!
//! Knows how Claude Code is told of a hook on its command line; nothing is written to the user's files. What the
//! hook does is `runr attempt --gate DIR`'s matter. It saves a turn and decides nothing: runr verifies again
//! afterwards, outside.

use serde_json::json;

/// The exit code with which a hook sends its standard error back to the agent.
pub const SENT_BACK: u8 = 2;

/// How long the hook may take, in seconds. The checks have limits of their own; without one, a day is as good
/// as none.
const SECONDS: u64 = 24 * 3600;

/// Settings with the hook: for `--settings`. `command` is a shell text.
#[must_use]
pub fn settings(command: &str) -> String {
    json!({"hooks": {"Stop": [{"hooks": [
        {"type": "command", "command": command, "timeout": SECONDS}
    ]}]}})
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_quoted_for_json() {
        let text = settings("'/a b/runr' attempt --gate '/r/it\"s'");
        let value: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            value["hooks"]["Stop"][0]["hooks"][0]["command"],
            "'/a b/runr' attempt --gate '/r/it\"s'"
        );
    }
}
