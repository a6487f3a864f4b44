//! A line that is being typed.

use crate::report::one_line;
use crate::screen::key::Key;

/// The longest text, in bytes.
const MOST: usize = 4_000;

/// The text and where the next letter goes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Typed {
    text: String,
    /// In bytes, between two characters.
    at: usize,
}

impl Typed {
    #[must_use]
    pub fn new(text: &str) -> Self {
        Self {
            text: text.to_owned(),
            at: text.len(),
        }
    }

    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What stands before the cursor, and from there on.
    #[must_use]
    pub fn parts(&self) -> (&str, &str) {
        self.text.split_at(self.at)
    }

    /// Inserts a text on one line, made harmless; what is too long is left out.
    pub fn insert(&mut self, text: &str) {
        for c in one_line(text).chars() {
            if self.text.len() + c.len_utf8() <= MOST {
                self.text.insert(self.at, c);
                self.at += c.len_utf8();
            }
        }
    }

    /// Edits; other keys do nothing.
    pub fn key(&mut self, key: Key) {
        let before = self.text[..self.at].chars().next_back();
        let after = self.text[self.at..].chars().next();
        match (key, before, after) {
            (Key::Char(c), ..) => self.insert(c.encode_utf8(&mut [0; 4])),
            (Key::Backspace, Some(c), _) => {
                self.at -= c.len_utf8();
                self.text.remove(self.at);
            }
            (Key::Delete, _, Some(_)) => {
                self.text.remove(self.at);
            }
            (Key::Left, Some(c), _) => self.at -= c.len_utf8(),
            (Key::Right, _, Some(c)) => self.at += c.len_utf8(),
            (Key::Home | Key::Ctrl('a'), ..) => self.at = 0,
            (Key::End | Key::Ctrl('e'), ..) => self.at = self.text.len(),
            (Key::Ctrl('u'), ..) => {
                self.text.drain(..self.at);
                self.at = 0;
            }
            (Key::Ctrl('w'), ..) => {
                let kept = self.text[..self.at].trim_end();
                let word = kept.rfind(' ').map_or(0, |at| at + 1);
                self.text.drain(word..self.at);
                self.at = word;
            }
            _ => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_edited_as_in_a_shell() {
        for (keys, expected) in [
            (vec![Key::Char('ü'), Key::Char('b')], "üb|"),
            (
                vec![Key::Char('a'), Key::Char('b'), Key::Left, Key::Char('日')],
                "a日|b",
            ),
            (vec![Key::Char('ü'), Key::Backspace, Key::Backspace], "|"),
            (
                vec![Key::Char('a'), Key::Home, Key::Delete, Key::Delete],
                "|",
            ),
            (
                vec![Key::Char('a'), Key::Home, Key::Left, Key::Right, Key::Right],
                "a|",
            ),
            (
                vec![Key::Char('\u{1b}'), Key::Char('\u{202e}')],
                "\\u{1b}\\u{202e}|",
            ),
        ] {
            let mut typed = Typed::default();
            keys.into_iter().for_each(|key| typed.key(key));
            let (before, after) = typed.parts();
            assert_eq!(format!("{before}|{after}"), expected);
        }
        let mut typed = Typed::new("one two ");
        typed.key(Key::Ctrl('w'));
        assert_eq!(typed.text(), "one ");
        typed.key(Key::Ctrl('u'));
        assert_eq!(typed.text(), "");
        typed.insert("a\nb\x1b[31m");
        assert_eq!(typed.text(), "a b\\u{1b}[31m");
        typed.insert(&"x".repeat(5_000));
        assert_eq!(typed.text().len(), MOST);
    }
}
