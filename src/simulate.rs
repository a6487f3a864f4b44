//! The same scheduler under a virtual clock: what an orchestration would do, and for how long.
//!
//! Knows the scheduler and nothing of plans, files or clocks. Every attempt succeeds and takes exactly
//! as long as it is said to; people do nothing while it lasts.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::time::Duration;

use crate::model::TaskKind;
use crate::plan::TaskIx;
use crate::sched::{
    AttemptEnd, Effect, Elsewhere, Initial, Input, Links, Outcome, Problem, Scheduler,
};

/// One simulated attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stretch {
    pub task: TaskIx,
    /// From the orchestration's start.
    pub start: Duration,
    pub end: Duration,
    /// Which of the jobs it occupies, from 0: the lowest that is free.
    pub slot: u32,
    /// One more than the highest wave among what it needs of these attempts, from 1.
    pub wave: u32,
}

/// What an orchestration would do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Forecast {
    pub jobs: u32,
    /// When the last attempt ends.
    pub makespan: Duration,
    /// No schedule with this many jobs ends sooner: the longer of the longest path and all work
    /// divided by the jobs. Pools and claims are not considered in it.
    pub lower_bound: Duration,
    /// The longest path among the attempts; among equals the one with the lowest numbers.
    pub critical_path: Vec<TaskIx>,
    /// In order of their starts.
    pub attempts: Vec<Stretch>,
    /// Manual tasks that are reached and hybrid ones that will await approval, by number.
    pub people: Vec<TaskIx>,
    /// What follows only when people have done theirs, by number.
    pub after_people: Vec<TaskIx>,
    /// Selected, but behind something that is neither selected nor completed, by number.
    pub blocked: Vec<TaskIx>,
}

/// Something that will happen, in order of time, then of when it was foreseen.
type Foreseen = Reverse<(Duration, usize, TaskIx)>;

/// Runs the problem. `durations[i]` is how long `TaskIx(i)` takes; what is left out takes no time. What another
/// orchestration is at is taken to be completed when it has taken its whole time from now on.
#[must_use]
pub fn simulate(mut problem: Problem, durations: &[Duration]) -> Forecast {
    problem.options.wait = false;
    let jobs = problem.options.jobs.max(1);
    let takes = |task: TaskIx| durations.get(task.0 as usize).copied().unwrap_or_default();
    let mut coming: BinaryHeap<Foreseen> = BinaryHeap::new();
    let mut clock = Clock::new(problem.items.len());
    for (task, item) in (0..).map(TaskIx).zip(&problem.items) {
        match item.initial {
            Initial::RunningElsewhere => {
                coming.push(Reverse((takes(task), coming.len(), task)));
            }
            Initial::RunningHere => clock.start(task, takes(task), &mut coming),
            // Nobody knows for how long it was claimed.
            Initial::Open
            | Initial::Completed
            | Initial::Claimed
            | Initial::CompletedOutside
            | Initial::AwaitingApproval
            | Initial::Ended => {}
        }
    }
    let hybrid_elsewhere = |item: &crate::sched::Item| {
        item.initial == Initial::RunningElsewhere && item.kind == TaskKind::Hybrid
    };
    let approvals: Vec<bool> = problem.items.iter().map(hybrid_elsewhere).collect();
    let selected: Vec<bool> = problem.items.iter().map(|item| item.selected).collect();
    let mut scheduler = Scheduler::new(problem);
    let mut input = Some(Input::Begin);
    while let Some(next) = input.take() {
        for effect in scheduler.handle(next, clock.now) {
            if let Effect::Reserve { task } = effect {
                clock.start(task, takes(task), &mut coming);
            }
        }
        if let Some(Reverse((at, _, task))) = coming.pop() {
            clock.now = at;
            input = Some(if clock.end(task) {
                let how = AttemptEnd::Succeeded;
                Input::Ended { task, how }
            } else if approvals[task.0 as usize] {
                let now = Elsewhere::AwaitingApproval;
                Input::Elsewhere { task, now }
            } else {
                let now = Elsewhere::Completed;
                Input::Elsewhere { task, now }
            });
        }
    }
    clock.forecast(&scheduler, jobs, &selected)
}

/// The virtual clock and what it has seen.
struct Clock {
    now: Duration,
    attempts: Vec<Stretch>,
    /// For each task its place in `attempts`.
    place: Vec<Option<usize>>,
    free: BinaryHeap<Reverse<u32>>,
    slots: u32,
}

impl Clock {
    fn new(tasks: usize) -> Self {
        Self {
            now: Duration::ZERO,
            attempts: Vec::new(),
            place: vec![None; tasks],
            free: BinaryHeap::new(),
            slots: 0,
        }
    }

    fn start(&mut self, task: TaskIx, takes: Duration, coming: &mut BinaryHeap<Foreseen>) {
        let slot = self.free.pop().map_or(self.slots, |Reverse(slot)| slot);
        self.slots = self.slots.max(slot + 1);
        let end = self.now.saturating_add(takes);
        let place = self.attempts.len();
        self.place[task.0 as usize] = Some(place);
        self.attempts.push(Stretch {
            task,
            start: self.now,
            end,
            slot,
            wave: 0,
        });
        coming.push(Reverse((end, self.place.len() + place, task)));
    }

    /// Frees the slot of an attempt; `false` when the task is not one of ours.
    fn end(&mut self, task: TaskIx) -> bool {
        let attempt = self.place[task.0 as usize].map(|place| &self.attempts[place]);
        if let Some(attempt) = attempt {
            self.free.push(Reverse(attempt.slot));
        }
        attempt.is_some()
    }

