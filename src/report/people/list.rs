//! What waits for a person, and in which order: what holds most work up comes first.

use std::cmp::Reverse;
use std::time::Duration;

use crate::model::StopReason;
use crate::plan::TaskIx;
use crate::report::facts::{Facts, Liveness};
use crate::report::next::expected;
use crate::view::{Ask, Class, Unblocker};

/// What is asked of a person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// Do the work, then say that it is done.
    Do,
    /// Look at the worker's half, then approve or reject it.
    Approve,
    /// Say how it goes on.
    Decide(Trouble),
}

/// Why something does not go on by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Trouble {
    /// It failed or stopped, and nobody tries again; `None`: an older record tells no reason.
    Ended(Option<StopReason>),
    /// It runs, or seems to, and nobody watches it any more.
    Deserted,
    /// Who has claimed it is gone.
    ClaimLeft,
    /// It is completed, and not as its text and what it needs say now; nothing waits for it.
    Stale,
}

impl Asked {
    /// The stable word: `do`, `approve` or `decide`.
    #[must_use]
    pub fn word(self) -> &'static str {
        match self {
            Self::Do => "do",
            Self::Approve => "approve",
            Self::Decide(_) => "decide",
        }
    }

    /// Is it work that the plan gives to people? Then this is it.
    #[must_use]
    pub fn planned(self) -> Option<Ask> {
        match self {
            Self::Do => Some(Ask::Do),
            Self::Approve => Some(Ask::Approve),
            Self::Decide(_) => None,
        }
    }
}

/// One thing that waits for a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Need {
    pub task: TaskIx,
    pub asked: Asked,
    /// Everything that waits for it, directly or not, and is not completed; by number.
    pub holds_up: Vec<TaskIx>,
    /// How long all that is expected to take, one after the other.
    pub work: Duration,
    /// What could go on without a second person once it is settled, by number.
    pub sets_free: Vec<TaskIx>,
}

/// Everything that needs a person now: what holds most tasks up comes first, then the longer work, then the plan's
/// order.
#[must_use]
pub fn needs_people(facts: &Facts<'_>) -> Vec<Need> {
    let unblocker = Unblocker::new(facts.plan, facts.views);
    let mut needs: Vec<Need> = facts
        .plan
        .numbers()
        .filter_map(|task| {
            let asked = asked(facts, task)?;
            let waits = asked != Asked::Decide(Trouble::Stale);
            let (holds_up, sets_free) = match waits {
                true => (unblocker.held_up(task), unblocker.sets_free(task)),
                // It is completed: nothing waits for it.
                false => (Vec::new(), Vec::new()),
            };
            Some(Need {
                task,
                asked,
                work: holds_up.iter().map(|ix| expected(facts, *ix)).sum(),
                holds_up,
                sets_free,
            })
        })
        .collect();
    needs.sort_by_key(|need| {
        let stale = need.asked == Asked::Decide(Trouble::Stale);
        (
            stale,
            Reverse(need.holds_up.len()),
            Reverse(need.work),
            need.task,
        )
    });
    needs
}

fn asked(facts: &Facts<'_>, task: TaskIx) -> Option<Asked> {
    let view = facts.view(task);
    match view.class() {
        Class::NeedsYou => view.ask().map(|ask| match ask {
            Ask::Do => Asked::Do,
            Ask::Approve => Asked::Approve,
        }),
        Class::Failed | Class::Stopped => {
            let reason = facts.recorded(task).and_then(|known| known.stop_reason);
            Some(Asked::Decide(Trouble::Ended(reason)))
        }
        Class::Running => deserted(facts, task).map(Asked::Decide),
        Class::Completed => {
            (view.stale.is_some() && !dispatching(facts)).then_some(Asked::Decide(Trouble::Stale))
        }
        Class::Ready | Class::Blocked | Class::Unknown => None,
    }
}

fn deserted(facts: &Facts<'_>, task: TaskIx) -> Option<Trouble> {
    let id = &facts.task(task).id;
    if let Some((run, _)) = facts.state.claimed_run(id) {
        return (facts.liveness(run) == Liveness::Gone).then_some(Trouble::ClaimLeft);
    }
    let (run, _) = facts.state.open_run(id)?;
    (facts.liveness(run) != Liveness::Attended).then_some(Trouble::Deserted)
}

