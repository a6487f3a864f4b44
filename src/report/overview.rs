//! `runr` alone and `runr status`: what runs, what ran last, how the tasks stand, what needs a person.
//!
//! Knows the facts. Local times by the zone handed in.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;
use serde::Serialize;

use crate::model::{OrchId, Whose, show_duration};
use crate::plan::TaskIx;
use crate::report::beyond::waited_for_elsewhere;
use crate::report::counts::Counts;
use crate::report::facts::Facts;
use crate::report::next_commands::{NextCommand, next_with};
use crate::report::note::{complete_command, notes};
use crate::report::paused::{paused, paused_text};
use crate::report::people::needs_people;
use crate::report::remedy::merge_command;
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim, status_style};
use crate::report::text::{count, name_width, pad};
use crate::report::why::next_text;
use crate::state::Orchestration;
use crate::view::{Ask, Class};

/// How many tasks a section shows before it counts the rest.
const SHOWN: usize = 5;
/// What shows all tasks of the home.
const STATUS: &str = "runr status --tasks";
/// What shows all tasks.
const STATUS_OF_ALL: &str = "runr status --tasks --all-repos";

/// Where everything stands.
#[derive(Debug)]
pub struct Overview<'a> {
    facts: Facts<'a>,
    /// Not ended; the newest last.
    open: Vec<(&'a OrchId, &'a Orchestration)>,
    last: Option<(&'a OrchId, &'a Orchestration)>,
    counts: Counts,
    /// What the plan gives to people.
    needs: Vec<(TaskIx, Ask)>,
    /// What is waited for in other repositories.
    beyond: Vec<TaskIx>,
    next: Vec<NextCommand>,
}

#[derive(Debug, Serialize)]
struct OrchestrationJson<'a> {
    orchestration: &'a OrchId,
    command: &'a str,
    tasks: u32,
    jobs: u32,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    exit: Option<u8>,
    /// Somebody asked it to stop.
    cancelled: bool,
    /// `running`, `detached`, `gone` or `ended`.
    state: &'static str,
}

/// A branch with completed work that the branch checked out does not have.
#[derive(Debug, Serialize)]
pub struct NotLandedJson<'a> {
    branch: &'a str,
    commits: usize,
    /// The branch checked out, or `HEAD`.
    not_in: &'a str,
    command: String,
}

#[derive(Debug, Serialize)]
struct OverviewJson<'a> {
    schema_version: u32,
    running: Vec<OrchestrationJson<'a>>,
    last: Option<OrchestrationJson<'a>>,
    counts: Counts,
    needs_people: Vec<String>,
    /// Nobody starts these before then.
    paused_workers: BTreeMap<&'a str, Timestamp>,
    not_landed: Vec<NotLandedJson<'a>>,
    next: &'a [NextCommand],
}

/// All branches of that kind, each with the command that brings it in.
#[must_use]
pub fn not_landed_json<'a>(facts: &Facts<'a>) -> Vec<NotLandedJson<'a>> {
    let one = |found: &'a crate::view::NotLanded| NotLandedJson {
        branch: &found.branch,
        commits: found.commits,
        not_in: &found.here,
        command: merge_command(&found.branch, found.folder.as_deref()),
    };
    facts.not_landed.iter().map(one).collect()
}

impl<'a> Overview<'a> {
    #[must_use]
    pub fn new(facts: Facts<'a>) -> Self {
        let all = facts.home();
        let mut needs = needs_people(&facts);
        let beyond = waited_for_elsewhere(&facts, &all);
        let shown = [all.as_slice(), &beyond].concat();
        let next = next_with(&facts, &shown, &needs, None);
        needs.retain(|need| facts.plan.whose(need.task) == Whose::Home);
        let (mut open, mut ended): (Vec<_>, Vec<_>) = facts
            .state
            .orchestrations
            .iter()
            .filter(|(_, o)| !o.abroad)
            .partition(|(_, o)| o.ended_at.is_none());
        open.sort_by_key(|(id, o)| (o.started_at, *id));
        ended.sort_by_key(|(id, o)| (o.ended_at, *id));
        Self {
            next,
            beyond,
            counts: Counts::of(all.iter().map(|ix| facts.view(*ix))),
            open,
            last: ended.pop(),
            needs: needs
                .iter()
                .filter_map(|need| Some((need.task, need.asked.planned()?)))
                .collect(),
            facts,
        }
    }

