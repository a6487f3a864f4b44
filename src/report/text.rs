//! Words and widths: short listings, cut and padded columns, quoted names.
//!
//! Knows how wide characters are on a terminal. Knows nothing of tasks.

use std::borrow::Cow;

use unicode_width::{UnicodeWidthChar as _, UnicodeWidthStr as _};

use crate::report::sanitise::one_line;

/// How many names a listing shows before it counts the rest.
const NAMES_SHOWN: usize = 3;

/// Names as a person would list them: `a, b, c`; `a, b and 7 more` when there are more than three.
#[must_use]
pub fn listing<T: AsRef<str>>(names: &[T]) -> String {
    let shown = if names.len() > NAMES_SHOWN {
        NAMES_SHOWN - 1
    } else {
        names.len()
    };
    let mut text = String::new();
    for (i, name) in names[..shown].iter().enumerate() {
        if i > 0 {
            text.push_str(", ");
        }
        text.push_str(&one_line(name.as_ref()));
    }
    if shown < names.len() {
        text.push_str(&format!(" and {} more", names.len() - shown));
    }
    text
}

/// How many columns a text takes.
#[must_use]
pub fn columns(text: &str) -> usize {
    text.width()
}

/// A text followed by spaces up to a width.
pub fn pad(line: &mut String, text: &str, width: usize) {
    line.push_str(text);
    line.extend(std::iter::repeat_n(' ', width.saturating_sub(text.width())));
}

/// A text cut to a width, with `…` (`...` in ASCII) where something was left out.
#[must_use]
pub fn cut<'a>(text: &'a str, width: usize, ellipsis: &str) -> Cow<'a, str> {
    if text.width() <= width {
        return Cow::Borrowed(text);
    }
    let room = width.saturating_sub(ellipsis.width());
    let mut used = 0;
    let mut kept = String::new();
    for c in text.chars() {
        used += c.width().unwrap_or(0);
        if used > room {
            break;
        }
        kept.push(c);
    }
    if ellipsis.width() <= width {
        kept.push_str(ellipsis);
    }
    Cow::Owned(kept)
}

/// The first line of a text that may have more, `…` (`...` in ASCII) standing for the rest.
#[must_use]
pub fn first_line(text: &str, ellipsis: &str) -> String {
    let mut lines = text.trim().lines();
    let mut first = one_line(lines.next().unwrap_or_default()).into_owned();
    if lines.next().is_some() {
        first.push_str(ellipsis);
    }
    first
}

/// The width of a column of names. One long name does not push what stands beside the others off the screen.
pub fn name_width<'a>(names: impl Iterator<Item = &'a str>) -> usize {
    const MOST: usize = 48;
    let widths = names.map(|name| columns(&one_line(name)));
    widths.filter(|width| *width <= MOST).max().unwrap_or(0)
}

/// `1 task`, `2 tasks`.
#[must_use]
pub fn count(n: usize, one: &str, many: &str) -> String {
    format!("{n} {}", if n == 1 { one } else { many })
}

/// How much of a commit's name is shown.
const SHORT: usize = 10;

/// The beginning of a commit's name, long enough for people.
#[must_use]
pub fn short_commit(commit: &str) -> String {
    one_line(commit).chars().take(SHORT).collect()
}

/// A name as it must be typed in a shell: quoted where it would mean something else.
#[must_use]
pub fn shell_word(word: &str) -> Cow<'_, str> {
    let plain =
        |c: char| c.is_alphanumeric() || matches!(c, '/' | '.' | '-' | '_' | ':' | '+' | ',');
    let quoted = if !word.is_empty() && !word.starts_with('-') && word.chars().all(plain) {
        Cow::Borrowed(word)
    } else {
        Cow::Owned(format!("'{}'", word.replace('\'', "'\\''")))
    };
    match one_line(&quoted) {
        Cow::Borrowed(_) => quoted,
        Cow::Owned(clean) => Cow::Owned(clean),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn long_listings_are_capped() {
        for (names, text) in [
            (&[][..], ""),
            (&["a"], "a"),
            (&["a", "b", "c"], "a, b, c"),
            (&["a", "b", "c", "d"], "a, b and 2 more"),
            (
                &["a", "b", "c", "d", "e", "f", "g", "h", "i"],
                "a, b and 7 more",
            ),
        ] {
            assert_eq!(listing(names), text);
        }
    }

    #[test]
    fn widths_are_columns_not_bytes() {
        let mut line = String::new();
        pad(&mut line, "日本", 6);
        line.push('|');
        assert_eq!(line, "日本  |");
        assert_eq!(cut("日本語", 5, "…"), "日本…");
        assert_eq!(cut("abcdef", 4, "..."), "a...");
        assert_eq!(cut("abc", 3, "…"), "abc");
        assert_eq!(cut("abc", 0, "…"), "");
    }

    #[test]
    fn names_are_quoted_for_a_shell() {
        for (word, typed) in [
            ("net/03-http.md", "net/03-http.md"),
            ("a b.md", "'a b.md'"),
            ("it's.md", "'it'\\''s.md'"),
            ("$(x).md", "'$(x).md'"),
            ("-x.md", "'-x.md'"),
        ] {
            assert_eq!(shell_word(word), typed);
        }
    }
}
