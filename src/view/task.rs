//! How one task is shown: its stored status, and what is worked out beside it.
//!
//! Knows the plan and the state. Does not read files: the full fingerprints are handed in.

use crate::model::{Fingerprint, OrchId, Status, Task, TaskKind};
use crate::plan::{Plan, TaskIx};
use crate::state::{State, TaskState};
use crate::view::Outside;

/// What a pending, failed, stopped or skipped task could do next.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Completed, running or waiting for approval: nothing stands before it.
    None,
    /// Every prerequisite is completed: it would be dispatched now (for a manual task: a person can begin).
    Ready,
    /// Waits for these direct prerequisites, in order of their numbers. One that is completed is not in the branch
    /// checked out: see [`TaskView::outside`].
    Blocked(Vec<TaskIx>),
}

/// Why a completed task is stale.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Stale {
    /// It declares no inputs, so only its text can have changed.
    TextChanged,
    /// Its text or one of its declared inputs: one hash covers both.
    InputsChanged,
    /// This direct prerequisite was completed anew with another fingerprint.
    PrerequisiteChanged(TaskIx),
}

/// Where a task is counted: every task belongs to exactly one class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    Completed,
    Running,
    Failed,
    Stopped,
    /// A person could do or approve it now.
    NeedsYou,
    Ready,
    Blocked,
    /// Its repository cannot be read.
    Unknown,
}

/// One task as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaskView {
    pub status: Status,
    pub kind: TaskKind,
    pub standing: Standing,
    pub stale: Option<Stale>,
    /// Of a completed task whose work the branch checked out does not contain, as far as that was asked.
    pub outside: Option<Outside>,
}

impl TaskView {
    /// The class it is counted in.
    #[must_use]
    pub fn class(&self) -> Class {
        match (self.status, &self.standing) {
            (Status::Completed, _) => Class::Completed,
            (Status::Unknown, _) => Class::Unknown,
            (Status::InProgress, _) => Class::Running,
            (Status::Failed, _) => Class::Failed,
            (Status::Stopped, _) => Class::Stopped,
            (Status::AwaitingApproval, _) => Class::NeedsYou,
            (Status::Pending | Status::Skipped, Standing::Blocked(_)) => Class::Blocked,
            (Status::Pending | Status::Skipped, _) if self.kind == TaskKind::Manual => {
                Class::NeedsYou
            }
            (Status::Pending | Status::Skipped, _) => Class::Ready,
        }
    }
}

/// Works out how every task of the plan is shown, in the plan's order, without knowing what stands
/// in input files: a task that declares inputs is then compared by its prerequisites only.
#[must_use]
pub fn tasks(plan: &Plan, state: &State) -> Vec<TaskView> {
    tasks_with(plan, state, &[])
}

/// As [`tasks`]; `fingerprints[i]` is what `TaskIx(i)` would be run with now, its inputs included.
/// Inline steps are completed as long as the orchestration that completed them is open or the newest.
/// Where it is `None` or beyond the end, a task without inputs is compared by its text.
#[must_use]
pub fn tasks_with(
    plan: &Plan,
    state: &State,
    fingerprints: &[Option<Fingerprint>],
) -> Vec<TaskView> {
    let newest = state
        .orchestrations
        .iter()
        .max_by_key(|(id, entry)| (entry.started_at, *id))
        .map(|(id, _)| id);
    let counts = |orch: &OrchId| {
        let entry = state.orchestrations.get(orch);
        Some(orch) == newest || entry.is_some_and(|entry| entry.ended_at.is_none())
    };
    views(plan, state, fingerprints, &counts)
}

/// As [`tasks`], from where one orchestration stands: inline steps that others completed are pending.
#[must_use]
pub fn tasks_of(plan: &Plan, state: &State, orch: &OrchId) -> Vec<TaskView> {
    views(plan, state, &[], &|other| other == orch)
}

/// Inline steps run again in every orchestration: they are completed only as long as the completion
/// `counts`.
fn views(
    plan: &Plan,
    state: &State,
    fingerprints: &[Option<Fingerprint>],
    counts: &dyn Fn(&OrchId) -> bool,
) -> Vec<TaskView> {
    let states: Vec<Option<&TaskState>> = plan
        .tasks()
        .iter()
        .map(|task| state.tasks.get(&task.id))
        .collect();
    let status = |ix: TaskIx| match states[ix.0 as usize] {
        Some(known) if known.status == Status::Completed && plan.task(ix).id.is_inline() => {
            match known.orch.as_ref().is_some_and(counts) {
                true => Status::Completed,
                false => Status::Pending,
            }
        }
        Some(known) => known.status,
        None => Status::Pending,
    };
    plan.numbers()
        .map(|ix| {
            let task = plan.task(ix);
            let here = status(ix);
            let standing = match here {
                Status::Completed
                | Status::InProgress
                | Status::AwaitingApproval
                | Status::Unknown => Standing::None,
                _ => {
                    let mut missing = plan.graph().prerequisites(ix);
                    missing.retain(|p| status(*p) != Status::Completed);
                    if missing.is_empty() {
                        Standing::Ready
                    } else {
                        Standing::Blocked(missing)
                    }
                }
            };
            let stale = states[ix.0 as usize]
                .filter(|_| here == Status::Completed)
                .and_then(|own| {
                    let now = fingerprints.get(ix.0 as usize).copied().flatten();
                    changed(task, own, now).or_else(|| prerequisite_changed(plan, &states, ix, own))
                });
            TaskView {
                status: here,
                kind: task.kind,
                standing,
                stale,
                outside: None,
            }
        })
        .collect()
}

