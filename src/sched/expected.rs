//! How long a task is expected to take.
//!
//! Knows the plan's estimates and the state's durations. Decides nothing; `rank` and the simulation use it.

use std::time::Duration;

use crate::model::{Task, Usd};
use crate::plan::Plan;
use crate::state::{State, TaskState};

/// When nothing is known of any task.
const UNKNOWN: Duration = Duration::from_secs(60);

/// Where an expectation comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Basis {
    /// Its own past runs: their median.
    Learnt,
    /// `estimate` of its file.
    Estimate,
    /// Nothing is known of it: the median of what is known of the others, else a minute.
    Guess,
}

/// How long a task is expected to take, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expected {
    pub duration: Duration,
    pub basis: Basis,
    /// The median of what its past runs cost; `None`: its worker did not tell, or it has not run.
    pub cost: Option<Usd>,
}

/// How long each task of a plan is expected to take, by number.
#[must_use]
pub fn expected(plan: &Plan, state: &State) -> Vec<Expected> {
    let known = |task: &Task| {
        let learnt = state.tasks.get(&task.id).and_then(TaskState::expected_ms);
        let cost = state.tasks.get(&task.id).and_then(TaskState::expected_cost);
        let of = |basis| {
            move |duration| Expected {
                duration,
                basis,
                cost,
            }
        };
        let learnt = learnt.map(Duration::from_millis).map(of(Basis::Learnt));
        learnt.or_else(|| task.estimate.map(of(Basis::Estimate)))
    };
    let known: Vec<Option<Expected>> = plan.tasks().iter().map(known).collect();
    let mut sorted: Vec<Duration> = known.iter().flatten().map(|e| e.duration).collect();
    sorted.sort_unstable();
    let guess = Expected {
        duration: sorted.get(sorted.len() / 2).copied().unwrap_or(UNKNOWN),
        basis: Basis::Guess,
        cost: None,
    };
    known.into_iter().map(|e| e.unwrap_or(guess)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::sample;

    #[test]
    fn expectations_are_learnt_then_told_then_guessed() {
        let mut tasks = sample(&[("a.md", &[]), ("b.md", &[]), ("c.md", &[])])
            .tasks()
            .to_vec();
        tasks[0].estimate = Some(Duration::from_secs(90));
        tasks[1].estimate = Some(Duration::from_secs(3));
        let plan = Plan::assemble(tasks, Vec::new(), &[]).unwrap();
        let mut state = State::default();
        let learnt = TaskState {
            durations_ms: vec![7000],
            ..TaskState::default()
        };
        state.tasks.insert(plan.tasks()[0].id.clone(), learnt);
        let got: Vec<(u64, Basis)> = expected(&plan, &state)
            .into_iter()
            .map(|e| (e.duration.as_secs(), e.basis))
            .collect();
        assert_eq!(
            got,
            [(7, Basis::Learnt), (3, Basis::Estimate), (7, Basis::Guess)]
        );
        let nothing = sample(&[("a.md", &[])]);
        let alone = expected(&nothing, &State::default())[0];
        assert_eq!((alone.duration, alone.basis), (UNKNOWN, Basis::Guess));
    }
}
