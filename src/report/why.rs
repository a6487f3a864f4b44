//! `runr why TASK`: how it stands, what it waits for and what it would set free.
//!
//! Knows the facts. Text for people and JSON for programs from one value.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{Status, TaskId};
use crate::plan::{Origin, TaskIx};
use crate::report::facts::Facts;
use crate::report::next_commands::{NextCommand, next_commands};
use crate::report::note::notes;
use crate::report::paused::{paused_text, waits_for_worker};
use crate::report::sanitise::one_line;
use crate::report::status_json::TaskJson;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim, status_style, status_words};
use crate::report::text::{count, listing};
use crate::view::{Stale, Unblocker, Wait, Waits, waits};

/// How many lines of the tree people are shown; `--json` has them all.
const LINES_SHOWN: usize = 200;

/// Why a task stands as it does.
#[derive(Debug)]
pub struct Why<'a> {
    facts: Facts<'a>,
    task: TaskIx,
    waits: Vec<Wait>,
    at_once: Vec<TaskIx>,
    sets_free: Vec<TaskIx>,
    held_up: Vec<TaskIx>,
    next: Vec<NextCommand>,
}

#[derive(Debug, Serialize)]
struct WaitJson<'a> {
    task: &'a TaskId,
    status: Status,
    notes: Vec<String>,
    depth: usize,
    /// `task_file`, `step`, `track_order` or `track`.
    edge: &'static str,
    /// `file:line:column` of the edge to the task above.
    written_at: String,
    /// Its own prerequisites are listed where it stood first.
    listed_above: bool,
}

#[derive(Debug, Serialize)]
struct WhyJson<'a> {
    schema_version: u32,
    task: TaskJson,
    /// The patterns of its input files.
    inputs: &'a [Box<str>],
    completed_prerequisites: Vec<&'a TaskId>,
    waits_for: Vec<WaitJson<'a>>,
    unblocks_at_once: Vec<&'a TaskId>,
    sets_free: Vec<&'a TaskId>,
    held_up: Vec<&'a TaskId>,
    /// Those that it, or something before it, waits for; nobody starts them before then.
    paused_workers: BTreeMap<&'a str, Timestamp>,
    next: &'a [NextCommand],
}

impl<'a> Why<'a> {
    #[must_use]
    pub fn new(facts: Facts<'a>, task: TaskIx) -> Self {
        let waits = waits(facts.plan, facts.views, task);
        let unblocker = Unblocker::new(facts.plan, facts.views);
        let mut concerned: Vec<TaskIx> = waits.iter().map(|w| w.task).collect();
        concerned.push(task);
        concerned.sort_unstable();
        concerned.dedup();
        Self {
            facts,
            task,
            at_once: unblocker.at_once(task),
            sets_free: unblocker.sets_free(task),
            held_up: unblocker.held_up(task),
            next: next_commands(&facts, &concerned),
            waits,
        }
    }

    fn completed_prerequisites(&self) -> Vec<TaskIx> {
        let mut done = self.facts.plan.graph().prerequisites(self.task);
        done.retain(|p| {
            let view = self.facts.view(*p);
            view.status == Status::Completed && view.outside.is_none()
        });
        done
    }

