//! From a plan and the state to a problem: what `runr plan` and the driver share.
//!
//! Knows the plan and the state. Does not know the journal or where the options come from.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{Collision, OrchId, Status, Task, TaskId, TaskKind, Whose};
use crate::plan::{Plan, TaskIx};
use crate::sched::scope;
use crate::sched::{Initial, Input, Item, Options, Problem, expected};
use crate::state::{OpenRun, State, TaskState};

/// What a continued orchestration does with tasks that failed in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Resume {
    /// They stay failed and block their dependents.
    #[default]
    KeepFailed,
    RetryFailed,
}

/// What a problem is built from.
#[derive(Debug, Clone)]
pub struct Setup<'a> {
    pub plan: &'a Plan,
    pub state: &'a State,
    /// What this orchestration is to do.
    pub selected: &'a [TaskIx],
    /// Selected tasks to run although they are completed; of no effect on manual ones.
    pub again: &'a [TaskIx],
    /// Whose problem it is; `None` for a mere look ahead. With an id that the state knows, it is continued.
    pub orch: Option<&'a OrchId>,
    pub resume: Resume,
    pub collision: Collision,
    pub options: Options,
}

/// Puts the problem of an orchestration together. Its pools are numbered as in [`pools`].
#[must_use]
pub fn build(setup: Setup<'_>) -> Problem {
    let Setup { plan, state, .. } = setup;
    let pools = pools(plan);
    let repositories = plan.repositories();
    let expected = expected(plan, state);
    let mut selected = vec![false; plan.tasks().len()];
    let mut again = selected.clone();
    for (marks, tasks) in [(&mut selected, setup.selected), (&mut again, setup.again)] {
        for task in tasks {
            marks[task.0 as usize] = true;
        }
    }
    let open: BTreeMap<&TaskId, &OpenRun> =
        state.open.values().map(|run| (&run.task, run)).collect();
    let claimed: BTreeSet<&TaskId> = state.claimed.values().map(|run| &run.task).collect();
    let nothing = TaskState::default();
    let item = |ix: TaskIx| {
        let task = plan.task(ix);
        let at = ix.0 as usize;
        let known = state.tasks.get(&task.id).unwrap_or(&nothing);
        let ours = setup.orch.is_some() && known.orch.as_ref() == setup.orch;
        let retry_now =
            ours && known.status == Status::Failed && setup.resume == Resume::RetryFailed;
        let initial = match open.get(&task.id) {
            Some(run) if Some(&run.orch) == setup.orch => Initial::RunningHere,
            Some(_) => Initial::RunningElsewhere,
            None if claimed.contains(&task.id) => Initial::Claimed,
            None if again[at] && selected[at] && task.kind != TaskKind::Manual => Initial::Open,
            None => match known.status {
                Status::Completed if ours || !task.id.is_inline() => Initial::Completed,
                Status::AwaitingApproval => Initial::AwaitingApproval,
                Status::Failed if ours && !retry_now => Initial::Ended,
                _ => Initial::Open,
            },
        };
        let carried = ours && !retry_now;
        Item {
            kind: task.kind,
            selected: selected[at],
            initial,
            priority: task.priority,
            expected: expected[at].duration,
            retry: task.policy.retry.clone(),
            failures: if carried { known.counted_failures } else { 0 },
            lost_in_a_row: if carried { known.lost_in_a_row } else { 0 },
            claims: claims(task, setup.collision)
                .iter()
                .map(|pattern| scope::claim(repositories, plan.whose(ix), pattern).into())
                .collect(),
            pools: {
                let takes = task.pools.iter().map(|take| (take.pool.clone(), take.take));
                let own = worker_pool(task)
                    .filter(|own| !task.pools.iter().any(|take| take.pool == *own));
                takes
                    .chain(own.map(|own| (own, 1)))
                    .filter_map(|(name, take)| {
                        let name = scope::pool(repositories, plan.whose(ix), &name);
                        let number = pools.keys().position(|known| **known == *name)?;
                        Some((u32::try_from(number).ok()?, take))
                    })
                    .collect()
            },
        }
    };
    Problem {
        items: plan.numbers().map(item).collect(),
        edges: plan
            .graph()
            .edges()
            .iter()
            .map(|edge| (edge.prerequisite, edge.dependent))
            .collect(),
        pools: pools.values().copied().collect(),
        options: setup.options,
    }
}

