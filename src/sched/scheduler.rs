//! The state machine.
//!
//! Each input changes phases, and only [`Scheduler::set`] changes one: it alone keeps the counts of missing
//! prerequisites, the queue and the set of living attempts in step with the phases. When the input has been
//! dealt with, ready tasks are started as far as jobs, pools and claims allow, then the timer is set,
//! then the end is considered.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet, BinaryHeap};
use std::time::Duration;

use crate::model::{StopReason, TaskKind};
use crate::plan::TaskIx;
use crate::sched::halt::Halt;
use crate::sched::links::Links;
use crate::sched::phase::{Node, Phase};
use crate::sched::queue::{Queue, Shut};
use crate::sched::rank::Ranks;
use crate::sched::retry::{Dice, Next, Record};
use crate::sched::{AttemptEnd, Effect, Elsewhere, Input, Kill, Options, Problem, Refusal, Settle};

/// How far the orchestration is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    BeforeBegin,
    Begun,
    Finished,
}

/// Decides. Holds no clock, no randomness and no hash map.
#[derive(Debug)]
pub struct Scheduler {
    pub(super) nodes: Vec<Node>,
    pub(super) links: Links,
    pub(super) options: Options,
    ranks: Ranks,
    queue: Queue,
    /// Tasks with a living attempt of ours.
    pub(super) live: BTreeSet<u32>,
    /// Retries by time; an entry holds if the task's phase still names the same time.
    retries: BinaryHeap<Reverse<(Duration, u32)>>,
    /// The time that was last asked for and has not come.
    armed: Option<Duration>,
    pub(super) halt: Halt,
    /// Shut pools, and when they open again; `None`: never.
    pauses: BTreeMap<u32, Option<Duration>>,
    stage: Stage,
    now: Duration,
    pub(super) effects: Vec<Effect>,
}

impl Scheduler {
    /// Prepares for [`Input::Begin`]. O((V + E) log V).
    #[must_use]
    pub fn new(problem: Problem) -> Self {
        let Problem {
            items,
            edges,
            pools,
            options,
        } = problem;
        let links = Links::new(items.len(), &edges);
        drop(edges);
        let ranks = Ranks::new(&items, &links);
        let queue = Queue::new(&items, &pools, &ranks);
        let mut nodes: Vec<Node> = items
            .into_iter()
            .map(|item| Node {
                phase: Phase::new(item.initial),
                missing: 0,
                selected: item.selected,
                cancelled: false,
                kind: item.kind,
                record: Record {
                    failures: item.failures,
                    uncounted: item.lost_in_a_row,
                    ..Record::default()
                },
                retry: item.retry,
            })
            .collect();
        for task in 0..u32::try_from(nodes.len()).unwrap_or(u32::MAX) {
            let needs = links.prerequisites.of(task).iter();
            let missing = needs.filter(|p| !nodes[**p as usize].phase.is_completed());
            nodes[task as usize].missing = u32::try_from(missing.count()).unwrap_or(u32::MAX);
        }
        Self {
            nodes,
            links,
            options,
            ranks,
            queue,
            live: BTreeSet::new(),
            retries: BinaryHeap::new(),
            armed: None,
            halt: Halt::Nothing,
            pauses: BTreeMap::new(),
            stage: Stage::BeforeBegin,
            now: Duration::ZERO,
            effects: Vec::new(),
        }
    }

    /// Takes what happened and says what to do. `now` never goes back.
    ///
    /// The verdict on an attempt comes before what it makes possible; [`Effect::Finish`] comes last, once,
    /// and afterwards nothing does.
    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Effect> {
        if self.stage == Stage::Finished {
            return Vec::new();
        }
        self.now = now;
        match input {
            Input::Begin => self.begin(),
            Input::Refused { task, why } => self.refused(task.0, why),
            Input::Ended { task, how } => self.ended(task.0, how),
            Input::Elsewhere { task, now } => self.elsewhere(task.0, now),
            Input::Usage { pools, claims } => self.queue.others(&pools, claims),
            Input::Paused { pool, until } => self.pause(pool, until),
            Input::Timer => self.armed = None,
            Input::Cancel(cancel) => self.cancel(cancel),
        }
        if self.stage == Stage::Begun {
            self.dispatch();
            self.set_timer();
            self.consider_the_end();
        }
        std::mem::take(&mut self.effects)
    }

    /// Tasks whose attempt is alive, in order of their numbers.
    pub fn running(&self) -> impl Iterator<Item = TaskIx> {
        self.live.iter().copied().map(TaskIx)
    }

    /// Is nothing more dispatched: somebody cancelled, or with fail-fast something failed?
    #[must_use]
    pub fn halted(&self) -> bool {
        self.halt > Halt::Nothing
    }

    /// The edges, for those who look at the whole afterwards.
    pub(crate) fn links(&self) -> &Links {
        &self.links
    }

