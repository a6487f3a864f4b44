//! The text beside the list: its last lines, and how far a person has scrolled back.

use std::collections::VecDeque;

use unicode_width::UnicodeWidthChar as _;

use crate::screen::ask::News;

/// How many lines are kept.
const KEPT: usize = 5_000;
/// How many columns of one line are kept.
const LONGEST: usize = 4_000;
const TAB: usize = 4;

/// One line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LogLine {
    Text(String),
    /// A file begins.
    Heading(String),
}

/// A text that grows at its end.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    /// Lines below what is shown; 0: it follows.
    back: usize,
}

impl Log {
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines below what is shown.
    #[must_use]
    pub fn back(&self) -> usize {
        self.back
    }

    pub fn take(&mut self, news: News) {
        match news {
            News::File { name, skipped } => {
                let heading = match skipped {
                    0 => name,
                    n => format!("{name}, without its first {n} bytes"),
                };
                self.push(LogLine::Heading(heading));
            }
            News::Lines(lines) => {
                for line in lines {
                    self.push(LogLine::Text(plain(&line)));
                }
            }
            News::Trouble(trouble) => self.push(LogLine::Heading(plain(&trouble))),
        }
    }

    fn push(&mut self, line: LogLine) {
        self.lines.push_back(line);
        if self.back > 0 {
            // Who has scrolled back keeps what they read.
            self.back += 1;
        }
        if self.lines.len() > KEPT {
            self.lines.pop_front();
        }
        self.back = self.back.min(self.lines.len().saturating_sub(1));
    }

    /// Towards the beginning by so many lines.
    pub fn scroll_back(&mut self, lines: usize) {
        let most = self.lines.len().saturating_sub(1);
        self.back = self.back.saturating_add(lines).min(most);
    }

    /// Towards the end by so many lines.
    pub fn scroll_on(&mut self, lines: usize) {
        self.back = self.back.saturating_sub(lines);
    }

    /// Shows the beginning.
    pub fn show_beginning(&mut self, height: usize) {
        self.back = self.lines.len().saturating_sub(height.max(1));
    }

    /// The last lines before the place that was scrolled to, broken at `width` columns: at most `height` of them, in
    /// order.
    #[must_use]
    pub fn shown(&self, width: usize, height: usize) -> Vec<LogLine> {
        let mut found: VecDeque<LogLine> = VecDeque::new();
        let end = self.lines.len() - self.back.min(self.lines.len());
        for line in self.lines.range(..end).rev() {
            match line {
                LogLine::Heading(name) => found.push_front(LogLine::Heading(name.clone())),
                LogLine::Text(text) => {
                    for part in broken(text, width).into_iter().rev() {
                        found.push_front(LogLine::Text(part.to_owned()));
                    }
                }
            }
            if found.len() >= height {
                break;
            }
        }
        while found.len() > height {
            found.pop_front();
        }
        found.into()
    }
}

/// With spaces for tabs, and not longer than anybody reads.
fn plain(line: &str) -> String {
    let mut text = String::new();
    let mut column = 0;
    for c in line.chars() {
        if column >= LONGEST {
            text.push('…');
            break;
        }
        if c == '\t' {
            let spaces = TAB - column % TAB;
            text.extend(std::iter::repeat_n(' ', spaces));
            column += spaces;
        } else {
            text.push(c);
            column += c.width().unwrap_or(0);
        }
    }
    text
}

/// The parts of a line that fit into `width` columns each.
#[must_use]
pub fn broken(line: &str, width: usize) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut start, mut column) = (0, 0);
    for (at, c) in line.char_indices() {
        let wide = c.width().unwrap_or(0);
        if column + wide > width.max(2) {
            parts.push(&line[start..at]);
            (start, column) = (at, 0);
        }
        column += wide;
    }
    parts.push(&line[start..]);
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lines(n: usize) -> News {
        News::Lines((1..=n).map(|n| n.to_string()).collect())
    }

    fn shown(log: &Log, width: usize, height: usize) -> Vec<String> {
        log.shown(width, height)
            .into_iter()
            .map(|line| match line {
                LogLine::Text(text) => text,
                LogLine::Heading(name) => format!("== {name}"),
            })
            .collect()
    }

    #[test]
    fn it_follows_until_somebody_scrolls_back() {
        let mut log = Log::default();
        log.take(lines(5));
        assert_eq!(shown(&log, 9, 2), ["4", "5"]);
        log.scroll_back(2);
        assert_eq!(shown(&log, 9, 2), ["2", "3"]);
        log.take(lines(1));
        assert_eq!(shown(&log, 9, 2), ["2", "3"], "what is read stays");
        log.scroll_back(100);
        assert_eq!(shown(&log, 9, 2), ["1"]);
        log.show_beginning(2);
        assert_eq!(shown(&log, 9, 2), ["1", "2"]);
        log.scroll_on(100);
        assert_eq!(shown(&log, 9, 2), ["5", "1"]);
        assert_eq!(log.back(), 0);
    }

    #[test]
    fn lines_are_broken_by_columns_and_old_ones_are_forgotten() {
        for (line, width, parts) in [
            ("abcdef", 4, vec!["abcd", "ef"]),
            ("日本語", 4, vec!["日本", "語"]),
            ("日本語", 1, vec!["日", "本", "語"]),
            ("e\u{301}e\u{301}e", 2, vec!["e\u{301}e\u{301}", "e"]),
            ("", 4, vec![""]),
        ] {
            assert_eq!(broken(line, width), parts);
        }
        let mut log = Log::default();
        log.take(News::Lines(vec!["a\tb".to_owned(), "x".repeat(9_000)]));
        assert_eq!(shown(&log, 5_000, 9)[0], "a   b");
        assert_eq!(shown(&log, 5_000, 9)[1].chars().count(), LONGEST + 1);
        log.scroll_back(1);
        log.take(lines(2 * KEPT));
        assert_eq!(log.lines.len(), KEPT);
        assert!(log.back() < KEPT);
    }
}
