//! How long an orchestration will still take, by the expected durations of what is left.
//!
//! The larger of two bounds: all work divided by the jobs, and the longest chain. What waits for a person
//! or for something that failed is left out: nobody knows when it will run. Tasks of which nothing is known
//! are taken to last as long as those that ended meanwhile; before one has, nothing is foretold.

use std::collections::BTreeMap;
use std::time::Duration;

use crate::model::{TaskId, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::sched::{Basis, Expected};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Left {
    /// Nothing: completed, or not selected.
    Nothing,
    /// This much work of a worker's.
    Work(Duration),
    /// Work of which nothing is known.
    Guess,
    /// It is up to a person, or it failed: what follows cannot be foreseen.
    Unknown,
}

/// What is left of an orchestration's work.
#[derive(Debug)]
pub struct Estimate {
    jobs: u32,
    number: BTreeMap<TaskId, usize>,
    /// Numbers in an order in which prerequisites come first.
    order: Vec<usize>,
    prerequisites: Vec<Vec<usize>>,
    left: Vec<Left>,
    /// How long the attempts that were seen took, in order of size.
    seen: Vec<Duration>,
}

impl Estimate {
    /// Begins with every selected task to be done. `expected` is asked once a task.
    #[must_use]
    pub fn new(
        plan: &Plan,
        selected: &[TaskIx],
        jobs: u32,
        expected: impl Fn(TaskIx) -> Expected,
    ) -> Self {
        let mut left = vec![Left::Nothing; plan.tasks().len()];
        for ix in selected {
            left[ix.0 as usize] = match plan.task(*ix).kind {
                TaskKind::Manual => Left::Unknown,
                TaskKind::Automated | TaskKind::Hybrid => match expected(*ix) {
                    Expected {
                        basis: Basis::Guess,
                        cost: None,
                        ..
                    } => Left::Guess,
                    Expected { duration, .. } => Left::Work(duration),
                },
            };
        }
        let index = |ix: TaskIx| ix.0 as usize;
        Self {
            jobs: jobs.max(1),
            number: plan
                .numbers()
                .map(|ix| (plan.task(ix).id.clone(), index(ix)))
                .collect(),
            order: plan
                .graph()
                .topological_order()
                .iter()
                .map(|ix| index(*ix))
                .collect(),
            prerequisites: plan
                .numbers()
                .map(|ix| {
                    let found = plan.graph().prerequisites(ix);
                    found.into_iter().map(index).collect()
                })
                .collect(),
            left,
            seen: Vec::new(),
        }
    }

    /// An attempt took this long.
    pub fn seen(&mut self, took: Duration) {
        let place = self.seen.partition_point(|other| *other <= took);
        self.seen.insert(place, took);
    }

    /// The task is completed.
    pub fn completed(&mut self, task: &TaskId) {
        self.set(task, Left::Nothing);
    }

    /// The task failed, stopped, or is left to a person.
    pub fn unknown(&mut self, task: &TaskId) {
        self.set(task, Left::Unknown);
    }

    fn set(&mut self, task: &TaskId, left: Left) {
        if let Some(number) = self.number.get(task) {
            self.left[*number] = left;
        }
    }

    /// The time that is left, given how long each running task has been at it; `None`: it cannot be told yet.
    #[must_use]
    pub fn remaining(&self, running: &BTreeMap<&TaskId, Duration>) -> Option<Duration> {
        let guess = self.seen.get(self.seen.len() / 2).copied();
        let mut spent = vec![Duration::ZERO; self.left.len()];
        for (task, elapsed) in running {
            if let Some(number) = self.number.get(*task) {
                spent[*number] = *elapsed;
            }
        }
        let mut stuck = vec![false; self.left.len()];
        let mut end = vec![Duration::ZERO; self.left.len()];
        let mut work = Duration::ZERO;
        for task in &self.order {
            let before = &self.prerequisites[*task];
            stuck[*task] = self.left[*task] == Left::Unknown || before.iter().any(|p| stuck[*p]);
            let start = before.iter().map(|p| end[*p]).max().unwrap_or_default();
            let expected = match self.left[*task] {
                Left::Work(expected) if !stuck[*task] => expected,
                Left::Guess if !stuck[*task] => guess?,
                _ => Duration::ZERO,
            };
            let own = expected.saturating_sub(spent[*task]);
            work += own;
            end[*task] = start + own;
        }
        let longest = end.into_iter().max().unwrap_or_default();
        Some(longest.max(work / self.jobs))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, id};

    #[test]
    fn the_larger_of_work_by_jobs_and_longest_chain() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &[]),
            ("d.md", &[]),
            ("person.md", &[]),
            ("after.md", &["person.md"]),
        ]);
        story.manual(&["person.md"]);
        let all: Vec<TaskIx> = story.plan.numbers().collect();
        let minute = |_| Expected {
            duration: Duration::from_secs(60),
            basis: Basis::Learnt,
            cost: None,
        };
        let secs = |e: &Estimate| e.remaining(&BTreeMap::new()).unwrap().as_secs();
        let mut estimate = Estimate::new(&story.plan, &all, 4, minute);
        assert_eq!(secs(&estimate), 120);
        assert_eq!(secs(&Estimate::new(&story.plan, &all, 1, minute)), 240);
        let (a, elapsed) = (id("a.md"), Duration::from_secs(50));
        let running = BTreeMap::from([(&a, elapsed)]);
        assert_eq!(estimate.remaining(&running).unwrap().as_secs(), 70);
        estimate.completed(&a);
        assert_eq!(secs(&estimate), 60);
        estimate.unknown(&a);
        assert_eq!(secs(&estimate), 60, "c and d are left");
        estimate.completed(&id("person.md"));
        estimate.completed(&id("c.md"));
        estimate.completed(&id("d.md"));
        assert_eq!(secs(&estimate), 60, "after is left");
        let none = Estimate::new(&story.plan, &[], 1, minute);
        assert_eq!(secs(&none), 0);
    }

    #[test]
    fn what_is_not_known_lasts_as_long_as_what_was_seen() {
        let story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("c.md", &["b.md"])]);
        let all: Vec<TaskIx> = story.plan.numbers().collect();
        let guess = |_| Expected {
            duration: Duration::from_secs(60),
            basis: Basis::Guess,
            cost: None,
        };
        let mut estimate = Estimate::new(&story.plan, &all, 2, guess);
        assert_eq!(estimate.remaining(&BTreeMap::new()), None);
        estimate.completed(&id("a.md"));
        estimate.seen(Duration::from_secs(3));
        let left = estimate.remaining(&BTreeMap::new());
        assert_eq!(left, Some(Duration::from_secs(6)));
        estimate.seen(Duration::from_secs(5));
        estimate.seen(Duration::from_secs(1));
        assert_eq!(estimate.remaining(&BTreeMap::new()), left, "the median");
        estimate.unknown(&id("b.md"));
        let stuck = estimate.remaining(&BTreeMap::new());
        assert_eq!(stuck, Some(Duration::ZERO));
    }
}
