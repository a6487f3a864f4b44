//! The one reader of the journal: a thread that folds what is new and publishes what is to be seen.
//!
//! Works only while somebody looks, or asks. Who asks is answered at once; how often the pages that look are told is
//! the pace's to say.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use tokio::sync::{oneshot, watch};

use crate::cli::dashboard::pace::Pace;
use crate::cli::dashboard::seen::{Said, Seen};
use crate::cli::following::{Changed, Reader};

/// Who saves a file empties it first: so long after the first sign of it files are not read for those who only look.
const SAVING: Duration = Duration::from_millis(30);

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
pub struct Feed {
    reader: Reader,
    /// When task files or the configuration changed first since they were read.
    files: Option<Instant>,
}

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
    pub const fn new(reader: Reader) -> Self {
        Self {
            reader,
            files: None,
        }
    }

    /// What is to be seen, from what was read last.
    #[must_use]
    pub fn seen(&mut self) -> Seen {
        let (views, not_landed) = self.reader.views();
        let reader = &self.reader;
        Seen::new(
            &reader.project,
            (&reader.loaded, views, not_landed),
            &reader.store,
            Said {
                generation: reader.generation,
                problem: reader.trouble(),
                damage: reader.damage(),
            },
        )
    }

    /// Reads and publishes until told to stop.
    pub fn run(mut self, woken: &Receiver<Wake>, publish: &watch::Sender<Arc<Seen>>) {
        let mut pace = Pace::new(Instant::now());
        let mut asked = Vec::new();
        loop {
            // All who ask at once get one answer.
            let wait = match asked.is_empty() {
                true => self.wait(&pace),
                false => Some(Duration::ZERO),
            };
            let wake = match wait {
                Some(wait) => woken.recv_timeout(wait),
                None => woken.recv().map_err(RecvTimeoutError::from),
            };
            match wake {
                Ok(Wake::Changed(what)) => {
                    if what == Changed::Files {
                        self.files.get_or_insert_with(Instant::now);
                    }
                    pace.heard(Instant::now());
                }
                Ok(Wake::Asked(answer)) => asked.push(answer),
                Ok(Wake::Stop) | Err(RecvTimeoutError::Disconnected) => return,
                Err(RecvTimeoutError::Timeout) => {
                    self.answer(std::mem::take(&mut asked), publish, &mut pace);
                    self.tell(publish, &mut pace);
                }
            }
        }
    }

    /// Tells those who ask. Those who look are told in turn.
    fn answer(
        &mut self,
        asked: Vec<oneshot::Sender<Arc<Seen>>>,
        publish: &watch::Sender<Arc<Seen>>,
        pace: &mut Pace,
    ) {
        if asked.is_empty() {
            return;
        }
        let seen = self.look();
        // The watch may not have woken yet for what is read already.
        if seen.since(&publish.borrow()).is_some() {
            pace.heard(Instant::now());
        }
        publish.send_if_modified(|last| {
            *last = Arc::clone(&seen);
            false
        });
        for answer in asked {
            // Who asked may have left.
            let _ = answer.send(Arc::clone(&seen));
        }
    }

    /// How long to wait before telling; `None`: there is nothing to tell.
    fn wait(&self, pace: &Pace) -> Option<Duration> {
        let now = Instant::now();
        let saved = self.files.map(|first| first + SAVING);
        let saving = saved.map_or(Duration::ZERO, |at| at.saturating_duration_since(now));
        Some(pace.wait(now)?.max(saving))
    }

    /// Tells those who look, when it is time.
    fn tell(&mut self, publish: &watch::Sender<Arc<Seen>>, pace: &mut Pace) {
        if self.wait(pace) != Some(Duration::ZERO) {
            return;
        }
        // Nobody does: who comes asks first.
        if publish.receiver_count() > 0 {
            publish.send_replace(self.look());
        }
        pace.told(Instant::now());
    }

    /// What is true now.
    fn look(&mut self) -> Arc<Seen> {
        if self.files.take().is_some() {
            self.reader.reload();
        }
        self.reader.refresh();
        Arc::new(self.seen())
    }
}
