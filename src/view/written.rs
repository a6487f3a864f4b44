//! What a task's file says about its status, where runr writes it there.
//!
//! Pure. Knows the plan and the state.

use crate::model::{Source, Status, WrittenStatus};
use crate::plan::{Plan, TaskIx};
use crate::state::{State, TaskState};

/// What the files of these tasks are to say, in the order given. Of a task that the journal knows nothing about the
/// file may know more (it is a clone): it is left out, and so are steps, which have no file.
#[must_use]
pub fn written(plan: &Plan, state: &State, tasks: &[TaskIx]) -> Vec<(TaskIx, WrittenStatus)> {
    tasks
        .iter()
        .filter(|ix| !plan.task(**ix).id.is_inline())
        .filter_map(|ix| Some((*ix, of(state.tasks.get(&plan.task(*ix).id)?))))
        .collect()
}

fn of(task: &TaskState) -> WrittenStatus {
    let mut written = WrittenStatus {
        status: Some(task.status.word().into()),
        ..WrittenStatus::default()
    };
    if task.status == Status::Completed {
        // Whole seconds: a person reads it.
        let at = task
            .completed_at
            .and_then(|at| at.round(jiff::Unit::Second).ok());
        written.completed_at = at.map(|at| at.to_string().into());
        written.completed_by = match (task.source, &task.last_run_id) {
            (Some(Source::Manual), _) => Some("manual".into()),
            (_, Some(run)) => Some(format!("run:{run}").into()),
            (_, None) => None,
        };
        written.completed_commit = task.checkpoint_sha.as_deref().map(Into::into);
    }
    written
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::view::tests::{Story, print};

    #[test]
    fn files_say_what_the_journal_knows_and_nothing_of_what_it_does_not() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("c.md", &[]), ("d.md", &[])]);
        let run = story.completed("a.md", print(0));
        story.completed_by_hand("b.md", print(0));
        story.failed("c.md");
        let all: Vec<TaskIx> = story.plan.numbers().collect();
        let found = written(&story.plan, &story.state, &all);
        let words: Vec<_> = found
            .iter()
            .map(|(ix, w)| {
                let text = |text: &Option<Box<str>>| text.as_deref().unwrap_or("-").to_owned();
                (
                    ix.0,
                    text(&w.status),
                    text(&w.completed_by),
                    text(&w.completed_commit),
                )
            })
            .collect();
        let line = |n, status: &str, by: &str, commit: &str| {
            (n, status.to_owned(), by.to_owned(), commit.to_owned())
        };
        assert_eq!(
            words,
            [
                line(0, "completed", &format!("run:{run}"), "abc1234"),
                line(1, "completed", "manual", "-"),
                line(2, "failed", "-", "-"),
            ]
        );
        let at = found[0].1.completed_at.as_deref().unwrap();
        assert!(at.ends_with('Z') && !at.contains('.'), "{at}");
    }
}
