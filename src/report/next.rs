//! `runr next`: what could be done now, by workers and by people.
//!
//! Knows the facts. The order of dispatch is the scheduler's: priority, then longest remaining path,
//! then file order.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::time::Duration;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::TaskId;
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::interrupted::{interrupted, interrupted_text};
use crate::report::next_commands::NextCommand;
use crate::report::note::{Note, complete_command};
use crate::report::paused::{paused, paused_text, waits_for_worker};
use crate::report::people::{
    Evidence, Need, NeedJson, answers as answers_to, needs_people, needs_text,
};
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim, status_style};
use crate::report::text::{columns, count, listing, pad, shell_word};
use crate::view::{Class, Standing};

/// How long a task is expected to take when neither history nor its file says so.
pub const DEFAULT_EXPECTED: Duration = Duration::from_secs(60);

/// What could be done now.
#[derive(Debug)]
pub struct Next<'a> {
    facts: Facts<'a>,
    /// In the order in which they would be dispatched.
    ready: Vec<TaskIx>,
    people: Vec<Need>,
    interrupted: Vec<NextCommand>,
}

#[derive(Debug, Serialize)]
struct ReadyJson<'a> {
    task: &'a TaskId,
    title: &'a str,
    priority: i32,
    expected_s: f64,
    command: String,
}

#[derive(Debug, Serialize)]
struct NextJson<'a> {
    schema_version: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    ready: Option<Vec<ReadyJson<'a>>>,
    needs_people: Vec<NeedJson<'a>>,
    /// What takes up again what nobody attends any more.
    interrupted: &'a [NextCommand],
    /// Nobody starts these before then.
    paused_workers: BTreeMap<&'a str, Timestamp>,
    /// What brings in completed work that is waited for.
    bring_in: BTreeSet<String>,
}

/// How long a task is expected to take: what its past runs took, else its estimate, else a minute.
#[must_use]
pub fn expected(facts: &Facts<'_>, ix: TaskIx) -> Duration {
    facts
        .recorded(ix)
        .and_then(|recorded| recorded.expected_ms())
        .map(Duration::from_millis)
        .or(facts.task(ix).estimate)
        .unwrap_or(DEFAULT_EXPECTED)
}

impl<'a> Next<'a> {
    #[must_use]
    pub fn new(facts: Facts<'a>) -> Self {
        let open = |ix: TaskIx| facts.view(ix).class() != Class::Completed;
        let remaining = facts.plan.graph().remaining(|ix| {
            if open(ix) {
                expected(&facts, ix)
            } else {
                Duration::ZERO
            }
        });
        // A new run attempts what failed or stopped as well, as soon as nothing stands before it.
        let dispatchable = |ix: &TaskIx| {
            let view = facts.view(*ix);
            view.standing == Standing::Ready && view.class() != Class::NeedsYou
        };
        // Of other repositories only what is waited for here.
        let concerned = facts.concerns_home();
        let here = |ix: TaskIx| concerned[ix.0 as usize];
        let numbers = facts.plan.numbers().filter(|ix| here(*ix));
        let mut ready: Vec<TaskIx> = numbers.filter(dispatchable).collect();
        ready.sort_by_key(|ix| {
            let task = facts.task(*ix);
            (
                Reverse(task.priority),
                Reverse(remaining[ix.0 as usize]),
                *ix,
            )
        });
        Self {
            people: {
                let mut needs = needs_people(&facts);
                needs.retain(|need| here(need.task));
                needs
            },
            interrupted: interrupted(&facts, here),
            facts,
            ready,
        }
    }

    /// What needs people, in order.
    #[must_use]
    pub fn people(&self) -> &[Need] {
        &self.people
    }

