//! A worker of the configuration: any command that takes a prompt and does the work.
//!
//! Knows the marks of a command (`{prompt_file}`, `{prompt}`, `{model}`) and the form of a result line. Marks are
//! replaced in lists of words only: nothing is ever put into a shell text, which finds the file's name in
//! `RUNR_PROMPT_FILE`.

use serde_json::Value;

use crate::model::{CommandLine, Tokens, Usd};
use crate::worker::account::{Account, Said, Trouble, TroubleKind, first_line};
use crate::worker::start::{Input, LONGEST_ARGUMENT, PromptTooLong, Start};

/// The whole command line. The prompt goes through standard input when no mark asks for it.
///
/// # Errors
/// When the prompt is to be an argument and too long for one.
pub fn words(start: &Start<'_>) -> Result<(Vec<String>, Input), PromptTooLong> {
    let program = match &start.spec.program {
        CommandLine::Shell(text) => {
            let shell = ["/bin/sh", "-c", text].map(str::to_owned);
            return Ok((shell.to_vec(), Input::Prompt));
        }
        CommandLine::Argv(words) => words,
    };
    let marks = [
        ("{prompt_file}", start.prompt_file),
        ("{prompt}", start.prompt),
        ("{model}", start.spec.model.as_deref().unwrap_or_default()),
    ];
    let takes = |mark: &str| program.iter().any(|word| word.contains(mark));
    let input = match takes("{prompt_file}") || takes("{prompt}") {
        true => Input::Nothing,
        false => Input::Prompt,
    };
    let mut words: Vec<String> = program.iter().map(|word| fill(word, &marks)).collect();
    words.extend(start.spec.settings.args.iter().flatten().cloned());
    match words.iter().find(|word| word.len() > LONGEST_ARGUMENT) {
        Some(word) => Err(PromptTooLong { bytes: word.len() }),
        None => Ok((words, input)),
    }
}

/// Replaces every mark once; what was put in is not looked at again.
fn fill(word: &str, marks: &[(&str, &str)]) -> String {
    let mut filled = String::new();
    let mut rest = word;
    while !rest.is_empty() {
        let next = marks
            .iter()
            .filter_map(|(mark, value)| Some((rest.find(mark)?, *mark, *value)))
            .min();
        let Some((at, mark, value)) = next else { break };
        filled.push_str(&rest[..at]);
        filled.push_str(value);
        rest = &rest[at + mark.len()..];
    }
    filled + rest
}

/// Takes a result in: `{"ok": true, "message": "…", "cost_usd": 0.1, "tokens": {"input": 1, "output": 2},
/// "turns": 3, "session": "…", "handoff": {…}}`, every field optional. Later lines replace earlier ones.
pub fn take(result: &Value, account: &mut Account) {
    let message = result["message"].as_str().unwrap_or_default();
    let number = |key: &str| result["tokens"][key].as_u64().unwrap_or(0);
    account.say(message);
    account.spent.cost_usd = result["cost_usd"].as_f64().and_then(Usd::from_dollars);
    account.spent.tokens = Tokens {
        input: number("input"),
        output: number("output"),
        ..Tokens::default()
    };
    let turns = result["turns"].as_u64().unwrap_or(0);
    account.spent.turns = u32::try_from(turns).unwrap_or(u32::MAX);
    account.session = result["session"].as_str().map(str::to_owned);
    account.structured = result.get("handoff").filter(|it| it.is_object()).cloned();
    account.result = Some(match result["ok"].as_bool() {
        Some(false) => Said::Trouble(Trouble {
            kind: TroubleKind::Failed,
            message: match message {
                "" => "it said that it failed".to_owned(),
                message => first_line(message),
            },
        }),
        _ => Said::Done,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Adapter;
    use crate::worker::start::sample;

    fn with(words: &[&str], prompt: &str) -> Result<(Vec<String>, Input), PromptTooLong> {
        let mut spec = sample();
        spec.adapter = Adapter::Custom;
        spec.program = CommandLine::Argv(words.iter().map(|word| (*word).to_owned()).collect());
        spec.model = Some("m".to_owned());
        let start = Start {
            prompt,
            prompt_file: "/r/prompt.md",
            ..Start::new(&spec)
        };
        start.words()
    }

    #[test]
    fn marks_are_replaced_once_and_only_in_words() {
        let (words, input) = with(&["a", "--file={prompt_file}", "{model}"], "x").unwrap();
        assert_eq!(words, ["a", "--file=/r/prompt.md", "m"]);
        assert_eq!(input, Input::Nothing);
        let (words, input) = with(&["a", "-p", "{prompt}"], "say {model} {prompt_file}").unwrap();
        assert_eq!(words, ["a", "-p", "say {model} {prompt_file}"]);
        assert_eq!(input, Input::Nothing);
        let (words, input) = with(&["a", "{x}"], "p").unwrap();
        assert_eq!(
            (words, input),
            (vec!["a".to_owned(), "{x}".to_owned()], Input::Prompt)
        );
        let long = "p".repeat(LONGEST_ARGUMENT + 1);
        assert_eq!(
            with(&["a", "{prompt}"], &long),
            Err(PromptTooLong { bytes: long.len() })
        );
        assert!(with(&["a", "{prompt_file}"], &long).is_ok());
        let mut spec = sample();
        spec.adapter = Adapter::Custom;
        spec.program = CommandLine::Shell("agent < \"$RUNR_PROMPT_FILE\" # {prompt}".to_owned());
        let (words, _) = Start::new(&spec).words().unwrap();
        assert_eq!(words[2], "agent < \"$RUNR_PROMPT_FILE\" # {prompt}");
    }

    #[test]
    fn a_result_line_says_how_it_went() {
        let mut account = Account::default();
        take(
            &serde_json::json!({"ok": false, "message": "no\nmore", "cost_usd": 0.5}),
            &mut account,
        );
        assert_eq!(account.spent.cost_usd, Usd::from_dollars(0.5));
        let Some(Said::Trouble(trouble)) = &account.result else {
            panic!("{account:?}")
        };
        assert_eq!(trouble.message, "no");
        take(
            &serde_json::json!({"handoff": {"summary": "s"}}),
            &mut account,
        );
        assert_eq!(account.result, Some(Said::Done));
        assert_eq!(account.spent.cost_usd, None);
        assert!(account.structured.is_some());
    }
}
