//! Completed work that the branch checked out does not contain, and what waits for it.
//!
//! Knows the plan and the views. Does not ask git: what it found is handed in.

use crate::plan::{Plan, TaskIx};
use crate::view::{Standing, TaskView};

/// Where completed work is when it is not in the branch checked out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Whereabouts {
    /// On this branch, named without `refs/heads/`.
    On(String),
    /// In the repository, on no branch of a person's or an orchestration's.
    Loose,
    /// Nowhere: the commit is gone.
    Gone,
}

/// A completion that does not count for its dependents here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    pub commit: String,
    pub at: Whereabouts,
    /// The branch that does not contain it; `HEAD` when none is checked out.
    pub here: String,
    /// The other repository that all this is in, from the folder that commands are typed in.
    pub folder: Option<String>,
}

/// A branch with work that the branch checked out does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NotLanded {
    /// Without `refs/heads/`.
    pub branch: String,
    /// How many commits it has that are not here.
    pub commits: usize,
    /// As [`Outside::here`].
    pub here: String,
    /// As [`Outside::folder`].
    pub folder: Option<String>,
}

/// Marks these completions, and makes whatever is not completed wait for those that it needs.
///
/// A task stays completed. Inline steps hold nothing back: every orchestration runs its own.
pub fn hold_back(plan: &Plan, views: &mut [TaskView], outside: Vec<(TaskIx, Outside)>) {
    for (task, found) in outside {
        if plan.task(task).id.is_inline() {
            continue;
        }
        for dependent in plan.graph().dependents(task) {
            let standing = &mut views[dependent.0 as usize].standing;
            match standing {
                Standing::None => {}
                Standing::Ready => *standing = Standing::Blocked(vec![task]),
                Standing::Blocked(by) => {
                    if let Err(place) = by.binary_search(&task) {
                        by.insert(place, task);
                    }
                }
            }
        }
        views[task.0 as usize].outside = Some(found);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};
    use crate::view::{Class, Unblocker, Waits, waits};

    #[test]
    fn what_is_elsewhere_stays_completed_and_holds_its_dependents_back() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["b.md", "a.md"]),
            ("d.md", &["a.md"]),
        ]);
        story.completed("a.md", print(0));
        story.completed("d.md", print(0));
        let mut views = story.views();
        assert_eq!(views[1].standing, Standing::Ready);
        let outside = Outside {
            commit: "1".repeat(40),
            at: Whereabouts::On("side".to_owned()),
            here: "main".to_owned(),
            folder: None,
        };
        hold_back(&story.plan, &mut views, vec![(TaskIx(0), outside.clone())]);
        assert_eq!(views[0].outside, Some(outside));
        assert_eq!(views[0].class(), Class::Completed);
        assert_eq!(views[1].standing, Standing::Blocked(vec![TaskIx(0)]));
        assert_eq!(views[1].class(), Class::Blocked);
        assert_eq!(
            views[2].standing,
            Standing::Blocked(vec![TaskIx(0), TaskIx(1)])
        );
        assert_eq!(views[3].standing, Standing::None, "it is completed");
        let tree: Vec<_> = waits(&story.plan, &views, TaskIx(1))
            .into_iter()
            .map(|wait| (wait.task.0, wait.below))
            .collect();
        assert_eq!(tree, [(0, Waits::Nothing)]);
        let unblocker = Unblocker::new(&story.plan, &views);
        assert_eq!(
            unblocker.sets_free(TaskIx(1)),
            [],
            "c.md waits for a.md too"
        );
    }
}
