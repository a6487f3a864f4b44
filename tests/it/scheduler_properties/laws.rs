//! What must hold, and a simple model of what the scheduler has been told that says whether it does.
//!
//! The model knows nothing of heaps, classes and parking: it looks at everything every time.

use std::time::Duration;

use runr::model::overlap;
use runr::model::{StopReason, TaskKind};
use runr::plan::TaskIx;
use runr::sched::{
    Cancel, Effect, Elsewhere, Initial, Input, Item, Kill, Problem, Refusal, Settle,
};

/// The properties.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Law {
    DependencyOrder,
    JobsKept,
    PoolsKept,
    ClaimsKept,
    OneAttempt,
    /// Every attempt is settled, every request to end is passed on, nothing goes on for ever.
    EveryTaskEnds,
    /// Once, not before everything is done that can be done, and then it does come.
    FinishOnce,
    TerminalIsFinal,
    NothingAfterStop,
    Deterministic,
    FoldIsState,
    /// Among those that fit, the first by priority, longest remaining path and number.
    BestFirst,
    /// While a job is free, nothing that fits waits.
    NobodyForgotten,
    /// A request to stop reaches every living attempt, a request to kill too.
    StopReachesAll,
    /// What was refused as busy is not asked for again in the same breath.
    NoHammering,
    /// Counted retries as often as allowed, uncounted ones and voids at most five in a row.
    RetriesBounded,
    /// Manual tasks are left to people when reached, and only then.
    ManualIsSkipped,
}

/// What a task is as far as the scheduler was told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Told {
    Open,
    Live,
    Until(Duration),
    Elsewhere,
    Awaiting,
    Skipped,
    DoneHere,
    DoneElsewhere,
    Ended,
}

/// What was granted to a task since its last success.
#[derive(Debug, Clone, Copy, Default)]
struct Granted {
    counted: u32,
    /// Of these, conflicts.
    conflicts: u32,
    uncounted: u32,
    voids: u32,
}

pub struct Model {
    pub problem: Problem,
    pub told: Vec<Told>,
    needs: Vec<Vec<usize>>,
    remaining: Vec<Duration>,
    other_pools: Vec<u32>,
    other_claims: Vec<String>,
    /// Refused as busy since the last usage.
    busy: Vec<usize>,
    now: Duration,
    stopped: bool,
    begun: bool,
    stopping: Option<Kill>,
    asked: Vec<Option<Kill>>,
    just_refused: Option<usize>,
    granted: Vec<Granted>,
    finished: bool,
    /// What was told just now asks for a verdict on this task.
    verdict_due: Option<usize>,
    pub broken: Option<Law>,
}

impl Model {
    pub fn new(problem: Problem) -> Self {
        let told = problem.items.iter().map(|item| match item.initial {
            Initial::Open => Told::Open,
            Initial::Completed => Told::DoneElsewhere,
            Initial::RunningElsewhere => Told::Elsewhere,
            Initial::RunningHere => Told::Live,
            Initial::AwaitingApproval => Told::Awaiting,
            // Left to whoever took it, as what was skipped is left to a person.
            Initial::Claimed => Told::Skipped,
            // It neither runs nor releases.
            Initial::CompletedOutside | Initial::Ended => Told::Ended,
        });
        let mut needs = vec![Vec::new(); problem.items.len()];
        for (before, after) in &problem.edges {
            needs[after.0 as usize].push(before.0 as usize);
        }
        let mut model = Self {
            told: told.collect(),
            needs,
            remaining: Vec::new(),
            other_pools: vec![0; problem.pools.len()],
            other_claims: Vec::new(),
            busy: Vec::new(),
            now: Duration::ZERO,
            stopped: false,
            begun: false,
            stopping: None,
            asked: vec![None; problem.items.len()],
            just_refused: None,
            granted: problem.items.iter().map(granted_before).collect(),
            finished: false,
            verdict_due: None,
            broken: None,
            problem,
        };
        model.remaining = vec![Duration::ZERO; model.told.len()];
        // As many rounds as a path can be long.
        for _ in 0..model.told.len() {
            model.remaining = (0..model.told.len()).map(|i| model.longer(i)).collect();
        }
        model
    }

