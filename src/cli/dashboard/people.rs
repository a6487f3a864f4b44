//! What needs a person, as the page's head lists it: without what there is to look at, which is asked for one by one.

use crate::cli::dashboard::desk::Desk;
use crate::cli::dashboard::seen::{Seen, json};
use crate::cli::evidence;
use crate::plan::TaskIx;
use crate::report::Facts;
use crate::report::people::{NeedJson, needs_people};

/// Everything that waits for a person, in order.
#[must_use]
pub fn people<'a>(facts: &Facts<'a>) -> Vec<NeedJson<'a>> {
    needs_people(facts)
        .iter()
        .map(|need| NeedJson::new(facts, need, None))
        .collect()
}

/// One need with its evidence, as JSON; `null`: the task needs nobody. What cannot be read is left out.
#[must_use]
pub fn evidence(desk: &Desk, seen: &Seen, task: TaskIx) -> String {
    let facts = seen.facts();
    let need = needs_people(&facts)
        .into_iter()
        .find(|need| need.task == task);
    let Some(need) = need else {
        return "null".to_owned();
    };
    let (found, _) = evidence::read(facts, &desk.places(), &need);
    json(&NeedJson::new(&facts, &need, Some(&found)))
}
