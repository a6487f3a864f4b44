//! What is shown of a task but never stored: ready, blocked, stale. Plan and state in, one
//! [`TaskView`] a task out.
//!
//! Knows the model, the plan and the state. Pure: no files; fingerprints of inputs are handed in.

use crate::model::{Status, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::state::State;

/// What a pending, failed, stopped or skipped task could do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Completed, running or waiting for approval: nothing stands before it.
    None,
    /// Every prerequisite is completed: it would be dispatched now (for a manual task: a person can begin).
    Ready,
    /// Waits for these direct prerequisites, in order of their numbers.
    Blocked(Vec<TaskIx>),
}

/// Why a completed task is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    TextChanged,
    InputsChanged,
    /// This direct prerequisite was completed anew with another fingerprint.
    PrerequisiteChanged(TaskIx),
}

/// One task as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    pub status: Status,
    pub kind: TaskKind,
    pub standing: Standing,
    pub stale: Option<Stale>,
}

/// Works out how every task of the plan is shown, in the plan's order.
#[must_use]
pub fn tasks(plan: &Plan, state: &State) -> Vec<TaskView> {
    let status: Vec<Status> = plan
        .tasks()
        .iter()
        .map(|task| state.status(&task.id))
        .collect();
    plan.numbers()
        .map(|ix| {
            let task = plan.task(ix);
            let status_here = status[ix.0 as usize];
            let standing = match status_here {
                Status::Completed | Status::InProgress | Status::AwaitingApproval => Standing::None,
                _ => {
                    let missing: Vec<TaskIx> = plan
                        .graph()
                        .prerequisites(ix)
                        .into_iter()
                        .filter(|p| status[p.0 as usize] != Status::Completed)
                        .collect();
                    if missing.is_empty() {
                        Standing::Ready
                    } else {
                        Standing::Blocked(missing)
                    }
                }
            };
            TaskView {
                status: status_here,
                kind: task.kind,
                standing,
                stale: None,
            }
        })
        .collect()
}
