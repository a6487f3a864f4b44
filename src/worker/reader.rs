//! Reads what an agent writes, as it comes, and keeps its account.
//!
//! Knows lines and picks the parser. How the bytes are cut makes no difference, and no line can stop the
//! reading: one that is no event is counted.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde_json::Value;

use crate::model::{Adapter, ResultWay, Tokens};
use crate::worker::account::Account;
use crate::worker::lines::{Line, Lines};
use crate::worker::{claude_code, codex, custom};

/// The time when the reading began, and the zone in which programs tell times.
#[derive(Debug, Clone)]
pub struct Clock {
    pub now: Timestamp,
    pub zone: TimeZone,
}

/// An agent's output on its way into an account.
#[derive(Debug)]
pub struct Reader {
    lines: Lines,
    parser: Parser,
    account: Account,
}

#[derive(Debug)]
enum Parser {
    Claude(claude_code::Events),
    Codex(codex::Events),
    /// Result lines of a worker of the configuration, if it writes any.
    Custom(ResultWay),
}

impl Reader {
    /// `counted` is what the program had counted in the session that it continues.
    #[must_use]
    pub fn new(adapter: Adapter, result: ResultWay, clock: Clock, counted: Tokens) -> Self {
        let parser = match adapter {
            Adapter::ClaudeCode => Parser::Claude(claude_code::Events::default()),
            Adapter::Codex => Parser::Codex(codex::Events::new(clock)),
            Adapter::Custom => Parser::Custom(result),
        };
        Self {
            lines: Lines::default(),
            parser,
            account: Account {
                counted,
                ..Account::default()
            },
        }
    }

    /// Takes bytes in; adds lines for people to `said`.
    pub fn feed(&mut self, bytes: &[u8], said: &mut Vec<String>) {
        let (parser, account) = (&mut self.parser, &mut self.account);
        self.lines
            .feed(bytes, |line| take(parser, line, account, said));
    }

    /// The program has ended, or is about to be started again: books what it left open.
    pub fn close(&mut self, said: &mut Vec<String>) {
        let (parser, account) = (&mut self.parser, &mut self.account);
        self.lines.finish(|line| take(parser, line, account, said));
        match parser {
            Parser::Claude(events) => events.close(account),
            Parser::Codex(events) => events.close(account),
            Parser::Custom(_) => {}
        }
    }

    #[must_use]
    pub fn account(&self) -> &Account {
        &self.account
    }

    /// Before another start: what was said last time is not this time's answer.
    pub fn begin_anew(&mut self) {
        self.account.result = None;
        self.account.structured = None;
        self.account.limit = None;
    }

    /// The session is a new one: nothing has been counted in it.
    pub fn forget_session(&mut self) {
        self.account.session = None;
        self.account.counted = Tokens::default();
    }
}

fn take(parser: &mut Parser, line: Line<'_>, account: &mut Account, said: &mut Vec<String>) {
    let text = match line {
        Line::Whole(text) => text.trim_ascii(),
        Line::TooLong => {
            account.malformed_lines += 1;
            return;
        }
    };
    if text.is_empty() {
        return;
    }
    if let Parser::Custom(way) = parser {
        // Everything else that it writes is its own matter.
        if *way == ResultWay::Json
            && text.starts_with(b"{")
            && let Ok(value) = serde_json::from_slice::<Value>(text)
        {
            custom::take(&value, account);
        }
        return;
    }
    match serde_json::from_slice::<Value>(text) {
        Ok(event) if event.is_object() => match parser {
            Parser::Claude(events) => events.take(&event, account, said),
            Parser::Codex(events) => events.take(&event, account, said),
            Parser::Custom(_) => {}
        },
        _ => account.malformed_lines += 1,
    }
}
