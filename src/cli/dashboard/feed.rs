//! The one reader of the journal: a thread that folds what is new and publishes what is to be seen.
//!
//! Works only while somebody looks, or asks; what comes faster than every 40 ms is shown together.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::cli::dashboard::seen::Seen;
use crate::cli::following::{Changed, Reader};

/// The shortest time between two pictures.
const APART: Duration = Duration::from_millis(70);

/// Why the thread should look again.
#[derive(Debug)]
pub enum Wake {
    Changed(Changed),
    /// Somebody wants what is true now.
    Asked(oneshot::Sender<Arc<Seen>>),
    /// The command ends.
    Stop,
}

/// What the thread owns.
#[derive(Debug)]
pub struct Feed(Reader);

/// How others reach the thread.
#[derive(Debug, Clone)]
pub struct Ask(Sender<Wake>);

impl Ask {
    #[must_use]
    pub fn new(wake: Sender<Wake>) -> Self {
        Self(wake)
    }

    /// What is true now. `None`: the command is about to end.
    pub async fn now(&self) -> Option<Arc<Seen>> {
        let (answer, answered) = oneshot::channel();
        self.0.send(Wake::Asked(answer)).ok()?;
        answered.await.ok()
    }

    pub fn stop(&self) {
        // It has ended already.
        let _ = self.0.send(Wake::Stop);
    }
}

impl Feed {
    #[must_use]
    pub fn new(reader: Reader) -> Self {
        Self(reader)
    }

    /// What is to be seen, from what was read last.
    #[must_use]
    pub fn seen(&mut self) -> Seen {
        let (views, not_landed) = self.0.views();
        let reader = &self.0;
        Seen::new(
            &reader.project,
            (&reader.loaded, views, not_landed),
            &reader.store,
            (reader.generation, reader.trouble().as_deref()),
        )
    }

    /// Reads and publishes until told to stop.
    pub fn run(mut self, woken: &Receiver<Wake>, publish: &watch::Sender<Arc<Seen>>) {
        let mut last = Instant::now();
        // The journal has grown unseen since.
        let mut behind = false;
        while let Ok(first) = woken.recv() {
            let mut asked = Vec::new();
            let mut files = false;
            let mut next = Some(first);
            let ready_at = last + APART;
            while let Some(wake) = next.take() {
                match wake {
                    Wake::Changed(Changed::Journal) => behind = true,
                    Wake::Changed(Changed::Files) => files = true,
                    Wake::Asked(answer) => asked.push(answer),
                    Wake::Stop => return,
                }
                // Who asks does not wait for more.
                let wait = match asked.is_empty() {
                    true => ready_at.saturating_duration_since(Instant::now()),
                    false => Duration::ZERO,
                };
                next = match woken.recv_timeout(wait) {
                    Ok(wake) => Some(wake),
                    Err(RecvTimeoutError::Timeout) => None,
                    Err(RecvTimeoutError::Disconnected) => return,
                };
            }
            if files {
                self.0.reload();
                behind = true;
            }
            if asked.is_empty() && publish.receiver_count() == 0 {
                continue;
            }
            if behind || !asked.is_empty() {
                self.0.refresh();
                publish.send_replace(Arc::new(self.seen()));
                last = Instant::now();
                behind = false;
            }
            for answer in asked {
                // Who asked may have left.
                let _ = answer.send(Arc::clone(&publish.borrow()));
            }
        }
    }
}
