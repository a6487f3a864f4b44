//! The end of an orchestration, for a tired person: what is done, what failed with the last lines of its
//! log, what is blocked by what, what needs them, what to type next.
//!
//! Knows the receipt. Log lines are handed in by the caller.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use crate::model::{Status, TaskId, show_duration};
use crate::report::next_commands::NextCommand;
use crate::report::receipt::{Ending, Receipt, TaskEntry};
use crate::report::sanitise::one_line;
use crate::report::style::{Glyphs, bold, dim, status_style};
use crate::report::text::{self, columns, count, cut, listing, pad};

/// How many tasks a section names before it counts the rest.
const SHOWN: usize = 10;
/// How many lines of a log are shown for a task.
const LOG_LINES: usize = 10;

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

/// Tasks that stand the same way.
struct Section<'a> {
    heading: &'static str,
    tasks: Vec<&'a TaskEntry>,
    /// What is said of each.
    rest: fn(&TaskEntry) -> String,
    remains: Option<&'a BTreeMap<TaskId, Remains>>,
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

struct Page {
    text: String,
    look: SummaryLook,
}

impl Page {
    /// One line, cut to the width; `style` covers all of it.
    fn line(&mut self, indent: usize, style: anstyle::Style, text: &str) {
        let width = self.look.width.saturating_sub(indent).max(1);
        let text = cut(text, width, self.look.glyphs.ellipsis());
        self.text.extend(std::iter::repeat_n(' ', indent));
        // Writing to a `String` cannot fail.
        let _ = writeln!(self.text, "{style}{text}{style:#}");
    }

    fn heading(&mut self, text: &str) {
        self.text.push('\n');
        self.line(0, bold(), text);
    }

    fn headline(&mut self, receipt: &Receipt) {
        let status = match receipt.ending {
            Ending::Completed => Status::Completed,
            Ending::Failed | Ending::StateError => Status::Failed,
            Ending::Cancelled | Ending::Lost | Ending::Detached => Status::Stopped,
            Ending::NeedsPeople => Status::AwaitingApproval,
            Ending::Running => Status::InProgress,
            Ending::Blocked => Status::Pending,
        };
        let took = show_duration(Duration::from_millis(receipt.took_ms));
        let headline = format!(
            "{} {} after {took}",
            self.look.glyphs.status(status),
            one_line(&receipt.why)
        );
        self.line(0, status_style(status).bold(), &headline);
        let _ = writeln!(self.text, "{}", receipt.counts.line());
        if let Some(spent) = receipt.spent.filter(|spent| !spent.is_nothing()) {
            self.line(0, dim(), &format!("used: {}", spent.line()));
        }
    }

    /// What agents were not allowed to do, though their work passed: it may be less than it seems.
    fn warnings(&mut self, tasks: &[&TaskEntry]) {
        let denials = |task: &TaskEntry| -> Vec<String> {
            let agent = task.runs.last().and_then(|run| run.agent.as_ref());
            agent.map(|agent| agent.denials.clone()).unwrap_or_default()
        };
        let warned: Vec<(&TaskEntry, Vec<String>)> = tasks
            .iter()
            .map(|task| (*task, denials(task)))
            .filter(|(_, denials)| !denials.is_empty())
            .collect();
        if warned.is_empty() {
            return;
        }
        self.heading("Warnings");
        for (task, denials) in warned {
            let what = format!(
                "{}: not allowed to the agent: {}",
                one_line(task.task.as_str()),
                one_line(&denials.join("; "))
            );
            self.line(2, anstyle::Style::new(), &what);
        }
    }

    fn row(&mut self, task: &TaskEntry, width: usize, rest: &str) {
        let style = status_style(task.status);
        let glyph = self.look.glyphs.status(task.status);
        let mut row = String::new();
        pad(&mut row, &one_line(task.task.as_str()), width);
        let room = self.look.width.saturating_sub(4);
        if !rest.is_empty() {
            // What is said of it matters more than the end of a long name.
            let name = room.saturating_sub(columns(rest) + 2).max(room / 2);
            row = cut(&row, name, self.look.glyphs.ellipsis()).into_owned();
            row.push_str("  ");
            row.push_str(rest);
        }
        let row = cut(row.trim_end(), room, self.look.glyphs.ellipsis());
        let _ = writeln!(self.text, "  {style}{glyph}{style:#} {row}");
    }

    fn rest(&mut self, all: usize) {
        if all > SHOWN {
            let more = format!("and {} more", all - SHOWN);
            self.line(2, dim(), &more);
        }
    }