    fn longer(&self, task: usize) -> Duration {
        let item = &self.problem.items[task];
        if !item.selected || matches!(item.initial, Initial::Completed | Initial::Ended) {
            return Duration::ZERO;
        }
        let after = (0..self.needs.len()).filter(|i| self.needs[*i].contains(&task));
        item.expected + after.map(|i| self.remaining[i]).max().unwrap_or_default()
    }

    pub fn breaks(&mut self, law: Law) {
        self.broken.get_or_insert(law);
    }

    fn hold(&mut self, law: Law, holds: bool) {
        if !holds {
            self.breaks(law);
        }
    }

    fn done(&self, task: usize) -> bool {
        matches!(self.told[task], Told::DoneHere | Told::DoneElsewhere)
    }

    fn reached(&self, task: usize) -> bool {
        self.needs[task].iter().all(|need| self.done(*need))
    }

    pub fn live(&self) -> Vec<usize> {
        (0..self.told.len())
            .filter(|i| self.told[*i] == Told::Live)
            .collect()
    }

    fn item(&self, task: usize) -> &Item {
        &self.problem.items[task]
    }

    /// A worker could be started at it, were there room.
    fn ready(&self, task: usize, now: Duration) -> bool {
        let open = match self.told[task] {
            Told::Open => true,
            Told::Until(until) => until <= now,
            _ => false,
        };
        open && self.item(task).selected
            && self.item(task).kind != TaskKind::Manual
            && self.reached(task)
    }

    fn pools_fit(&self, task: usize) -> bool {
        self.item(task).pools.iter().all(|(pool, take)| {
            let used = self.live().into_iter().flat_map(|i| &self.item(i).pools);
            let ours: u32 = used.filter(|(p, _)| p == pool).map(|(_, take)| take).sum();
            let pool = *pool as usize;
            ours + self.other_pools[pool] + take <= self.problem.pools[pool]
        })
    }

    fn claims_fit(&self, task: usize) -> bool {
        let live = self.live();
        let ours = live.iter().flat_map(|i| self.item(*i).claims.iter());
        let mut held = ours
            .map(AsRef::as_ref)
            .chain(self.other_claims.iter().map(String::as_str));
        !held.any(|held| {
            self.item(task)
                .claims
                .iter()
                .any(|claim| overlap(claim, held))
        })
    }

    /// Fits, and is not kept back by a refusal of one with the same needs.
    fn could_start(&self, task: usize, now: Duration) -> bool {
        let needs = |i: usize| {
            let mut claims = self.item(i).claims.clone();
            claims.sort();
            claims.dedup();
            (self.item(i).pools.clone(), claims)
        };
        self.ready(task, now)
            && self.pools_fit(task)
            && self.claims_fit(task)
            && !self.busy.iter().any(|busy| needs(*busy) == needs(task))
    }

    fn goes_before(&self, a: usize, b: usize) -> bool {
        let key = |i: usize| {
            (
                -self.item(i).priority,
                std::cmp::Reverse(self.remaining[i]),
                i,
            )
        };
        key(a) < key(b)
    }

    /// Takes note of what the scheduler is about to be told.
    pub fn tell(&mut self, input: &Input, now: Duration) {
        self.now = now;
        self.verdict_due = None;
        self.just_refused = None;
        match input {
            Input::Begin => self.begun = true,
            Input::Timer | Input::Paused { .. } => {}
            Input::Refused { task, why } => {
                let task = task.0 as usize;
                match why {
                    Refusal::Running => self.told[task] = Told::Elsewhere,
                    Refusal::Completed => self.told[task] = Told::DoneElsewhere,
                    Refusal::Busy => {
                        self.told[task] = Told::Open;
                        self.busy.push(task);
                        self.just_refused = Some(task);
                    }
                    Refusal::Impossible(_) => self.verdict_due = Some(task),
                }
            }
            Input::Ended { task, .. } => self.verdict_due = Some(task.0 as usize),
            Input::Elsewhere { task, now } => self.tell_elsewhere(task.0 as usize, *now),
            Input::Usage { pools, claims } => {
                self.other_pools.clone_from(pools);
                self.other_claims.clone_from(claims);
                self.busy.clear();
            }
            Input::Cancel(Cancel::Task(_)) => {}
            Input::Cancel(cancel) => {
                self.stopped = true;
                self.stopping = match cancel {
                    Cancel::Stop => self.stopping.or(Some(Kill::Gracefully)),
                    Cancel::Kill => Some(Kill::Now),
                    Cancel::Drain | Cancel::Task(_) => self.stopping,
                };
            }
        }
    }

