//! A text as a value of YAML: plain where every reader takes it for this very text, else quoted.
//!
//! Knows one line at a time. Does not know keys.

use std::fmt::Write as _;

/// A value that every reader of YAML takes for this very text, or for a time.
#[must_use]
pub fn is_plain(value: &str) -> bool {
    value.starts_with(|c: char| c.is_ascii_alphanumeric())
        && value.contains(|c: char| c.is_ascii_alphabetic())
        && value
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | ':' | '.'))
        && !value.ends_with(':')
}

/// A text in these quotes. It has no control character.
#[must_use]
pub fn quoted(value: &str, quote: char) -> String {
    match quote {
        '\'' => format!("'{}'", value.replace('\'', "''")),
        _ => format!("\"{}\"", value.replace('\\', "\\\\").replace('"', "\\\"")),
    }
}

/// Any text as a value in one line, in a list too: plain when it is made of letters, digits and `-_./` and no word
/// that means something else, otherwise in double quotes with escapes.
#[must_use]
pub fn scalar(text: &str) -> String {
    const WORDS: [&str; 8] = ["true", "false", "yes", "no", "on", "off", "null", "nan"];
    let plain = text.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_' || c == '.')
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '/' | '.'))
        && !WORDS.contains(&text.to_ascii_lowercase().as_str())
        // What others would take for a number: `1e3`, `0x1f`, `.inf`.
        && !text.starts_with('.')
        && !(text.starts_with(|c: char| c.is_ascii_digit())
            && text.chars().all(|c| c.is_ascii_hexdigit() || matches!(c, 'x' | 'o' | '_' | '.')));
    if plain {
        return text.to_owned();
    }
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\t' => out.push_str("\\t"),
            '\r' => out.push_str("\\r"),
            c if c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{feff}') => {
                // A `String` takes everything.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A list of texts as a value in one line.
#[must_use]
pub fn scalars<T: AsRef<str>>(texts: &[T]) -> String {
    let items: Vec<String> = texts.iter().map(|text| scalar(text.as_ref())).collect();
    format!("[{}]", items.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spec::yaml::{Value, parse};
    use proptest::prelude::*;

    #[test]
    fn plain_only_where_it_is_safe() {
        for (text, written) in [
            ("00-setup.md", "00-setup.md"),
            ("net/03", "net/03"),
            ("a b", "\"a b\""),
            ("no", "\"no\""),
            ("1e3", "\"1e3\""),
            ("12", "\"12\""),
            ("[a]", "\"[a]\""),
            ("two\nlines", "\"two\\nlines\""),
            ("", "\"\""),
        ] {
            assert_eq!(scalar(text), written);
        }
    }

    proptest! {
        #[test]
        fn what_is_written_is_read_again(texts in proptest::collection::vec("\\PC{0,12}|[a-z\\n\\t\"':#,\\[\\]{}&*!|>%@` .-]{0,12}", 0..4)) {
            let text = format!("key: {}\n", scalars(&texts));
            let read = parse(&text).map_err(|e| TestCaseError::fail(format!("{e:?} {text}")))?;
            let Some(Value::Map(entries)) = read.map(|node| node.value) else { panic!("{text}") };
            let Value::List(items) = &entries[0].1.value else { panic!("{text}") };
            let back: Vec<&str> = items.iter().map(|item| match &item.value {
                Value::Scalar(text) => text.as_ref(),
                _ => "not a text",
            }).collect();
            prop_assert_eq!(back, texts);
        }
    }
}
