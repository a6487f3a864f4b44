//! Everything that ever happened, for what needs more than the state: reports and the history of a task.

use crate::event::Recorded;
use crate::store::journal::Journal;
use crate::store::{Layout, StoreError};

/// Reads the whole journal and hands on every event in order; takes no lock. A damaged journal is read
/// up to the damage, as [`crate::store::Store::damage`] says. Without a journal there are no events.
///
/// # Errors
/// When the file is there and cannot be read.
pub fn history(layout: &Layout, sink: &mut dyn FnMut(Recorded)) -> Result<(), StoreError> {
    let Some(mut journal) = Journal::open(&layout.journal())? else {
        return Ok(());
    };
    journal.read(&mut |_, line| {
        for event in line.events {
            sink(Recorded {
                seq: line.seq,
                at: line.at,
                event,
            });
        }
    })?;
    Ok(())
}