    fn tell_elsewhere(&mut self, task: usize, now: Elsewhere) {
        let told = &mut self.told[task];
        match (now, *told) {
            (_, Told::Live | Told::DoneHere) => {}
            (Elsewhere::Completed, _) => *told = Told::DoneElsewhere,
            (Elsewhere::CompletedOutside, _) => *told = Told::Ended,
            (_, Told::Ended) => {}
            (Elsewhere::Running, _) => *told = Told::Elsewhere,
            (Elsewhere::Claimed, _) => *told = Told::Skipped,
            (Elsewhere::AwaitingApproval, _) => *told = Told::Awaiting,
            (Elsewhere::Free | Elsewhere::Rejected, Told::Until(_)) => {}
            (Elsewhere::Free | Elsewhere::Rejected, _) => *told = Told::Open,
        }
    }

    /// Looks at one effect, in order.
    pub fn see(&mut self, effect: &Effect, now: Duration) {
        self.hold(Law::FinishOnce, !self.finished);
        match effect {
            Effect::Reserve { task } => self.see_reserve(task.0 as usize, now),
            Effect::Settle { task, how } => self.see_settle(task.0 as usize, *how, now),
            Effect::Skip { task } => {
                let task = task.0 as usize;
                self.hold(Law::NothingAfterStop, !self.stopped);
                let item = self.item(task);
                let manual = item.kind == TaskKind::Manual && item.selected;
                self.hold(
                    Law::ManualIsSkipped,
                    manual && self.reached(task) && self.told[task] == Told::Open,
                );
                self.told[task] = Told::Skipped;
            }
            Effect::End { task, kill } => {
                let task = task.0 as usize;
                self.hold(Law::StopReachesAll, self.told[task] == Told::Live);
                self.asked[task] = Some(*kill);
            }
            Effect::WakeAt(_) => {}
            Effect::Finish => {
                self.finished = true;
                let hope = (0..self.told.len()).any(|i| self.ready(i, Duration::MAX));
                self.hold(Law::FinishOnce, self.live().is_empty());
                self.hold(
                    Law::FinishOnce,
                    self.stopped || !(hope || self.somebody_helps()),
                );
            }
        }
    }

    fn see_reserve(&mut self, task: usize, now: Duration) {
        let item = self.item(task).clone();
        self.hold(Law::OneAttempt, self.told[task] != Told::Live);
        self.hold(
            Law::TerminalIsFinal,
            !matches!(self.told[task], Told::DoneHere | Told::Ended),
        );
        self.hold(Law::NothingAfterStop, !self.stopped);
        self.hold(
            Law::DependencyOrder,
            self.reached(task) && item.selected && item.kind != TaskKind::Manual,
        );
        self.hold(Law::PoolsKept, self.pools_fit(task));
        self.hold(Law::ClaimsKept, self.claims_fit(task));
        self.hold(Law::OneAttempt, self.ready(task, now));
        let better = (0..self.told.len())
            .find(|other| self.goes_before(*other, task) && self.could_start(*other, now));
        self.hold(Law::BestFirst, better.is_none());
        self.hold(Law::NoHammering, self.just_refused != Some(task));
        self.told[task] = Told::Live;
        self.asked[task] = None;
        self.hold(
            Law::JobsKept,
            self.live().len() <= self.problem.options.jobs as usize,
        );
    }

