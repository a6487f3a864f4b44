//! The screen: one value that takes every event and shows it in the mode it was made for.

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::time::Duration;

use indicatif::MultiProgress;
use jiff::Timestamp;
use jiff::tz::TimeZone;
use serde::Serialize;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, RunId, TaskId};
use crate::report::live::Estimate;
use crate::report::live::bars::Bars;
use crate::report::live::progress::Progress;
use crate::report::live::said::{Mark, Said, Weight};
use crate::report::sanitise::one_line;
use crate::report::style::{Glyphs, bold, dim};
use crate::state::OpenRun;

/// How an orchestration is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    /// Bars on stderr, which is a terminal with this many rows; lasting lines go to `out`, which should
    /// be stderr too.
    Bars { rows: usize },
    /// Plain lines with the time of day.
    Lines,
    /// One JSON object a line and event: `{"seq":…,"at":"…Z","event":"…",…}`.
    Events,
    /// Nothing.
    Quiet,
}

/// What the screen knows of the orchestration from the start.
#[derive(Debug)]
pub struct ScreenInfo {
    pub orch: OrchId,
    /// The tasks it selected.
    pub selected: BTreeSet<TaskId>,
    /// Those completed before it began (others in it are of no matter).
    pub completed: BTreeSet<TaskId>,
    pub estimate: Estimate,
    pub glyphs: Glyphs,
    /// For the time of day of plain lines.
    pub zone: TimeZone,
}

/// Shows one orchestration while it runs. Nothing is drawn but within a call of its methods.
#[derive(Debug)]
pub struct Screen<W: Write> {
    out: W,
    progress: Progress,
    estimate: Estimate,
    glyphs: Glyphs,
    zone: TimeZone,
    style: Style,
}

#[derive(Debug)]
enum Style {
    Bars(Box<Bars>),
    Lines,
    Events,
    Quiet,
}

#[derive(Serialize)]
struct EventLine<'a> {
    seq: u64,
    at: Timestamp,
    #[serde(flatten)]
    event: &'a Event,
}

impl<W: Write> Screen<W> {
    /// `out` must not hold a lock that drawing on stderr would need from another thread.
    #[must_use]
    pub fn new(mode: Mode, info: ScreenInfo, out: W) -> Self {
        let style = match mode {
            Mode::Bars { rows } => {
                // indicatif draws on stderr unless told otherwise.
                Style::Bars(Box::new(Bars::new(MultiProgress::new(), rows, info.glyphs)))
            }
            Mode::Lines => Style::Lines,
            Mode::Events => Style::Events,
            Mode::Quiet => Style::Quiet,
        };
        Self::with_style(style, info, out)
    }

    fn with_style(style: Style, info: ScreenInfo, out: W) -> Self {
        let mut estimate = info.estimate;
        for task in &info.completed {
            estimate.completed(task);
        }
        Self {
            out,
            progress: Progress::new(info.orch, info.selected, info.completed),
            estimate,
            glyphs: info.glyphs,
            zone: info.zone,
            style,
        }
    }

    /// Shows a run that was alive before the first event, as after a resume.
    pub fn adopted(&mut self, run: &RunId, open: &OpenRun) {
        self.progress
            .adopt(run, &open.task, open.attempt, open.reserved_at);
    }

