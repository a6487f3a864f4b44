//! What only a person can do now, the most useful first.
//!
//! Knows the views. Does not know the commands that a person would type.

use std::cmp::Reverse;

use crate::model::Status;
use crate::plan::{Plan, TaskIx};
use crate::view::{Class, TaskView, Unblocker};

/// What is asked of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    /// Do the work, then say that it is done.
    Do,
    /// Look at the worker's half, then approve or reject it.
    Approve,
}

/// One task that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub task: TaskIx,
    pub ask: Ask,
    /// What it would set free, by number.
    pub sets_free: Vec<TaskIx>,
}

impl TaskView {
    /// What is asked of a person now, if anything.
    #[must_use]
    pub fn ask(&self) -> Option<Ask> {
        match (self.class(), self.status) {
            (Class::NeedsYou, Status::AwaitingApproval) => Some(Ask::Approve),
            (Class::NeedsYou, _) => Some(Ask::Do),
            _ => None,
        }
    }
}

/// Everything that needs a person now: what sets most free comes first, then by number.
#[must_use]
pub fn needs_people(plan: &Plan, views: &[TaskView]) -> Vec<Need> {
    let unblocker = Unblocker::new(plan, views);
    let mut needs: Vec<Need> = plan
        .numbers()
        .filter_map(|task| {
            Some(Need {
                task,
                ask: views[task.0 as usize].ask()?,
                sets_free: unblocker.sets_free(task),
            })
        })
        .collect();
    needs.sort_by_key(|need| (Reverse(need.sets_free.len()), need.task));
    needs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::Story;

    #[test]
    fn the_most_useful_comes_first_and_what_is_blocked_does_not_come() {
        let mut story = Story::new(&[
            ("small.md", &[]),
            ("big.md", &[]),
            ("later.md", &["big.md"]),
            ("x.md", &["big.md"]),
            ("copy.md", &[]),
        ]);
        story.manual(&["small.md", "big.md", "later.md"]);
        story.awaiting("copy.md");
        let needs: Vec<_> = needs_people(&story.plan, &story.views())
            .into_iter()
            .map(|n| (n.task.0, n.ask, n.sets_free.len()))
            .collect();
        assert_eq!(
            needs,
            [(1, Ask::Do, 2), (0, Ask::Do, 0), (4, Ask::Approve, 0)]
        );
    }
}
