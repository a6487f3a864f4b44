//! One need as JSON: the form that `runr next --people --json` and the dashboard share.

use serde::Serialize;

use crate::model::TaskId;
use crate::report::facts::Facts;
use crate::report::note::{Note, notes};
use crate::report::people::{Answer, Evidence, Need, answers};

/// One thing that waits for a person.
#[derive(Debug, Serialize)]
pub struct NeedJson<'a> {
    task: &'a TaskId,
    title: &'a str,
    /// `do`, `approve` or `decide`.
    ask: &'static str,
    /// Why it came to that, in words.
    because: Vec<String>,
    /// The most likely of the answers.
    command: String,
    answers: Vec<Answer>,
    /// Everything not completed that waits for it.
    holds_up: usize,
    /// How long that is expected to take.
    work_s: f64,
    sets_free: Vec<&'a TaskId>,
    #[serde(skip_serializing_if = "Option::is_none")]
    evidence: Option<&'a Evidence>,
}

impl<'a> NeedJson<'a> {
    /// Without evidence it costs no look at the disk.
    #[must_use]
    pub fn new(facts: &Facts<'a>, need: &Need, evidence: Option<&'a Evidence>) -> Self {
        let answers = answers(facts, need, evidence);
        Self {
            task: &facts.task(need.task).id,
            title: &facts.task(need.task).title,
            ask: need.asked.word(),
            because: because(facts, need),
            command: answers
                .first()
                .map(|a| a.command.clone())
                .unwrap_or_default(),
            answers,
            holds_up: need.holds_up.len(),
            work_s: need.work.as_secs_f64(),
            sets_free: facts.ids(&need.sets_free),
            evidence,
        }
    }
}

/// Why it came to that, without what the answers say.
pub(super) fn because(facts: &Facts<'_>, need: &Need) -> Vec<String> {
    notes(facts, need.task)
        .iter()
        .filter(|note| {
            !matches!(
                note,
                Note::NeedsYou(_) | Note::Elapsed(_) | Note::NoCheckpoint
            )
        })
        .map(|note| note.text(facts, need.task))
        .collect()
}
