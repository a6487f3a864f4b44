//! The scheduler, or one that has been spoilt on purpose in one way.

use std::time::Duration;

use runr::model::StopReason;
use runr::sched::{Cancel, Effect, Input, Outcome, Problem, Refusal, Scheduler, Settle};

use super::laws::Law;

/// How it is spoilt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    None,
    /// Knows none of the edges.
    NoEdges,
    OneJobMore,
    OneJobLess,
    BiggerPools,
    NoClaims,
    /// Says `Reserve` twice.
    ReserveTwice,
    /// Never says what became of a retried attempt.
    NoRetrySettled,
    FinishTwice,
    NeverFinish,
    /// Finishes though something still runs.
    FinishWhileRunning,
    /// Starts what has just been completed.
    StartAgain,
    DeafToCancel,
    /// Is another one when asked again.
    Moody,
    /// Says `Stopped` where it means `Failed`.
    WrongWord,
    /// Prefers low priorities.
    WorstFirst,
    /// Ends nothing.
    NoEnd,
    /// Asks again for what was refused.
    Hammer,
    /// Takes one retry too many.
    OneRetryMore,
    /// Skips nothing.
    NoSkip,
}

/// Which law each fault must be seen to break.
pub const PLANTED: [(Fault, Law); 19] = [
    (Fault::NoEdges, Law::DependencyOrder),
    (Fault::OneJobMore, Law::JobsKept),
    (Fault::OneJobLess, Law::NobodyForgotten),
    (Fault::BiggerPools, Law::PoolsKept),
    (Fault::NoClaims, Law::ClaimsKept),
    (Fault::ReserveTwice, Law::OneAttempt),
    (Fault::NoRetrySettled, Law::EveryTaskEnds),
    (Fault::FinishTwice, Law::FinishOnce),
    (Fault::NeverFinish, Law::FinishOnce),
    (Fault::FinishWhileRunning, Law::FinishOnce),
    (Fault::StartAgain, Law::TerminalIsFinal),
    (Fault::DeafToCancel, Law::NothingAfterStop),
    (Fault::Moody, Law::Deterministic),
    (Fault::WrongWord, Law::FoldIsState),
    (Fault::WorstFirst, Law::BestFirst),
    (Fault::NoEnd, Law::StopReachesAll),
    (Fault::Hammer, Law::NoHammering),
    (Fault::OneRetryMore, Law::RetriesBounded),
    (Fault::NoSkip, Law::ManualIsSkipped),
];

pub struct Subject {
    scheduler: Scheduler,
    problem: Problem,
    pub fault: Fault,
}

impl Subject {
    pub fn new(problem: &Problem, fault: Fault) -> Self {
        let mut problem = problem.clone();
        match fault {
            Fault::NoEdges => problem.edges.clear(),
            Fault::OneJobMore => problem.options.jobs += 1,
            Fault::OneJobLess => problem.options.jobs -= 1,
            Fault::BiggerPools => problem.pools.iter_mut().for_each(|pool| *pool += 1),
            Fault::NoClaims => problem
                .items
                .iter_mut()
                .for_each(|item| item.claims.clear()),
            Fault::WorstFirst => problem
                .items
                .iter_mut()
                .for_each(|item| item.priority *= -1),
            Fault::OneRetryMore => problem
                .items
                .iter_mut()
                .for_each(|item| item.retry.max += 1),
            _ => {}
        }
        Self {
            scheduler: Scheduler::new(problem.clone()),
            problem,
            fault,
        }
    }

    /// The same once more, from the beginning.
    pub fn again(&self) -> Self {
        let mut problem = self.problem.clone();
        if self.fault == Fault::Moody {
            problem.options.seed += 1;
        }
        let fault = if self.fault == Fault::Moody {
            Fault::None
        } else {
            self.fault
        };
        Self {
            scheduler: Scheduler::new(problem.clone()),
            problem,
            fault,
        }
    }

    pub fn outcomes(&self) -> Vec<Outcome> {
        self.scheduler.outcomes()
    }

    /// How many tasks its tally counts, each kind once.
    pub fn tally(&self) -> u32 {
        let t = self.scheduler.tally();
        let ended =
            t.completed + t.failed + t.stopped + t.skipped + t.awaiting_approval + t.blocked;
        let open = t.running + t.running_elsewhere + t.retrying + t.ready + t.waiting;
        assert_eq!(ended + open, t.selected);
        t.selected
    }

    pub fn handle(&mut self, input: Input, now: Duration) -> Vec<Effect> {
        if self.fault == Fault::DeafToCancel
            && matches!(
                input,
                Input::Cancel(Cancel::Drain | Cancel::Stop | Cancel::Kill)
            )
        {
            return Vec::new();
        }
        let mut effects = Vec::new();
        if let Input::Refused {
            task,
            why: Refusal::Busy,
        } = input
            && self.fault == Fault::Hammer
        {
            effects.push(Effect::Reserve { task });
        }
        effects.extend(self.scheduler.handle(input, now));
        effects
            .into_iter()
            .flat_map(|effect| self.spoil(effect))
            .collect()
    }

    fn spoil(&self, effect: Effect) -> Vec<Effect> {
        match (self.fault, &effect) {
            (Fault::ReserveTwice, Effect::Reserve { .. })
            | (Fault::FinishTwice, Effect::Finish) => {
                vec![effect.clone(), effect]
            }
            (Fault::NeverFinish, Effect::Finish)
            | (Fault::NoSkip, Effect::Skip { .. })
            | (Fault::NoEnd, Effect::End { .. }) => Vec::new(),
            (
                Fault::NoRetrySettled,
                Effect::Settle {
                    how: Settle::Retry { .. },
                    ..
                },
            ) => Vec::new(),
            (Fault::FinishWhileRunning, Effect::Reserve { .. }) => vec![effect, Effect::Finish],
            (
                Fault::StartAgain,
                Effect::Settle {
                    task,
                    how: Settle::Completed,
                },
            ) => {
                let task = *task;
                vec![effect, Effect::Reserve { task }]
            }
            (
                Fault::WrongWord,
                Effect::Settle {
                    task,
                    how: Settle::Failed(_),
                },
            ) => {
                let how = Settle::Stopped(StopReason::Timeout);
                vec![Effect::Settle { task: *task, how }]
            }
            _ => vec![effect],
        }
    }
}