fn changed(task: &Task, own: &TaskState, now: Option<Fingerprint>) -> Option<Stale> {
    let then = own.fingerprint?;
    let now = match now {
        Some(now) => now,
        None if task.inputs.is_empty() => task.text,
        None => return None,
    };
    match (then == now, task.inputs.is_empty()) {
        (true, _) => None,
        (false, true) => Some(Stale::TextChanged),
        (false, false) => Some(Stale::InputsChanged),
    }
}

fn prerequisite_changed(
    plan: &Plan,
    states: &[Option<&TaskState>],
    ix: TaskIx,
    own: &TaskState,
) -> Option<Stale> {
    if own.prerequisites.is_empty() {
        return None;
    }
    let direct = plan.graph().prerequisites(ix);
    let mut changed: Vec<TaskIx> = own
        .prerequisites
        .iter()
        .filter_map(|(id, then)| {
            let prerequisite = plan.find(id)?;
            let latest = states[prerequisite.0 as usize]?;
            // What awaits approval has a new fingerprint, but no new completion yet.
            let differs = latest.status != Status::AwaitingApproval
                && latest.fingerprint.is_some_and(|now| now != *then);
            (differs && direct.contains(&prerequisite)).then_some(prerequisite)
        })
        .collect();
    changed.sort_unstable();
    changed.first().copied().map(Stale::PrerequisiteChanged)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};

    #[test]
    fn standing_follows_the_direct_prerequisites() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &["a.md", "b.md"]),
        ]);
        let views = story.views();
        assert_eq!(views[0].standing, Standing::Ready);
        assert_eq!(
            views[2].standing,
            Standing::Blocked(vec![TaskIx(0), TaskIx(1)])
        );
        story.completed("a.md", print(0));
        let views = story.views();
        assert_eq!(views[0].standing, Standing::None);
        assert_eq!(views[1].standing, Standing::Ready);
        assert_eq!(views[2].standing, Standing::Blocked(vec![TaskIx(1)]));
    }

    #[test]
    fn a_changed_text_makes_stale_and_says_so() {
        let mut story = Story::new(&[("a.md", &[])]);
        story.completed("a.md", print(0));
        assert_eq!(story.views()[0].stale, None);
        story.completed_by_hand("a.md", print(1));
        assert_eq!(story.views()[0].stale, Some(Stale::TextChanged));
        let now = [Some(print(1))];
        assert_eq!(tasks_with(&story.plan, &story.state, &now)[0].stale, None);
    }

    #[test]
    fn a_prerequisite_completed_anew_makes_its_dependents_stale() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"])]);
        story.completed("a.md", print(0));
        story.completed("b.md", print(0));
        assert_eq!(story.views()[1].stale, None);
        story.completed_by_hand("a.md", print(7));
        assert_eq!(
            story.views()[1].stale,
            Some(Stale::PrerequisiteChanged(TaskIx(0)))
        );
        // Run again on top of the new one, it is fresh.
        story.completed("b.md", print(0));
        assert_eq!(story.views()[1].stale, None);
    }

    #[test]
    fn every_stored_status_has_its_class() {
        use Status::{AwaitingApproval, Completed, Failed, InProgress, Pending, Skipped, Stopped};
        use TaskKind::{Automated, Hybrid, Manual};
        let blocked = || Standing::Blocked(vec![TaskIx(0)]);
        for (status, kind, standing, class) in [
            (Completed, Automated, Standing::None, Class::Completed),
            (InProgress, Automated, Standing::None, Class::Running),
            (Failed, Automated, blocked(), Class::Failed),
            (Stopped, Automated, Standing::Ready, Class::Stopped),
            (AwaitingApproval, Hybrid, Standing::None, Class::NeedsYou),
            (Skipped, Manual, Standing::Ready, Class::NeedsYou),
            (Skipped, Manual, blocked(), Class::Blocked),
            (Pending, Manual, Standing::Ready, Class::NeedsYou),
            (Pending, Hybrid, Standing::Ready, Class::Ready),
            (Pending, Automated, blocked(), Class::Blocked),
        ] {
            let view = TaskView {
                status,
                kind,
                standing,
                stale: None,
                outside: None,
            };
            assert_eq!(view.class(), class, "{view:?}");
        }
    }
}