    fn forecast(mut self, scheduler: &Scheduler, jobs: u32, selected: &[bool]) -> Forecast {
        let links = scheduler.links();
        let (longest, critical_path) = self.longest_path(links);
        self.number_waves(links);
        let lasts = |attempt: &Stretch| attempt.end - attempt.start;
        let work: Duration = self.attempts.iter().map(lasts).sum();
        let outcomes = scheduler.outcomes();
        let those = |wanted: fn(Outcome) -> bool| {
            let tasks = (0..).map(TaskIx).zip(outcomes.iter().zip(selected));
            tasks
                .filter(|(_, (outcome, selected))| **selected && wanted(**outcome))
                .map(|(task, _)| task)
                .collect()
        };
        Forecast {
            jobs,
            makespan: self
                .attempts
                .iter()
                .map(|a| a.end)
                .max()
                .unwrap_or_default(),
            lower_bound: longest.max(work / jobs),
            critical_path,
            people: those(|o| matches!(o, Outcome::Skipped | Outcome::AwaitingApproval)),
            after_people: those(|o| o == Outcome::Waiting),
            blocked: those(|o| matches!(o, Outcome::Blocked { .. })),
            attempts: self.attempts,
        }
    }

    /// The longest path through the attempts and its length.
    fn longest_path(&self, links: &Links) -> (Duration, Vec<TaskIx>) {
        let mut remaining = vec![Duration::ZERO; self.place.len()];
        let longest = |remaining: &[Duration], tasks: &mut dyn Iterator<Item = u32>| {
            let ours = tasks.filter(|t| self.place[*t as usize].is_some());
            ours.max_by_key(|t| (remaining[*t as usize], Reverse(*t)))
        };
        for task in links.order.iter().rev() {
            let Some(place) = self.place[*task as usize] else {
                continue;
            };
            let dependents = &mut links.dependents.of(*task).iter().copied();
            let after = longest(&remaining, dependents).map(|t| remaining[t as usize]);
            let attempt = &self.attempts[place];
            let own = attempt.end - attempt.start;
            remaining[*task as usize] = own.saturating_add(after.unwrap_or_default());
        }
        let mut next = longest(&remaining, &mut links.order.iter().copied());
        let length = next.map_or(Duration::ZERO, |task| remaining[task as usize]);
        let mut path = Vec::new();
        while let Some(task) = next {
            path.push(TaskIx(task));
            next = longest(&remaining, &mut links.dependents.of(task).iter().copied());
        }
        (length, path)
    }

    fn number_waves(&mut self, links: &Links) {
        for task in &links.order {
            if let Some(place) = self.place[*task as usize] {
                let needs = links.prerequisites.of(*task).iter();
                let before =
                    needs.filter_map(|p| Some(self.attempts[self.place[*p as usize]?].wave));
                self.attempts[place].wave = 1 + before.max().unwrap_or(0);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sched::sample::{item, problem};

    fn seconds(numbers: &[u64]) -> Vec<Duration> {
        numbers.iter().copied().map(Duration::from_secs).collect()
    }

    /// (task, start, end, slot, wave) in seconds.
    fn table(forecast: &Forecast) -> Vec<(u32, u64, u64, u32, u32)> {
        let attempts = forecast.attempts.iter();
        attempts
            .map(|a| (a.task.0, a.start.as_secs(), a.end.as_secs(), a.slot, a.wave))
            .collect()
    }

    #[test]
    fn the_longest_path_goes_first_and_slots_are_used_again() {
        let durations = seconds(&[1, 2, 5, 1, 3]);
        let mut items = vec![item(); 5];
        for (item, duration) in items.iter_mut().zip(&durations) {
            item.expected = *duration;
        }
        let forecast = simulate(problem(items, &[(0, 2), (1, 3), (3, 4)]), &durations);
        assert_eq!(
            table(&forecast),
            [
                (0, 0, 1, 0, 1),
                (1, 0, 2, 1, 1),
                (2, 1, 6, 0, 2),
                (3, 2, 3, 1, 2),
                (4, 3, 6, 1, 3)
            ]
        );
        assert_eq!(forecast.makespan, Duration::from_secs(6));
        assert_eq!(forecast.lower_bound, Duration::from_secs(6));
        assert_eq!(forecast.critical_path, [0, 2].map(TaskIx));
    }

    #[test]
    fn people_and_what_waits_for_them_are_listed() {
        let mut items = vec![item(); 7];
        items[0].kind = TaskKind::Manual;
        items[1].kind = TaskKind::Hybrid;
        items[4].selected = false;
        let forecast = simulate(
            problem(items, &[(0, 2), (1, 3), (4, 5)]),
            &seconds(&[9, 2, 9, 9, 9, 9, 1]),
        );
        assert_eq!(table(&forecast), [(1, 0, 2, 0, 1), (6, 0, 1, 1, 1)]);
        assert_eq!(forecast.people, [0, 1].map(TaskIx));
        assert_eq!(forecast.after_people, [2, 3].map(TaskIx));
        assert_eq!(forecast.blocked, [5].map(TaskIx));
    }

    #[test]
    fn what_runs_already_ends_after_its_time() {
        let mut items = vec![item(); 3];
        items[0].initial = Initial::RunningElsewhere;
        items[1].initial = Initial::RunningHere;
        let forecast = simulate(problem(items, &[(0, 2)]), &seconds(&[4, 6, 1]));
        assert_eq!(table(&forecast), [(1, 0, 6, 0, 1), (2, 4, 5, 1, 1)]);
    }
}
