//! Reads Claude Code's events, one JSON object a line.
//!
//! Knows the events and what of them matters. Events and fields that it does not know are passed over: the
//! program gets new ones often. A failure says `is_error`; its `subtype` may well be `success`.

use std::collections::BTreeMap;

use serde_json::Value;

use crate::model::{ServiceLimit, Tokens, Usd};
use crate::worker::account::{Account, Said, Trouble, TroubleKind, first_line};

/// What must be remembered between events.
#[derive(Debug, Default)]
pub struct Events {
    /// What each answer of the model used, since the last final word: it is told again with every part of it.
    since_result: BTreeMap<String, Tokens>,
    /// The kind of the last error that an answer carried.
    error: Option<String>,
}

impl Events {
    /// Takes one event in; adds lines for people to `said`.
    pub fn take(&mut self, event: &Value, account: &mut Account, said: &mut Vec<String>) {
        match event["type"].as_str().unwrap_or_default() {
            "system" => system(event, account, said),
            "assistant" => self.assistant(event, account, said),
            "user" => results(event, said),
            "rate_limit_event" => limit(&event["rate_limit_info"], account, said),
            "result" => self.result(event, account, said),
            _ => {}
        }
    }

    /// Books what was used since the last final word, of a program that was ended before its next one.
    pub fn close(&mut self, account: &mut Account) {
        if self.since_result.is_empty() {
            return;
        }
        let turns = u32::try_from(self.since_result.len()).unwrap_or(u32::MAX);
        let used = std::mem::take(&mut self.since_result).into_values();
        let used = used.fold(Tokens::default(), Tokens::plus);
        account.spent.tokens = account.spent.tokens.plus(used);
        account.spent.turns = account.spent.turns.saturating_add(turns);
        account.spent.at_least = true;
    }

    fn assistant(&mut self, event: &Value, account: &mut Account, said: &mut Vec<String>) {
        let message = &event["message"];
        if let Some(error) = event["error"].as_str() {
            self.error = Some(error.to_owned());
        }
        if let Some(id) = message["id"].as_str()
            && message["model"] != "<synthetic>"
        {
            let used = tokens(&message["usage"]);
            let known = self.since_result.entry(id.to_owned()).or_default();
            known.input = known.input.max(used.input);
            known.output = known.output.max(used.output);
            known.cache_read = known.cache_read.max(used.cache_read);
            known.cache_write = known.cache_write.max(used.cache_write);
        }
        let own = event["parent_tool_use_id"].is_null();
        for block in list(&message["content"]) {
            match block["type"].as_str() {
                Some("text") => {
                    let text = block["text"].as_str().unwrap_or_default();
                    if own {
                        account.say(text);
                    }
                    let line = first_line(text);
                    if !line.is_empty() {
                        said.push(line);
                    }
                }
                Some("tool_use") => said.push(tool(block)),
                _ => {}
            }
        }
    }

    fn result(&mut self, event: &Value, account: &mut Account, said: &mut Vec<String>) {
        self.since_result.clear();
        let spent = &mut account.spent;
        let since = event["model_usage_since_last_result"].as_object();
        let used = match since {
            Some(models) => models
                .values()
                .map(model_tokens)
                .fold(Tokens::default(), Tokens::plus),
            None => tokens(&event["usage"]),
        };
        spent.tokens = spent.tokens.plus(used);
        let turns = event["num_turns"].as_u64().unwrap_or(0);
        spent.turns = spent
            .turns
            .saturating_add(u32::try_from(turns).unwrap_or(u32::MAX));
        // The total goes on over resumed sessions: only what is new counts.
        let cost = match since {
            Some(models) => Some(models.values().filter_map(|m| m["costUSD"].as_f64()).sum()),
            None => event["total_cost_usd"].as_f64(),
        };
        let before = spent.cost_usd.unwrap_or_default();
        spent.cost_usd = match (cost.and_then(Usd::from_dollars), since) {
            (Some(cost), Some(_)) => Some(before.plus(cost)),
            (Some(total), None) => Some(before.max(total)),
            (None, _) => spent.cost_usd,
        };
        account.counted = account.counted.plus(used);
        if let Some(session) = event["session_id"].as_str() {
            account.session.get_or_insert_with(|| session.to_owned());
        }
        for denial in list(&event["permission_denials"]) {
            let input = tool_input(&denial["tool_input"]);
            account.deny(join(
                denial["tool_name"].as_str().unwrap_or("a tool"),
                &input,
            ));
        }
        if let Some(text) = event["result"].as_str() {
            account.say(text);
        }
        if !event["structured_output"].is_null() {
            account.structured = Some(event["structured_output"].clone());
        }
        let result = match event["is_error"].as_bool() {
            Some(false) => Said::Done,
            _ => Said::Trouble(self.trouble(event)),
        };
        said.push(match &result {
            Said::Done => format!("done: {}", account.spent.line()),
            Said::Trouble(trouble) => format!("failed: {}", first_line(&trouble.message)),
        });
        account.result = Some(result);
    }