    /// One JSON object on one line.
    ///
    /// # Errors
    /// None in practice: every part can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        let facts = &self.facts;
        let ready = self.ready.iter().map(|ix| ReadyJson {
            task: &facts.task(*ix).id,
            title: &facts.task(*ix).title,
            priority: facts.task(*ix).priority,
            expected_s: expected(facts, *ix).as_secs_f64(),
            command: self.run_command(*ix),
        });
        self.object(Some(ready.collect()), &[])
    }

    /// What needs people alone. `evidence` is of the first needs, as far as it was read.
    ///
    /// # Errors
    /// As for [`Self::json`].
    pub fn people_json(&self, evidence: &[Evidence]) -> serde_json::Result<String> {
        self.object(None, evidence)
    }

    fn object(
        &self,
        ready: Option<Vec<ReadyJson<'_>>>,
        evidence: &[Evidence],
    ) -> serde_json::Result<String> {
        let facts = &self.facts;
        serde_json::to_string(&NextJson {
            schema_version: 1,
            ready,
            needs_people: self
                .people
                .iter()
                .enumerate()
                .map(|(i, need)| NeedJson::new(facts, need, evidence.get(i)))
                .collect(),
            interrupted: &self.interrupted,
            paused_workers: paused(facts),
            bring_in: self.held_back().into_iter().map(|(c, _)| c).collect(),
        })
    }

    /// The same for people: one line each.
    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        let ready = self.ready.iter().map(|ix| Line {
            task: *ix,
            command: self.run_command(*ix),
            note: self.ready_note(*ix),
        });
        // What failed or stopped is tried again by whoever runs what is ready.
        let planned = self.people.iter();
        let planned = planned.filter_map(|need| Some((need, need.asked.planned()?)));
        let planned = planned.map(|(need, ask)| Line {
            task: need.task,
            command: complete_command(self.facts.plan, need.task, ask),
            note: match need.sets_free.len() {
                0 => String::new(),
                n => format!("sets {} free", count(n, "task", "tasks")),
            },
        });
        let mut text = String::new();
        interrupted_text(&mut text, &self.interrupted);
        let ready: Vec<Line> = ready.collect();
        self.section(&mut text, "Workers could do now", &ready, look);
        let planned: Vec<Line> = planned.collect();
        self.section(&mut text, "Needs you", &planned, look);
        self.bring_in(&mut text);
        if text.is_empty() {
            text.push_str(&self.nothing());
        }
        paused_text(&mut text, &paused(&self.facts), look);
        text
    }

    /// Why the list is empty.
    fn nothing(&self) -> String {
        let class = |ix| self.facts.view(ix).class();
        let running = |ix: &TaskIx| class(*ix) == Class::Running;
        match self.facts.home().iter().filter(|ix| running(ix)).count() {
            0 => "nothing can be done now\n".to_owned(),
            1 => "nothing can be done now; 1 task is running: runr watch\n".to_owned(),
            n => format!("nothing can be done now; {n} tasks are running: runr watch\n"),
        }
    }

    /// What needs people, with what there is to look at. `evidence` as for [`Self::people_json`].
    #[must_use]
    pub fn people_text(&self, evidence: &[Evidence], look: &Look) -> String {
        let mut text = String::new();
        // What stands with a task as its answer is not said twice.
        let answers = self.people.iter();
        let answers = answers.flat_map(|need| answers_to(&self.facts, need, None));
        let answered: BTreeSet<String> = answers.map(|answer| answer.command).collect();
        let mut interrupted = self.interrupted.clone();
        interrupted.retain(|next| !answered.contains(&next.command));
        interrupted_text(&mut text, &interrupted);
        let needs = needs_text(&self.facts, &self.people, evidence, look);
        if !text.is_empty() && !needs.is_empty() {
            text.push('\n');
        }
        text.push_str(&needs);
        self.bring_in(&mut text);
        if text.is_empty() {
            text.push_str("nothing needs you now\n");
        }
        text
    }

    /// The commands that bring in what is completed elsewhere and waited for, each once.
    fn bring_in(&self, text: &mut String) {
        let mut needed: BTreeMap<String, BTreeSet<TaskIx>> = BTreeMap::new();
        for (command, dependent) in self.held_back() {
            needed.entry(command).or_default().insert(dependent);
        }
        if needed.is_empty() {
            return;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let (bold, dim) = (bold(), dim());
        let _ = writeln!(text, "{bold}Completed elsewhere{bold:#}");
        let width = needed.keys().map(|c| columns(c)).max().unwrap_or(0);
        for (command, dependents) in &needed {
            text.push_str("  ");
            pad(text, command, width);
            let dependents: Vec<TaskIx> = dependents.iter().copied().collect();
            let names = listing(&self.facts.names(&dependents));
            let wait = if dependents.len() == 1 {
                "waits"
            } else {
                "wait"
            };
            let _ = writeln!(text, "  {dim}brings in what {names} {wait} for{dim:#}");
        }
    }

    /// Commands that bring completed work in, each with a task that waits for it.
    fn held_back(&self) -> Vec<(String, TaskIx)> {
        let facts = &self.facts;
        let mut found = Vec::new();
        for ix in facts.plan.numbers() {
            if let Standing::Blocked(by) = &facts.view(ix).standing {
                let remedies = by.iter().filter_map(|p| facts.remedy(*p));
                found.extend(remedies.map(|remedy| (remedy.command, ix)));
            }
        }
        found
    }

    fn section(&self, text: &mut String, heading: &str, rows: &[Line], look: &Look) {
        if rows.is_empty() {
            return;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        let (bold, dim) = (bold(), dim());
        let _ = writeln!(text, "{bold}{heading}{bold:#}");
        let name = |row: &Line| one_line(self.facts.task(row.task).id.as_str()).into_owned();
        let names = rows.iter().map(|r| columns(&name(r))).max().unwrap_or(0);
        let commands = rows.iter().map(|r| columns(&r.command)).max().unwrap_or(0);
        for row in rows {
            let status = self.facts.view(row.task).status;
            let style = status_style(status);
            let _ = write!(text, "  {style}{}{style:#} ", look.glyphs.status(status));
            pad(text, &name(row), names);
            text.push_str("  ");
            if row.note.is_empty() {
                let _ = writeln!(text, "{}", row.command);
            } else {
                pad(text, &row.command, commands);
                let _ = writeln!(text, "  {dim}{}{dim:#}", row.note);
            }
        }
    }

    fn ready_note(&self, ix: TaskIx) -> String {
        let mut said = Vec::new();
        match self.facts.view(ix).class() {
            Class::Failed => said.push("failed before".to_owned()),
            Class::Stopped => said.push("stopped before".to_owned()),
            _ => {}
        }
        if let Some((worker, until)) = waits_for_worker(&self.facts, ix) {
            let left = until.duration_since(self.facts.now).try_into();
            let note = Note::WorkerPaused(worker.to_owned(), left.unwrap_or_default());
            said.push(note.text(&self.facts, ix));
        }
        said.join(", ")
    }

    fn run_command(&self, ix: TaskIx) -> String {
        let task = self.facts.task(ix);
        if task.id.is_inline() {
            return "runr orchestrate run".to_owned();
        }
        format!("runr run --task {}", shell_word(task.id.as_str()))
    }
}

struct Line {
    task: TaskIx,
    command: String,
    note: String,
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::report::fixture::{Told, plain};
    use crate::report::style::Glyphs;
    use crate::view::tests::Story;

    #[test]
    fn what_is_ready_comes_in_dispatch_order_and_people_see_the_commands() {
        let mut story = Story::new(&[
            ("short.md", &[]),
            ("long.md", &[]),
            ("after-long.md", &["long.md"]),
            ("first.md", &[]),
            ("again.md", &[]),
            ("keys.md", &[]),
            ("ship it.md", &["keys.md"]),
            ("copy.md", &[]),
        ]);
        story.change("first.md", |task| task.priority = 5);
        story.manual(&["keys.md"]);
        story.awaiting("copy.md");
        story.failed("again.md");
        let told = Told::new(&story);
        let next = Next::new(told.facts());
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        insta::assert_snapshot!(plain(&next.text(&look)), @r"
        Workers could do now
          ○ first.md  runr run --task first.md
          ○ long.md   runr run --task long.md
          ○ short.md  runr run --task short.md
          ✗ again.md  runr run --task again.md  failed before

        Needs you
          ○ keys.md  runr tasks complete keys.md  sets 1 task free
          ◈ copy.md  runr tasks approve copy.md
        ");
        let json: serde_json::Value = serde_json::from_str(&next.json().unwrap()).unwrap();
        let tasks: Vec<_> = json["ready"]
            .as_array()
            .unwrap()
            .iter()
            .map(|r| r["task"].clone())
            .collect();
        assert_eq!(tasks, ["first.md", "long.md", "short.md", "again.md"]);
        assert_eq!(json["needs_people"][0]["sets_free"][0], "ship it.md");
        let people: serde_json::Value =
            serde_json::from_str(&next.people_json(&[]).unwrap()).unwrap();
        assert!(people.get("ready").is_none());
    }
}
