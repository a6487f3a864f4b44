//! What the scheduler says to what it is told, scene by scene, in a short notation.

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

#[test]
fn a_diamond_runs_two_at_a_time_and_finishes_once() {
    let diamond = problem(items::<4>().into(), &[(0, 1), (0, 2), (1, 3), (2, 3)]);
    Scene::new(diamond)
        .begin("start 0")
        .ok(0, "done 0, start 1, start 2")
        .ok(2, "done 2")
        .outcomes(&[
            Outcome::Completed,
            Outcome::Running,
            Outcome::Completed,
            Outcome::Waiting,
        ])
        .ok(1, "done 1, start 3")
        .ok(3, "done 3, finish")
        .ok(3, "")
        .begin("")
        .cancel(Cancel::Kill, "");
}

#[test]
fn nothing_to_do_finishes_at_once() {
    Scene::new(problem(Vec::new(), &[])).begin("finish");
    let mut done = items::<2>();
    done[0].initial = Initial::Completed;
    done[1].selected = false;
    Scene::new(problem(done.into(), &[(0, 1)])).begin("finish");
}

#[test]
fn a_failure_blocks_its_dependents_only() {
    let mut scene = Scene::new(problem(items::<4>().into(), &[(0, 1), (1, 2)]));
    scene
        .begin("start 0, start 3")
        .fails(0, StopReason::WorkerFailed, "failed(worker failed) 0")
        .ok(3, "done 3, finish")
        .outcomes(&[
            Outcome::Failed(StopReason::WorkerFailed),
            Outcome::Blocked { by: TaskIx(0) },
            Outcome::Blocked { by: TaskIx(0) },
            Outcome::Completed,
        ]);
    let tally = Tally {
        selected: 4,
        completed: 1,
        failed: 1,
        blocked: 2,
        ..Tally::default()
    };
    assert_eq!(scene.scheduler.tally(), tally);
}

#[test]
fn fail_fast_lets_running_ones_end_and_drops_retries() {
    let mut three = items::<4>();
    three[1].retry.max = 1;
    let mut fast = problem(three.into(), &[]);
    fast.options.fail_fast = true;
    Scene::new(fast)
        .begin("start 0, start 1")
        .fails(1, StopReason::Timeout, "retry+ 1, start 2, wake")
        .fails(0, StopReason::Timeout, "stopped(timeout) 0")
        .timer("")
        .ok(2, "done 2, finish");
}

#[test]
fn a_retry_waits_for_its_timer_and_the_last_failure_is_final() {
    let mut one = items::<1>();
    one[0].retry.max = 1;
    let mut scene = Scene::new(problem(one.into(), &[]));
    scene
        .begin("start 0")
        .fails(0, StopReason::VerificationFailed, "retry+ 0, wake")
        .says(Input::Timer, "wake")
        .timer("start 0")
        .fails(
            0,
            StopReason::WorkerFailed,
            "failed(worker failed) 0, finish",
        );
}

#[test]
fn one_timer_stands_for_the_earliest_retry() {
    let mut three = items::<3>();
    for (item, seconds) in three.iter_mut().zip([30, 5, 60]) {
        item.retry.max = 1;
        item.retry.backoff.base = Duration::from_secs(seconds);
    }
    let mut three = problem(three.into(), &[]);
    three.options.jobs = 3;
    let mut scene = Scene::new(three);
    scene
        .begin("start 0, start 1, start 2")
        .fails(0, StopReason::WorkerFailed, "retry+ 0, wake")
        .fails(1, StopReason::WorkerFailed, "retry+ 1, wake");
    assert!(scene.woken < Duration::from_secs(7), "{:?}", scene.woken);
    scene
        .fails(2, StopReason::WorkerFailed, "retry+ 2")
        .timer("start 1, wake")
        .ok(1, "done 1")
        .timer("start 0, wake")
        .timer("start 2");
}

#[test]
fn voids_are_made_again_but_not_for_ever() {
    let mut scene = Scene::new(problem(items::<1>().into(), &[]));
    scene.begin("start 0");
    for _ in 0..4 {
        scene.void(0, "void 0, start 0");
    }
    scene.void(0, "stopped(internal error) 0, finish");
}

#[test]
fn manual_and_hybrid_are_left_to_people() {
    let mut three = items::<4>();
    three[0].kind = TaskKind::Manual;
    three[2].kind = TaskKind::Hybrid;
    let mut problem = problem(three.into(), &[(0, 1), (2, 3)]);
    Scene::new(problem.clone())
        .begin("skip 0, start 2")
        .ok(2, "approve? 2, finish")
        .outcomes(&[
            Outcome::Skipped,
            Outcome::Waiting,
            Outcome::AwaitingApproval,
            Outcome::Waiting,
        ]);
    problem.options.wait = true;
    Scene::new(problem)
        .begin("skip 0, start 2")
        .elsewhere(0, Elsewhere::Completed, "start 1")
        .ok(2, "approve? 2")
        .ok(1, "done 1")
        .elsewhere(2, Elsewhere::Rejected, "start 2")
        .ok(2, "approve? 2")
        .elsewhere(2, Elsewhere::Completed, "start 3")
        .elsewhere(2, Elsewhere::Completed, "")
        .ok(3, "done 3, finish");
}

