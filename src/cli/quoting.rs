//! The marks by which a word that is being typed keeps a shell from taking parts of it for something else.
//!
//! Knows what the shells for people have in common. Whole commands that are shown are [`crate::report::shell_word`]'s
//! matter.

/// The word that is meant by what was typed until now: without backslashes and quotes.
#[must_use]
pub fn taken_off(typed: &str) -> String {
    let mut word = String::new();
    let mut open = None;
    let mut chars = typed.chars();
    while let Some(c) = chars.next() {
        match (c, open) {
            ('\'' | '"', None) => open = Some(c),
            (_, Some(quote)) if c == quote => open = None,
            ('\\', None | Some('"')) => word.extend(chars.next()),
            _ => word.push(c),
        }
    }
    word
}

/// The word with a backslash before everything that a shell may take for something else.
#[must_use]
pub fn put_on(word: &str) -> String {
    let mut typed = String::new();
    for c in word.chars() {
        let plain = c.is_alphanumeric() || "._/@%+,:=-".contains(c);
        if !plain {
            typed.push('\\');
        }
        typed.push(c);
    }
    typed
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_survive_being_typed() {
        for (word, typed) in [
            ("net/03-http.md", "net/03-http.md"),
            ("02 with space.md", r"02\ with\ space.md"),
            ("it's $x & (y)", r"it\'s\ \$x\ \&\ \(y\)"),
            ("日本語:a=b", "日本語:a=b"),
        ] {
            assert_eq!(put_on(word), typed);
            assert_eq!(taken_off(typed), word);
        }
        for (typed, word) in [
            ("\"02 wi", "02 wi"),
            ("'a\\b", "a\\b"),
            ("'a b'c\\", "a bc"),
            ("\"it's", "it's"),
        ] {
            assert_eq!(taken_off(typed), word);
        }
    }
}
