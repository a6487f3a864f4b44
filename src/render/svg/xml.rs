//! Text as XML takes it.

use crate::render::label::one_line;

/// One line of text, for an element or an attribute in double quotes.
pub fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            // Control characters have become visible; these two are left that XML does not allow.
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_cannot_end_what_they_stand_in() {
        assert_eq!(
            escaped("</a>\"'&amp;\u{0}\u{ffff}\n]]>"),
            "&lt;/a&gt;&quot;&#39;&amp;amp;\\u{0}\u{fffd} ]]&gt;"
        );
    }
}
