//! The text beside the list: a log from its end, another text from its beginning, and how far a person has scrolled.

use std::collections::VecDeque;

use unicode_width::UnicodeWidthChar as _;

use crate::report::columns;
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

/// From where a text is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum From {
    Beginning,
    /// It grows there, and is followed.
    #[default]
    End,
}

/// A text.
#[derive(Debug, Default)]
pub struct Log {
    lines: VecDeque<LogLine>,
    from: From,
    /// Lines between what is shown and where it is read from; 0 at the end: it follows.
    away: usize,
}

impl Log {
    #[must_use]
    pub fn new(from: From) -> Self {
        Self {
            from,
            ..Self::default()
        }
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }

    /// Lines above and below the place that was scrolled to.
    #[must_use]
    pub fn hidden(&self) -> (From, usize) {
        (self.from, self.away)
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
        if self.away > 0 && self.from == From::End {
            // Who has scrolled back keeps what they read.
            self.away += 1;
        }
        if self.lines.len() > KEPT {
            self.lines.pop_front();
        }
        self.away = self.away.min(self.most());
    }

    fn most(&self) -> usize {
        self.lines.len().saturating_sub(1)
    }

    fn leave(&mut self, lines: usize) {
        self.away = self.away.saturating_add(lines).min(self.most());
    }

    fn come_back(&mut self, lines: usize) {
        self.away = self.away.saturating_sub(lines);
    }

    /// Towards the beginning by so many lines.
    pub fn scroll_back(&mut self, lines: usize) {
        match self.from {
            From::End => self.leave(lines),
            From::Beginning => self.come_back(lines),
        }
    }

    /// Towards the end by so many lines.
    pub fn scroll_on(&mut self, lines: usize) {
        match self.from {
            From::End => self.come_back(lines),
            From::Beginning => self.leave(lines),
        }
    }

    /// Shows the beginning; `height` lines fit.
    pub fn show_beginning(&mut self, height: usize) {
        self.away = match self.from {
            From::End => self.lines.len().saturating_sub(height.max(1)),
            From::Beginning => 0,
        };
    }

    /// Shows the end; `height` lines fit.
    pub fn show_end(&mut self, height: usize) {
        self.away = match self.from {
            From::End => 0,
            From::Beginning => self.lines.len().saturating_sub(height.max(1)),
        };
    }

    /// The lines at the place that was scrolled to, broken at `width` columns: at most `height` of them, in order.
    #[must_use]
    pub fn shown(&self, width: usize, height: usize) -> Vec<LogLine> {
        let away = self.away.min(self.lines.len());
        let parts = |line: &LogLine| -> Vec<LogLine> {
            match (line, self.from) {
                (LogLine::Heading(name), _) => vec![LogLine::Heading(name.clone())],
                // Prose between words; of a log every column counts.
                (LogLine::Text(text), From::Beginning) => wrapped(text, width)
                    .into_iter()
                    .map(LogLine::Text)
                    .collect(),
                (LogLine::Text(text), From::End) => {
                    let parts = broken(text, width).into_iter();
                    parts.map(|part| LogLine::Text(part.to_owned())).collect()
                }
            }
        };
        match self.from {
            From::Beginning => self
                .lines
                .range(away..)
                .flat_map(parts)
                .take(height)
                .collect(),
            From::End => {
                let lines = self.lines.range(..self.lines.len() - away).rev();
                let backwards = lines.flat_map(|line| parts(line).into_iter().rev());
                let mut found: Vec<LogLine> = backwards.take(height).collect();
                found.reverse();
                found
            }
        }
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

/// As [`broken`], between words where that is possible.
#[must_use]
pub fn wrapped(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        if let Some(line) = lines.last_mut()
            && columns(line) + 1 + columns(word) <= width
        {
            line.push(' ');
            line.push_str(word);
            continue;
        }
        lines.extend(broken(word, width).into_iter().map(str::to_owned));
    }
    lines
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
        assert_eq!(log.hidden(), (From::End, 0));
    }

    #[test]
    fn another_text_is_read_from_its_beginning() {
        let mut log = Log::new(From::Beginning);
        log.take(lines(5));
        assert_eq!(shown(&log, 9, 2), ["1", "2"]);
        log.scroll_on(2);
        assert_eq!(shown(&log, 9, 2), ["3", "4"]);
        log.scroll_back(9);
        assert_eq!(shown(&log, 9, 2), ["1", "2"]);
        log.show_end(2);
        assert_eq!(shown(&log, 9, 2), ["4", "5"]);
        log.show_beginning(2);
        assert_eq!(shown(&log, 9, 2), ["1", "2"]);
    }

    #[test]
    fn words_stay_whole_where_they_fit() {
        for (text, width, lines) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("one two three", 20, vec!["one two three"]),
            ("a-very-long-word b", 6, vec!["a-very", "-long-", "word b"]),
            ("", 6, vec![""]),
        ] {
            assert_eq!(wrapped(text, width), lines, "{text}");
        }
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
        assert!(log.hidden().1 < KEPT);
    }
}
