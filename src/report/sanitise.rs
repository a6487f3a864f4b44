//! Makes text of unknown origin fit to be shown: nothing in it can steer a terminal or turn the
//! reading direction around.
//!
//! Knows characters only. Does not know where the text came from or goes to.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Turns control characters (C0 and C1, except newline and tab) and bidirectional controls into
/// visible escapes: `\u{1b}`. Everything else stays as it is.
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    clean(text, |c| matches!(c, '\n' | '\t'))
}

/// As [`sanitise`], for text that must stay on one line: newlines and tabs become spaces.
#[must_use]
pub fn one_line(text: &str) -> Cow<'_, str> {
    match clean(text, |c| matches!(c, '\n' | '\t')) {
        Cow::Borrowed(text) if !text.contains(['\n', '\t']) => Cow::Borrowed(text),
        text => Cow::Owned(text.replace(['\n', '\t'], " ")),
    }
}

/// Does a terminal obey this character instead of showing it? (Newline and tab apart.)
#[must_use]
pub fn is_harmful(c: char) -> bool {
    (c.is_control() && !matches!(c, '\n' | '\t')) || is_bidi(c)
}

fn clean(text: &str, keep: impl Fn(char) -> bool) -> Cow<'_, str> {
    let steers = |c: char| (c.is_control() && !keep(c)) || is_bidi(c);
    let Some(first) = text.find(steers) else {
        return Cow::Borrowed(text);
    };
    let mut cleaned = text[..first].to_owned();
    for c in text[first..].chars() {
        if steers(c) {
            // Writing to a `String` cannot fail.
            let _ = write!(cleaned, "{}", c.escape_unicode());
        } else {
            cleaned.push(c);
        }
    }
    Cow::Owned(cleaned)
}

/// The characters that change the direction of reading.
fn is_bidi(c: char) -> bool {
    matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_steers_becomes_visible() {
        for (text, shown) in [
            ("plain ü ✓\n\tx", "plain ü ✓\n\tx"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\u{9b}2J", "a\\u{9b}2J"),
            ("x\r\n", "x\\u{d}\n"),
            ("\u{202e}gpj.exe", "\\u{202e}gpj.exe"),
            ("\u{2066}\u{61c}", "\\u{2066}\\u{61c}"),
            ("\u{7f}\0", "\\u{7f}\\u{0}"),
        ] {
            assert_eq!(sanitise(text), shown);
        }
        assert!(matches!(sanitise("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn one_line_stays_one_line() {
        assert_eq!(one_line("a\nb\tc\u{1b}"), "a b c\\u{1b}");
        assert!(matches!(one_line("plain"), Cow::Borrowed(_)));
    }
}
