//! Places in a text, and problems found at them.
//!
//! Knows lines, columns and widths. Does not hold the text: the source line of a problem is looked up
//! when the problem is shown, so that a file without problems need not be kept.

use std::ops::Range;
use std::sync::Arc;

use crate::model::{Diagnostic, Note, Place, Severity};

/// A stretch of one line. Line and column count from 1, columns and `width` in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Mark {
    pub line: u32,
    pub column: u32,
    pub width: u32,
}

impl Mark {
    /// The beginning of a file.
    pub const START: Self = Self {
        line: 1,
        column: 1,
        width: 0,
    };

    /// Its first character only: for what is missing inside something long.
    #[must_use]
    pub fn start(self) -> Self {
        Self { width: 1, ..self }
    }

    #[must_use]
    pub fn in_file(self, file: &Arc<str>) -> Place {
        Place {
            file: file.clone(),
            line: self.line,
            column: self.column,
        }
    }
}

/// A value and where it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    pub value: T,
    pub mark: Mark,
}

/// A problem whose source line has not been looked up yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    pub diagnostic: Diagnostic,
    /// How many characters from its place on to mark.
    pub width: u32,
}

impl Finding {
    /// An error. `code` is a stable word for programs.
    #[must_use]
    pub fn error(
        code: &'static str,
        file: &Arc<str>,
        mark: Mark,
        message: impl Into<String>,
    ) -> Self {
        Self {
            diagnostic: Diagnostic {
                severity: Severity::Error,
                code,
                message: message.into(),
                place: Some(mark.in_file(file)),
                source: None,
                label: None,
                notes: Vec::new(),
                help: None,
            },
            width: mark.width,
        }
    }

    /// A warning; see [`Finding::error`].
    #[must_use]
    pub fn warning(
        code: &'static str,
        file: &Arc<str>,
        mark: Mark,
        message: impl Into<String>,
    ) -> Self {
        let mut finding = Self::error(code, file, mark, message);
        finding.diagnostic.severity = Severity::Warning;
        finding
    }

    #[must_use]
    pub fn help(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.help = Some(text.into());
        self
    }

    #[must_use]
    pub fn maybe_help(mut self, text: Option<String>) -> Self {
        self.diagnostic.help = text.or(self.diagnostic.help);
        self
    }

    #[must_use]
    pub fn label(mut self, text: impl Into<String>) -> Self {
        self.diagnostic.label = Some(text.into());
        self
    }

    #[must_use]
    pub fn note(mut self, place: Option<Place>, text: impl Into<String>) -> Self {
        self.diagnostic.notes.push(Note {
            place,
            text: text.into(),
        });
        self
    }

    #[must_use]
    pub fn is_error(&self) -> bool {
        self.diagnostic.severity == Severity::Error
    }
}

/// The text of a line and the bytes of it that a mark covers, clipped to the line. `None`: the text has
/// not so many lines. Lines end as YAML's do: at a line feed, a carriage return, or both.
#[must_use]
pub fn line_of(text: &str, mark: Mark) -> Option<(&str, Range<usize>)> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let mut rest = text;
    for _ in 1..mark.line {
        let end = rest.find(['\n', '\r'])?;
        let long = usize::from(rest[end..].starts_with("\r\n"));
        rest = &rest[end + 1 + long..];
    }
    let line = &rest[..rest.find(['\n', '\r']).unwrap_or(rest.len())];
    let byte = |column: usize| {
        line.char_indices()
            .nth(column)
            .map_or(line.len(), |(at, _)| at)
    };
    let from = (mark.column as usize).saturating_sub(1);
    let to = from.saturating_add(mark.width as usize);
    Some((line, byte(from)..byte(to)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_lines_whatever_ends_them() {
        let mark = |line, column, width| Mark {
            line,
            column,
            width,
        };
        for (text, at, expected) in [
            ("a\nbcd\n", mark(2, 2, 1), Some(("bcd", 1..2))),
            ("a\r\nbcd", mark(2, 1, 99), Some(("bcd", 0..3))),
            ("a\rb", mark(2, 1, 1), Some(("b", 0..1))),
            ("\u{feff}---\n", mark(1, 1, 3), Some(("---", 0..3))),
            ("üöä", mark(1, 2, 1), Some(("üöä", 2..4))),
            ("a", mark(1, 9, 3), Some(("a", 1..1))),
            ("a", mark(2, 1, 1), None),
        ] {
            assert_eq!(line_of(text, at), expected, "{text:?}");
        }
    }
}
