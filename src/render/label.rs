//! Names and titles as one harmless line, cut to a width.
//!
//! Knows columns of a terminal. Does not know any format's escaping: that comes after.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::report::sanitise;

/// One line without control characters: white space of any kind becomes one space.
pub fn one_line(text: &str) -> String {
    let words: Vec<&str> = text.split_whitespace().collect();
    sanitise(&words.join(" ")).into_owned()
}

/// Would a terminal obey this character instead of showing it?
pub fn steers(c: char) -> bool {
    // Nearly every character: no need to ask.
    if matches!(c, ' '..='~' | '\n') {
        return false;
    }
    let mut buffer = [0; 4];
    matches!(sanitise(c.encode_utf8(&mut buffer)), Cow::Owned(_))
}

/// How many columns a line takes.
pub fn columns(line: &str) -> usize {
    line.width()
}

/// Cuts a line to at most `limit` columns; an ellipsis takes the last of them.
pub fn cut(line: &str, limit: usize) -> String {
    if columns(line) <= limit {
        return line.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for c in line.chars() {
        used += c.width().unwrap_or(0);
        if used > limit {
            break;
        }
        kept.push(c);
    }
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_single_harmless_and_cut_by_columns() {
        assert_eq!(one_line(" a\n b\t\u{85}c\u{1b}[0m "), "a b c\\u{1b}[0m");
        assert_eq!(cut("abcdef", 6), "abcdef");
        assert_eq!(cut("abcdefg", 6), "abcde…");
        assert_eq!(cut("你好世界", 6), "你好…");
        assert_eq!(cut("ab cdef", 4), "ab…");
    }
}