    /// Shows what happened. Events of other orchestrations may come too; they are shown only where they
    /// concern a selected task.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn event(&mut self, recorded: &Recorded) -> io::Result<()> {
        let said = self.progress.take(recorded);
        self.note(&recorded.event, said.as_ref());
        match &mut self.style {
            Style::Quiet => {}
            Style::Events => {
                let line = EventLine {
                    seq: recorded.seq,
                    at: recorded.at,
                    event: &recorded.event,
                };
                let mut text = serde_json::to_vec(&line)?;
                text.push(b'\n');
                self.out.write_all(&text)?;
                self.out.flush()?;
            }
            Style::Lines => {
                if let Some(said) = said {
                    let time = self.zone.to_datetime(recorded.at).strftime("%H:%M:%S");
                    let dim = dim();
                    let line = line(&said, self.glyphs);
                    let done = tally(&said, &self.progress);
                    writeln!(self.out, "{dim}{time}{dim:#} {line}{done}")?;
                    self.out.flush()?;
                }
            }
            Style::Bars(bars) => {
                if let Some(said) = said.filter(|said| said.weight == Weight::Lasting) {
                    let out = &mut self.out;
                    let line = line(&said, self.glyphs);
                    bars.above(|| {
                        writeln!(out, "{line}")?;
                        out.flush()
                    })?;
                }
                bars.draw(&self.progress, &self.estimate, recorded.at);
            }
        }
        Ok(())
    }

    /// Shows the latest line of a task's output at the next tick. Only bars show it.
    pub fn output(&mut self, task: &TaskId, line: &str) {
        self.progress.output(task, line);
    }

    /// The tasks that run now, in the order of their start: whose output is worth reading.
    pub fn running(&self) -> impl Iterator<Item = (&RunId, &TaskId)> {
        self.progress.running().iter().map(|r| (&r.run, &r.task))
    }

    /// Moves the bars on; about once a second, at most ten times.
    pub fn tick(&mut self, now: Timestamp) {
        if let Style::Bars(bars) = &mut self.style {
            bars.turn();
            bars.draw(&self.progress, &self.estimate, now);
        }
    }

    /// Prints a line of the caller's own (a warning, `press again to kill`) without disturbing the bars.
    /// Not shown among JSON lines or in the quiet mode.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn say(&mut self, text: &str) -> io::Result<()> {
        let out = &mut self.out;
        match &self.style {
            Style::Bars(bars) => bars.above(|| writeln!(out, "{text}")),
            Style::Lines => writeln!(out, "{text}"),
            Style::Events | Style::Quiet => Ok(()),
        }
    }

    /// Takes the bars off the screen and prints the summary; JSON lines and the quiet mode have none.
    ///
    /// # Errors
    /// When `out` cannot be written.
    pub fn finish(mut self, summary: &str) -> io::Result<()> {
        match &mut self.style {
            Style::Events | Style::Quiet => {}
            Style::Lines => write!(self.out, "\n{summary}")?,
            Style::Bars(bars) => {
                bars.clear();
                write!(self.out, "\n{summary}")?;
            }
        }
        self.out.flush()
    }

    /// Keeps the estimate in step.
    fn note(&mut self, event: &Event, said: Option<&Said>) {
        let Some(Said {
            task: Some(task),
            mark,
            ..
        }) = said
        else {
            return;
        };
        let bad = matches!(
            event,
            Event::Ended {
                verdict: Verdict::Failed { .. }
                    | Verdict::Stopped { .. }
                    | Verdict::AwaitingApproval { .. },
                ..
            }
        );
        if let Event::Ended {
            verdict: Verdict::Completed { .. } | Verdict::AwaitingApproval { .. },
            took_ms,
            ..
        } = event
        {
            self.estimate.seen(Duration::from_millis(*took_ms));
        }
        if *mark == Mark::Status(crate::model::Status::Completed) {
            self.estimate.completed(task);
        } else if bad {
            self.estimate.unknown(task);
        }
    }
}

/// `✓ 00-setup.md completed in 1.2s`.
fn line(said: &Said, glyphs: Glyphs) -> String {
    let bold = bold();
    let mark = said.mark.styled(glyphs);
    let what = one_line(&said.what);
    match &said.task {
        Some(task) => format!("{mark}{bold}{}{bold:#} {what}", one_line(task.as_str())),
        None => format!("{mark}{what}"),
    }
}

