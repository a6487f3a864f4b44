//! The end of an orchestration, for a tired person: what is done, what failed with the last lines of its
//! log, what is blocked by what, what needs them, what to type next.
//!
//! Knows the receipt. Log lines are handed in by the caller.

mod page;

use std::collections::BTreeMap;

use self::page::{Page, Section};
use crate::model::{Status, TaskId};
use crate::report::receipt::{Receipt, TaskEntry};
use crate::report::sanitise::one_line;
use crate::report::style::Glyphs;
use crate::report::text::listing;

/// How the summary is to look.
#[derive(Debug, Clone, Copy)]
pub struct SummaryLook {
    pub glyphs: Glyphs,
    /// Columns; longer lines are cut, commands never.
    pub width: usize,
    pub close: Close,
}

/// How the summary closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Close {
    /// With what needs people and the commands to type next.
    #[default]
    Whole,
    /// The caller tells about people and commands.
    Open,
}

/// What an attempt that failed or stopped left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    /// The last lines of its log.
    pub log: Vec<String>,
    /// Its working tree, from the project's root, if it had one and it is still there.
    pub worktree: Option<String>,
}

/// Writes the summary. `remains` is of what failed or stopped; at most ten lines of a log are shown.
#[must_use]
pub fn summary(
    receipt: &Receipt,
    remains: &BTreeMap<TaskId, Remains>,
    look: SummaryLook,
) -> String {
    let mut page = Page {
        text: String::new(),
        look,
    };
    page.headline(receipt);
    let of = |wanted: &dyn Fn(&TaskEntry) -> bool| -> Vec<&TaskEntry> {
        receipt.tasks.iter().filter(|task| wanted(task)).collect()
    };
    let completed = of(&|t| t.status == Status::Completed);
    page.done(&completed);
    page.warnings(&completed);
    let waiting = |t: &TaskEntry| matches!(t.status, Status::Pending | Status::Skipped);
    let not_started = |t: &TaskEntry| {
        waiting(t)
            && t.blocked_by.is_empty()
            && !receipt.needs_people.iter().any(|need| need.task == t.task)
    };
    let bad = |heading, status| Section {
        heading,
        tasks: of(&|t| t.status == status),
        rest: tried,
        remains: Some(remains),
    };
    let told = |heading, tasks, rest| Section {
        heading,
        tasks,
        rest,
        remains: None,
    };
    for section in [
        bad("Failed", Status::Failed),
        bad("Stopped", Status::Stopped),
        told(
            "Still running",
            of(&|t| t.status == Status::InProgress),
            reason,
        ),
        told(
            "Blocked",
            of(&|t| waiting(t) && !t.blocked_by.is_empty()),
            blocked_by,
        ),
        told("Not started", of(&not_started), reason),
        told("Unknown", of(&|t| t.status == Status::Unknown), reason),
        told(
            "Waited for in other repositories",
            receipt.elsewhere.iter().collect(),
            reason,
        ),
    ] {
        page.section(&section);
    }
    if look.close == Close::Whole {
        page.needs_you(receipt);
        page.next(&receipt.next);
    }
    page.text
}

fn reason(task: &TaskEntry) -> String {
    one_line(&task.reason).into_owned()
}

fn tried(task: &TaskEntry) -> String {
    match task.runs.len() {
        0 | 1 => reason(task),
        n => format!("{} (attempt {n})", reason(task)),
    }
}

