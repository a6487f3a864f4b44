//! The terminal as a full screen, and as it was before: whatever happens, it is given back.

use std::io::{self, BufWriter, Stdout, Write as _};

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
}

impl Screen {
    /// Takes the terminal. A panic gives it back before it is told.
    ///
    /// # Errors
    /// When it cannot be taken.
    pub fn take(paint: Paint) -> io::Result<Self> {
        // Whether there are colours is decided when a screen is painted. Left to itself under `NO_COLOR`, crossterm
        // writes an empty sequence where it would set the default colour, and that takes bold and reverse away as well.
        style::force_color_output(true);
        let told = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |panic| {
            give_back();
            told(panic);
        }));
        let terminal = Terminal::new(CrosstermBackend::new(BufWriter::new(io::stdout())))?;
        let mut screen = Self { terminal, paint };
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
        if !std::thread::panicking() {
            drop(std::panic::take_hook());
        }
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
