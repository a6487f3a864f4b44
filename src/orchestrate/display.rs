//! Who watches an orchestration, as the driver uses them: the screen, and those who are notified. Both may fail, and
//! that stops nothing.

use std::io::Write;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use jiff::tz::TimeZone;

use crate::event::Recorded;
use crate::model::RunId;
use crate::orchestrate::teller::Teller;
use crate::report::live::{Mode, Screen, ScreenInfo};
use crate::report::{Glyphs, last_line};
use crate::state::OpenRun;
use crate::store::Layout;

/// How the command line wants an orchestration shown.
pub struct Surface {
    pub mode: Mode,
    pub glyphs: Glyphs,
    /// For the time of day of plain lines.
    pub zone: TimeZone,
    pub out: Box<dyn Write>,
}

impl std::fmt::Debug for Surface {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Surface")
            .field("mode", &self.mode)
            .finish_non_exhaustive()
    }
}

/// How often bars move on.
const TICK: Duration = Duration::from_secs(1);

/// The screen and what drives it.
pub struct Display {
    /// `None`: it could not be written any more. Whoever watched has left; the run goes on.
    screen: Option<Screen<Box<dyn Write>>>,
    /// Of every repository that a run may be in.
    layouts: Vec<Layout>,
    /// When the bars move next; `None`: there are no bars.
    next_tick: Option<Instant>,
    /// `None`: nobody else is told.
    teller: Option<Teller>,
}

impl std::fmt::Debug for Display {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Display")
            .field("next_tick", &self.next_tick)
            .finish_non_exhaustive()
    }
}

impl Display {
    pub fn new(surface: Surface, info: ScreenInfo, layouts: Vec<Layout>) -> Self {
        let next_tick = matches!(surface.mode, Mode::Bars { .. }).then(Instant::now);
        Self {
            screen: Some(Screen::new(surface.mode, info, surface.out)),
            layouts,
            next_tick,
            teller: None,
        }
    }

    /// From now on somebody else is told too.
    pub fn tell(&mut self, teller: Teller) {
        self.teller = Some(teller);
    }

    /// Lets those who are notified hear the last of it, for a short while. Says and gives what went wrong.
    pub async fn tell_all(&mut self) -> Vec<String> {
        let Some(teller) = &mut self.teller else {
            return Vec::new();
        };
        let wrong = teller.finish().await;
        for why in &wrong {
            self.say(&format!("warning: {why}"));
        }
        wrong
    }

    pub fn event(&mut self, recorded: &Recorded) {
        if let Some(teller) = &mut self.teller {
            teller.event(recorded);
        }
        if let Some(screen) = &mut self.screen
            && screen.event(recorded).is_err()
        {
            self.screen = None;
        }
    }

    pub fn adopted(&mut self, run: &RunId, open: &OpenRun) {
        if let Some(screen) = &mut self.screen {
            screen.adopted(run, open);
        }
    }

    pub fn say(&mut self, line: &str) {
        if let Some(screen) = &mut self.screen
            && screen.say(line).is_err()
        {
            self.screen = None;
        }
    }

    /// When [`Self::tick`] is due.
    pub fn next_tick(&self) -> Option<Instant> {
        self.next_tick
    }

    /// Shows the latest output of the running tasks.
    pub fn tick(&mut self) {
        self.next_tick = Some(Instant::now() + TICK);
        let Some(screen) = &mut self.screen else {
            return;
        };
        let running: Vec<_> = screen
            .running()
            .map(|(run, task)| (run.clone(), task.clone()))
            .collect();
        for (run, task) in running {
            // An output that cannot be read is only not shown.
            let logs = self.layouts.iter().map(|l| l.run(&run).join("worker.log"));
            let mut lines = logs.filter_map(|log| last_line(&log).ok().flatten());
            if let Some(line) = lines.next() {
                screen.output(&task, &line);
            }
        }
        screen.tick(Timestamp::now());
    }

    /// Takes the bars away and prints the summary.
    pub fn finish(self, summary: &str) {
        if let Some(screen) = self.screen {
            // Its failure means that nobody reads it.
            drop(screen.finish(summary));
        }
    }
}
