//! What limits how many run at once: pools, claims, limits of workers; and requests to stop.

use super::*;

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

/// Three that take from one pool, the last after one that does not; one job.
fn one_at_a_time() -> Problem {
    let with = |priority| Item {
        pools: vec![(0, 1)],
        priority,
        ..item()
    };
    let mut given = problem(vec![with(9), with(8), item(), with(0)], &[(2, 3)]);
    given.pools = vec![u32::MAX];
    given.options.jobs = 1;
    given
}

#[test]
fn a_paused_pool_starts_nothing_until_its_time_and_others_go_on() {
    let given = one_at_a_time();
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
    let given = one_at_a_time();
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