/// The pools that the plan's tasks name, with their capacities. Pool `i` of a problem is the `i`-th by name.
#[must_use]
pub fn pools(plan: &Plan) -> BTreeMap<Arc<str>, u32> {
    let repositories = plan.repositories();
    let mut pools: BTreeMap<Arc<str>, u32> = BTreeMap::new();
    for ix in plan.numbers() {
        for take in &plan.task(ix).pools {
            pools.insert(
                scope::pool(repositories, plan.whose(ix), &take.pool),
                take.of,
            );
        }
    }
    for ix in plan.numbers() {
        if let Some(own) = worker_pool(plan.task(ix)) {
            let name = scope::pool(repositories, plan.whose(ix), &own);
            pools.entry(name).or_insert(u32::MAX);
        }
    }
    pools
}

/// The pool of a task's agent: without limits, so that it can be paused.
fn worker_pool(task: &Task) -> Option<Arc<str>> {
    task.agent.as_ref()?;
    Some(format!("worker:{}", task.worker.as_deref()?).into())
}

/// The numbers of a worker's pools in the problem of a plan: one in each repository that has tasks for it.
#[must_use]
pub fn pools_of_worker(plan: &Plan, worker: &str) -> Vec<u32> {
    let name: Arc<str> = format!("worker:{worker}").into();
    let repositories = plan.repositories();
    let others = (0..repositories.others().len()).map(Whose::Other);
    let names: Vec<Arc<str>> = std::iter::once(Whose::Home)
        .chain(others)
        .map(|whose| scope::pool(repositories, whose, &name))
        .collect();
    let pools = pools(plan);
    let numbers = pools.keys().zip(0..);
    let its = numbers.filter(|(known, _)| names.contains(known));
    its.map(|(_, number)| number).collect()
}

/// What a task claims while it runs: `owns`; and the whole tree for a worker other than `shell` that
/// owns nothing in particular. Nothing when collisions are no concern.
#[must_use]
pub fn claims(task: &Task, collision: Collision) -> Vec<Box<str>> {
    match collision {
        Collision::Force => Vec::new(),
        Collision::Serialize | Collision::Fail => {
            let agent = task
                .worker
                .as_deref()
                .is_some_and(|worker| worker != "shell");
            if task.owns.is_empty() && agent {
                vec!["**".into()]
            } else {
                task.owns.to_vec()
            }
        }
    }
}