    fn see_settle(&mut self, task: usize, how: Settle, now: Duration) {
        let due = self.verdict_due.take() == Some(task);
        let told = self.told[task];
        self.hold(
            Law::TerminalIsFinal,
            !matches!(told, Told::DoneHere | Told::Ended),
        );
        self.hold(Law::EveryTaskEnds, due || told != Told::Live);
        let granted = &mut self.granted[task];
        match how {
            Settle::Void => granted.voids += 1,
            Settle::Retry {
                counted: true,
                reason,
                ..
            } => {
                let counted = granted.counted + 1;
                let conflict = u32::from(reason == StopReason::MergeConflict);
                let conflicts = granted.conflicts + conflict;
                *granted = Granted {
                    counted,
                    conflicts,
                    ..Granted::default()
                };
            }
            Settle::Retry { .. } => {
                granted.voids = 0;
                granted.uncounted += 1;
            }
            _ => *granted = Granted::default(),
        }
        let Granted {
            counted,
            conflicts,
            uncounted,
            voids,
        } = *granted;
        // Two changes that did not go together are tried once more, whatever the task allows.
        let most = self.item(task).retry.max + conflicts;
        let bounded = counted <= most && conflicts <= 1 && uncounted <= 5 && voids < 5;
        self.hold(Law::RetriesBounded, bounded);
        self.told[task] = match how {
            Settle::Completed => Told::DoneHere,
            Settle::AwaitingApproval => Told::Awaiting,
            Settle::Retry { wait, .. } => Told::Until(now + wait),
            Settle::Void => Told::Open,
            Settle::Failed(reason) | Settle::Stopped(reason) => {
                let fits = matches!(how, Settle::Failed(_)) == reason.is_verdict();
                self.hold(
                    Law::EveryTaskEnds,
                    fits && (due || reason == StopReason::Cancelled),
                );
                self.stopped |= self.problem.options.fail_fast;
                Told::Ended
            }
        };
    }

    /// Could others bring a selected task forward?
    fn somebody_helps(&self) -> bool {
        let open = |i: usize| !self.done(i) && self.told[i] != Told::Ended;
        let mut known = vec![None; self.told.len()];
        (0..self.told.len())
            .any(|i| self.item(i).selected && open(i) && self.may_be_done(i, &mut known))
    }

    fn may_be_done(&self, task: usize, known: &mut Vec<Option<bool>>) -> bool {
        if let Some(known) = known[task] {
            return known;
        }
        let wait = self.problem.options.wait;
        let may = match self.told[task] {
            Told::DoneHere | Told::DoneElsewhere | Told::Elsewhere | Told::Live => true,
            Told::Until(until) if until > self.now => true,
            Told::Ended => false,
            Told::Awaiting | Told::Skipped => wait,
            Told::Open | Told::Until(_) => {
                (self.item(task).selected || wait)
                    && self.needs[task]
                        .iter()
                        .all(|need| self.may_be_done(*need, known))
            }
        };
        known[task] = Some(may);
        may
    }

    /// Everything that was said to one input has been seen.
    pub fn settled(&mut self, now: Duration) {
        self.hold(Law::EveryTaskEnds, self.verdict_due.is_none());
        if self.begun {
            let asked = |i: &usize| match self.stopping {
                None => true,
                Some(Kill::Gracefully) => self.asked[*i].is_some(),
                Some(Kill::Now) => self.asked[*i] == Some(Kill::Now),
            };
            let all = self.live().iter().all(asked);
            self.hold(Law::StopReachesAll, all);
        }
        let free = self.live().len() < self.problem.options.jobs as usize;
        if self.stopped || self.finished {
            return;
        }
        let waits = free && (0..self.told.len()).any(|i| self.could_start(i, now));
        self.hold(Law::NobodyForgotten, !waits);
        let manual = |i: usize| {
            let item = self.item(i);
            item.kind == TaskKind::Manual
                && item.selected
                && self.told[i] == Told::Open
                && self.reached(i)
        };
        let left = (0..self.told.len()).any(manual);
        self.hold(Law::ManualIsSkipped, !left);
    }

    pub fn is_finished(&self) -> bool {
        self.finished
    }

    /// Nothing will happen any more by itself: may the scheduler still be there?
    pub fn may_stay(&self) -> bool {
        !self.stopped && self.somebody_helps()
    }

    pub fn ix(task: usize) -> TaskIx {
        TaskIx(u32::try_from(task).unwrap())
    }
}

fn granted_before(item: &Item) -> Granted {
    Granted {
        counted: item.failures,
        conflicts: 0,
        uncounted: item.lost_in_a_row,
        voids: 0,
    }
}
