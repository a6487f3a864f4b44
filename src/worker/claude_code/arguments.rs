//! The words that start Claude Code.
//!
//! Knows its options. The prompt goes through its standard input, which has no limit of 128 KiB as an argument
//! has, and which cannot be swallowed by an option that takes several values.

use crate::worker::Start;
use crate::worker::handoff::SCHEMA;

/// What a session may do when nothing is configured: change files of its folder without being asked.
const PERMISSION: &str = "acceptEdits";

/// The words after the program's own.
#[must_use]
pub fn arguments(start: &Start<'_>) -> Vec<String> {
    let spec = start.spec;
    let mut words: Vec<String> = ["-p", "--output-format", "stream-json", "--verbose"]
        .map(str::to_owned)
        .into();
    let mut option = |name: &str, value: &str| words.push(format!("--{name}={value}"));
    match start.resume {
        Some(id) => option("resume", id),
        None => {
            if let Some(id) = start.session {
                option("session-id", id);
            }
        }
    }
    if let Some(model) = &spec.model {
        option("model", model);
    }
    let permission = spec.settings.permission.as_deref();
    option("permission-mode", permission.unwrap_or(PERMISSION));
    for tool in spec.settings.allow.iter().flatten() {
        option("allowedTools", tool);
    }
    if let Some(turns) = spec.settings.max_turns {
        option("max-turns", &turns.to_string());
    }
    if let Some(budget) = start.budget {
        option("max-budget-usd", &budget.dollars().to_string());
    }
    // Not both: with a schema the program tells the model to answer by it instead of what the hook said. The
    // prompt asks for the hand-off either way.
    match start.gate {
        Some(gate) => option("settings", &super::gate::settings(gate)),
        None => option("json-schema", SCHEMA),
    }
    words.extend(spec.settings.args.iter().flatten().cloned());
    words
}

#[cfg(test)]
mod tests {
    use crate::model::{AgentSettings, Usd};
    use crate::worker::start::sample;

    #[test]
    fn everything_that_is_said_is_passed() {
        let mut spec = sample();
        spec.model = Some("sonnet".to_owned());
        spec.settings = AgentSettings {
            permission: Some("dontAsk".to_owned()),
            allow: Some(vec!["Bash(cargo *)".to_owned(), "Skill".to_owned()]),
            args: Some(vec!["--add-dir".to_owned(), "../x".to_owned()]),
            max_turns: Some(7),
        };
        let start = super::Start {
            budget: Usd::from_dollars(0.25),
            gate: Some("gate"),
            ..super::Start::new(&spec)
        };
        let words = super::arguments(&start);
        for word in [
            "--session-id=11111111-2222-4333-8444-555555555555",
            "--model=sonnet",
            "--permission-mode=dontAsk",
            "--allowedTools=Bash(cargo *)",
            "--allowedTools=Skill",
            "--max-turns=7",
            "--max-budget-usd=0.25",
        ] {
            assert!(words.iter().any(|it| it == word), "{word} in {words:?}");
        }
        assert_eq!(words[words.len() - 2..], ["--add-dir", "../x"]);
        assert!(
            words
                .iter()
                .any(|it| it.starts_with("--settings={\"hooks\""))
        );
        assert!(!words.iter().any(|it| it.starts_with("--json-schema")));
        assert!(!words.iter().any(|it| it.contains(&spec.prompt)));
    }

    #[test]
    fn a_session_is_continued_by_its_id() {
        let spec = sample();
        let start = super::Start {
            resume: Some("abc"),
            ..super::Start::new(&spec)
        };
        let words = super::arguments(&start);
        assert!(words.iter().any(|it| it == "--resume=abc"));
        assert!(!words.iter().any(|it| it.starts_with("--session-id")));
        assert!(words.iter().any(|it| it == "--permission-mode=acceptEdits"));
        assert!(words.iter().any(|it| it.starts_with("--json-schema=")));
    }
}