    fn begin(&mut self) {
        if self.stage != Stage::BeforeBegin {
            return;
        }
        self.stage = Stage::Begun;
        let tasks = 0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX);
        for task in tasks.clone() {
            if matches!(self.phase(task), Phase::Running { .. }) {
                self.live.insert(task);
                self.queue.take(self.ranks.of(task));
                self.ask_to_end_if_stopping(task);
            }
        }
        for task in tasks {
            self.reach(task);
        }
    }

    fn refused(&mut self, task: u32, why: Refusal) {
        if !matches!(self.phase(task), Phase::Running { .. }) {
            return;
        }
        match why {
            Refusal::Running => self.set(task, Phase::RunningElsewhere),
            Refusal::Completed => self.set(task, Phase::CompletedElsewhere),
            Refusal::Busy => {
                self.set(task, Phase::Waiting);
                if self.phase(task) == Phase::Ready {
                    self.queue.park_until_others(self.ranks.of(task));
                }
            }
            Refusal::Impossible(reason) => self.end_unsuccessfully(task, reason),
        }
    }

    fn ended(&mut self, task: u32, how: AttemptEnd) {
        let Phase::Running { asked } = self.phase(task) else {
            return;
        };
        match how {
            AttemptEnd::Succeeded => {
                let node = self.node(task);
                node.record = Record::default();
                if node.kind == TaskKind::Hybrid {
                    self.settle(task, Settle::AwaitingApproval);
                    self.set(task, Phase::AwaitingApproval);
                } else {
                    self.settle(task, Settle::Completed);
                    self.set(task, Phase::CompletedHere);
                }
            }
            AttemptEnd::Unsuccessful(reason) => self.unsuccessful(task, reason, asked, None),
            AttemptEnd::Limited { until } => {
                self.unsuccessful(task, StopReason::UsageLimit, asked, until);
            }
            AttemptEnd::Void if asked.is_some() => {
                self.end_unsuccessfully(task, StopReason::Cancelled);
            }
            AttemptEnd::Void => match self.node(task).record.void() {
                Next::Again { .. } => {
                    self.settle(task, Settle::Void);
                    self.set(task, Phase::Waiting);
                }
                Next::Final => self.end_unsuccessfully(task, StopReason::InternalError),
            },
        }
    }

    /// Nothing of a pool starts before a time.
    fn pause(&mut self, pool: u32, until: Option<Duration>) {
        let known = self.pauses.entry(pool).or_insert(until);
        *known = known.zip(until).map(|(a, b)| a.max(b));
        let never = known.is_none();
        self.queue.shut(pool, Shut::Yes);
        if !never {
            return;
        }
        for task in 0..u32::try_from(self.nodes.len()).unwrap_or(u32::MAX) {
            if self.phase(task) == Phase::Ready && self.queue.needs(self.ranks.of(task), pool) {
                self.end_unsuccessfully(task, StopReason::AuthRequired);
            }
        }
    }

    /// Does the task need a pool that never opens again?
    fn shut_for_good(&self, task: u32) -> bool {
        let mut shut = self.pauses.iter().filter(|(_, until)| until.is_none());
        shut.any(|(pool, _)| self.queue.needs(self.ranks.of(task), *pool))
    }

    fn unsuccessful(
        &mut self,
        task: u32,
        reason: StopReason,
        asked: Option<Kill>,
        not_before: Option<Duration>,
    ) {
        let dice = Dice {
            seed: self.options.seed,
            task,
        };
        let now = self.now;
        let node = self.node(task);
        let wanted = asked.is_none() && node.selected && !node.cancelled;
        // Taken apart so that an attempt that is not followed by another is not counted as if it were.
        let next = if wanted {
            let policy = node.retry.clone();
            node.record.unsuccessful(reason, &policy, dice)
        } else {
            Next::Final
        };
        match next {
            Next::Final => self.end_unsuccessfully(task, reason),
            Next::Again { counted, wait } => {
                let until = now.saturating_add(wait).max(not_before.unwrap_or_default());
                let wait = until.saturating_sub(now);
                self.settle(
                    task,
                    Settle::Retry {
                        reason,
                        counted,
                        wait,
                    },
                );
                self.set(task, Phase::Retrying { until, reason });
            }
        }
    }

    /// The task is over for this orchestration, without success.
    pub(super) fn end_unsuccessfully(&mut self, task: u32, reason: StopReason) {
        if reason.is_verdict() {
            self.settle(task, Settle::Failed(reason));
            self.set(task, Phase::Failed(reason));
        } else {
            self.settle(task, Settle::Stopped(reason));
            self.set(task, Phase::Stopped(reason));
        }
        if self.options.fail_fast {
            self.halt = self.halt.max(Halt::Draining);
        }
    }

    fn elsewhere(&mut self, task: u32, news: Elsewhere) {
        let phase = self.phase(task);
        if matches!(phase, Phase::Running { .. }) || phase == Phase::CompletedHere {
            return;
        }
        if news == Elsewhere::Completed {
            self.set(task, Phase::CompletedElsewhere);
            return;
        }
        if phase.is_final_here() {
            return;
        }
        match news {
            Elsewhere::Completed => {}
            Elsewhere::CompletedOutside => self.set(task, Phase::CompletedOutside),
            Elsewhere::Running => self.set(task, Phase::RunningElsewhere),
            Elsewhere::Claimed => self.set(task, Phase::Claimed),
            Elsewhere::AwaitingApproval => self.set(task, Phase::AwaitingApproval),
            Elsewhere::Free | Elsewhere::Rejected => {
                if !matches!(phase, Phase::Retrying { .. } | Phase::Ready) {
                    self.set(task, Phase::Waiting);
                }
            }
        }
    }

    fn node(&mut self, task: u32) -> &mut Node {
        &mut self.nodes[task as usize]
    }

    pub(super) fn phase(&self, task: u32) -> Phase {
        self.nodes[task as usize].phase
    }

    fn settle(&mut self, task: u32, how: Settle) {
        self.effects.push(Effect::Settle {
            task: TaskIx(task),
            how,
        });
    }

    /// Changes a phase and everything that follows from it at once.
    pub(super) fn set(&mut self, task: u32, phase: Phase) {
        let before = std::mem::replace(&mut self.node(task).phase, phase);
        let was_running = matches!(before, Phase::Running { .. });
        let runs = matches!(phase, Phase::Running { .. });
        if before == Phase::Ready && phase != Phase::Ready {
            self.queue.withdraw(self.ranks.of(task));
        }
        if was_running && !runs {
            self.live.remove(&task);
            self.queue.give_back(self.ranks.of(task));
        }
        if runs && !was_running {
            self.live.insert(task);
        }
        match phase {
            Phase::Waiting => self.reach(task),
            Phase::Ready => self.queue.push(self.ranks.of(task)),
            Phase::Retrying { until, .. } => self.retries.push(Reverse((until, task))),
            _ => {}
        }
        if before.is_completed() != phase.is_completed() {
            for i in 0..self.links.dependents.count(task) {
                let dependent = self.links.dependents.at(task, i);
                if phase.is_completed() {
                    self.node(dependent).missing -= 1;
                    self.reach(dependent);
                } else {
                    self.node(dependent).missing += 1;
                    if self.phase(dependent) == Phase::Ready {
                        self.set(dependent, Phase::Waiting);
                    }
                }
            }
        }
    }

    /// Moves a waiting task on if nothing stands before it any more.
    fn reach(&mut self, task: u32) {
        let node = &self.nodes[task as usize];
        let reached = node.phase == Phase::Waiting && node.missing == 0 && node.selected;
        if !reached || self.stage != Stage::Begun {
            return;
        }
        if node.cancelled {
            self.end_unsuccessfully(task, StopReason::Cancelled);
        } else if node.kind == TaskKind::Manual {
            if self.halt == Halt::Nothing {
                self.effects.push(Effect::Skip { task: TaskIx(task) });
                self.set(task, Phase::Skipped);
            }
        } else if !self.queue.can_ever_fit(self.ranks.of(task)) {
            self.end_unsuccessfully(task, StopReason::InternalError);
        } else if self.shut_for_good(task) {
            self.end_unsuccessfully(task, StopReason::AuthRequired);
        } else {
            self.set(task, Phase::Ready);
        }
    }

    fn dispatch(&mut self) {
        if self.halted() {
            return;
        }
        let now = self.now;
        let over: Vec<u32> = self
            .pauses
            .iter()
            .filter(|(_, until)| until.is_some_and(|until| until <= now))
            .map(|(pool, _)| *pool)
            .collect();
        for pool in over {
            self.pauses.remove(&pool);
            self.queue.shut(pool, Shut::No);
        }
        while let Some(task) = self.next_retry().filter(|(until, _)| *until <= self.now) {
            self.retries.pop();
            self.set(task.1, Phase::Waiting);
        }
        let jobs = self.options.jobs.max(1) as usize;
        while self.live.len() < jobs
            && !self.halted()
            && let Some(rank) = self.queue.pop()
        {
            let task = self.ranks.task(rank);
            self.set(task, Phase::Running { asked: None });
            self.effects.push(Effect::Reserve { task: TaskIx(task) });
        }
    }

    /// The earliest retry that still stands.
    fn next_retry(&mut self) -> Option<(Duration, u32)> {
        while let Some(Reverse((time, task))) = self.retries.peek().copied() {
            match self.phase(task) {
                Phase::Retrying { until, .. } if until == time => return Some((time, task)),
                _ => self.retries.pop(),
            };
        }
        None
    }

    fn set_timer(&mut self) {
        if self.halted() {
            return;
        }
        let retry = self.next_retry().map(|(until, _)| until);
        let next = self.pauses.values().flatten().copied().chain(retry).min();
        if let Some(until) = next
            && self.armed != next
        {
            self.armed = next;
            self.effects.push(Effect::WakeAt(until));
        }
    }

    fn consider_the_end(&mut self) {
        if !self.live.is_empty() {
            return;
        }
        if !self.halted() && (self.next_retry().is_some() || self.others_can_help()) {
            return;
        }
        self.stage = Stage::Finished;
        self.effects.push(Effect::Finish);
    }
}
