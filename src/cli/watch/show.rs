//! The drawing thread: what happens, one thing after the other, and what is asked for.

use std::io::IsTerminal as _;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use rustix::process::{Signal, getpid, kill_process};

use crate::cli::deciding::decide;
use crate::cli::evidence;
use crate::cli::following::Reader;
use crate::cli::snapshot::look;
use crate::cli::watch::happening::Happening;
use crate::cli::watch::moments::{self, Moments};
use crate::cli::watch::tail::{self, Tail};
use crate::cli::watch::terminal::Screen;
use crate::cli::watch::{keys, signals};
use crate::cli::{Context, Exit, Failure};
use crate::model::TaskId;
use crate::orchestrate::Signalled;
use crate::report::people::{needs_people, needs_text};
use crate::screen::{Ask, Model, Msg, News, Paint, Source};
use crate::store::{Places, process};

/// How often elapsed times are drawn anew while something runs.
const TICK: Duration = Duration::from_secs(1);
/// What happens together is drawn once, but not more than this.
const TOGETHER: usize = 500;
/// The name of the screen in the journal.
const NAME: &str = "watch";

/// Shows the project until a person leaves.
///
/// # Errors
/// When there is no terminal (2), the project cannot be read (2 or 4), or the terminal cannot be drawn on.
pub fn run(context: &Context, orchestration: Option<&Path>) -> anyhow::Result<Exit> {
    refuse_pipes()?;
    let project = context.project()?;
    let loaded = context.load(&project, orchestration)?;
    let store = context.stores(&project, &loaded.plan)?;
    let places = store.places();
    let (tell, told) = channel();
    let (wake, woken) = channel();
    let mut reader = Reader::new(&project, loaded, store);
    reader.file = orchestration.map(Path::to_owned);
    reader.follow({
        let wake = wake.clone();
        Arc::new(move |changed| {
            // Nobody listens any more when the command is about to end.
            let _ = wake.send(moments::Wake::Changed(changed));
        })
    })?;
    let mut moments = Moments::new(reader, wake);
    let first = moments.moment();
    let (tail_wake, tail_woken) = channel();
    let tail = Tail::new(places.clone(), tell.clone(), tail_wake.clone());
    signals::listen(tell.clone())?;
    let paint = Paint {
        glyphs: context.glyphs(),
        colour: context.colour() && !is_monochrome(&std::env::var("TERM").unwrap_or_default()),
    };
    let mut screen = Screen::take(paint)?;
    let size = screen.size()?;
    let (model, asks) = Model::new(Arc::new(first), size);
    let show = Show {
        context: context.clone(),
        model,
        places,
        tail: tail_wake,
        tell: tell.clone(),
    };
    {
        let tell = tell.clone();
        std::thread::spawn(move || moments.run(&woken, &tell));
    }
    std::thread::spawn(move || tail.run(&tail_woken));
    std::thread::spawn(move || keys::listen(&tell));
    let ended = show.until_left(&mut screen, asks, &told);
    drop(screen);
    ended
}

/// A screen needs a terminal at both ends.
fn refuse_pipes() -> Result<(), Failure> {
    let dumb = std::env::var_os("TERM").is_none_or(|term| term.is_empty() || term == "dumb");
    if std::io::stdin().is_terminal() && std::io::stdout().is_terminal() && !dumb {
        return Ok(());
    }
    Err(
        Failure::usage("`runr watch` needs a terminal that it can draw on")
            .help("runr status              shows how things stand, once")
            .help("runr orchestrate wait    waits until what runs has ended"),
    )
}

/// Has a terminal of this name bold and reverse only? It might blink where a colour is asked for.
fn is_monochrome(term: &str) -> bool {
    let model = term.strip_prefix("vt");
    let is_vt = model.is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
    is_vt || term.split('-').any(|part| matches!(part, "m" | "mono"))
}

/// Is there somebody who would continue the program if it stopped? Its parent, if that is in the same session.
fn has_a_shell() -> bool {
    let own = process::session_of(std::process::id());
    let parents = process::session_of(std::os::unix::process::parent_id());
    own.is_ok_and(|own| parents.is_ok_and(|parents| parents == own))
}

/// What the drawing thread owns.
#[derive(Debug)]
struct Show {
    context: Context,
    model: Model,
    places: Places,
    tail: Sender<tail::Wake>,
    tell: Sender<Happening>,
}

