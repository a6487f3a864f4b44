//! What is worked out about the selected task: what it waits for, what it would set free.
//!
//! Made once for a task and a moment, because it looks at the whole graph.

use std::time::Duration;

use crate::model::Status;
use crate::plan::TaskIx;
use crate::report::expected;
use crate::screen::moment::Moment;
use crate::view::{Standing, Unblocker};

/// About one task.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Detail {
    pub task: TaskIx,
    /// The direct prerequisites that it waits for, by number.
    pub waits: Vec<TaskIx>,
    /// How many more stand behind these.
    pub behind: usize,
    /// What its completion sets free, by number.
    pub frees: Vec<TaskIx>,
    /// How many wait for it in all, directly or not.
    pub held: usize,
    pub expected: Duration,
}

impl Detail {
    #[must_use]
    pub fn new(moment: &Moment, ix: TaskIx) -> Self {
        let waits = match &moment.view(ix).standing {
            Standing::Blocked(by) => by.clone(),
            Standing::Ready | Standing::None => Vec::new(),
        };
        let open = |p: &TaskIx| moment.view(*p).status != Status::Completed;
        let before = match waits.is_empty() {
            true => 0,
            false => {
                let all = moment.plan.graph().ancestors(&[ix]);
                all.iter().filter(|p| **p != ix && open(p)).count()
            }
        };
        let unblocker = Unblocker::new(&moment.plan, &moment.views);
        let done = moment.view(ix).status == Status::Completed;
        let held = unblocker.held_up(ix);
        Self {
            task: ix,
            behind: before.saturating_sub(waits.iter().filter(|p| open(p)).count()),
            waits,
            frees: if done {
                Vec::new()
            } else {
                unblocker.sets_free(ix)
            },
            held: if done {
                0
            } else {
                held.iter().filter(|d| **d != ix).count()
            },
            expected: expected(&moment.facts(moment.at), ix),
        }
    }
}
