//! Reads Codex's events, one JSON object a line.
//!
//! Knows the events and what of them matters; what it does not know is passed over. Codex tells no cost and no
//! model, and its token counts go on over a resumed session.

use serde_json::Value;

use crate::model::{ServiceLimit, Tokens};
use crate::worker::account::{Account, Said, Trouble, TroubleKind, first_line};
use crate::worker::codex::reset_time;
use crate::worker::reader::Clock;

/// What must be remembered between events.
#[derive(Debug)]
pub struct Events {
    clock: Clock,
    /// Turns that began and did not end.
    open_turns: u32,
}

impl Events {
    #[must_use]
    pub fn new(clock: Clock) -> Self {
        Self {
            clock,
            open_turns: 0,
        }
    }

    /// Takes one event in; adds lines for people to `said`.
    pub fn take(&mut self, event: &Value, account: &mut Account, said: &mut Vec<String>) {
        match event["type"].as_str().unwrap_or_default() {
            "thread.started" => {
                let id = event["thread_id"].as_str().unwrap_or_default();
                account.session = Some(id.to_owned());
                said.push(format!("Codex, session {id}"));
            }
            "turn.started" => self.open_turns = self.open_turns.saturating_add(1),
            "item.started" => item(&event["item"], Stage::Started, account, said),
            "item.completed" => item(&event["item"], Stage::Completed, account, said),
            "turn.completed" => self.completed(&event["usage"], account, said),
            "error" => {
                let message = first_line(event["message"].as_str().unwrap_or_default());
                if message.starts_with("Reconnecting") {
                    account.retries = account.retries.saturating_add(1);
                }
                said.push(message);
            }
            "turn.failed" => self.failed(&event["error"]["message"], account, said),
            _ => {}
        }
    }

    /// Notes a turn that was cut off: nothing is known of what it used.
    pub fn close(&mut self, account: &mut Account) {
        if std::mem::take(&mut self.open_turns) > 0 {
            account.spent.turns = account.spent.turns.saturating_add(1);
            account.spent.at_least = true;
        }
    }

    fn completed(&mut self, usage: &Value, account: &mut Account, said: &mut Vec<String>) {
        let number = |key: &str| usage[key].as_u64().unwrap_or(0);
        let cached = number("cached_input_tokens");
        let total = Tokens {
            // What came from the cache is counted in `input_tokens` here.
            input: number("input_tokens").saturating_sub(cached),
            output: number("output_tokens"),
            cache_read: cached,
            cache_write: number("cache_write_input_tokens"),
        };
        let used = total.since(account.counted);
        account.counted = total;
        account.spent.tokens = account.spent.tokens.plus(used);
        self.turn_over(account);
        account.result = Some(Said::Done);
        said.push(format!("done: {}", account.spent.line()));
    }

    fn failed(&mut self, message: &Value, account: &mut Account, said: &mut Vec<String>) {
        let message = first_line(message.as_str().unwrap_or("it gave no reason"));
        self.turn_over(account);
        // What it used until then it does not tell.
        account.spent.at_least = true;
        let kind = kind(&message);
        if kind == TroubleKind::Limited {
            let resets_at = reset_time(&message, self.clock.now, &self.clock.zone);
            account.limit = Some(ServiceLimit { resets_at });
        }
        said.push(format!("failed: {message}"));
        account.result = Some(Said::Trouble(Trouble { kind, message }));
    }

    fn turn_over(&mut self, account: &mut Account) {
        self.open_turns = 0;
        account.spent.turns = account.spent.turns.saturating_add(1);
    }
}

/// The class of a failure; the program tells it in words only.
fn kind(message: &str) -> TroubleKind {
    let text = message.to_ascii_lowercase();
    let has = |parts: &[&str]| parts.iter().any(|part| text.contains(part));
    if has(&[
        "401 unauthorized",
        "403 forbidden",
        "not logged in",
        "quota exceeded",
    ]) {
        TroubleKind::Login
    } else if has(&["usage limit", "429 too many", "overloaded", "at capacity"]) {
        TroubleKind::Limited
    } else {
        TroubleKind::Failed
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Stage {
    Started,
    Completed,
}

fn item(item: &Value, stage: Stage, account: &mut Account, said: &mut Vec<String>) {
    let text = |key: &str| item[key].as_str().unwrap_or_default();
    match (text("type"), stage) {
        ("agent_message", Stage::Completed) => {
            account.say(text("text"));
            said.push(first_line(text("text")));
        }
        ("command_execution", Stage::Started) => {
            said.push(format!("$ {}", first_line(text("command"))))
        }
        ("command_execution", Stage::Completed) => {
            if let Some(code) = item["exit_code"].as_i64().filter(|code| *code != 0) {
                said.push(format!("command failed with exit code {code}"));
            }
        }
        ("file_change", Stage::Completed) => {
            let changes = item["changes"].as_array().map_or(&[][..], Vec::as_slice);
            for change in changes.iter().take(10) {
                let word = |key: &str| change[key].as_str().unwrap_or("?");
                said.push(format!("{} {}", word("kind"), first_line(word("path"))));
            }
        }
        ("mcp_tool_call", Stage::Started) => {
            said.push(format!("{} {}", text("server"), text("tool")));
        }
        ("error", Stage::Completed) => said.push(first_line(text("message"))),
        _ => {}
    }
}
