//! Exit codes, chosen once, and how an error is told.

use std::io::Write as _;
use std::process::ExitCode;

use crate::cli::Context;
use crate::orchestrate::OrchestrateError;
use crate::store::StoreError;

/// What the process tells its caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Exit(pub u8);

impl Exit {
    pub const OK: Self = Self(0);
    /// Something selected failed or stopped; or the command itself could not do its job.
    pub const FAILED: Self = Self(1);
    /// Wrong usage, invalid task files or configuration.
    pub const USAGE: Self = Self(2);
    /// Something selected is not completed: people, or a prerequisite outside.
    pub const UNFINISHED: Self = Self(3);
    /// runr's own state cannot be read or written.
    pub const STATE: Self = Self(4);
    /// What is asked conflicts with something that is running.
    pub const BUSY: Self = Self(75);
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.0)
    }
}

/// An error with its exit code and remedy.
#[derive(Debug, thiserror::Error)]
#[error("{message}")]
pub struct Failure {
    pub exit: Exit,
    /// Lower case, no final period.
    pub message: String,
    /// What to do, one line each.
    pub help: Vec<String>,
}

impl Failure {
    /// An error of the caller's: exit code 2.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::USAGE,
            message: message.into(),
            help: Vec::new(),
        }
    }
    /// Asked for something that a running attempt or orchestration stands against: exit code 75.
    #[must_use]
    pub fn busy(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::BUSY,
            ..Self::usage(message)
        }
    }
    #[must_use]
    pub fn help(mut self, line: impl Into<String>) -> Self {
        self.help.push(line.into());
        self
    }
}

/// Marks an error whose text has been printed already (the report of all problems of all files).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("already reported")]
pub struct Reported(pub Exit);

/// Prints an error with its causes and remedy to stderr and chooses the exit code.
pub fn report(context: &Context, error: &anyhow::Error) -> Exit {
    if let Some(Reported(exit)) = error.downcast_ref() {
        return *exit;
    }
    let closed = |cause: &(dyn std::error::Error + 'static)| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|e| e.kind() == std::io::ErrorKind::BrokenPipe)
    };
    if error.chain().any(closed) {
        // The reader of our output has left, as `head` does.
        return Exit::OK;
    }
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let mut err = context.err();
    let style = anstyle::Style::new()
        .bold()
        .fg_color(Some(anstyle::AnsiColor::Red.into()));
    let _ = writeln!(err, "{style}error{style:#}: {}", causes.join(": "));
    let failure = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Failure>());
    let orchestrate = error
        .chain()
        .find_map(|cause| cause.downcast_ref::<OrchestrateError>());
    let store = match orchestrate {
        // It shows as the store's own error, which therefore is no link of the chain.
        Some(OrchestrateError::Store(store)) => Some(store),
        _ => error
            .chain()
            .find_map(|cause| cause.downcast_ref::<StoreError>()),
    };
    let remedies = store.map(|error| error.help(&context.doctor_of(error)));
    let remedies = remedies.unwrap_or_default();
    let own = failure.map(|f| f.help.as_slice()).unwrap_or_default();
    let more = orchestrate.map(OrchestrateError::help).unwrap_or_default();
    for line in own.iter().chain(&remedies).chain(more) {
        let _ = writeln!(err, "  help: {line}");
    }
    match (failure, store, orchestrate) {
        (Some(failure), ..) => failure.exit,
        (None, Some(_), _) => Exit::STATE,
        (None, None, Some(error)) => of_orchestration(error),
        (None, None, None) => Exit::FAILED,
    }
}

/// The exit code of an orchestration that could not do its job.
fn of_orchestration(error: &OrchestrateError) -> Exit {
    match error {
        OrchestrateError::Store(_)
        | OrchestrateError::Io { .. }
        | OrchestrateError::Watch { .. }
        | OrchestrateError::BadPlan { .. }
        | OrchestrateError::NoRepository { .. }
        | OrchestrateError::Git(_) => Exit::STATE,
        OrchestrateError::StillRunning { .. } | OrchestrateError::Refused { .. } => Exit::BUSY,
        OrchestrateError::TaskGone { .. } | OrchestrateError::NoGround { .. } => Exit::USAGE,
        OrchestrateError::Signals { .. } | OrchestrateError::Random { .. } => Exit::FAILED,
    }
}
