//! What starts after what, and what a failure, a retry or a person changes.

use super::*;

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
