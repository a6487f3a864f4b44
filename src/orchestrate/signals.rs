//! The signals that ask an orchestrator to leave.

use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::orchestrate::OrchestrateError;

/// A signal that asks an orchestrator to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signalled {
    Hup,
    Int,
    Term,
}

impl Signalled {
    /// The exit code that a shell expects: 128 plus the signal's number.
    pub fn exit(self) -> u8 {
        match self {
            Self::Hup => 129,
            Self::Int => 130,
            Self::Term => 143,
        }
    }
}

/// The three of them, listened to.
#[derive(Debug)]
pub struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    /// Listens from now on.
    ///
    /// # Errors
    /// When the system cannot watch a signal.
    pub fn listen() -> Result<Self, OrchestrateError> {
        let listen = |kind| signal(kind).map_err(|source| OrchestrateError::Signals { source });
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    /// Waits for the next one.
    pub async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hangup.recv() => Signalled::Hup,
            _ = self.interrupt.recv() => Signalled::Int,
            _ = self.terminate.recv() => Signalled::Term,
        }
    }
}
