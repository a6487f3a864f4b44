//! Glyphs and colours. Colours are always written; the stream drops them where they are not wanted.

use anstyle::{AnsiColor, Style};

use crate::model::Status;
use crate::view::Class;

/// Which characters the terminal can show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Glyphs {
    #[default]
    Unicode,
    Ascii,
}

impl Glyphs {
    /// The sign of a stored status.
    #[must_use]
    pub fn status(self, status: Status) -> &'static str {
        let (unicode, ascii) = match status {
            Status::Pending => ("○", "."),
            Status::InProgress => ("◐", ">"),
            Status::Completed => ("✓", "+"),
            Status::Failed => ("✗", "x"),
            Status::Stopped => ("◌", "!"),
            Status::Skipped => ("◇", "m"),
            Status::AwaitingApproval => ("◈", "a"),
            Status::Unknown => ("?", "?"),
        };
        self.choose(unicode, ascii)
    }

    #[must_use]
    pub fn ellipsis(self) -> &'static str {
        self.choose("…", "...")
    }

    /// Stands before what is repeated in another form, as a retry.
    #[must_use]
    pub fn again(self) -> &'static str {
        self.choose("↻", "~")
    }

    #[must_use]
    pub fn choose(self, unicode: &'static str, ascii: &'static str) -> &'static str {
        match self {
            Self::Unicode => unicode,
            Self::Ascii => ascii,
        }
    }
}

/// A status in words for people; the stored word has an underscore.
#[must_use]
pub fn status_words(status: Status) -> &'static str {
    match status {
        Status::InProgress => "in progress",
        Status::AwaitingApproval => "awaiting approval",
        other => other.word(),
    }
}

/// The colour of a status.
#[must_use]
pub fn status_style(status: Status) -> Style {
    match status {
        Status::Completed => color(AnsiColor::Green),
        Status::InProgress => color(AnsiColor::Cyan),
        Status::Failed => color(AnsiColor::Red),
        Status::Stopped | Status::Unknown => color(AnsiColor::Yellow),
        Status::Skipped | Status::AwaitingApproval => color(AnsiColor::Magenta),
        Status::Pending => Style::new(),
    }
}

/// The colour of a count.
#[must_use]
pub fn class_style(class: Class) -> Style {
    match class {
        Class::Completed => status_style(Status::Completed),
        Class::Running => status_style(Status::InProgress),
        Class::Failed => status_style(Status::Failed),
        Class::Stopped => status_style(Status::Stopped),
        Class::Unknown => status_style(Status::Unknown),
        Class::NeedsYou => status_style(Status::Skipped),
        Class::Ready | Class::Blocked => Style::new(),
    }
}

#[must_use]
pub fn dim() -> Style {
    Style::new().dimmed()
}

#[must_use]
pub fn bold() -> Style {
    Style::new().bold()
}

#[must_use]
pub fn color(color: AnsiColor) -> Style {
    Style::new().fg_color(Some(color.into()))
}