    fn trouble(&self, event: &Value) -> Trouble {
        let errors: Vec<&str> = list(&event["errors"])
            .iter()
            .filter_map(Value::as_str)
            .collect();
        let message = match event["result"].as_str() {
            Some(text) if !text.trim().is_empty() => first_line(text),
            _ if !errors.is_empty() => first_line(&errors.join("; ")),
            _ => event["terminal_reason"]
                .as_str()
                .unwrap_or("it gave up")
                .replace('_', " "),
        };
        let status = event["api_error_status"].as_u64();
        let kind = match (event["subtype"].as_str(), status, self.error.as_deref()) {
            (Some("error_max_budget_usd"), ..) => TroubleKind::Budget,
            (Some("error_during_execution"), ..)
                if errors.iter().any(|it| it.contains("No conversation found")) =>
            {
                TroubleKind::SessionGone
            }
            (_, Some(429 | 529), _) | (_, _, Some("rate_limit" | "overloaded")) => {
                TroubleKind::Limited
            }
            (_, Some(401 | 403), _)
            | (_, _, Some("authentication_failed" | "billing_error" | "oauth_org_not_allowed")) => {
                TroubleKind::Login
            }
            _ => TroubleKind::Failed,
        };
        Trouble { kind, message }
    }
}

fn system(event: &Value, account: &mut Account, said: &mut Vec<String>) {
    let text = |key: &str| event[key].as_str().unwrap_or_default();
    match text("subtype") {
        "init" => {
            let session = text("session_id");
            let known = account.session.as_deref() == Some(session);
            account.session = Some(session.to_owned());
            account.model = event["model"].as_str().map(str::to_owned);
            if !known {
                said.push(format!(
                    "Claude Code {}, {}, session {session}",
                    text("claude_code_version"),
                    text("model")
                ));
            }
        }
        "api_retry" => {
            account.retries = account.retries.saturating_add(1);
            said.push(retry(event));
        }
        "permission_denied" => {
            account.deny(join(text("tool_name"), &first_line(text("message"))));
            said.push(format!(
                "not allowed: {}: {}",
                text("tool_name"),
                first_line(text("message"))
            ));
        }
        "model_fallback" => said.push(format!(
            "the model was changed by Claude Code: {}",
            first_line(
                &event["message"]
                    .as_str()
                    .map_or_else(|| event.to_string(), str::to_owned)
            )
        )),
        _ => {}
    }
}

fn retry(event: &Value) -> String {
    let number = |key: &str| event[key].as_u64();
    let wait = number("retry_delay_ms").unwrap_or(0) as f64 / 1000.0;
    let why = event["error"]
        .as_str()
        .unwrap_or("unknown")
        .replace('_', " ");
    let status = match number("error_status") {
        Some(status) => format!(" ({status})"),
        None => String::new(),
    };
    format!(
        "{why}{status}: retry {} of {} in {wait:.1}s",
        number("attempt").unwrap_or(0),
        number("max_retries").unwrap_or(0)
    )
}

fn limit(info: &Value, account: &mut Account, said: &mut Vec<String>) {
    let resets_at = info["resetsAt"]
        .as_i64()
        .and_then(|at| jiff::Timestamp::from_second(at).ok());
    let until = resets_at.map_or(String::new(), |at| format!(", resets at {at}"));
    let which = info["rateLimitType"]
        .as_str()
        .unwrap_or("usage")
        .replace('_', " ");
    match info["status"].as_str() {
        Some("rejected") => {
            account.limit = Some(ServiceLimit { resets_at });
            said.push(format!("{which} limit reached{until}"));
        }
        Some("allowed_warning") => said.push(format!("near the {which} limit{until}")),
        _ => {}
    }
}

/// What tools answered: only failures are worth a line.
fn results(event: &Value, said: &mut Vec<String>) {
    for block in list(&event["message"]["content"]) {
        if block["is_error"] != true {
            continue;
        }
        let text = match &block["content"] {
            Value::String(text) => text.as_str(),
            other => other[0]["text"].as_str().unwrap_or_default(),
        };
        said.push(format!("tool failed: {}", first_line(text)));
    }
}

fn tool(block: &Value) -> String {
    join(
        block["name"].as_str().unwrap_or("a tool"),
        &tool_input(&block["input"]),
    )
}

fn join(name: &str, what: &str) -> String {
    match what {
        "" => name.to_owned(),
        what => format!("{name} {what}"),
    }
}

/// The part of a tool's input that tells most.
fn tool_input(input: &Value) -> String {
    const TELLING: [&str; 7] = [
        "command",
        "file_path",
        "path",
        "pattern",
        "url",
        "query",
        "description",
    ];
    let telling = TELLING.iter().find_map(|key| input[*key].as_str());
    telling.map(first_line).unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

fn tokens(usage: &Value) -> Tokens {
    let number = |key: &str| usage[key].as_u64().unwrap_or(0);
    Tokens {
        input: number("input_tokens"),
        output: number("output_tokens"),
        cache_read: number("cache_read_input_tokens"),
        cache_write: number("cache_creation_input_tokens"),
    }
}

fn model_tokens(usage: &Value) -> Tokens {
    let number = |key: &str| usage[key].as_u64().unwrap_or(0);
    Tokens {
        input: number("inputTokens"),
        output: number("outputTokens"),
        cache_read: number("cacheReadInputTokens"),
        cache_write: number("cacheCreationInputTokens"),
    }
}