    fn word(&self, id: &OrchId, orchestration: &Orchestration) -> &'static str {
        if orchestration.ended_at.is_some() {
            "ended"
        } else if self.facts.processes.deserted.contains(id) {
            if orchestration.detached {
                "detached"
            } else {
                "gone"
            }
        } else {
            "running"
        }
    }

    /// One JSON object on one line.
    ///
    /// # Errors
    /// None in practice: every part can be written as JSON.
    pub fn json(&self) -> serde_json::Result<String> {
        let one = |(id, o): &(&'a OrchId, &'a Orchestration)| OrchestrationJson {
            orchestration: id,
            command: &o.command,
            tasks: o.tasks,
            jobs: o.jobs,
            started_at: o.started_at,
            ended_at: o.ended_at,
            exit: o.exit,
            cancelled: o.cancelled,
            state: self.word(id, o),
        };
        serde_json::to_string(&OverviewJson {
            schema_version: 1,
            running: self.open.iter().map(one).collect(),
            last: self.last.as_ref().map(one),
            counts: self.counts,
            needs_people: self
                .needs
                .iter()
                .map(|(task, ask)| complete_command(self.facts.plan, *task, *ask))
                .collect(),
            paused_workers: paused(&self.facts),
            not_landed: not_landed_json(&self.facts),
            next: &self.next,
        })
    }

    /// The counts in one line.
    #[must_use]
    pub fn counted(&self) -> String {
        self.counts.line()
    }

    /// The same for people.
    #[must_use]
    pub fn text(&self, look: &Look) -> String {
        let mut text = String::new();
        for (id, orchestration) in &self.open {
            self.orchestration(&mut text, id, orchestration, look);
        }
        if self.open.is_empty()
            && let Some((id, orchestration)) = self.last
        {
            self.orchestration(&mut text, id, orchestration, look);
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(&self.counts.line());
        text.push('\n');
        for (heading, class) in [
            ("Running", Class::Running),
            ("Failed", Class::Failed),
            ("Stopped", Class::Stopped),
        ] {
            let home = self.facts.home().into_iter();
            let tasks: Vec<TaskIx> = home
                .filter(|ix| self.facts.view(*ix).class() == class)
                .collect();
            self.section(&mut text, (heading, STATUS), &tasks, look);
        }
        let needs: Vec<TaskIx> = self.needs.iter().map(|(task, _)| *task).collect();
        self.section(&mut text, ("Needs you", STATUS), &needs, look);
        let heading = ("Waited for in other repositories", STATUS_OF_ALL);
        self.section(&mut text, heading, &self.beyond, look);
        paused_text(&mut text, &paused(&self.facts), look);
        self.not_landed(&mut text);
        next_text(&mut text, &self.next);
        text
    }

    fn not_landed(&self, text: &mut String) {
        let found = self.facts.not_landed;
        if found.is_empty() {
            return;
        }
        let bold = bold();
        let _ = writeln!(text, "\n{bold}Not landed{bold:#}");
        let width = name_width(found.iter().take(SHOWN).map(|one| one.branch.as_str()));
        for one in found.iter().take(SHOWN) {
            text.push_str("  ");
            pad(text, &one_line(&one.branch), width);
            let here = one_line(&one.here);
            let are = match one.commits {
                1 => "is",
                _ => "are",
            };
            let _ = writeln!(
                text,
                "  {} that {are} not in {here}: {}",
                count(one.commits, "commit", "commits"),
                merge_command(&one.branch, one.folder.as_deref())
            );
        }
        if found.len() > SHOWN {
            let _ = writeln!(text, "  and {} more", found.len() - SHOWN);
        }
    }

    fn orchestration(&self, text: &mut String, id: &OrchId, o: &Orchestration, look: &Look) {
        let (bold, dim) = (bold(), dim());
        let since = look
            .zone
            .to_datetime(o.started_at)
            .strftime("%Y-%m-%d %H:%M");
        let command = one_line(&o.command).into_owned();
        let how = match (self.word(id, o), o.ended_at) {
            ("ended", Some(ended)) => {
                let took = ended
                    .duration_since(o.started_at)
                    .try_into()
                    .unwrap_or_default();
                format!("took {}, {}", show_duration(took), end_words(o))
            }
            ("running", _) => {
                let elapsed = self.facts.now.duration_since(o.started_at);
                format!(
                    "running for {}",
                    show_duration(elapsed.try_into().unwrap_or_default())
                )
            }
            ("detached", _) => format!("its terminal was closed: {}", self.facts.resume(id)),
            _ => format!("its process is gone: {}", self.facts.resume(id)),
        };
        let _ = writeln!(
            text,
            "{bold}{command}{bold:#}  {since}  {how}  {dim}{id}{dim:#}"
        );
    }

    /// Some tasks under a heading, and the command that shows the rest.
    fn section(
        &self,
        text: &mut String,
        (heading, all): (&str, &str),
        tasks: &[TaskIx],
        look: &Look,
    ) {
        if tasks.is_empty() {
            return;
        }
        let bold = bold();
        let _ = writeln!(text, "\n{bold}{heading}{bold:#}");
        let shown = &tasks[..tasks.len().min(SHOWN)];
        let name = |ix: TaskIx| one_line(self.facts.task(ix).id.as_str());
        let width = name_width(shown.iter().map(|ix| self.facts.task(*ix).id.as_str()));
        for ix in shown {
            let status = self.facts.view(*ix).status;
            let style = status_style(status);
            let _ = write!(text, "  {style}{}{style:#} ", look.glyphs.status(status));
            pad(text, &name(*ix), width);
            for note in notes(&self.facts, *ix) {
                let _ = write!(text, "  {}", note.text(&self.facts, *ix));
            }
            text.push('\n');
        }
        if tasks.len() > SHOWN {
            let _ = writeln!(text, "  and {} more: {all}", tasks.len() - SHOWN);
        }
    }
}