/// What other orchestrations hold now, as the state says: an [`Input::Usage`].
#[must_use]
pub fn usage(plan: &Plan, state: &State, orch: &OrchId) -> Input {
    let others = || state.open.values().filter(|run| run.orch != *orch);
    let outside = || state.claimed.values();
    let repositories = plan.repositories();
    let whose = |task: &TaskId| repositories.whose(task);
    let takes: Vec<(Arc<str>, u32)> = others()
        .map(|run| (whose(&run.task), &run.pools))
        .chain(outside().map(|run| (whose(&run.task), &run.pools)))
        .flat_map(|(whose, pools)| pools.iter().map(move |take| (whose, take)))
        .map(|(whose, take)| (scope::pool(repositories, whose, &take.pool), take.take))
        .collect();
    let used = |name: &Arc<str>| {
        let its = takes.iter().filter(|(pool, _)| pool == name);
        its.fold(0_u32, |sum, (_, take)| sum.saturating_add(*take))
    };
    let claims = others()
        .map(|run| (whose(&run.task), &run.claims))
        .chain(outside().map(|run| (whose(&run.task), &run.claims)));
    Input::Usage {
        pools: pools(plan).keys().map(used).collect(),
        claims: claims
            .flat_map(|(whose, claims)| claims.iter().map(move |claim| (whose, claim)))
            .map(|(whose, claim)| scope::claim(repositories, whose, claim))
            .collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Recorded, Verdict};
    use crate::model::{Fingerprint, PoolTake, RunId, StopReason};
    use crate::plan::sample;

    fn orch(letter: char) -> OrchId {
        OrchId::parse(&format!("orch-20250101-000000-{letter}aaa")).unwrap()
    }

    fn record(state: &mut State, event: Event) {
        let seq = state.seq + 1;
        let at = jiff::Timestamp::from_second(i64::try_from(seq).unwrap()).unwrap();
        state.apply(&Recorded { seq, at, event });
    }

    /// A run of a task by an orchestration, ended or still open.
    fn run(state: &mut State, letter: char, task: &str, verdict: Option<Verdict>) {
        let number = u32::try_from(state.seq).unwrap();
        let run = RunId::new(jiff::Timestamp::UNIX_EPOCH, number);
        let pool = PoolTake {
            pool: "db".into(),
            take: 2,
            of: 3,
        };
        let reserved = Event::Reserved {
            orch: orch(letter),
            run: run.clone(),
            task: TaskId::parse(task).unwrap(),
            attempt: 1,
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims: vec![format!("src/{task}")],
            pools: vec![pool],
            again: false,
        };
        record(state, reserved);
        if let Some(verdict) = verdict {
            let took_ms = 7000;
            record(
                state,
                Event::Ended {
                    run,
                    verdict,
                    took_ms,
                },
            );
        }
    }

    fn failed() -> Option<Verdict> {
        Some(Verdict::Failed {
            reason: StopReason::WorkerFailed,
            message: None,
        })
    }

    fn initials(plan: &Plan, state: &State, orch: Option<&OrchId>, resume: Resume) -> Vec<Initial> {
        let selected: Vec<TaskIx> = plan.numbers().collect();
        let problem = build(Setup {
            plan,
            state,
            selected: &selected,
            again: &[],
            orch,
            resume,
            collision: Collision::Serialize,
            options: Options {
                jobs: 1,
                fail_fast: false,
                wait: false,
                seed: 0,
            },
        });
        problem.items.iter().map(|item| item.initial).collect()
    }

    #[test]
    fn where_tasks_stand_depends_on_whose_they_were() {
        let plan = sample(&[
            ("done.md", &[]),
            ("failed.md", &[]),
            ("live.md", &[]),
            ("approve.md", &[]),
            ("track/inline", &[]),
        ]);
        let mut state = State::default();
        let completed = || Some(Verdict::Completed { sha: None });
        run(&mut state, 'a', "done.md", completed());
        run(&mut state, 'a', "failed.md", failed());
        run(&mut state, 'a', "live.md", None);
        let approval = Verdict::AwaitingApproval { sha: None };
        run(&mut state, 'a', "approve.md", Some(approval));
        run(&mut state, 'a', "track/inline", completed());
        use Initial::{AwaitingApproval, Completed, Ended, Open, RunningElsewhere, RunningHere};
        let (a, b) = (orch('a'), orch('b'));
        for (orch, resume, expected) in [
            (
                Some(&a),
                Resume::KeepFailed,
                [Completed, Ended, RunningHere, AwaitingApproval, Completed],
            ),
            (
                Some(&a),
                Resume::RetryFailed,
                [Completed, Open, RunningHere, AwaitingApproval, Completed],
            ),
            (
                Some(&b),
                Resume::KeepFailed,
                [Completed, Open, RunningElsewhere, AwaitingApproval, Open],
            ),
            (
                None,
                Resume::KeepFailed,
                [Completed, Open, RunningElsewhere, AwaitingApproval, Open],
            ),
        ] {
            let got = initials(&plan, &state, orch, resume);
            assert_eq!(got, expected, "{orch:?} {resume:?}");
        }
    }

    #[test]
    fn others_hold_what_their_open_runs_took() {
        let mut tasks = sample(&[("a.md", &[]), ("b.md", &[])]).tasks().to_vec();
        tasks[0].pools = [("aa", 1), ("db", 3)]
            .map(|(pool, of)| PoolTake {
                pool: pool.into(),
                take: 1,
                of,
            })
            .into();
        let plan = Plan::assemble(tasks, Vec::new(), &[]).unwrap();
        assert_eq!(pools(&plan).into_values().collect::<Vec<_>>(), [1, 3]);
        let mut state = State::default();
        run(&mut state, 'a', "a.md", None);
        run(&mut state, 'b', "b.md", None);
        assert_eq!(
            usage(&plan, &state, &orch('a')),
            Input::Usage {
                pools: vec![0, 2],
                claims: vec!["src/b.md".to_owned()],
            }
        );
    }

    #[test]
    fn agents_without_paths_claim_everything_when_collisions_matter() {
        let mut task = sample(&[("a.md", &[])]).tasks()[0].clone();
        assert!(claims(&task, Collision::Serialize).is_empty());
        task.worker = Some("codex".into());
        assert_eq!(claims(&task, Collision::Serialize), [Box::from("**")]);
        task.owns = [Box::from("src/**")].into();
        assert_eq!(claims(&task, Collision::Serialize), [Box::from("src/**")]);
        assert!(claims(&task, Collision::Force).is_empty());
    }
}
