//! Text of unknown origin made harmless for a terminal.
//!
//! Knows which characters steer terminals or reorder text. Does not know where the text goes.

use std::borrow::Cow;
use std::fmt::Write as _;

/// Turns C0 and C1 control characters (newline and tab apart) and bidirectional controls into visible
/// escapes such as `\u{1b}`.
#[must_use]
pub fn sanitise(text: &str) -> Cow<'_, str> {
    if !text.chars().any(is_harmful) {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len() + 16);
    for c in text.chars() {
        if is_harmful(c) {
            // Writing to a `String` cannot fail.
            let _ = write!(clean, "\\u{{{:x}}}", u32::from(c));
        } else {
            clean.push(c);
        }
    }
    Cow::Owned(clean)
}

/// Does a terminal obey this character instead of showing it?
#[must_use]
pub fn is_harmful(c: char) -> bool {
    (c.is_control() && c != '\n' && c != '\t')
        || matches!(
            c,
            '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}'
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steering_characters_become_visible() {
        for (text, clean) in [
            ("plain ü 你好\n\t", "plain ü 你好\n\t"),
            ("a\u{1b}[31mb", "a\\u{1b}[31mb"),
            ("\u{9b}x\r\u{7f}", "\\u{9b}x\\u{d}\\u{7f}"),
            ("a\u{202e}b\u{2066}", "a\\u{202e}b\\u{2066}"),
        ] {
            assert_eq!(sanitise(text), clean);
        }
    }
}
