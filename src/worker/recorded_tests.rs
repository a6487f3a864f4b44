//! The parsers against what the real programs wrote, and against what no program should.

use std::path::Path;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use proptest::prelude::*;

use crate::model::{Adapter, ResultWay, Tokens, Usd};
use crate::worker::*;

fn clock() -> Clock {
    Clock {
        now: Timestamp::UNIX_EPOCH,
        zone: TimeZone::UTC,
    }
}

fn recorded(name: &str) -> Vec<u8> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/fixtures/agents");
    std::fs::read(folder.join(format!("{name}.jsonl"))).unwrap()
}

fn adapter(name: &str) -> Adapter {
    match name.starts_with("claude") {
        true => Adapter::ClaudeCode,
        false => Adapter::Codex,
    }
}

fn read(adapter: Adapter, pieces: &[&[u8]], counted: Tokens) -> (Account, Vec<String>) {
    let mut reader = Reader::new(adapter, ResultWay::Exit, clock(), counted);
    let mut said = Vec::new();
    for piece in pieces {
        reader.feed(piece, &mut said);
    }
    reader.close(&mut said);
    (reader.account().clone(), said)
}

fn account_of(name: &str) -> Account {
    read(adapter(name), &[&recorded(name)], Tokens::default()).0
}

fn end_of(name: &str, resumed: Resumed) -> WorkEnd {
    let account = account_of(name);
    let exit = Exit {
        code: Some(1),
        lingered: Lingered::No,
        needs_word: NeedsWord::Yes,
        resumed,
    };
    let complaint = match account.result {
        Some(Said::Done) => None,
        _ => Some("exit code 1".to_owned()),
    };
    judge(&account, exit, complaint)
}

#[test]
fn every_recorded_end_is_understood() {
    let short = |end: WorkEnd| match end {
        WorkEnd::Done => "done",
        WorkEnd::Failed(_) => "failed",
        WorkEnd::Limited(_) => "limited",
        WorkEnd::LoginNeeded(_) => "login",
        WorkEnd::BudgetReached(_) => "budget",
        WorkEnd::SessionGone => "gone",
    };
    for (name, expected) in [
        ("claude_ok_write_and_bash", "done"),
        ("claude_401", "login"),
        ("claude_429_long_retry_after", "limited"),
        ("claude_429_retry_ok", "done"),
        ("claude_500", "failed"),
        ("claude_529", "limited"),
        ("claude_billing_400", "login"),
        ("claude_json_schema", "done"),
        ("claude_max_budget", "budget"),
        ("claude_max_turns", "failed"),
        ("claude_model_fallback", "done"),
        ("claude_permission_denied", "done"),
        ("claude_rate_limit_event_rejected", "limited"),
        ("claude_rate_limit_event_warning", "done"),
        ("claude_resume_cumulative_cost", "done"),
        ("claude_schema_ignored", "done"),
        ("claude_sigint", "failed"),
        ("claude_sigterm", "failed"),
        ("claude_two_results_background_task", "done"),
        ("claude_two_results_subagent", "done"),
        ("codex_400", "failed"),
        ("codex_401", "login"),
        ("codex_429", "limited"),
        ("codex_context_window", "failed"),
        ("codex_file_change_and_failed_command", "done"),
        ("codex_mcp_tool_call", "done"),
        ("codex_ok", "done"),
        ("codex_usage_limit", "limited"),
    ] {
        assert_eq!(short(end_of(name, Resumed::No)), expected, "{name}");
        assert_eq!(account_of(name).malformed_lines, 0, "{name}");
    }
    assert_eq!(
        end_of("claude_resume_unknown", Resumed::Yes),
        WorkEnd::SessionGone
    );
}

#[test]
fn what_was_used_is_booked_once() {
    let usd = |dollars| Usd::from_dollars(dollars);
    for (name, cost, input, output, turns, at_least) in [
        ("claude_ok_write_and_bash", usd(0.015), 3000, 150, 3, false),
        // The total of the session says 0.010.
        (
            "claude_resume_cumulative_cost",
            usd(0.005),
            1000,
            50,
            1,
            false,
        ),
        (
            "claude_two_results_background_task",
            usd(0.015),
            3000,
            150,
            3,
            false,
        ),
        (
            "claude_two_results_subagent",
            usd(0.02),
            4000,
            200,
            3,
            false,
        ),
        ("claude_max_budget", usd(1.2), 200_000, 20_000, 2, false),
        // No final word: what its answers told.
        ("claude_sigterm", None, 1000, 1, 1, true),
        ("codex_ok", None, 2000, 100, 1, false),
        ("codex_401", None, 0, 0, 1, true),
    ] {
        let spent = account_of(name).spent;
        let got = (
            spent.cost_usd,
            spent.tokens.input,
            spent.tokens.output,
            spent.turns,
            spent.at_least,
        );
        assert_eq!(got, (cost, input, output, turns, at_least), "{name}");
    }
    let before = Tokens {
        input: 1000,
        output: 50,
        ..Tokens::default()
    };
    let bytes = recorded("codex_resume_cumulative_usage");
    let (account, _) = read(Adapter::Codex, &[&bytes], before);
    assert_eq!(account.spent.tokens.input, 1000);
    assert_eq!(account.counted.input, 2000);
}

