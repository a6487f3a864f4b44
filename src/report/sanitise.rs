//! Makes text that comes from files, workers and the network safe to show.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Replaces what could steer a terminal or hide text by a visible escape: control characters other than
/// newline and tab, and the characters that change the direction of writing.
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_unsafe) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_unsafe(c) {
            // Writing to a `String` cannot fail.
            let _ = write!(safe, "{}", c.escape_unicode());
        } else {
            safe.push(c);
        }
    }
    Cow::Owned(safe)
}

fn is_unsafe(c: char) -> bool {
    match c {
        '\n' | '\t' => false,
        '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' => true,
        '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => true,
        c => c.is_control(),
    }
}

#[cfg(test)]
mod tests {
    use super::sanitise;

    #[test]
    fn nothing_steers_the_terminal() {
        for (text, safe) in [
            ("plain\n\ttext ü", "plain\n\ttext ü"),
            ("\u{1b}[31mred", "\\u{1b}[31mred"),
            ("a\rb\u{7}", "a\\u{d}b\\u{7}"),
            ("\u{9b}2J", "\\u{9b}2J"),
            ("x\u{202e}y\u{2066}z", "x\\u{202e}y\\u{2066}z"),
        ] {
            assert_eq!(sanitise(text), safe);
        }
    }
}
