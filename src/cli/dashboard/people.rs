//! What needs a person, the most useful first: work to do, work to approve, failures to decide on.

use std::cmp::Reverse;

use serde::Serialize;

use crate::model::TaskId;
use crate::plan::TaskIx;
use crate::report::{Facts, complete_command, notes, shell_word};
use crate::view::{Ask, Class, Unblocker};

/// One decision.
#[derive(Debug, Clone, Serialize)]
pub struct PersonJson<'a> {
    task: &'a TaskId,
    title: &'a str,
    /// `do`, `approve` or `decide`.
    ask: &'static str,
    /// Why it came to that, in words.
    because: Vec<String>,
    sets_free: Vec<&'a TaskId>,
    /// The same answer in a terminal.
    command: String,
}

/// Everything that waits for a person: what sets most work free comes first, then in the plan's order.
#[must_use]
pub fn people<'a>(facts: &Facts<'a>) -> Vec<PersonJson<'a>> {
    let unblocker = Unblocker::new(facts.plan, facts.views);
    let mut found: Vec<(Vec<TaskIx>, TaskIx, PersonJson<'a>)> = Vec::new();
    for ix in facts.plan.numbers() {
        let view = facts.view(ix);
        let id = &facts.task(ix).id;
        let (ask, command) = match (view.ask(), view.class()) {
            (Some(Ask::Do), _) => ("do", complete_command(facts.plan, ix, Ask::Do)),
            (Some(Ask::Approve), _) => ("approve", complete_command(facts.plan, ix, Ask::Approve)),
            (None, Class::Failed | Class::Stopped) => {
                ("decide", format!("runr why {}", shell_word(id.as_str())))
            }
            (None, _) => continue,
        };
        let free = unblocker.sets_free(ix);
        let entry = PersonJson {
            task: id,
            title: &facts.task(ix).title,
            ask,
            because: notes(facts, ix)
                .iter()
                .map(|note| note.text(facts, ix))
                .collect(),
            sets_free: facts.ids(&free),
            command,
        };
        found.push((free, ix, entry));
    }
    found.sort_by_key(|(free, ix, _)| (Reverse(free.len()), *ix));
    found.into_iter().map(|(_, _, entry)| entry).collect()
}