#[test]
fn only_a_hope_is_worth_waiting_for() {
    // What blocks task 1; whether the end comes at once without `wait`, and with it.
    type Change = fn(&mut Item);
    let cases: [(&str, Change, bool, bool); 6] = [
        ("not selected", |i| i.selected = false, true, false),
        (
            "elsewhere",
            |i| i.initial = Initial::RunningElsewhere,
            false,
            false,
        ),
        (
            "elsewhere, not selected",
            |i| (i.initial, i.selected) = (Initial::RunningElsewhere, false),
            false,
            false,
        ),
        (
            "approval",
            |i| i.initial = Initial::AwaitingApproval,
            true,
            false,
        ),
        (
            "manual, not selected",
            |i| (i.kind, i.selected) = (TaskKind::Manual, false),
            true,
            false,
        ),
        ("ended before", |i| i.initial = Initial::Ended, true, true),
    ];
    for (name, change, alone, waiting) in cases {
        for (wait, ends) in [(false, alone), (true, waiting)] {
            let mut two = items::<2>();
            change(&mut two[0]);
            let mut problem = problem(two.into(), &[(0, 1)]);
            problem.options.wait = wait;
            let effects = Scheduler::new(problem).handle(Input::Begin, Duration::ZERO);
            let expected: &[Effect] = if ends { &[Effect::Finish] } else { &[] };
            assert_eq!(effects, expected, "{name}, wait: {wait}");
        }
    }
}

#[test]
fn what_others_do_counts() {
    let mut two = items::<3>();
    two[0].initial = Initial::RunningElsewhere;
    two[0].selected = false;
    Scene::new(problem(two.clone().into(), &[(0, 1), (1, 2)]))
        .begin("")
        .elsewhere(0, Elsewhere::Free, "finish")
        .outcomes(&[
            Outcome::NotSelected,
            Outcome::Blocked { by: TaskIx(0) },
            Outcome::Blocked { by: TaskIx(0) },
        ]);
    Scene::new(problem(two.into(), &[(0, 1), (1, 2)]))
        .begin("")
        .elsewhere(0, Elsewhere::Completed, "start 1")
        .elsewhere(0, Elsewhere::Free, "")
        .ok(1, "done 1, start 2")
        .elsewhere(1, Elsewhere::Free, "")
        .ok(2, "done 2, finish");
}

#[test]
fn a_completion_that_is_taken_back_holds_up_who_has_not_started() {
    let mut three = items::<3>();
    three[0].initial = Initial::Completed;
    let mut one_job = problem(three.into(), &[(0, 2)]);
    one_job.options.jobs = 1;
    Scene::new(one_job)
        .begin("start 1")
        .elsewhere(0, Elsewhere::Free, "")
        .ok(1, "done 1, start 0")
        .ok(0, "done 0, start 2")
        .ok(2, "done 2, finish");
}

#[test]
fn a_person_may_complete_what_failed_here() {
    let mut scene = Scene::new(problem(items::<3>().into(), &[(0, 1)]));
    scene
        .begin("start 0, start 2")
        .fails(0, StopReason::WorkerFailed, "failed(worker failed) 0")
        .elsewhere(0, Elsewhere::Running, "")
        .elsewhere(0, Elsewhere::Completed, "start 1")
        .ok(1, "done 1")
        .ok(2, "done 2, finish");
}

#[test]
fn refusals() {
    let mut scene = Scene::new(problem(items::<5>().into(), &[(2, 3)]));
    scene
        .begin("start 2, start 0")
        .refused(0, Refusal::Completed, "start 1")
        .refused(1, Refusal::Running, "start 4")
        .refused(
            2,
            Refusal::Impossible(StopReason::TaskChanged),
            "stopped(task changed) 2",
        )
        .ok(4, "done 4")
        .elsewhere(1, Elsewhere::Free, "start 1")
        .refused(1, Refusal::Busy, "")
        .says(
            Input::Usage {
                pools: Vec::new(),
                claims: Vec::new(),
            },
            "start 1",
        )
        .ok(1, "done 1, finish");
}

#[test]
fn pools_hold_and_nobody_else_waits_for_them() {
    let mut five = items::<5>();
    for (item, takes) in five.iter_mut().zip([1, 1, 2, 0, 3]) {
        item.pools = vec![(0, takes)];
    }
    let mut pooled = problem(five.into(), &[]);
    pooled.pools = vec![2];
    pooled.options.jobs = 4;
    Scene::new(pooled.clone())
        .begin("stopped(internal error) 4, start 0, start 1, start 3")
        .ok(0, "done 0")
        .ok(3, "done 3")
        .ok(1, "done 1, start 2")
        .ok(2, "done 2, finish");
    let usage = |used| Input::Usage {
        pools: vec![used],
        claims: Vec::new(),
    };
    Scene::new(pooled)
        .says(usage(1), "")
        .begin("stopped(internal error) 4, start 0, start 3")
        .ok(0, "done 0, start 1")
        .says(usage(2), "")
        .ok(3, "done 3")
        .ok(1, "done 1")
        .says(usage(1), "")
        .says(usage(0), "start 2");
}