#[test]
fn limits_denials_retries_and_answers_are_seen() {
    let limit = |name: &str| account_of(name).limit.and_then(|limit| limit.resets_at);
    assert_eq!(
        limit("claude_rate_limit_event_rejected"),
        Timestamp::from_second(1_795_500_000).ok()
    );
    assert_eq!(limit("claude_rate_limit_event_warning"), None);
    assert_eq!(
        limit("codex_usage_limit")
            .map(|at| at.to_string())
            .as_deref(),
        Some("2026-11-24T06:00:00Z")
    );
    let denied = account_of("claude_permission_denied");
    assert!(
        denied
            .denials
            .iter()
            .any(|it| it.starts_with("Bash python3")),
        "{:?}",
        denied.denials
    );
    assert_eq!(account_of("claude_429_retry_ok").retries, 2);
    assert_eq!(account_of("codex_429").retries, 5);
    assert_eq!(
        account_of("claude_json_schema").structured,
        Some(serde_json::json!({"status": "done", "files": ["a"]}))
    );
    assert_eq!(account_of("claude_schema_ignored").structured, None);
    let account = account_of("codex_ok");
    assert_eq!(account.message.as_deref(), Some("All done."));
    assert_eq!(
        account.session.as_deref(),
        Some("01a20719-2e67-7e13-9e77-0d64b33bf013")
    );
}

#[test]
fn people_are_told_what_happens() {
    let (_, said) = read(
        Adapter::ClaudeCode,
        &[&recorded("claude_ok_write_and_bash")],
        Tokens::default(),
    );
    assert_eq!(
        said,
        [
            "Claude Code 2.1.330, claude-opus-5-5, session 1b8a1eb2-1d07-4119-a771-b2abedecb8b9",
            "I will write the file.",
            "Write /repo/hello.txt",
            "Bash echo via-bash > bash.txt; pwd",
            "All done.",
            "done: $0.015, 3000 in, 150 out tokens, 3 turns",
        ]
    );
    let (_, said) = read(
        Adapter::ClaudeCode,
        &[&recorded("claude_429_retry_ok")],
        Tokens::default(),
    );
    assert!(
        said.contains(&"rate limit (429): retry 1 of 10 in 1.1s".to_owned()),
        "{said:?}"
    );
}

#[test]
fn hostile_lines_are_counted_and_stop_nothing() {
    let deep = "[".repeat(100_000);
    let lines = [
        "not json",
        "[]",
        "3",
        "{\"type\":3}",
        "{\"type\":\"new_event\",\"x\":1}",
        "{\"type\":\"assistant\",\"message\":{\"content\":7,\"usage\":\"x\"}}",
        "{\"type\":\"result\",\"is_error\":\"yes\",\"num_turns\":-1,\"total_cost_usd\":-5,\"errors\":[1]}",
        "{\"type\":\"rate_limit_event\",\"rate_limit_info\":{\"status\":\"rejected\",\"resetsAt\":9e99}}",
        "{\"type\":\"turn.failed\"}",
        "{\"type\":\"item.completed\",\"item\":{\"type\":\"file_change\",\"changes\":[1,{}]}}",
        "\u{0}\u{1b}[31m",
        &deep,
    ];
    let text = lines.join("\n");
    for (adapter, malformed) in [
        (Adapter::ClaudeCode, 5),
        (Adapter::Codex, 5),
        (Adapter::Custom, 0),
    ] {
        let (account, _) = read(adapter, &[text.as_bytes()], Tokens::default());
        assert_eq!(account.malformed_lines, malformed, "{adapter:?}");
        assert_ne!(account.result, Some(Said::Done), "{adapter:?}");
    }
}

proptest! {
    /// How the stream is cut makes no difference.
    #[test]
    fn any_cutting_gives_the_same(
        which in 0..6_usize,
        cuts in prop::collection::vec(0..20_000_usize, 0..12),
        noise in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let names = [
            "claude_ok_write_and_bash", "claude_two_results_subagent", "claude_sigterm",
            "codex_ok", "codex_429", "codex_mcp_tool_call",
        ];
        let mut bytes = recorded(names[which]);
        bytes.push(b'\n');
        bytes.extend(noise);
        let mut cuts: Vec<usize> = cuts.into_iter().map(|cut| cut.min(bytes.len())).collect();
        cuts.extend([0, bytes.len()]);
        cuts.sort_unstable();
        let pieces: Vec<&[u8]> = cuts.windows(2).map(|pair| &bytes[pair[0]..pair[1]]).collect();
        let adapter = adapter(names[which]);
        let whole = read(adapter, &[&bytes], Tokens::default());
        prop_assert_eq!(read(adapter, &pieces, Tokens::default()), whole);
    }

    /// Nothing that a program writes makes the reading panic.
    #[test]
    fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        for adapter in [Adapter::ClaudeCode, Adapter::Codex, Adapter::Custom] {
            let mut reader = Reader::new(adapter, ResultWay::Json, clock(), Tokens::default());
            reader.feed(&bytes, &mut Vec::new());
            reader.close(&mut Vec::new());
        }
    }
}
