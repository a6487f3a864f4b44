//! What the scheduler says to what it is told, scene by scene, in a short notation.

mod capacity;
mod order;

use std::time::Duration;

use crate::model::{StopReason, TaskKind};
use crate::plan::TaskIx;
use crate::sched::sample::{item, problem};
use crate::sched::{
    AttemptEnd, Cancel, Effect, Elsewhere, Initial, Input, Item, Outcome, Problem, Refusal,
    Scheduler, Settle, Tally,
};

fn show(effect: &Effect) -> String {
    match effect {
        Effect::Reserve { task } => format!("start {}", task.0),
        Effect::Settle { task, how } => {
            let how = match how {
                Settle::Completed => "done".to_owned(),
                Settle::AwaitingApproval => "approve?".to_owned(),
                Settle::Retry { counted, .. } => {
                    format!("retry{}", if *counted { "+" } else { "" })
                }
                Settle::Failed(reason) => format!("failed({reason})"),
                Settle::Stopped(reason) => format!("stopped({reason})"),
                Settle::Void => "void".to_owned(),
            };
            format!("{how} {}", task.0)
        }
        Effect::Skip { task } => format!("skip {}", task.0),
        Effect::End { task, kill } => format!("end {} {kill:?}", task.0),
        Effect::WakeAt(_) => "wake".to_owned(),
        Effect::Finish => "finish".to_owned(),
    }
}

/// A scheduler and its clock.
struct Scene {
    scheduler: Scheduler,
    now: Duration,
    woken: Duration,
}

impl Scene {
    fn new(problem: Problem) -> Self {
        Self {
            scheduler: Scheduler::new(problem),
            now: Duration::ZERO,
            woken: Duration::ZERO,
        }
    }

    #[track_caller]
    fn says(&mut self, input: Input, expected: &str) -> &mut Self {
        let effects = self.scheduler.handle(input.clone(), self.now);
        for effect in &effects {
            if let Effect::WakeAt(at) = effect {
                self.woken = *at;
            }
        }
        let got: Vec<String> = effects.iter().map(show).collect();
        assert_eq!(got.join(", "), expected, "after {input:?}");
        self
    }

    #[track_caller]
    fn begin(&mut self, expected: &str) -> &mut Self {
        self.says(Input::Begin, expected)
    }

    #[track_caller]
    fn ok(&mut self, task: u32, expected: &str) -> &mut Self {
        let task = TaskIx(task);
        self.says(
            Input::Ended {
                task,
                how: AttemptEnd::Succeeded,
            },
            expected,
        )
    }

    #[track_caller]
    fn fails(&mut self, task: u32, reason: StopReason, expected: &str) -> &mut Self {
        let (task, how) = (TaskIx(task), AttemptEnd::Unsuccessful(reason));
        self.says(Input::Ended { task, how }, expected)
    }

    #[track_caller]
    fn void(&mut self, task: u32, expected: &str) -> &mut Self {
        let task = TaskIx(task);
        self.says(
            Input::Ended {
                task,
                how: AttemptEnd::Void,
            },
            expected,
        )
    }

    #[track_caller]
    fn elsewhere(&mut self, task: u32, now: Elsewhere, expected: &str) -> &mut Self {
        self.says(
            Input::Elsewhere {
                task: TaskIx(task),
                now,
            },
            expected,
        )
    }

    #[track_caller]
    fn refused(&mut self, task: u32, why: Refusal, expected: &str) -> &mut Self {
        self.says(
            Input::Refused {
                task: TaskIx(task),
                why,
            },
            expected,
        )
    }

    #[track_caller]
    fn cancel(&mut self, cancel: Cancel, expected: &str) -> &mut Self {
        self.says(Input::Cancel(cancel), expected)
    }

    #[track_caller]
    fn timer(&mut self, expected: &str) -> &mut Self {
        self.now = self.woken;
        self.says(Input::Timer, expected)
    }

    #[track_caller]
    fn outcomes(&mut self, expected: &[Outcome]) -> &mut Self {
        assert_eq!(self.scheduler.outcomes(), expected);
        for (task, outcome) in (0..).zip(expected) {
            assert_eq!(self.scheduler.outcome(TaskIx(task)), *outcome);
        }
        self
    }
}

fn items<const N: usize>() -> [Item; N] {
    std::array::from_fn(|_| item())
}

fn claiming(claims: &[&str]) -> Item {
    Item {
        claims: claims.iter().map(|claim| (*claim).into()).collect(),
        ..item()
    }
}
