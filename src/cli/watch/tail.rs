//! The text beside the list, as it grows.
//!
//! One thread with one file watch: what is shown changes with the selection. Woken by the file system and by the
//! journal; nothing polls.

use std::path::PathBuf;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use notify::{RecommendedWatcher, RecursiveMode, Watcher as _};

use crate::cli::following::LogFiles;
use crate::cli::runs;
use crate::cli::watch::happening::Happening;
use crate::model::RunId;
use crate::report::sanitise;
use crate::screen::{Msg, News, Source};
use crate::store::{Places, read_state};

/// What comes faster is shown together.
const APART: Duration = Duration::from_millis(60);
/// Of a text file, in bytes.
const MOST: usize = 256 * 1024;

/// Why the thread looks.
#[derive(Debug)]
pub enum Wake {
    Show(Option<Source>),
    /// A file may have grown, or a run have ended.
    Grown,
    /// Repositories came or went.
    Placed(Places),
}

/// What the thread owns.
#[derive(Debug)]
pub struct Tail {
    places: Places,
    tell: Sender<Happening>,
    wake: Sender<Wake>,
    source: Option<Source>,
    files: LogFiles,
    /// The name of the file whose lines were told last.
    last: Option<String>,
    /// What is watched; it ends with it.
    watcher: Option<RecommendedWatcher>,
    watched: bool,
    /// Everything was told.
    ended: bool,
}

impl Tail {
    #[must_use]
    pub fn new(places: Places, tell: Sender<Happening>, wake: Sender<Wake>) -> Self {
        Self {
            places,
            tell,
            wake,
            source: None,
            files: LogFiles::default(),
            last: None,
            watcher: None,
            watched: false,
            ended: true,
        }
    }

    /// Tells until nobody listens.
    pub fn run(mut self, woken: &Receiver<Wake>) {
        let mut wait = None;
        loop {
            let first = match wait {
                None => woken.recv().map_err(|_| RecvTimeoutError::Disconnected),
                Some(wait) => woken.recv_timeout(wait),
            };
            match first {
                Ok(Wake::Show(source)) => {
                    // Only the last of several selections matters.
                    let mut last = source;
                    for wake in woken.try_iter() {
                        match wake {
                            Wake::Show(source) => last = source,
                            Wake::Grown => {}
                            Wake::Placed(places) => self.places = places,
                        }
                    }
                    self.begin(last);
                }
                // It is read a little later, with what comes until then.
                Ok(Wake::Grown) => {
                    wait = (!self.ended).then_some(APART);
                    continue;
                }
                Ok(Wake::Placed(places)) => {
                    self.places = places;
                    // What could not be read may be there now.
                    let log = matches!(self.source, Some(Source::Log(_)));
                    self.ended &= !log || self.last.is_some();
                    continue;
                }
                Err(RecvTimeoutError::Timeout) => {}
                Err(RecvTimeoutError::Disconnected) => return,
            }
            let Ok(more) = self.read() else {
                return;
            };
            // More than one piece: between two of them a person may select something else.
            wait = more.then_some(Duration::ZERO);
        }
    }

    fn begin(&mut self, source: Option<Source>) {
        self.files = LogFiles::default();
        self.last = None;
        self.watched = false;
        self.watcher = None;
        self.ended = source.is_none();
        self.source = source;
    }

    /// Reads some of what is new; gives whether there may be more. Fails when nobody listens.
    fn read(&mut self) -> Result<bool, ()> {
        match self.source.clone() {
            _ if self.ended => Ok(false),
            // Evidence is told by who has the facts.
            None | Some(Source::Evidence(..)) => Ok(false),
            Some(Source::Text(path)) => {
                self.ended = true;
                let news = text(&self.places.home().root().join(&*path));
                self.tell(news)?;
                Ok(false)
            }
            Some(Source::Log(run)) => self.log(&run),
        }
    }

    fn log(&mut self, run: &RunId) -> Result<bool, ()> {
        let layout = self.places.of_run(run).clone();
        if !self.watched {
            self.watch(layout.run(run));
        }
        // First ask whether it has ended, then read: what was written before the end is then there.
        let ended = !matches!(read_state(&layout, run), Ok(None));
        let read = runs::logs(&layout, run).and_then(|paths| self.files.read(&paths, ended));
        let pieces = match read {
            Ok(pieces) => pieces,
            Err(error) => {
                self.ended = true;
                self.tell(News::Trouble(format!("cannot read the log: {error}")))?;
                return Ok(false);
            }
        };
        let more = !pieces.is_empty();
        for piece in pieces {
            if self.last.as_ref() != Some(&piece.file) {
                self.last = Some(piece.file.clone());
                self.tell(News::File {
                    name: piece.file,
                    skipped: piece.skipped,
                })?;
            }
            let lines = piece.text.lines().map(str::to_owned).collect();
            self.tell(News::Lines(lines))?;
        }
        self.ended = ended && !more;
        if self.ended {
            self.watcher = None;
        }
        Ok(more)
    }

    /// Without a watch the journal still tells of the end, and everything is shown then.
    fn watch(&mut self, folder: PathBuf) {
        let wake = self.wake.clone();
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            if event.is_ok_and(|event| event.kind.is_access()) {
                return;
            }
            // Nobody listens any more.
            drop(wake.send(Wake::Grown));
        });
        self.watcher = watcher.ok();
        if let Some(watcher) = &mut self.watcher {
            self.watched = watcher.watch(&folder, RecursiveMode::NonRecursive).is_ok();
        }
    }

    fn tell(&self, news: News) -> Result<(), ()> {
        let Some(source) = self.source.clone() else {
            return Ok(());
        };
        let told = Happening::Told(Msg::News(source, news));
        self.tell.send(told).map_err(|_| ())
    }
}

/// The beginning of a text file, made harmless.
fn text(path: &std::path::Path) -> News {
    match std::fs::read(path) {
        Ok(bytes) => {
            let bytes = &bytes[..bytes.len().min(MOST)];
            let text = String::from_utf8_lossy(bytes);
            News::Lines(sanitise(&text).lines().map(str::to_owned).collect())
        }
        Err(error) => News::Trouble(format!("cannot read `{}`: {error}", path.display())),
    }
}
