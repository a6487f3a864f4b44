//! Watches attempts, one future each, and tells the driver what became of them.

use std::io;
use std::path::PathBuf;

use tokio::sync::mpsc;
use tokio::task::JoinSet;

use crate::attempt::{self, Held, LaunchError, Live};
use crate::model::RunId;
use crate::sched::Kill;

/// What became of an attempt's process.
#[derive(Debug)]
pub enum Report {
    /// It holds its task's lock and waits for its go byte, or could not be started.
    Ready {
        run: RunId,
        held: Result<Box<Held>, LaunchError>,
    },
    /// It is over.
    Gone { run: RunId, watched: io::Result<()> },
}

/// Variables of an environment, with their values.
pub type Variables = Vec<(String, String)>;

/// The futures of all attempts. Dropping it leaves the processes alone.
#[derive(Debug, Default)]
pub struct Nursery {
    futures: JoinSet<Report>,
}

impl Nursery {
    /// Starts an attempt's process; a [`Report::Ready`] follows.
    pub fn start(&mut self, run: RunId, exe: PathBuf, dir: PathBuf, secrets: Variables) {
        self.futures.spawn(async move {
            let held = attempt::start(&exe, &dir, &secrets).await.map(Box::new);
            Report::Ready { run, held }
        });
    }

    /// Watches an attempt to its end; a [`Report::Gone`] follows. What is sent to the answer asks it to end.
    pub fn watch(&mut self, run: RunId, mut live: Live) -> mpsc::UnboundedSender<Kill> {
        let (ask, mut asked) = mpsc::unbounded_channel();
        self.futures.spawn(async move {
            let watched = loop {
                tokio::select! {
                    watched = live.ended() => break watched,
                    Some(kill) = asked.recv() => {
                        // When it is gone already, its end is reported next.
                        let _ = match kill {
                            Kill::Gracefully => live.terminate(),
                            Kill::Now => live.kill(),
                        };
                    }
                }
            };
            Report::Gone { run, watched }
        });
        ask
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.futures.is_empty()
    }

    /// The next report; never, when nothing is watched. Cancel safe.
    pub async fn next(&mut self) -> Report {
        loop {
            match self.futures.join_next().await {
                Some(Ok(report)) => return report,
                // A panic in the future is a defect of ours; show it where it is seen.
                Some(Err(error)) if error.is_panic() => {
                    std::panic::resume_unwind(error.into_panic())
                }
                Some(Err(_)) => {}
                None => std::future::pending().await,
            }
        }
    }

    /// A report that is there already.
    pub fn try_next(&mut self) -> Option<Report> {
        match self.futures.try_join_next()? {
            Ok(report) => Some(report),
            Err(error) if error.is_panic() => std::panic::resume_unwind(error.into_panic()),
            Err(_) => None,
        }
    }
}
