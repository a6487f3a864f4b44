//! The page that the end of an orchestration is told on: its rows, its sections, its commands.
//!
//! Knows how each part looks and how much room there is; which tasks stand where is told elsewhere.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use super::{Remains, SummaryLook};
use crate::model::{Status, TaskId, show_duration};
use crate::report::next_commands::NextCommand;
use crate::report::receipt::{Ending, Receipt, TaskEntry};
use crate::report::sanitise::one_line;
use crate::report::style::{bold, dim, status_style};
use crate::report::text::{self, columns, count, cut, pad};

/// How many tasks a section names before it counts the rest.
const SHOWN: usize = 10;
/// How many lines of a log are shown for a task.
const LOG_LINES: usize = 10;

/// Tasks that stand the same way.
pub(super) struct Section<'a> {
    pub(super) heading: &'static str,
    pub(super) tasks: Vec<&'a TaskEntry>,
    /// What is said of each.
    pub(super) rest: fn(&TaskEntry) -> String,
    pub(super) remains: Option<&'a BTreeMap<TaskId, Remains>>,
}

/// The text as far as it is written.
pub(super) struct Page {
    pub(super) text: String,
    pub(super) look: SummaryLook,
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

    pub(super) fn headline(&mut self, receipt: &Receipt) {
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
    pub(super) fn warnings(&mut self, tasks: &[&TaskEntry]) {
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

    pub(super) fn done(&mut self, tasks: &[&TaskEntry]) {
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
    pub(super) fn section(&mut self, section: &Section<'_>) {
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

    pub(super) fn needs_you(&mut self, receipt: &Receipt) {
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

    pub(super) fn next(&mut self, next: &[NextCommand]) {
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