/// How an orchestration that is over has ended.
#[must_use]
pub fn end_words(ended: &Orchestration) -> &'static str {
    match ended.exit.unwrap_or(0) {
        1 | 3 if ended.cancelled => "cancelled",
        0 => "all completed",
        1 => "something failed or stopped",
        3 => "not all completed",
        4 => "state could not be written",
        129 | 130 | 143 => "interrupted",
        _ => "ended",
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::event::Event;
    use crate::report::fixture::{Told, plain};
    use crate::report::style::Glyphs;
    use crate::view::tests::{Story, orch, print};

    fn text(told: &Told<'_>) -> String {
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        plain(&Overview::new(told.facts()).text(&look))
    }

    #[test]
    fn a_running_an_abandoned_and_an_ended_orchestration() {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &[]),
            ("keys.md", &[]),
            ("c.md", &["keys.md"]),
        ]);
        story.manual(&["keys.md"]);
        story.completed("a.md", print(0));
        let run = story.started("b.md", print(0));
        let told = Told::new(&story);
        insta::assert_snapshot!(text(&told), @r"
        runr run  2025-01-08 14:30  running for 6m 0s  orch-20250108-143000-aaaa

        4 tasks: 1 completed, 1 running, 1 needs you, 1 blocked

        Running
          ◐ b.md  2m 0s

        Needs you
          ○ keys.md  needs you: runr tasks complete keys.md

        Next
          runr tasks complete keys.md  once you have done it; sets 1 task free
          runr logs -f b.md            follows its output
          runr watch                   follows everything in a terminal
        ");
        let mut told = Told::new(&story);
        told.processes.deserted.insert(orch());
        told.processes
            .runs
            .insert(run, crate::report::facts::Liveness::Gone);
        insta::assert_snapshot!(text(&told), @r"
        runr run  2025-01-08 14:30  its process is gone: runr resume  orch-20250108-143000-aaaa

        4 tasks: 1 completed, 1 running, 1 needs you, 1 blocked

        Running
          ◐ b.md  its process is gone: runr resume

        Needs you
          ○ keys.md  needs you: runr tasks complete keys.md

        Next
          runr resume                  goes on where it was interrupted
          runr tasks complete keys.md  once you have done it; sets 1 task free
        ");
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        let told = Told::new(&story);
        insta::assert_snapshot!(text(&told), @r"
        runr run  2025-01-08 14:30  took 6m 0s, something failed or stopped  orch-20250108-143000-aaaa

        4 tasks: 1 completed, 1 running, 1 needs you, 1 blocked

        Running
          ◐ b.md  3m 0s

        Needs you
          ○ keys.md  needs you: runr tasks complete keys.md

        Next
          runr tasks complete keys.md  once you have done it; sets 1 task free
          runr logs -f b.md            follows its output
          runr watch                   follows everything in a terminal
        ");
    }

    #[test]
    fn when_everything_is_done_it_says_so() {
        let mut story = Story::new(&[("a.md", &[])]);
        story.completed("a.md", print(0));
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 0,
        });
        insta::assert_snapshot!(text(&Told::new(&story)), @r"
        runr run  2025-01-08 14:30  took 4m 0s, all completed  orch-20250108-143000-aaaa

        1 task: 1 completed

        Next
          runr report  tells what was done
        ");
    }
}