/// Does an orchestration live? Whether it runs stale tasks again is its own matter.
fn dispatching(facts: &Facts<'_>) -> bool {
    let deserted = &facts.processes.deserted;
    let mut all = facts.state.orchestrations.iter();
    all.any(|(id, entry)| entry.ended_at.is_none() && !deserted.contains(id))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Verdict};
    use crate::report::fixture::Told;
    use crate::view::tests::{Story, id, orch, print};

    fn listed(told: &Told<'_>) -> Vec<(String, &'static str, usize, usize)> {
        let facts = told.facts();
        needs_people(&facts)
            .into_iter()
            .map(|need| {
                let name = facts.task(need.task).id.to_string();
                (
                    name,
                    need.asked.word(),
                    need.holds_up.len(),
                    need.sets_free.len(),
                )
            })
            .collect()
    }

    #[test]
    fn what_holds_most_work_up_comes_first_whatever_is_asked() {
        let mut story = Story::new(&[
            ("small.md", &[]),
            ("broken.md", &[]),
            ("keys.md", &[]),
            ("later.md", &["keys.md"]),
            ("x.md", &["later.md", "broken.md"]),
            ("copy.md", &[]),
            ("y.md", &["broken.md", "copy.md"]),
            ("z.md", &["broken.md"]),
            ("done.md", &[]),
        ]);
        story.manual(&["small.md", "keys.md", "later.md"]);
        story.awaiting("copy.md");
        story.failed("broken.md");
        story.completed("done.md", print(9));
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        let told = Told::new(&story);
        let names = |n: &str| n.to_owned();
        assert_eq!(
            listed(&told),
            [
                (names("broken.md"), "decide", 3, 1),
                (names("keys.md"), "do", 2, 1),
                (names("copy.md"), "approve", 1, 0),
                (names("small.md"), "do", 0, 0),
                // Its text is another than it was completed with.
                (names("done.md"), "decide", 0, 0),
            ]
        );
    }

    #[test]
    fn of_equal_numbers_the_longer_work_comes_first() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &[]),
            ("after-a.md", &["a.md"]),
            ("after-b.md", &["b.md"]),
        ]);
        story.manual(&["a.md", "b.md"]);
        story.change("after-b.md", |task| {
            task.estimate = Some(Duration::from_secs(600));
        });
        let told = Told::new(&story);
        let order: Vec<u32> = needs_people(&told.facts())
            .iter()
            .map(|need| need.task.0)
            .collect();
        assert_eq!(order, [1, 0]);
    }

    #[test]
    fn what_somebody_goes_on_with_needs_nobody() {
        let mut story = Story::new(&[("a.md", &[]), ("s.md", &[])]);
        story.completed("s.md", print(9));
        let run = story.started("a.md", print(0));
        let mut told = Told::new(&story);
        assert_eq!(listed(&told), [], "its orchestration lives");
        told.processes.deserted.insert(orch());
        told.processes.runs.insert(run, Liveness::Gone);
        let found: Vec<Asked> = needs_people(&told.facts())
            .iter()
            .map(|need| need.asked)
            .collect();
        assert_eq!(
            found,
            [
                Asked::Decide(Trouble::Deserted),
                Asked::Decide(Trouble::Stale)
            ]
        );
    }

    #[test]
    fn reasons_are_kept_and_retries_are_not_asked_about() {
        for (verdict, expected) in [
            (
                Verdict::Stopped {
                    reason: StopReason::AuthRequired,
                    message: None,
                },
                Some(Asked::Decide(Trouble::Ended(Some(
                    StopReason::AuthRequired,
                )))),
            ),
            (
                Verdict::Retry {
                    reason: StopReason::WorkerFailed,
                    message: None,
                    counted: true,
                    wait_ms: 1,
                },
                None,
            ),
        ] {
            let mut story = Story::new(&[("a.md", &[])]);
            story.ended("a.md", verdict);
            let told = Told::new(&story);
            let found = needs_people(&told.facts());
            assert_eq!(found.first().map(|need| need.asked), expected);
            assert_eq!(story.plan.find(&id("a.md")), Some(TaskIx(0)));
        }
    }
}
