//! From a plan and the state to a problem: what `runr plan` and the driver share.
//!
//! Knows the plan and the state. Does not know the journal or where the options come from.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use crate::model::{Collision, OrchId, Status, Task, TaskId};
use crate::plan::{Plan, TaskIx};
use crate::sched::{Initial, Input, Item, Options, Problem};
use crate::state::{OpenRun, State, TaskState};

/// How long a task takes about which nothing is known, when nothing is known of any other either.
const UNKNOWN: Duration = Duration::from_secs(60);

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
    /// Selected tasks to run although they are completed.
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
            None if again[at] && selected[at] => Initial::Open,
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
            expected: expected[at],
            retry: task.policy.retry.clone(),
            failures: if carried { known.counted_failures } else { 0 },
            lost_in_a_row: if carried { known.lost_in_a_row } else { 0 },
            claims: claims(task, setup.collision),
            pools: task
                .pools
                .iter()
                .filter_map(|take| {
                    let number = pools.keys().position(|name| *name == take.pool)?;
                    Some((u32::try_from(number).ok()?, take.take))
                })
                .collect(),
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
    let takes = plan.tasks().iter().flat_map(|task| &task.pools);
    takes.map(|take| (take.pool.clone(), take.of)).collect()
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
    let used = |name: &Arc<str>| {
        let takes = others().flat_map(|run| &run.pools);
        takes
            .filter(|take| take.pool == *name)
            .fold(0_u32, |sum, take| sum.saturating_add(take.take))
    };
    Input::Usage {
        pools: pools(plan).keys().map(used).collect(),
        claims: others()
            .flat_map(|run| run.claims.iter().cloned())
            .collect(),
    }
}

/// How long each task is expected to take: the median of its own past runs, else its `estimate`, else
/// the median of what is known of the others, else a minute.
#[must_use]
pub fn expected(plan: &Plan, state: &State) -> Vec<Duration> {
    let known: Vec<Option<Duration>> = plan
        .tasks()
        .iter()
        .map(|task| {
            let learnt = state.tasks.get(&task.id).and_then(TaskState::expected_ms);
            learnt.map(Duration::from_millis).or(task.estimate)
        })
        .collect();
    let mut sorted: Vec<Duration> = known.iter().flatten().copied().collect();
    sorted.sort_unstable();
    let default = sorted.get(sorted.len() / 2).copied().unwrap_or(UNKNOWN);
    known
        .into_iter()
        .map(|duration| duration.unwrap_or(default))
        .collect()
}