    /// One JSON object on one line.
    ///
    /// # Errors
    /// None in practice: every part can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string(&WhyJson {
            schema_version: 1,
            task: TaskJson::new(&self.facts, self.task),
            inputs: &self.facts.task(self.task).inputs,
            completed_prerequisites: self.facts.ids(&self.completed_prerequisites()),
            waits_for: self
                .waits
                .iter()
                .map(|wait| WaitJson {
                    task: &self.facts.task(wait.task).id,
                    status: self.facts.view(wait.task).status,
                    notes: remarks(&self.facts, wait.task),
                    depth: wait.depth,
                    edge: origin_word(wait.origin),
                    written_at: wait.place.to_string(),
                    listed_above: wait.below == Waits::ListedAbove,
                })
                .collect(),
            unblocks_at_once: self.facts.ids(&self.at_once),
            sets_free: self.facts.ids(&self.sets_free),
            held_up: self.facts.ids(&self.held_up),
            paused_workers: self.paused_workers(),
            next: &self.next,
        })
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        let facts = &self.facts;
        let (bold, dim) = (bold(), dim());
        let mut text = String::new();
        // Writing to a `String` cannot fail.
        let _ = writeln!(text, "{}", headline(facts, self.task, look));
        if self.facts.view(self.task).stale == Some(Stale::InputsChanged) {
            // One hash covers them all, so that none can be named alone.
            let inputs: Vec<String> = facts
                .task(self.task)
                .inputs
                .iter()
                .map(|pattern| one_line(pattern).into_owned())
                .collect();
            let _ = writeln!(text, "  {dim}its inputs: {}{dim:#}", inputs.join(", "));
        }
        let done = self.completed_prerequisites();
        if !done.is_empty() {
            let _ = writeln!(
                text,
                "  {dim}completed before it: {}{dim:#}",
                listing(&facts.names(&done))
            );
        }
        if !self.waits.is_empty() {
            let _ = writeln!(text, "\n{bold}Waits for{bold:#}");
        }
        for wait in self.waits.iter().take(LINES_SHOWN) {
            let indent = "  ".repeat(wait.depth.min(30) + 1);
            let again = match wait.below {
                Waits::ListedAbove => "  (see above)",
                Waits::Nothing | Waits::Follow => "",
            };
            let _ = writeln!(
                text,
                "{indent}{}{again}  {dim}{}{dim:#}",
                headline(facts, wait.task, look),
                edge_text(wait)
            );
        }
        if self.waits.len() > LINES_SHOWN {
            let rest = self.waits.len() - LINES_SHOWN;
            let _ = writeln!(
                text,
                "  and {} (--json has all)",
                count(rest, "more line", "more lines")
            );
        }
        paused_text(&mut text, &self.paused_workers(), look);
        self.effects(&mut text);
        next_text(&mut text, &self.next);
        text
    }

    fn paused_workers(&self) -> BTreeMap<&'a str, Timestamp> {
        let before = self.waits.iter().map(|wait| wait.task);
        before
            .chain([self.task])
            .filter_map(|ix| waits_for_worker(&self.facts, ix))
            .collect()
    }

    fn effects(&self, text: &mut String) {
        if self.facts.view(self.task).status == Status::Completed {
            return;
        }
        let bold = bold();
        let _ = writeln!(text, "\n{bold}Its completion{bold:#}");
        if self.held_up.is_empty() {
            text.push_str("  nothing waits for it\n");
            return;
        }
        let line = |text: &mut String, what: &str, tasks: &[TaskIx]| {
            let _ = match tasks.len() {
                0 => writeln!(text, "  {what} nothing by itself"),
                n => writeln!(
                    text,
                    "  {what} {}: {}",
                    count(n, "task", "tasks"),
                    listing(&self.facts.names(tasks))
                ),
            };
        };
        line(text, "makes ready at once", &self.at_once);
        if self.sets_free != self.at_once {
            line(text, "sets free in all", &self.sets_free);
        }
        if self.held_up.len() > self.sets_free.len() {
            line(text, "is waited for, with others, by", &self.held_up);
        }
    }
}

/// Glyph, name, status and remarks of one task.
fn headline(facts: &Facts<'_>, ix: TaskIx, look: &Look) -> String {
    let status = facts.view(ix).status;
    let style = status_style(status);
    let mut line = format!(
        "{style}{}{style:#} {}  {style}{}{style:#}",
        look.glyphs.status(status),
        one_line(facts.task(ix).id.as_str()),
        status_words(status),
    );
    for remark in remarks(facts, ix) {
        line.push_str("  ");
        line.push_str(&remark);
    }
    line
}

fn remarks(facts: &Facts<'_>, ix: TaskIx) -> Vec<String> {
    notes(facts, ix)
        .iter()
        .map(|note| note.text(facts, ix))
        .collect()
}

