//! The terminal as a full screen, and as it was before: whatever happens, it is given back.

use std::io::{self, BufWriter, Stdout, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use ratatui::Terminal;
use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::cursor::Show;
use ratatui::crossterm::event::{DisableBracketedPaste, EnableBracketedPaste};
use ratatui::crossterm::execute;
use ratatui::crossterm::style;
use ratatui::crossterm::terminal::{
    EnterAlternateScreen, LeaveAlternateScreen, disable_raw_mode, enable_raw_mode,
};

use ratatui::layout::Rect;

use crate::screen::{Model, Paint, draw};

/// The terminal while it is ours.
#[derive(Debug)]
pub struct Screen {
    terminal: Terminal<CrosstermBackend<BufWriter<Stdout>>>,
    paint: Paint,
    /// A panic has given the terminal back.
    over: Arc<AtomicBool>,
}

impl Screen {
    /// Takes the terminal. A panic, in whichever thread, gives it back before it is told, and ends the program: what
    /// is left of a screen whose parts are missing would only mislead.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn take(paint: Paint) -> io::Result<Self> {
        // Whether there are colours is decided when a screen is painted. Left to itself under `NO_COLOR`, crossterm
        // writes an empty sequence where it would set the default colour, and that takes bold and reverse away as well.
        style::force_color_output(true);
        let over = Arc::new(AtomicBool::new(false));
        let (told, panicked) = (std::panic::take_hook(), Arc::clone(&over));
        std::panic::set_hook(Box::new(move |panic| {
            // Nothing is drawn over what follows.
            panicked.store(true, Ordering::SeqCst);
            give_back();
            told(panic);
            let note = "note: only this screen has ended, what runs goes on: runr status\n";
            drop(io::stderr().write_all(note.as_bytes()));
            std::process::abort();
        }));
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))?;
        let mut screen = Self {
            terminal,
            paint,
            over,
        };
        screen.enter()?;
        Ok(screen)
    }

    fn enter(&mut self) -> io::Result<()> {
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen, EnableBracketedPaste)?;
        // `clear` would ask the terminal where its cursor is, and wait for an answer that may never come.
        let (width, height) = self.size()?;
        self.terminal.resize(Rect::new(0, 0, width, height))
    }

    /// Columns and rows.
    ///
    /// # Errors
    /// When the terminal does not tell.
    pub fn size(&self) -> io::Result<(u16, u16)> {
        let size = self.terminal.size()?;
        Ok((size.width, size.height))
    }

    /// # Errors
    /// When the terminal cannot be written.
    pub fn show(&mut self, model: &Model) -> io::Result<()> {
        if self.over.load(Ordering::SeqCst) {
            return Ok(());
        }
        let paint = self.paint;
        self.terminal.draw(|frame| draw(frame, model, paint))?;
        Ok(())
    }

    /// Gives the terminal back, lets `meanwhile` happen, and takes it again.
    ///
    /// # Errors
    /// When it cannot be taken again.
    pub fn without(&mut self, meanwhile: impl FnOnce()) -> io::Result<()> {
        give_back();
        meanwhile();
        self.enter()
    }

    /// Takes the terminal again after somebody else may have changed it.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn again(&mut self) -> io::Result<()> {
        self.without(|| ())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        give_back();
        drop(std::panic::take_hook());
    }
}

/// A terminal that is gone cannot be given back, and then nobody minds.
fn give_back() {
    let mut out = io::stdout();
    drop(execute!(
        out,
        DisableBracketedPaste,
        LeaveAlternateScreen,
        Show
    ));
    drop(out.flush());
    drop(disable_raw_mode());
}

#[cfg(test)]
mod tests {
    use std::fs::File;
    use std::io::Read as _;
    use std::os::unix::process::ExitStatusExt as _;
    use std::process::{Command, Stdio};

    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use rustix::termios::{LocalModes, Winsize, tcgetattr, tcsetwinsize};

    use super::*;
    use crate::screen::samples::{COLOUR, game, moment};

    /// Says to the test below, started as a program of its own, where it is to panic.
    const WHERE: &str = "RUNR_TEST_PANICS_IN";

    /// Does nothing unless it is started by the test that follows.
    #[test]
    fn a_screen_that_panics() {
        let Ok(place) = std::env::var(WHERE) else {
            return;
        };
        let mut screen = Screen::take(COLOUR).unwrap();
        let (model, _) = Model::new(moment(&game()), screen.size().unwrap());
        screen.show(&model).unwrap();
        if place == "here" {
            panic!("the sky falls here");
        }
        std::thread::spawn(|| panic!("the sky falls there"));
        // As the drawing thread does that has heard of nothing.
        loop {
            screen.show(&model).unwrap();
        }
    }

    #[test]
    fn after_a_panic_the_terminal_is_given_back_and_the_message_stays() {
        for place in ["here", "there"] {
            let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
            let master = openpt(flags).unwrap();
            grantpt(&master).unwrap();
            unlockpt(&master).unwrap();
            let size = Winsize {
                ws_row: 24,
                ws_col: 80,
                ws_xpixel: 0,
                ws_ypixel: 0,
            };
            tcsetwinsize(&master, size).unwrap();
            let name = ptsname(&master, Vec::new()).unwrap();
            let end = || {
                let mut options = File::options();
                let path = name.to_str().unwrap();
                Stdio::from(options.read(true).write(true).open(path).unwrap())
            };
            let mut command = Command::new("setsid");
            command.arg("--ctty").arg(std::env::current_exe().unwrap());
            command.args(["--exact", "--nocapture", "--test-threads=1"]);
            command.arg("cli::watch::terminal::tests::a_screen_that_panics");
            command.env(WHERE, place).env("TERM", "xterm-256color");
            let started = command.stdin(end()).stdout(end()).stderr(end()).spawn();
            let mut child = started.unwrap();
            // Its copies of the other end are closed with it.
            drop(command);
            let mut written = Vec::new();
            let mut source = File::from(master.try_clone().unwrap());
            let mut bytes = [0; 4096];
            while let Ok(n @ 1..) = source.read(&mut bytes) {
                written.extend_from_slice(&bytes[..n]);
            }
            let ended = child.wait().unwrap();
            assert_eq!(ended.signal(), Some(6), "{place}: {ended:?}");
            let text = String::from_utf8_lossy(&written).into_owned();
            let (screen, after) = text.rsplit_once("\u{1b}[?1049l").unwrap();
            assert!(screen.contains("02-net.md"), "{place}: {screen}");
            let message = format!("the sky falls {place}");
            assert!(!screen.contains(&message), "{place}: {screen}");
            for words in [&*message, "runr status\r\n", "\u{1b}[?25h"] {
                assert!(after.contains(words), "{place}: {after}");
            }
            assert!(!after.contains("\u{1b}[?1049h"), "{place}: {after}");
            let modes = tcgetattr(&master).unwrap().local_modes;
            let cooked = LocalModes::ICANON | LocalModes::ECHO | LocalModes::ISIG;
            assert!(modes.contains(cooked), "{place}: {modes:?}");
        }
    }
}