    fn done(&mut self, tasks: &[&TaskEntry]) {
        let (before, now): (Vec<&TaskEntry>, Vec<&TaskEntry>) = tasks
            .iter()
            .partition(|task| task.runs.is_empty() && task.done_before);
        if tasks.is_empty() {
            return;
        }
        self.heading(&match before.len() {
            0 => "Completed".to_owned(),
            n if now.is_empty() => format!("Completed: {n}, all of them before"),
            n => format!("Completed ({} before)", count(n, "more", "more")),
        });
        let shown = &now[..now.len().min(SHOWN)];
        let width = name_width(shown);
        for task in shown {
            let ms: u64 = task.runs.iter().filter_map(|run| run.took_ms).sum();
            let mut rest = match task.runs.len() {
                0 => String::new(),
                _ => show_duration(Duration::from_millis(ms)),
            };
            if task.runs.len() > 1 {
                let _ = write!(rest, ", attempt {}", task.runs.len());
            }
            if !task.reason.is_empty() {
                let gap = if rest.is_empty() { "" } else { "  " };
                let _ = write!(rest, "{gap}{}", one_line(&task.reason));
            }
            self.row(task, width, &rest);
        }
        self.rest(now.len());
    }

    /// The tasks of one standing, each with what `rest` says of it; below it the last lines of its log
    /// and where its work is, if `remains` has them.
    fn section(&mut self, section: &Section<'_>) {
        let tasks = &section.tasks;
        if tasks.is_empty() {
            return;
        }
        self.heading(section.heading);
        let shown = &tasks[..tasks.len().min(SHOWN)];
        let width = name_width(shown);
        for task in shown {
            self.row(task, width, &(section.rest)(task));
            let commands: BTreeSet<&str> = task.held_back_by.iter().map(|h| &*h.command).collect();
            for command in commands {
                // Never cut, as below "Needs you".
                let _ = writeln!(self.text, "      {command}");
            }
            let Some(remains) = section.remains.and_then(|all| all.get(&task.task)) else {
                continue;
            };
            let lines = &remains.log;
            let bar = self.look.glyphs.choose("│", "|");
            for line in &lines[lines.len().saturating_sub(LOG_LINES)..] {
                let line = format!("{bar} {}", one_line(line));
                self.line(6, dim(), &line);
            }
            if let Some(worktree) = &remains.worktree {
                let line = format!("its work is in {}", one_line(worktree));
                self.line(6, dim(), &line);
            }
        }
        self.rest(tasks.len());
    }

    fn needs_you(&mut self, receipt: &Receipt) {
        if receipt.needs_people.is_empty() {
            return;
        }
        self.heading("Needs you");
        for need in receipt.needs_people.iter().take(SHOWN) {
            let status = receipt
                .tasks
                .iter()
                .find(|task| task.task == need.task)
                .map_or(Status::Skipped, |task| task.status);
            let style = status_style(status);
            let glyph = self.look.glyphs.status(status);
            let mut title = one_line(&need.title).into_owned();
            if title == need.task.as_str() {
                title.clear();
            }
            let free = match need.sets_free.len() {
                0 => String::new(),
                n => format!("sets {} free", count(n, "task", "tasks")),
            };
            let parts: Vec<&str> = [title.as_str(), free.as_str()]
                .into_iter()
                .filter(|part| !part.is_empty())
                .collect();
            let name = one_line(need.task.as_str());
            let row = format!("{name}  {}", parts.join(", "));
            let room = self.look.width.saturating_sub(4);
            let row = cut(row.trim_end(), room, self.look.glyphs.ellipsis());
            let _ = writeln!(self.text, "  {style}{glyph}{style:#} {row}");
            // A command is never cut: it is there to be copied.
            let _ = writeln!(self.text, "      {}", need.command);
        }
        self.rest(receipt.needs_people.len());
    }

    fn next(&mut self, next: &[NextCommand]) {
        if next.is_empty() {
            return;
        }
        self.heading("Next");
        let width = next.iter().map(|n| columns(&n.command)).max().unwrap_or(0);
        for command in next {
            let mut line = "  ".to_owned();
            pad(&mut line, &command.command, width);
            let room = self.look.width.saturating_sub(columns(&line) + 2);
            let dim = dim();
            let why = cut(&command.why, room, self.look.glyphs.ellipsis());
            let _ = writeln!(self.text, "{line}  {dim}{why}{dim:#}");
        }
    }
}

fn name_width(tasks: &[&TaskEntry]) -> usize {
    text::name_width(tasks.iter().map(|task| task.task.as_str()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Verdict};
    use crate::model::StopReason;
    use crate::report::fixture::{Told, plain};
    use crate::report::receipt::Subject;
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