fn blocked_by(task: &TaskEntry) -> String {
    let held = &task.held_back_by;
    let open = task.blocked_by.iter();
    let open = open.filter(|by| held.iter().all(|held| held.task != **by));
    let open: Vec<&str> = open.map(TaskId::as_str).collect();
    let by = (!open.is_empty()).then(|| format!("by {}", listing(&open)));
    let held = held.iter().map(|held| one_line(&held.says).into_owned());
    by.into_iter().chain(held).collect::<Vec<_>>().join("; ")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Verdict};
    use crate::model::StopReason;
    use crate::report::fixture::{Told, plain};
    use crate::report::receipt::Subject;
    use crate::report::text::columns;
    use crate::view::tests::{Story, id, orch, print};

    fn receipt(story: &Story) -> Receipt {
        let told = Told::new(story);
        let subject = Subject {
            orch: &orch(),
            selected: &told.all(),
            events: &story.events,
            runs: &BTreeMap::new(),
        };
        Receipt::gather(&told.facts(), &subject).unwrap()
    }

    fn mixed() -> Story {
        let mut story = Story::new(&[
            ("00-setup.md", &[]),
            ("01-engine.md", &["00-setup.md"]),
            ("02-networking.md", &["01-engine.md"]),
            ("03-ai.md", &["02-networking.md", "05-keys.md"]),
            ("04-docs.md", &[]),
            ("05-keys.md", &[]),
            ("06-copy.md", &[]),
        ]);
        story.change("05-keys.md", |task| {
            task.title = "Get the API keys from the provider".into()
        });
        story.manual(&["05-keys.md"]);
        story.completed("00-setup.md", print(0));
        story.ended(
            "01-engine.md",
            Verdict::Retry {
                reason: StopReason::WorkerFailed,
                message: None,
                counted: true,
                wait_ms: 0,
            },
        );
        story.completed("01-engine.md", print(0));
        story.failed("02-networking.md");
        story.ended(
            "04-docs.md",
            Verdict::Stopped {
                reason: StopReason::Timeout,
                message: Some("45m".to_owned()),
            },
        );
        story.happens(Event::Skipped {
            orch: orch(),
            task: id("05-keys.md"),
        });
        story.awaiting("06-copy.md");
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        story
    }

    fn logs() -> BTreeMap<TaskId, Remains> {
        let mut lines: Vec<String> = (1..=12).map(|n| format!("line {n}")).collect();
        lines.push(format!("error: {}", "very long ".repeat(20)));
        let remains = Remains {
            log: lines,
            worktree: Some(".runr-worktrees/20250108-143700-daaa".to_owned()),
        };
        BTreeMap::from([(id("02-networking.md"), remains)])
    }

    #[test]
    fn unicode_and_ascii_at_80_columns() {
        let receipt = receipt(&mixed());
        let look = |glyphs| SummaryLook {
            glyphs,
            width: 80,
            close: Close::Whole,
        };
        let text = summary(&receipt, &logs(), look(Glyphs::Unicode));
        insta::assert_snapshot!(plain(&text), @r"
        ✗ of 7 tasks, 1 failed, 1 stopped after 20m 0s
        7 tasks: 2 completed, 1 failed, 1 stopped, 2 need you, 1 blocked

        Completed
          ✓ 00-setup.md   1.2s
          ✓ 01-engine.md  2.4s, attempt 2

        Failed
          ✗ 02-networking.md  verification failed: cargo test
              │ line 4
              │ line 5
              │ line 6
              │ line 7
              │ line 8
              │ line 9
              │ line 10
              │ line 11
              │ line 12
              │ error: very long very long very long very long very long very long very…
              its work is in .runr-worktrees/20250108-143700-daaa

        Stopped
          ◌ 04-docs.md  timeout: 45m

        Blocked
          ○ 03-ai.md  by 02-networking.md, 05-keys.md

        Needs you
          ◇ 05-keys.md  Get the API keys from the provider
              runr tasks complete 05-keys.md
          ◈ 06-copy.md
              runr tasks approve 06-copy.md

        Next
          runr logs 02-networking.md        shows what went wrong
          runr tasks complete 05-keys.md    once you have done it
          runr run --task 02-networking.md  tries it again
        ");
        let ascii = plain(&summary(&receipt, &logs(), look(Glyphs::Ascii)));
        assert!(ascii.is_ascii(), "{ascii}");
        insta::assert_snapshot!(ascii, @r"
        x of 7 tasks, 1 failed, 1 stopped after 20m 0s
        7 tasks: 2 completed, 1 failed, 1 stopped, 2 need you, 1 blocked

        Completed
          + 00-setup.md   1.2s
          + 01-engine.md  2.4s, attempt 2

        Failed
          x 02-networking.md  verification failed: cargo test
              | line 4
              | line 5
              | line 6
              | line 7
              | line 8
              | line 9
              | line 10
              | line 11
              | line 12
              | error: very long very long very long very long very long very long ve...
              its work is in .runr-worktrees/20250108-143700-daaa

        Stopped
          ! 04-docs.md  timeout: 45m

        Blocked
          . 03-ai.md  by 02-networking.md, 05-keys.md

        Needs you
          m 05-keys.md  Get the API keys from the provider
              runr tasks complete 05-keys.md
          a 06-copy.md
              runr tasks approve 06-copy.md

        Next
          runr logs 02-networking.md        shows what went wrong
          runr tasks complete 05-keys.md    once you have done it
          runr run --task 02-networking.md  tries it again
        ");
        for line in plain(&text).lines() {
            assert!(columns(line) <= 80, "{line}");
        }
    }

    #[test]
    fn colour_stands_around_the_glyphs() {
        let mut story = Story::new(&[("a.md", &[])]);
        story.completed("a.md", print(0));
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 0,
        });
        let look = SummaryLook {
            glyphs: Glyphs::Unicode,
            width: 80,
            close: Close::Whole,
        };
        let text = summary(&receipt(&story), &BTreeMap::new(), look);
        insta::assert_snapshot!(text.replace('\u{1b}', "ESC"), @r"
        ESC[1mESC[32m✓ everything is completed after 4m 0sESC[0m
        1 task: ESC[32m1 completedESC[0m

        ESC[1mCompletedESC[0m
          ESC[32m✓ESC[0m a.md  1.2s

        ESC[1mNextESC[0m
          runr report  ESC[2mtells what was doneESC[0m
        ");
    }

    #[test]
    fn long_sections_count_the_rest_and_old_completions_are_only_counted() {
        let names: Vec<String> = (0..30).map(|i| format!("{i}.md")).collect();
        let needs: Vec<Vec<&str>> = (0..30)
            .map(|i| if i < 15 { Vec::new() } else { vec!["0.md"] })
            .collect();
        let mut story = Story::from_edges(&names, &needs);
        story.failed("0.md");
        for i in 1..15 {
            story.completed(&format!("{i}.md"), print(0));
        }
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        let look = SummaryLook {
            glyphs: Glyphs::Unicode,
            width: 80,
            close: Close::Whole,
        };
        let text = plain(&summary(&receipt(&story), &BTreeMap::new(), look));
        assert!(text.contains("and 4 more"), "{text}");
        assert!(text.contains("and 5 more"), "{text}");
    }
}
