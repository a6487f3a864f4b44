//! What every answer is made from, shared by all connections.

use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;

use crate::cli::Context;
use crate::cli::dashboard::feed::Ask;
use crate::cli::dashboard::seen::Seen;
use crate::model::RunId;
use crate::store::{Layout, Places};
use crate::web::{Hosts, Keys, Route};

/// Streams that may be open at once, over all pages.
pub const STREAMS: usize = 48;

/// A picture of a plan, and the plan's number.
pub type Picture = (u64, Arc<str>);

#[derive(Debug)]
pub struct Desk {
    /// Of the command that was typed.
    pub context: Context,
    pub ask: Ask,
    pub seen: watch::Sender<Arc<Seen>>,
    pub keys: Keys,
    pub hosts: Hosts,
    pub routes: Vec<Route>,
    pub streams: Arc<Semaphore>,
    /// Those that write the streams; they end with the server.
    pub writers: Mutex<JoinSet<()>>,
    /// The picture that was drawn last: it costs more than everything else, and changes only with the plan.
    pub picture: Mutex<Option<Picture>>,
}

impl Desk {
    /// Where the repositories' files are, as they were seen last.
    #[must_use]
    pub fn places(&self) -> Places {
        self.seen.borrow().places.clone()
    }

    /// Where a run's repository keeps its files.
    #[must_use]
    pub fn layout_of(&self, run: &RunId) -> Layout {
        self.seen.borrow().places.of_run(run).clone()
    }

    /// Lets somebody write a stream until its reader leaves or the server ends.
    pub fn write(&self, work: impl Future<Output = ()> + Send + 'static) {
        let mut writers = self
            .writers
            .lock()
            .unwrap_or_else(std::sync::PoisonError::into_inner);
        while writers.try_join_next().is_some() {}
        writers.spawn(work);
    }
}