fn edge_text(wait: &Wait) -> String {
    let place = format!("{}:{}", one_line(&wait.place.file), wait.place.line);
    match wait.origin {
        Origin::TaskFile | Origin::Step => place,
        Origin::TrackOrder => format!("{place} (order of its track)"),
        Origin::Track => format!("{place} (its track)"),
    }
}

fn origin_word(origin: Origin) -> &'static str {
    match origin {
        Origin::TaskFile => "task_file",
        Origin::Step => "step",
        Origin::TrackOrder => "track_order",
        Origin::Track => "track",
    }
}

/// The commands, one a line, under a heading.
pub(super) fn next_text(text: &mut String, next: &[NextCommand]) {
    if next.is_empty() {
        return;
    }
    let (bold, dim) = (bold(), dim());
    let width = next
        .iter()
        .map(|n| crate::report::text::columns(&n.command))
        .max()
        .unwrap_or(0);
    let _ = writeln!(text, "\n{bold}Next{bold:#}");
    for command in next {
        text.push_str("  ");
        crate::report::text::pad(text, &command.command, width);
        let _ = writeln!(text, "  {dim}{}{dim:#}", command.why);
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::report::fixture::{Told, plain};
    use crate::report::style::Glyphs;
    use crate::view::tests::{Story, print};

    fn story() -> Story {
        let mut story = Story::new(&[
            ("00-setup.md", &[]),
            ("keys.md", &["00-setup.md"]),
            ("net.md", &["00-setup.md"]),
            ("ai.md", &["net.md", "keys.md", "00-setup.md"]),
            ("ui.md", &["net.md"]),
            ("ship.md", &["ai.md", "ui.md"]),
        ]);
        story.manual(&["keys.md"]);
        story.completed("00-setup.md", print(0));
        story.failed("net.md");
        story
    }

    #[test]
    fn the_tree_says_what_each_waits_for_and_where_it_was_written() {
        let story = story();
        let told = Told::new(&story);
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        let text = |ix| plain(&Why::new(told.facts(), TaskIx(ix)).text(&look));
        insta::assert_snapshot!(text(5), @r"
        ○ ship.md  pending  blocked by ai.md, ui.md

        Waits for
          ○ ai.md  pending  blocked by keys.md, net.md  .runr/tasks/ship.md:1
            ○ keys.md  pending  needs you: runr tasks complete keys.md  .runr/tasks/ai.md:1
            ✗ net.md  failed  verification failed: cargo test  .runr/tasks/ai.md:1
          ○ ui.md  pending  blocked by net.md  .runr/tasks/ship.md:1
            ✗ net.md  failed  verification failed: cargo test  .runr/tasks/ui.md:1

        Its completion
          nothing waits for it

        Next
          runr logs net.md             shows what went wrong
          runr tasks complete keys.md  once you have done it
          runr run --task net.md       tries it again
        ");
        insta::assert_snapshot!(text(1), @r"
        ○ keys.md  pending  needs you: runr tasks complete keys.md
          completed before it: 00-setup.md

        Its completion
          makes ready at once nothing by itself
          is waited for, with others, by 2 tasks: ai.md, ship.md

        Next
          runr tasks complete keys.md  once you have done it
        ");
        insta::assert_snapshot!(text(0), @r"
        ✓ 00-setup.md  completed

        Next
          runr report  tells what was done
        ");
    }

    #[test]
    fn programs_read_the_same() {
        let story = story();
        let told = Told::new(&story);
        let json = Why::new(told.facts(), TaskIx(3)).json().unwrap();
        let value: serde_json::Value = serde_json::from_str(&json).unwrap();
        assert_eq!(value["schema_version"], 1);
        assert_eq!(value["task"]["status"], "pending");
        assert_eq!(value["completed_prerequisites"][0], "00-setup.md");
        assert_eq!(value["waits_for"][0]["task"], "keys.md");
        assert_eq!(value["waits_for"][1]["status"], "failed");
        assert_eq!(value["waits_for"][1]["written_at"], ".runr/tasks/ai.md:1:1");
        assert_eq!(value["next"][0]["command"], "runr logs net.md");
    }
}