#[test]
fn overlapping_claims_are_not_held_together() {
    let five = [
        claiming(&["src/a/**"]),
        claiming(&["src/**", "docs"]),
        claiming(&["src/b"]),
        claiming(&["src/a/**"]),
        claiming(&["lib", "lib"]),
    ];
    let mut claimed = problem(five.into(), &[]);
    claimed.options.jobs = 8;
    Scene::new(claimed)
        .says(
            Input::Usage {
                pools: Vec::new(),
                claims: vec!["lib/x".to_owned()],
            },
            "",
        )
        .begin("start 0, start 2")
        .ok(0, "done 0, start 3")
        .ok(2, "done 2")
        .ok(3, "done 3, start 1")
        .ok(1, "done 1")
        .says(
            Input::Usage {
                pools: Vec::new(),
                claims: Vec::new(),
            },
            "start 4",
        )
        .ok(4, "done 4, finish");
}

#[test]
fn what_runs_from_before_takes_its_place() {
    let mut three = [claiming(&["a"]), claiming(&["a"]), item()];
    three[0].initial = Initial::RunningHere;
    Scene::new(problem(three.into(), &[]))
        .begin("start 2")
        .ok(0, "done 0, start 1")
        .cancel(Cancel::Drain, "")
        .ok(1, "done 1")
        .ok(2, "done 2, finish");
}

#[test]
fn requests_to_stop() {
    let three = || {
        let mut three = items::<3>();
        three[0].retry.max = 2;
        problem(three.into(), &[])
    };
    Scene::new(three())
        .begin("start 0, start 1")
        .cancel(Cancel::Drain, "")
        .fails(0, StopReason::WorkerFailed, "retry+ 0")
        .ok(1, "done 1, finish")
        .outcomes(&[
            Outcome::Retrying {
                until: retry_at(),
                reason: StopReason::WorkerFailed,
            },
            Outcome::Completed,
            Outcome::Ready,
        ]);
    Scene::new(three())
        .begin("start 0, start 1")
        .cancel(Cancel::Stop, "end 0 Gracefully, end 1 Gracefully")
        .cancel(Cancel::Stop, "")
        .fails(0, StopReason::Cancelled, "stopped(cancelled) 0")
        .cancel(Cancel::Kill, "end 1 Now")
        .void(1, "stopped(cancelled) 1, finish");
    Scene::new(three())
        .begin("start 0, start 1")
        .cancel(Cancel::Task(TaskIx(0)), "end 0 Gracefully")
        .cancel(Cancel::Task(TaskIx(2)), "stopped(cancelled) 2")
        .fails(0, StopReason::WorkerFailed, "failed(worker failed) 0")
        .ok(1, "done 1, finish");
    Scene::new(three()).cancel(Cancel::Stop, "").begin("finish");
}

fn retry_at() -> Duration {
    let mut one = items::<1>();
    one[0].retry.max = 1;
    let mut scene = Scene::new(problem(one.into(), &[]));
    scene
        .begin("start 0")
        .fails(0, StopReason::WorkerFailed, "retry+ 0, wake");
    scene.woken
}

#[test]
fn a_paused_pool_starts_nothing_until_its_time_and_others_go_on() {
    let with = |priority| Item {
        pools: vec![(0, 1)],
        priority,
        ..item()
    };
    let mut given = problem(vec![with(9), with(8), item(), with(0)], &[(2, 3)]);
    given.pools = vec![u32::MAX];
    given.options.jobs = 1;
    let until = Duration::from_secs(100);
    let mut scene = Scene::new(given);
    scene.begin("start 0");
    scene.says(
        Input::Paused {
            pool: 0,
            until: Some(until),
        },
        "wake",
    );
    assert_eq!(scene.woken, until);
    let limited = Input::Ended {
        task: TaskIx(0),
        how: AttemptEnd::Limited { until: Some(until) },
    };
    scene.says(limited, "retry 0, start 2").ok(2, "done 2");
    scene.now = Duration::from_secs(99);
    scene.says(Input::Timer, "wake");
    scene.now = until;
    scene.says(Input::Timer, "start 0");
    scene
        .ok(0, "done 0, start 1")
        .ok(1, "done 1, start 3")
        .ok(3, "done 3, finish");
}

#[test]
fn a_pool_without_a_login_ends_what_is_ready_and_what_becomes_so() {
    let with = |priority| Item {
        pools: vec![(0, 1)],
        priority,
        ..item()
    };
    let mut given = problem(vec![with(9), with(8), item(), with(0)], &[(2, 3)]);
    given.pools = vec![u32::MAX];
    given.options.jobs = 1;
    let mut scene = Scene::new(given);
    scene.begin("start 0");
    scene.says(
        Input::Paused {
            pool: 0,
            until: None,
        },
        "stopped(auth required) 1",
    );
    scene.fails(
        0,
        StopReason::AuthRequired,
        "stopped(auth required) 0, start 2",
    );
    scene.ok(2, "done 2, stopped(auth required) 3, finish");
}
