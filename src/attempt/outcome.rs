//! What an ended command means for the attempt, in a word and a line. Pure.
//!
//! Knows stop reasons and how people read them. Does not know processes.

use std::time::Duration;

use rustix::process::WaitStatus;

use crate::attempt::command::CannotStart;
use crate::attempt::limits::Limit;
use crate::model::{CommandLine, StopReason, show_duration};

/// Why the attempt did not succeed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stop {
    pub reason: StopReason,
    /// One line for people.
    pub message: String,
}

impl Stop {
    pub fn new(reason: StopReason, message: impl Into<String>) -> Self {
        Self {
            reason,
            message: message.into(),
        }
    }
    /// runr itself could not go on.
    pub fn internal(doing: &str, error: &std::io::Error) -> Self {
        Self::new(
            StopReason::InternalError,
            format!("cannot {doing}: {error}"),
        )
    }
}

/// How a process ended, in numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct End {
    pub exit_code: Option<i32>,
    pub signal: Option<i32>,
}

impl From<WaitStatus> for End {
    fn from(status: WaitStatus) -> Self {
        Self {
            exit_code: status.exit_status(),
            signal: status.terminating_signal(),
        }
    }
}

/// `None`: it ended well. Else what to say about it.
#[must_use]
pub fn complaint(command: &CommandLine, end: End) -> Option<String> {
    let name = brief(command);
    let shell = matches!(command, CommandLine::Shell(_));
    Some(match (end.exit_code, end.signal) {
        (Some(0), _) => return None,
        (Some(127), _) if shell => {
            format!("`{name}` ended with exit code 127: a command in it was not found")
        }
        (Some(126), _) if shell => {
            format!("`{name}` ended with exit code 126: a command in it cannot be executed")
        }
        (Some(code), _) => format!("`{name}` ended with exit code {code}"),
        (None, Some(signal)) => format!("`{name}` was ended by signal {}", signal_name(signal)),
        (None, None) => format!("`{name}` ended in an unknown way"),
    })
}

/// Which limit of the attempt was passed; a check's own limit is told by [`slow_check`].
#[must_use]
pub fn passed(limit: Limit) -> Stop {
    match limit {
        Limit::Startup(after) => Stop::new(
            StopReason::StartupTimeout,
            format!("no output within {} after the start", show_duration(after)),
        ),
        Limit::Idle(after) => Stop::new(
            StopReason::IdleTimeout,
            format!("no output for {}", show_duration(after)),
        ),
        Limit::Wall(after) | Limit::Command(after) | Limit::Linger(after) => Stop::new(
            StopReason::Timeout,
            format!("not done within {}", show_duration(after)),
        ),
    }
}

/// A check that did not end is no pass.
#[must_use]
pub fn slow_check(command: &CommandLine, limit: Duration) -> Stop {
    Stop::new(
        StopReason::VerificationFailed,
        format!(
            "`{}` did not end within {}",
            brief(command),
            show_duration(limit)
        ),
    )
}

/// Why the worker did not start.
#[must_use]
pub fn not_started(error: &CannotStart) -> Stop {
    let reason = match error {
        CannotStart::Missing(_) | CannotStart::Unusable { .. } => StopReason::WorkerMissing,
        CannotStart::Folder { .. } => StopReason::WorktreeMissing,
        CannotStart::Log { .. } | CannotStart::System(_) => StopReason::InternalError,
    };
    Stop::new(reason, error.to_string())
}

/// A command in one short line: its first, cut.
#[must_use]
pub fn brief(command: &CommandLine) -> String {
    const LONGEST: usize = 60;
    let text = command.to_string();
    let text = text.trim();
    let mut line: String = text.lines().next().unwrap_or_default().to_owned();
    if line.chars().count() > LONGEST {
        line = line.chars().take(LONGEST).collect();
    }
    if line.len() < text.len() {
        line.push('…');
    }
    line
}

fn signal_name(number: i32) -> String {
    let name = match number {
        1 => "HUP",
        2 => "INT",
        3 => "QUIT",
        4 => "ILL",
        6 => "ABRT",
        8 => "FPE",
        9 => "KILL",
        11 => "SEGV",
        13 => "PIPE",
        14 => "ALRM",
        15 => "TERM",
        _ => return number.to_string(),
    };
    format!("{number} ({name})")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ends_are_told_with_the_command_and_the_number() {
        let shell = CommandLine::Shell("make\nmore".to_owned());
        let argv = CommandLine::Argv(vec!["cargo".to_owned(), "test".to_owned()]);
        for (command, code, signal, expected) in [
            (&shell, Some(0), None, None),
            (
                &shell,
                Some(2),
                None,
                Some("`make…` ended with exit code 2"),
            ),
            (
                &shell,
                Some(127),
                None,
                Some("`make…` ended with exit code 127: a command in it was not found"),
            ),
            (
                &argv,
                Some(127),
                None,
                Some("`cargo test` ended with exit code 127"),
            ),
            (
                &argv,
                None,
                Some(9),
                Some("`cargo test` was ended by signal 9 (KILL)"),
            ),
            (
                &argv,
                None,
                Some(63),
                Some("`cargo test` was ended by signal 63"),
            ),
        ] {
            let end = End {
                exit_code: code,
                signal,
            };
            assert_eq!(complaint(command, end).as_deref(), expected);
        }
    }

    #[test]
    fn a_long_command_is_cut_between_characters() {
        let long = CommandLine::Shell("ü".repeat(100));
        assert_eq!(brief(&long), format!("{}…", "ü".repeat(60)));
        assert_eq!(brief(&CommandLine::Shell("  a b \n".to_owned())), "a b");
    }

    #[test]
    fn limits_have_their_own_reasons() {
        let d = Duration::from_secs(90);
        for (limit, reason) in [
            (Limit::Startup(d), StopReason::StartupTimeout),
            (Limit::Idle(d), StopReason::IdleTimeout),
            (Limit::Wall(d), StopReason::Timeout),
        ] {
            let stop = passed(limit);
            assert_eq!(stop.reason, reason);
            assert!(stop.message.contains("1m 30s"), "{}", stop.message);
        }
    }
}
