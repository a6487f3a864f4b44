//! What a task's completion would set free.
//!
//! A task is *set free* by another when it could start once that one is completed, at once or after
//! work that workers do by themselves. What also waits for a second person, or for something that
//! failed or stopped, is not counted.

use std::collections::BTreeSet;

use crate::model::{Status, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::view::{Standing, TaskView};

/// Answers what each completion would set free. Made once for one state of affairs.
#[derive(Debug)]
pub struct Unblocker<'a> {
    plan: &'a Plan,
    views: &'a [TaskView],
    /// What workers will complete by themselves.
    go_on: Vec<bool>,
}

impl<'a> Unblocker<'a> {
    #[must_use]
    pub fn new(plan: &'a Plan, views: &'a [TaskView]) -> Self {
        let mut made = Self {
            plan,
            views,
            go_on: Vec::new(),
        };
        made.go_on = made.go_on_without(TaskIx(u32::MAX));
        made
    }

    /// The direct dependents that would be ready the moment it is completed, by number.
    #[must_use]
    pub fn at_once(&self, task: TaskIx) -> Vec<TaskIx> {
        let mut found = self.plan.graph().dependents(task);
        found.retain(
            |d| matches!(&self.view(*d).standing, Standing::Blocked(missing) if missing == &[task]),
        );
        found
    }

    /// Everything that waits for it, directly or not, and is not completed; by number.
    #[must_use]
    pub fn held_up(&self, task: TaskIx) -> Vec<TaskIx> {
        let mut found = self.plan.graph().descendants(&[task]);
        found.retain(|d| self.view(*d).status != Status::Completed);
        found
    }

    /// Everything that its completion sets free, by number; see the module's page.
    #[must_use]
    pub fn sets_free(&self, task: TaskIx) -> Vec<TaskIx> {
        let own;
        let go_on = if self.by_itself(task) {
            own = self.go_on_without(task);
            &own
        } else {
            // It is not among what goes on by itself, so that the common answer is right for it.
            &self.go_on
        };
        let mut free: BTreeSet<TaskIx> = BTreeSet::new();
        let mut next = vec![task];
        while let Some(done) = next.pop() {
            for dependent in self.plan.graph().dependents(done) {
                let Standing::Blocked(missing) = &self.view(dependent).standing else {
                    continue;
                };
                let passes = |p: &TaskIx| {
                    *p == task || (free.contains(p) && self.by_itself(*p)) || go_on[p.0 as usize]
                };
                if !free.contains(&dependent) && missing.iter().all(passes) {
                    free.insert(dependent);
                    if self.by_itself(dependent) {
                        next.push(dependent);
                    }
                }
            }
        }
        free.into_iter().collect()
    }

    /// Is it an automated task that nothing has gone wrong with?
    fn by_itself(&self, task: TaskIx) -> bool {
        let view = self.view(task);
        view.kind == TaskKind::Automated
            && matches!(view.status, Status::Pending | Status::InProgress)
    }

    /// For each task: will workers complete it although `without` stays as it is?
    fn go_on_without(&self, without: TaskIx) -> Vec<bool> {
        let mut go_on = vec![false; self.views.len()];
        for task in self.plan.graph().topological_order() {
            go_on[task.0 as usize] = *task != without
                && self.by_itself(*task)
                && match &self.view(*task).standing {
                    Standing::Blocked(missing) => missing.iter().all(|p| go_on[p.0 as usize]),
                    _ => true,
                };
        }
        go_on
    }

    fn view(&self, task: TaskIx) -> &TaskView {
        &self.views[task.0 as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};

    #[test]
    fn what_is_set_free_goes_through_workers_but_not_through_a_second_person() {
        let mut story = Story::new(&[
            ("key.md", &[]),
            ("a.md", &["key.md"]),
            ("b.md", &["a.md", "auto.md"]),
            ("sign.md", &["b.md"]),
            ("ship.md", &["sign.md"]),
            ("auto.md", &[]),
            ("other.md", &["key.md", "broken.md"]),
            ("broken.md", &[]),
        ]);
        story.manual(&["key.md", "sign.md"]);
        story.failed("broken.md");
        let views = story.views();
        let unblocker = Unblocker::new(&story.plan, &views);
        assert_eq!(unblocker.at_once(TaskIx(0)), [TaskIx(1)]);
        assert_eq!(unblocker.sets_free(TaskIx(0)), [1, 2, 3].map(TaskIx));
        assert_eq!(unblocker.held_up(TaskIx(0)), [1, 2, 3, 4, 6].map(TaskIx));
        assert_eq!(unblocker.sets_free(TaskIx(4)), []);
    }

    #[test]
    fn a_completed_dependent_is_not_set_free_again() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"])]);
        story.completed_by_hand("b.md", print(0));
        let views = story.views();
        let unblocker = Unblocker::new(&story.plan, &views);
        assert_eq!(unblocker.sets_free(TaskIx(0)), []);
        assert_eq!(unblocker.held_up(TaskIx(0)), []);
    }
}
