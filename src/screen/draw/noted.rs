//! What is noted of a task, in the words of a screen: where a report names a command, here is a key.

use crate::plan::TaskIx;
use crate::report::{Facts, Note};
use crate::view::Ask;

/// One note.
#[must_use]
pub fn words(facts: &Facts<'_>, (note, ix): (&Note, TaskIx)) -> String {
    match note {
        Note::NeedsYou(Ask::Do) => "needs you: c when it is done".to_owned(),
        Note::NeedsYou(Ask::Approve) => "needs you: a approves, r rejects".to_owned(),
        note => note.text(facts, ix),
    }
}
