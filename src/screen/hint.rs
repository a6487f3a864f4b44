//! What to type at a shell once an orchestration has ended: who comes back to a screen wants to know how it goes on.
//!
//! Knows the commands that reports name. What a key of the screen does is no hint.

use crate::model::OrchId;
use crate::plan::TaskIx;
use crate::report::people::Need;
use crate::report::{Facts, count, merge_command, next_with, one_line};

/// One line; `None`: it still runs, or there is nothing to type.
#[must_use]
pub fn hint(facts: &Facts<'_>, orch: &OrchId, needs: &[Need]) -> Option<String> {
    facts.state.orchestrations.get(orch)?.ended_at?;
    if let Some(one) = facts.not_landed.first() {
        let are = match one.commits {
            1 => "is",
            _ => "are",
        };
        let commits = count(one.commits, "commit", "commits");
        let here = one_line(&one.here);
        let command = merge_command(&one.branch, one.folder.as_deref());
        return Some(format!(
            "next: {command} ({commits} {are} not in {here} yet)"
        ));
    }
    let all: Vec<TaskIx> = facts.plan.numbers().collect();
    let is_key = |command: &str| {
        ["runr tasks ", "runr next", "runr watch", "runr logs "]
            .iter()
            .any(|key| command.starts_with(key))
    };
    let mut all = next_with(facts, &all, needs, None).into_iter();
    let next = all.find(|next| !is_key(&next.command))?;
    Some(format!("next: {} ({})", next.command, next.why))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::report::people::needs_people;
    use crate::screen::samples::{game, moment};
    use crate::view::NotLanded;
    use crate::view::tests::{id, orch};

    #[test]
    fn it_is_given_once_nothing_runs_and_names_no_key() {
        let mut story = game();
        let said = |story: &crate::view::tests::Story, not_landed: &[NotLanded]| {
            let moment = moment(story);
            let facts = Facts {
                not_landed,
                ..moment.facts(moment.at)
            };
            hint(&facts, &orch(), &needs_people(&facts))
        };
        assert_eq!(said(&story, &[]), None, "it runs");
        let run = story.state.task(&id("02-net.md")).last_run_id.unwrap();
        story.happens(Event::Ended {
            run,
            verdict: crate::event::Verdict::Completed { sha: None },
            took_ms: 1,
        });
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        let text = said(&story, &[]).unwrap();
        assert!(text.starts_with("next: runr "), "{text}");
        assert!(
            !text.contains("runr tasks") && !text.contains("runr logs"),
            "{text}"
        );
        let branch = NotLanded {
            branch: "runr/x".to_owned(),
            commits: 2,
            here: "main".to_owned(),
            folder: None,
        };
        assert_eq!(
            said(&story, &[branch]).as_deref(),
            Some("next: git merge runr/x (2 commits are not in main yet)")
        );
    }
}
