//! Divides bytes that come in pieces into lines.
//!
//! Knows newlines and a limit. A line beyond the limit is told as such and never held: a worker that writes no
//! newline must not fill the memory. The division does not depend on how the bytes were cut.

/// No event of either program comes near this; a tool's whole output may stand in one.
const LONGEST: usize = 16 * 1024 * 1024;

/// A line without its newline.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line<'a> {
    Whole(&'a [u8]),
    /// It was longer than the limit; its text is gone.
    TooLong,
}

/// Collects lines.
#[derive(Debug, Default)]
pub struct Lines {
    kept: Vec<u8>,
    /// The current line is too long already.
    skipping: bool,
}

impl Lines {
    /// Takes a piece and hands out every line that it completes.
    pub fn feed(&mut self, mut piece: &[u8], mut each: impl FnMut(Line<'_>)) {
        while let Some(at) = piece.iter().position(|byte| *byte == b'\n') {
            let (end, rest) = piece.split_at(at);
            piece = &rest[1..];
            if std::mem::take(&mut self.skipping) || self.kept.len() + end.len() > LONGEST {
                each(Line::TooLong);
            } else if self.kept.is_empty() {
                each(Line::Whole(end));
                continue;
            } else {
                self.kept.extend_from_slice(end);
                each(Line::Whole(&self.kept));
            }
            self.forget();
        }
        if self.skipping {
            return;
        }
        if self.kept.len() + piece.len() > LONGEST {
            self.skipping = true;
            self.forget();
        } else {
            self.kept.extend_from_slice(piece);
        }
    }

    /// Nothing more comes: the last line may lack its newline.
    pub fn finish(&mut self, mut each: impl FnMut(Line<'_>)) {
        if std::mem::take(&mut self.skipping) {
            each(Line::TooLong);
        } else if !self.kept.is_empty() {
            each(Line::Whole(&self.kept));
        }
        self.forget();
    }

    /// Keeps some room for the next line, and not that of the longest ever.
    fn forget(&mut self) {
        self.kept.clear();
        self.kept.shrink_to(64 * 1024);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn divided(pieces: &[&[u8]]) -> Vec<String> {
        let mut lines = Lines::default();
        let mut found = Vec::new();
        let mut each = |line: Line<'_>| {
            found.push(match line {
                Line::Whole(text) => String::from_utf8_lossy(text).into_owned(),
                Line::TooLong => "TOO LONG".to_owned(),
            });
        };
        for piece in pieces {
            lines.feed(piece, &mut each);
        }
        lines.finish(&mut each);
        found
    }

    #[test]
    fn lines_do_not_depend_on_the_pieces() {
        let expected = ["a", "", "bc", "d"];
        let cuts: [&[&[u8]]; 3] = [
            &[b"a\n\nbc\nd"],
            &[b"a", b"\n", b"\n", b"b", b"c\nd"],
            &[b"a\n\nb", b"", b"c", b"\nd"],
        ];
        for pieces in cuts {
            assert_eq!(divided(pieces), expected);
        }
        assert_eq!(divided(&[b"a\n"]), ["a"]);
        assert_eq!(divided(&[]), [""; 0]);
    }

    #[test]
    fn a_line_without_end_is_not_held() {
        let chunk = vec![b'x'; 1 << 20];
        let mut lines = Lines::default();
        let mut count = 0;
        for _ in 0..40 {
            lines.feed(&chunk, |_| count += 1);
            assert!(lines.kept.capacity() <= 2 * LONGEST);
        }
        assert_eq!(count, 0);
        let mut found = Vec::new();
        lines.feed(b"\nnext\n", |line| found.push(line == Line::TooLong));
        assert_eq!(found, [true, false]);
        let whole = [chunk.repeat(17), b"\nok".to_vec()].concat();
        assert_eq!(divided(&[&whole]), ["TOO LONG", "ok"]);
    }
}
