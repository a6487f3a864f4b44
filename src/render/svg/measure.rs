//! How wide a text will be, without knowing its font.
//!
//! The figures are those of a wide sans serif, so that the real text is rather narrower.

use unicode_width::UnicodeWidthChar as _;

/// A size in pixels and a weight.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Font {
    Regular(f64),
    Bold(f64),
}

impl Font {
    fn em(self) -> f64 {
        match self {
            Self::Regular(size) => size,
            Self::Bold(size) => size * 1.16,
        }
    }
}

/// Pixels that a line takes.
pub fn width(line: &str, font: Font) -> f64 {
    line.chars().map(share).sum::<f64>() * font.em()
}

/// Cuts a line to a width in pixels; an ellipsis takes the end.
pub fn fit(line: &str, font: Font, limit: f64) -> String {
    if width(line, font) <= limit {
        return line.to_owned();
    }
    let room = limit - share('…') * font.em();
    let mut used = 0.0;
    let mut kept: String = line
        .chars()
        .take_while(|c| {
            used += share(*c) * font.em();
            used <= room
        })
        .collect();
    kept.truncate(kept.trim_end().len());
    kept.push('…');
    kept
}

/// Cuts a name to a width in pixels. Folders go first: the end of a path tells more than its beginning.
pub fn fit_name(name: &str, font: Font, limit: f64) -> String {
    if width(name, font) <= limit {
        return name.to_owned();
    }
    let mut shorter = name
        .match_indices('/')
        .map(|(at, _)| format!("…{}", &name[at..]));
    let mut last = None;
    let fits = shorter.find(|shorter| {
        last = Some(shorter.clone());
        width(shorter, font) <= limit
    });
    fits.unwrap_or_else(|| fit(last.as_deref().unwrap_or(name), font, limit))
}

/// The width of a character as a share of the font's size.
fn share(c: char) -> f64 {
    match c {
        'i' | 'j' | 'l' | '\'' | '|' => 0.28,
        ' ' | '.' | ',' | ':' | ';' | 'I' | '/' | '\\' | '!' => 0.34,
        'f' | 'r' | 't' | '-' | '(' | ')' | '[' | ']' | '"' => 0.40,
        'm' | 'w' | 'M' | 'W' | '@' | '%' | '…' => 0.98,
        '&' | '<' | '>' | '=' | '+' | '~' | '#' | '^' => 0.84,
        'a'..='z' | '_' => 0.59,
        '0'..='9' => 0.64,
        'A'..='Z' => 0.72,
        _ => match c.width().unwrap_or(0) {
            0 => 0.0,
            1 => 0.66,
            _ => 1.1,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_a_path_the_end_is_kept() {
        let font = Font::Bold(12.0);
        for (name, limit, cut) in [
            ("a/b.md", 80.0, "a/b.md"),
            ("very/deep/folder/b.md", 80.0, "…/b.md"),
            ("very/deep/folder/b.md", 110.0, "…/folder/b.md"),
            ("deep/a-file-name-too-long.md", 80.0, "…/a-file-…"),
            ("a-file-name-too-long.md", 80.0, "a-file-na…"),
        ] {
            let found = fit_name(name, font, limit);
            assert_eq!(found, cut);
            assert!(width(&found, font) <= limit, "{found}");
        }
    }

    #[test]
    fn cut_texts_fit() {
        let font = Font::Bold(12.0);
        for text in [
            "short",
            "a rather long title of a task",
            "你好世界你好世界你好世界",
            "WWWWWWWWWWWWWW",
        ] {
            let cut = fit(text, font, 80.0);
            assert!(width(&cut, font) <= 80.0, "{cut}");
            assert_eq!(cut.ends_with('…'), cut != text);
        }
    }
}