impl Show {
    fn until_left(
        mut self,
        screen: &mut Screen,
        first: Vec<Ask>,
        told: &Receiver<Happening>,
    ) -> anyhow::Result<Exit> {
        let mut asks = first;
        let mut drawn = Instant::now();
        loop {
            for ask in std::mem::take(&mut asks) {
                if let Some(exit) = self.carry_out(ask, screen)? {
                    return Ok(exit);
                }
            }
            let size = screen.size()?;
            asks = self.model.update(Msg::Resized(size.0, size.1));
            screen.show(&self.model)?;
            if !asks.is_empty() {
                continue;
            }
            let next = match self.model.is_moving() {
                false => told.recv().ok(),
                true => match told
                    .recv_timeout((drawn + TICK).saturating_duration_since(Instant::now()))
                {
                    Ok(next) => Some(next),
                    Err(RecvTimeoutError::Timeout) => {
                        drawn = Instant::now();
                        Some(Happening::Told(Msg::Tick(Timestamp::now())))
                    }
                    Err(RecvTimeoutError::Disconnected) => None,
                },
            };
            let Some(next) = next else {
                return Ok(Exit::OK);
            };
            let more: Vec<Happening> = told.try_iter().take(TOGETHER).collect();
            for happening in std::iter::once(next).chain(more) {
                match happening {
                    Happening::Told(msg) => {
                        if matches!(msg, Msg::Moment(_)) {
                            // A run may have ended, or its folder be there now.
                            drop(self.tail.send(tail::Wake::Grown));
                        }
                        asks.extend(self.model.update(msg));
                    }
                    Happening::Placed(places) => {
                        drop(self.tail.send(tail::Wake::Placed(places.clone())));
                        self.places = places;
                    }
                    Happening::Signalled(signal) => return Ok(Exit(signal.exit())),
                    Happening::Stopped => asks.push(Ask::Suspend),
                    Happening::Continued => screen.again()?,
                    Happening::Gone => return Ok(Exit(Signalled::Hup.exit())),
                }
            }
        }
    }

    fn carry_out(&mut self, ask: Ask, screen: &mut Screen) -> anyhow::Result<Option<Exit>> {
        match ask {
            Ask::Leave => return Ok(Some(Exit::OK)),
            Ask::Interrupt => return Ok(Some(Exit(Signalled::Int.exit()))),
            Ask::Suspend if has_a_shell() => screen.without(|| {
                // Not to be stopped is no reason to end.
                let _ = kill_process(getpid(), Signal::STOP);
            })?,
            Ask::Suspend => {}
            Ask::Follow(source) => {
                if let Some(Source::Evidence(task, _)) = &source {
                    self.look_at(task.clone(), source.clone());
                }
                drop(self.tail.send(tail::Wake::Show(source)));
            }
            Ask::Do(decision) => {
                let (context, tell) = (self.context.clone(), self.tell.clone());
                std::thread::spawn(move || {
                    let said = decide(&context, NAME, decision);
                    let lines: Vec<&str> = said.said.lines().map(str::trim).collect();
                    let done = Msg::Done {
                        said: lines.join("\n"),
                        well: said.exit == 0,
                    };
                    drop(tell.send(Happening::Told(done)));
                });
            }
        }
        Ok(None)
    }

    /// Reads what there is to look at before an answer, where it holds nobody up: git may be asked.
    fn look_at(&self, task: TaskId, source: Option<Source>) {
        let (moment, places) = (Arc::clone(self.model.moment()), self.places.clone());
        let (tell, look) = (self.tell.clone(), look(&self.context));
        std::thread::spawn(move || {
            let facts = moment.facts(moment.at);
            let needs = needs_people(&facts);
            let need = needs.iter().find(|need| facts.task(need.task).id == task);
            let Some((need, source)) = need.zip(source) else {
                return;
            };
            let (found, troubles) = evidence::read(facts, &places, need);
            let text = needs_text(&facts, std::slice::from_ref(need), &[found], &look);
            let text = anstream::adapter::strip_str(&text).to_string();
            // Its name stands above already.
            let lines = text
                .lines()
                .skip(1)
                .map(|line| line.trim_start().to_owned());
            let news = News::Lines(lines.chain(troubles).collect());
            let _ = tell.send(Happening::Told(Msg::News(source, news)));
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn terminals_without_colours_are_known_by_name() {
        for (term, expected) in [
            ("vt100", true),
            ("vt220", true),
            ("xterm-mono", true),
            ("ansi-m", true),
            ("vte-256color", false),
            ("xterm-256color", false),
            ("linux", false),
            ("", false),
        ] {
            assert_eq!(is_monochrome(term), expected, "{term}");
        }
    }
}
