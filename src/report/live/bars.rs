//! The moving part of the screen: one line a running task and a total below them.
//!
//! Knows indicatif, and nothing else of runr does. Draws only when told to: no thread ticks.

use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use jiff::Timestamp;

use crate::model::{TaskId, show_duration};
use crate::report::live::Estimate;
use crate::report::live::progress::{Progress, Running};
use crate::report::sanitise::one_line;
use crate::report::style::{Glyphs, dim};

/// Rows of the terminal that are left to what scrolls.
const ROWS_KEPT: usize = 4;

/// The bars on the screen.
#[derive(Debug)]
pub struct Bars {
    screen: MultiProgress,
    tasks: Vec<ProgressBar>,
    total: ProgressBar,
    most: usize,
    glyphs: Glyphs,
    turn: usize,
}

impl Bars {
    #[must_use]
    pub fn new(screen: MultiProgress, rows: usize, glyphs: Glyphs) -> Self {
        let total = screen.add(ProgressBar::new(0));
        let style = ProgressStyle::with_template("  {bar:24.green} {pos}/{len}{wide_msg}")
            .unwrap_or_else(|_| ProgressStyle::default_bar())
            .progress_chars(glyphs.choose("━╸─", "#>-"));
        total.set_style(style);
        Self {
            screen,
            tasks: Vec::new(),
            total,
            most: rows.saturating_sub(ROWS_KEPT).max(1),
            glyphs,
            turn: 0,
        }
    }

    /// Moves the spinners on.
    pub fn turn(&mut self) {
        self.turn = self.turn.wrapping_add(1);
    }

    /// Draws how things stand.
    pub fn draw(&mut self, progress: &Progress, estimate: &Estimate, now: Timestamp) {
        let running = progress.running();
        let shown = running.len().min(self.most);
        while self.tasks.len() > shown {
            if let Some(bar) = self.tasks.pop() {
                bar.finish_and_clear();
                self.screen.remove(&bar);
            }
        }
        while self.tasks.len() < shown {
            let bar = self
                .screen
                .insert_before(&self.total, ProgressBar::new_spinner());
            if let Ok(style) = ProgressStyle::with_template("  {wide_msg}") {
                bar.set_style(style);
            }
            self.tasks.push(bar);
        }
        for (bar, task) in self.tasks.iter().zip(running) {
            bar.set_message(task_line(task, spinner(self.turn, self.glyphs), now));
        }
        self.total.set_length(progress.total() as u64);
        self.total.set_position(progress.done() as u64);
        let elapsed: BTreeMap<&TaskId, Duration> = running
            .iter()
            .map(|r| (&r.task, elapsed(r.since, now)))
            .collect();
        let remaining = estimate.remaining(&elapsed).unwrap_or_default();
        let hidden = running.len() - shown;
        self.total.set_message(total_line(
            (progress.failed(), progress.stopped()),
            hidden,
            remaining,
        ));
    }

    /// Writes something above the bars.
    ///
    /// # Errors
    /// What `write` gives.
    pub fn above(&self, write: impl FnOnce() -> io::Result<()>) -> io::Result<()> {
        self.screen.suspend(write)
    }

    /// Takes the bars off the screen.
    pub fn clear(&mut self) {
        for bar in self.tasks.drain(..) {
            bar.finish_and_clear();
        }
        self.total.finish_and_clear();
    }
}

fn spinner(turn: usize, glyphs: Glyphs) -> &'static str {
    const UNICODE: [&str; 4] = ["◐", "◓", "◑", "◒"];
    const ASCII: [&str; 4] = ["|", "/", "-", "\\"];
    match glyphs {
        Glyphs::Unicode => UNICODE[turn % UNICODE.len()],
        Glyphs::Ascii => ASCII[turn % ASCII.len()],
    }
}

/// One running task: spinner, name, time, the last line of its output. Cut to the width when drawn.
fn task_line(task: &Running, spinner: &str, now: Timestamp) -> String {
    let dim = dim();
    let name = one_line(task.task.as_str());
    let output = one_line(&task.last_output);
    if task.started {
        let elapsed = show_duration(whole_seconds(elapsed(task.since, now)));
        format!("{spinner} {name}  {elapsed}  {dim}{output}{dim:#}")
    } else {
        format!("{spinner} {name}  {dim}starting{dim:#}")
    }
}

fn total_line((failed, stopped): (usize, usize), hidden: usize, remaining: Duration) -> String {
    let mut line = String::new();
    for (n, word) in [(failed, "failed"), (stopped, "stopped")] {
        if n > 0 {
            line.push_str(&format!("  {n} {word}"));
        }
    }
    if hidden > 0 {
        line.push_str(&format!("  and {hidden} more running"));
    }
    if remaining > Duration::ZERO {
        let about = show_duration(whole_seconds(remaining));
        line.push_str(&format!("  about {about} left"));
    }
    line
}

/// A tenth of a second that changes with every tick only disturbs; below ten seconds they are shown.
fn whole_seconds(duration: Duration) -> Duration {
    if duration < Duration::from_secs(10) {
        Duration::from_millis(u64::try_from(duration.as_millis()).unwrap_or_default() / 100 * 100)
    } else {
        Duration::from_secs(duration.as_secs())
    }
}

fn elapsed(since: Timestamp, now: Timestamp) -> Duration {
    now.duration_since(since).try_into().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::RunId;
    use crate::report::fixture::plain;
    use crate::view::tests::id;

    #[test]
    fn a_task_line_has_name_time_and_clean_output() {
        let since: Timestamp = "2025-01-08T14:30:00Z".parse().unwrap();
        let mut task = Running {
            run: RunId::new(since, 0),
            task: id("a.md"),
            since,
            started: true,
            last_output: "compiling\u{1b}[2J x".to_owned(),
        };
        let now = since + Duration::from_millis(192_345);
        let line = |task: &Running| plain(&task_line(task, "*", now));
        assert_eq!(line(&task), "* a.md  3m 12s  compiling\\u{1b}[2J x");
        task.started = false;
        assert_eq!(line(&task), "* a.md  starting");
    }

    #[test]
    fn the_total_says_only_what_there_is() {
        for (bad, hidden, seconds, line) in [
            ((0, 0), 0, 0, ""),
            ((1, 0), 0, 90, "  1 failed  about 1m 30s left"),
            ((0, 1), 0, 0, "  1 stopped"),
            ((2, 1), 0, 0, "  2 failed  1 stopped"),
            ((0, 0), 3, 0, "  and 3 more running"),
        ] {
            assert_eq!(total_line(bad, hidden, Duration::from_secs(seconds)), line);
        }
    }
}