/// ` (3/10)` after a completion.
fn tally(said: &Said, progress: &Progress) -> String {
    if said.mark == Mark::Status(crate::model::Status::Completed) {
        format!(" ({}/{})", progress.done(), progress.total())
    } else {
        String::new()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::CancelTarget;
    use crate::model::StopReason;
    use crate::report::fixture::plain;
    use crate::sched::{Basis, Expected};
    use crate::view::tests::{Story, id, orch, print};

    fn info(story: &Story) -> ScreenInfo {
        let all: Vec<_> = story.plan.numbers().collect();
        ScreenInfo {
            orch: orch(),
            selected: story.plan.tasks().iter().map(|t| t.id.clone()).collect(),
            completed: BTreeSet::new(),
            estimate: Estimate::new(&story.plan, &all, 2, |_| Expected {
                duration: Duration::from_secs(60),
                basis: Basis::Learnt,
                cost: None,
            }),
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        }
    }

    fn story() -> Story {
        let mut story = Story::new(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("keys.md", &[]),
            ("copy.md", &[]),
            ("slow.md", &[]),
        ]);
        story.manual(&["keys.md"]);
        story.completed("a.md", print(0));
        story.ended(
            "b.md",
            Verdict::Retry {
                reason: StopReason::WorkerFailed,
                message: Some("exit code 1".to_owned()),
                counted: true,
                wait_ms: 2_000,
            },
        );
        story.failed("b.md");
        story.happens(Event::Skipped {
            orch: orch(),
            task: id("keys.md"),
        });
        story.completed_by_hand("keys.md", print(0));
        story.awaiting("copy.md");
        story.happens(Event::Rejected {
            task: id("copy.md"),
            by: "ann".to_owned(),
            note: Some("too\u{1b}[31m loud".to_owned()),
        });
        let run = story.reserved("copy.md", print(0));
        story.happens(Event::Voided {
            run,
            message: "no lock".to_owned(),
        });
        story.started("slow.md", print(0));
        story.happens(Event::CancelRequested {
            target: CancelTarget::Orchestration(orch()),
            drain: false,
            by: "ann".to_owned(),
        });
        story
    }

    fn shown(story: &Story, style: Style) -> String {
        let mut out = Vec::new();
        let mut screen = Screen::with_style(style, info(story), &mut out);
        for recorded in &story.events {
            screen.event(recorded).unwrap();
            screen.output(&id("slow.md"), "working");
            screen.tick(recorded.at);
        }
        screen.finish("the end\n").unwrap();
        plain(&String::from_utf8(out).unwrap())
    }

    #[test]
    fn plain_lines_say_when_what_and_how_many() {
        insta::assert_snapshot!(shown(&story(), Style::Lines), @r"
        14:30:00 orch-20250108-143000-aaaa: 5 tasks, 2 jobs
        14:32:00 ◐ a.md started
        14:33:00 ✓ a.md completed in 1.2s (1/5)
        14:35:00 ◐ b.md started
        14:36:00 ↻ b.md worker failed: exit code 1 after 1.2s, tried again in 2.0s
        14:38:00 ◐ b.md started, attempt 2
        14:39:00 ✗ b.md failed after 1.2s: verification failed: cargo test
        14:40:00 ◇ keys.md needs you: runr tasks complete keys.md
        14:41:00 ✓ keys.md completed by ann (2/5)
        14:43:00 ◐ copy.md started
        14:44:00 ◈ copy.md needs you: runr tasks approve copy.md
        14:45:00 ↻ copy.md rejected by ann: too\u{1b}[31m loud
        14:47:00 ↻ copy.md did not start: no lock
        14:49:00 ◐ slow.md started
        14:50:00 ◌ cancelling, asked by ann

        the end
        ");
    }

    #[test]
    fn above_the_bars_only_what_lasts() {
        let hidden = MultiProgress::with_draw_target(indicatif::ProgressDrawTarget::hidden());
        let bars = Style::Bars(Box::new(Bars::new(hidden, 24, Glyphs::Unicode)));
        insta::assert_snapshot!(shown(&story(), bars), @r"
        ✓ a.md completed in 1.2s
        ↻ b.md worker failed: exit code 1 after 1.2s, tried again in 2.0s
        ✗ b.md failed after 1.2s: verification failed: cargo test
        ◇ keys.md needs you: runr tasks complete keys.md
        ✓ keys.md completed by ann
        ◈ copy.md needs you: runr tasks approve copy.md
        ↻ copy.md rejected by ann: too\u{1b}[31m loud
        ↻ copy.md did not start: no lock
        ◌ cancelling, asked by ann

        the end
        ");
    }

    #[test]
    fn every_event_is_one_json_line() {
        let story = story();
        let text = shown(&story, Style::Events);
        let lines: Vec<serde_json::Value> = text
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(lines.len(), story.events.len());
        assert_eq!(lines[0]["event"], "orchestration_started");
        assert_eq!(lines[0]["seq"], 1);
        assert_eq!(lines[0]["at"], "2025-01-08T14:30:00Z");
        assert_eq!(lines[3]["is"], "completed");
    }

    #[test]
    fn quiet_says_nothing() {
        assert_eq!(shown(&story(), Style::Quiet), "");
    }

    #[test]
    fn other_orchestrations_count_only_where_they_complete_a_selected_task() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &[]), ("other.md", &[])]);
        let run = story.completed("a.md", print(0));
        story.completed("other.md", print(0));
        let mut info = info(&story);
        info.orch = OrchId::parse("orch-20250108-150000-bbbb").unwrap();
        info.selected.remove(&id("other.md"));
        let mut out = Vec::new();
        let mut screen = Screen::with_style(Style::Lines, info, &mut out);
        for recorded in &story.events {
            screen.event(recorded).unwrap();
        }
        assert_eq!(screen.progress.done(), 1);
        assert_eq!(screen.running().count(), 0);
        assert!(!run.as_str().is_empty());
        let text = plain(&String::from_utf8(out).unwrap());
        assert_eq!(
            text,
            "14:33:00 ✓ a.md completed by another orchestration (1/2)\n"
        );
    }
}
