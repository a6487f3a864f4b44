//! What it costs a run to be watched: pairs of the same run with and without `runr watch` in a terminal beside it; and
//! what a frame costs when there are many tasks.

use std::fs::{self, File};
use std::io::{self, Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::path::Path;
use std::process::{Child, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use ratatui::Terminal;
use ratatui::backend::TestBackend;
use runr::plan::Plan;
use runr::report::{Glyphs, Processes};
use runr::screen::{Key, Model, Moment, Msg, Paint, draw};
use runr::state::State;
use runr::view;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::place::{Place, completed, program, runr, time};
use crate::table::{line, median, ms, spread};

const TASKS: usize = 200;
const PAIRS: usize = 15;
const MANY: usize = 10_000;
const FRAMES: u32 = 300;

pub fn run() -> io::Result<()> {
    let place = Place::new()?;
    line(&format!(
        "watching: {TASKS} tasks `true`, -j2, {PAIRS} pairs; fdatasync {:.2} ms",
        ms(place.fdatasync()?)
    ));
    let mut pairs = Vec::new();
    let mut used = Vec::new();
    for round in 0..PAIRS {
        let alone = place.fresh(&format!("alone-{round}"))?;
        let watched = place.fresh(&format!("watched-{round}"))?;
        project(&alone)?;
        project(&watched)?;
        let both = |first: bool| -> io::Result<(Duration, Duration)> {
            if first {
                let without = dispatch(&alone)?;
                Ok((without, beside_a_watcher(&watched, &mut used)?))
            } else {
                let with = beside_a_watcher(&watched, &mut used)?;
                Ok((dispatch(&alone)?, with))
            }
        };
        let mut both = both;
        // In turns: whoever comes second finds a warmer machine.
        pairs.push(both(round % 2 == 0)?);
    }
    let ratios = pairs
        .iter()
        .map(|(without, with)| with.as_secs_f64() / without.as_secs_f64());
    line(&format!(
        "  alone {:.0} ms   watched {:.0} ms   ratio [least..most] {}   the watcher used {:.0} ms of a processor",
        ms(median(pairs.iter().map(|pair| pair.0).collect())),
        ms(median(pairs.iter().map(|pair| pair.1).collect())),
        spread(ratios.collect()),
        ms(median(used))
    ));
    frames(&place)
}

fn project(folder: &Path) -> io::Result<()> {
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    (0..TASKS).try_for_each(|number| {
        let text = format!("---\nrun: 'true'\n---\n# Task {number}\n");
        fs::write(dir.join(format!("t{number:04}.md")), text)
    })
}

fn dispatch(folder: &Path) -> io::Result<Duration> {
    let took = time(runr(folder, &["orchestrate", "run", "-j2", "-q"]))?;
    completed(folder, TASKS)?;
    Ok(took)
}

fn beside_a_watcher(folder: &Path, used: &mut Vec<Duration>) -> io::Result<Duration> {
    let mut watcher = Watcher::start(folder)?;
    watcher.until("yet")?;
    let took = dispatch(folder)?;
    // It has seen everything when its last picture has come.
    watcher.until("took")?;
    used.push(watcher.used()?);
    watcher.leave()?;
    Ok(took)
}

/// `runr watch` in a terminal of its own, whose every word is read.
struct Watcher {
    master: OwnedFd,
    child: Child,
    says: Receiver<Vec<u8>>,
    said: Vec<u8>,
}

impl Watcher {
    fn start(folder: &Path) -> io::Result<Self> {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let master = openpt(flags)?;
        grantpt(&master)?;
        unlockpt(&master)?;
        let size = Winsize {
            ws_row: 40,
            ws_col: 120,
            ws_xpixel: 0,
            ws_ypixel: 0,
        };
        tcsetwinsize(&master, size)?;
        let name = ptsname(&master, Vec::new())?;
        let name = name.to_string_lossy().into_owned();
        let end = || -> io::Result<Stdio> {
            Ok(File::options().read(true).write(true).open(&name)?.into())
        };
        let mut command = program(
            "setsid",
            folder,
            &["--ctty", env!("CARGO_BIN_EXE_runr"), "watch"],
        );
        command
            .env("TERM", "xterm-256color")
            .env("LC_ALL", "C.UTF-8");
        let child = command.stdin(end()?).stdout(end()?).spawn()?;
        let (tell, says) = channel();
        let mut source = File::from(master.try_clone()?);
        std::thread::spawn(move || {
            let mut bytes = vec![0; 1 << 16];
            while let Ok(n) = source.read(&mut bytes) {
                if n == 0 || tell.send(bytes[..n].to_vec()).is_err() {
                    return;
                }
            }
        });
        Ok(Self {
            master,
            child,
            says,
            said: Vec::new(),
        })
    }

    /// Waits until this word has been written: between two words only what changed is written.
    fn until(&mut self, word: &str) -> io::Result<()> {
        while !String::from_utf8_lossy(&self.said).contains(word) {
            let more = self.says.recv_timeout(Duration::from_secs(60));
            self.said.extend(more.map_err(io::Error::other)?);
        }
        self.said.clear();
        Ok(())
    }

    /// The time of the processor that it has used, to 10 ms.
    fn used(&self) -> io::Result<Duration> {
        let text = fs::read_to_string(format!("/proc/{}/stat", self.child.id()))?;
        let after = text.rsplit(')').next().unwrap_or_default();
        let fields: Vec<u64> = after
            .split_whitespace()
            .map(|field| field.parse().unwrap_or(0))
            .collect();
        let ticks: u64 = fields.iter().skip(11).take(2).sum();
        Ok(Duration::from_millis(ticks * 10))
    }

    fn leave(mut self) -> io::Result<()> {
        File::from(self.master.try_clone()?).write_all(b"q")?;
        self.child.wait().map(drop)
    }
}

/// A tree of many tasks: how long a new moment takes, and a frame.
fn frames(place: &Place) -> io::Result<()> {
    let folder = place.fresh("many")?;
    let dir = folder.join(".runr/tasks");
    fs::create_dir_all(&dir)?;
    for number in 0..MANY {
        let after = match number {
            0 => String::new(),
            n => format!("depends_on: t{:05}.md\n", (n - 1) / 3),
        };
        let text = format!("---\n{after}run: 'true'\n---\n# Task {number}\n");
        fs::write(dir.join(format!("t{number:05}.md")), text)?;
    }
    let found = runr::project::find(&folder).ok_or_else(|| io::Error::other("no project"))?;
    let loaded = runr::project::load(&found, None)
        .map_err(|problems| io::Error::other(format!("{problems:?}")))?;
    let plan = Arc::new(loaded.plan);
    let began = Instant::now();
    let (mut model, _) = Model::new(moment(&plan), (200, 50));
    let first = began.elapsed();
    let mut moments = Vec::new();
    for _ in 0..20 {
        let next = moment(&plan);
        let began = Instant::now();
        let _ = model.update(Msg::Moment(next));
        moments.push(began.elapsed());
    }
    line(&format!(
        "  {MANY} tasks: the first look {:.1} ms, a later one {:.1} ms",
        ms(first),
        ms(median(moments))
    ));
    for size in [(80, 24), (200, 50)] {
        let _ = model.update(Msg::Resized(size.0, size.1));
        let mut terminal =
            Terminal::new(TestBackend::new(size.0, size.1)).map_err(io::Error::other)?;
        let paint = Paint {
            glyphs: Glyphs::Unicode,
            colour: true,
        };
        let mut times = Vec::new();
        for _ in 0..FRAMES {
            let began = Instant::now();
            let _ = model.update(Msg::Key(Key::Down));
            terminal
                .draw(|frame| draw(frame, &model, paint))
                .map_err(io::Error::other)?;
            times.push(began.elapsed());
        }
        line(&format!(
            "  a key and its frame at {}x{}: {:.2} ms",
            size.0,
            size.1,
            ms(median(times))
        ));
    }
    Ok(())
}

fn moment(plan: &Arc<Plan>) -> Arc<Moment> {
    let state = State::default();
    Arc::new(Moment {
        project: "many".to_owned(),
        generation: 1,
        views: view::tasks(plan, &state),
        plan: Arc::clone(plan),
        state,
        processes: Processes::default(),
        not_landed: Vec::new(),
        at: jiff::Timestamp::UNIX_EPOCH,
        trouble: None,
        shown: Vec::new(),
        abroad: 0,
        damage: None,
        invalid: std::collections::BTreeMap::new(),
        never_read: Vec::new(),
    })
}
