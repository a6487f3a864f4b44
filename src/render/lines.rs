//! Lists and lines that keep to a page: what does not fit is counted or goes to the next line.
//!
//! Knows columns and styles. Does not know what the names stand for.

use std::fmt::Write as _;

use anstyle::Style;

use crate::render::label::{columns, cut};

pub const DIM: Style = Style::new().dimmed();
/// Columns of a name that are shown whatever the page.
const SHORTEST: usize = 12;

/// A prerequisite in a list.
pub struct Name {
    pub glyph: &'static str,
    pub style: Style,
    pub text: String,
}

impl Name {
    fn columns(&self) -> usize {
        columns(self.glyph) + usize::from(!self.glyph.is_empty()) + columns(&self.text)
    }
}

/// Columns of the whole list.
pub fn listed(names: &[Name]) -> usize {
    names.iter().map(Name::columns).sum::<usize>() + 2 * names.len().saturating_sub(1)
}

/// Writes the names that fit, at least one, and how many more there are.
pub fn list(out: &mut String, names: &[Name], room: usize) {
    let mut used = 0;
    for (n, name) in names.iter().enumerate() {
        let rest = names.len() - n;
        let tail = match rest - 1 {
            0 => 0,
            rest => format!(" and {rest} more").len(),
        };
        let comma = if n == 0 { "" } else { ", " };
        let width = comma.len() + name.columns();
        if n > 0 && used + width + tail > room {
            let _ = write!(out, " {DIM}and {rest} more{DIM:#}");
            return;
        }
        out.push_str(comma);
        let (glyph, state) = (name.glyph, name.style);
        if !glyph.is_empty() {
            let _ = write!(out, "{state}{glyph}{state:#} ");
        }
        let other = tail + width - columns(&name.text);
        out.push_str(&cut(
            &name.text,
            room.saturating_sub(used + other).max(SHORTEST),
        ));
        used += width;
    }
}

/// Parts one after the other, on a new line where the page ends.
pub struct Folded {
    pub text: String,
    used: usize,
    page: usize,
}

impl Folded {
    pub fn new(page: usize) -> Self {
        let text = String::new();
        Self {
            text,
            used: 0,
            page,
        }
    }

    pub fn add(&mut self, part: &str) {
        let width = columns(&anstream::adapter::strip_str(part).to_string());
        if self.used > 0 && self.used + width > self.page {
            let part = part.trim_start();
            self.text.push_str("\n  ");
            self.text.push_str(part);
            self.used = 2 + columns(&anstream::adapter::strip_str(part).to_string());
        } else {
            self.text.push_str(part);
            self.used += width;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lists_say_how_much_they_leave_out() {
        let names: Vec<Name> = ["alpha", "beta", "gamma", "a-very-long-name-indeed"]
            .iter()
            .map(|text| Name {
                glyph: "",
                style: Style::new(),
                text: (*text).to_owned(),
            })
            .collect();
        assert_eq!(listed(&names[..2]), 11);
        for (count, room, expected) in [
            (2, 11, "alpha, beta"),
            (3, 18, "alpha and 2 more"),
            (3, 24, "alpha, beta, gamma"),
            (3, 1, "alpha and 2 more"),
        ] {
            let mut out = String::new();
            list(&mut out, &names[..count], room);
            assert_eq!(anstream::adapter::strip_str(&out).to_string(), expected);
        }
        let mut out = String::new();
        list(&mut out, &names[3..], 14);
        assert_eq!(out, "a-very-long-n…");
    }

    #[test]
    fn parts_go_to_a_new_line_at_the_pages_end() {
        let mut line = Folded::new(10);
        for part in ["12345", " 789", " abc"] {
            line.add(part);
        }
        assert_eq!(line.text, "12345 789\n  abc");
    }
}
