//! Colours and signs, as far as the terminal has them; and small pieces of lines.

use anstyle::AnsiColor;
use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};

use crate::report::{Glyphs, columns, cut};

/// What a terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Paint {
    pub glyphs: Glyphs,
    /// Without it: bold and reverse only.
    pub colour: bool,
}

impl Paint {
    /// A style of reports.
    #[must_use]
    pub fn style(self, style: anstyle::Style) -> Style {
        let mut painted = Style::new();
        if style.get_effects().contains(anstyle::Effects::BOLD) {
            painted = painted.add_modifier(Modifier::BOLD);
        }
        match style.get_fg_color() {
            Some(anstyle::Color::Ansi(color)) if self.colour => painted.fg(ansi(color)),
            _ => painted,
        }
    }

    #[must_use]
    pub fn bold(self) -> Style {
        Style::new().add_modifier(Modifier::BOLD)
    }

    #[must_use]
    pub fn dim(self) -> Style {
        match self.colour {
            true => Style::new().add_modifier(Modifier::DIM),
            false => Style::new(),
        }
    }

    /// What went wrong.
    #[must_use]
    pub fn bad(self) -> Style {
        match self.colour {
            true => Style::new().fg(Color::Red),
            false => self.bold(),
        }
    }

    #[must_use]
    pub fn good(self) -> Style {
        match self.colour {
            true => Style::new().fg(Color::Green),
            false => Style::new(),
        }
    }

    #[must_use]
    pub fn selected(self) -> Style {
        Style::new().add_modifier(Modifier::REVERSED)
    }

    /// A text cut to a width.
    #[must_use]
    pub fn cut(self, text: &str, width: usize) -> String {
        cut(text, width, self.glyphs.ellipsis()).into_owned()
    }

    /// A line across an area: a name at its left, a remark at its right.
    pub fn rule(self, buffer: &mut Buffer, area: Rect, left: Span<'_>, right: &str) {
        let width = usize::from(area.width);
        let dash = self.glyphs.choose("─", "-");
        let right = match right.is_empty() {
            true => String::new(),
            false => format!(" {} ", self.cut(right, width / 2)),
        };
        let room = width.saturating_sub(columns(&right) + 4);
        let name = self.cut(&left.content, room);
        let (before, after) = match name.is_empty() {
            true => (format!("{dash}{dash}"), dash),
            false => (format!("{dash} "), " "),
        };
        let used = columns(&name) + columns(&right) + 3;
        let line = Line::from(vec![
            Span::styled(before, self.dim()),
            Span::styled(name, left.style),
            Span::styled(
                format!("{after}{}", dash.repeat(width.saturating_sub(used))),
                self.dim(),
            ),
            Span::styled(right, self.dim()),
        ]);
        buffer.set_line(area.x, area.y, &line, area.width);
    }
}

fn ansi(color: AnsiColor) -> Color {
    match color {
        AnsiColor::Black => Color::Black,
        AnsiColor::Red | AnsiColor::BrightRed => Color::Red,
        AnsiColor::Green | AnsiColor::BrightGreen => Color::Green,
        AnsiColor::Yellow | AnsiColor::BrightYellow => Color::Yellow,
        AnsiColor::Blue | AnsiColor::BrightBlue => Color::Blue,
        AnsiColor::Magenta | AnsiColor::BrightMagenta => Color::Magenta,
        AnsiColor::Cyan | AnsiColor::BrightCyan => Color::Cyan,
        AnsiColor::White | AnsiColor::BrightWhite => Color::White,
        AnsiColor::BrightBlack => Color::DarkGray,
    }
}
