//! Reads a journal to its very end, past any damage: every line verifies by itself. Pure.
//!
//! Knows the text of lines. Does not know files, nor what could be made of the lines behind the damage:
//! that is `salvage.rs`. The everyday reader stops at the first damage; only `runr doctor` reads on.

use std::fmt;

use crate::store::journal::Position;
use crate::store::line::{self, Header, Line};

/// A journal, line by line.
#[derive(Debug, Default)]
pub struct Survey {
    /// `None`: the first line is damaged, or there is none.
    pub header: Option<Header>,
    /// The lines before the first damage, in order.
    pub good: Vec<Line>,
    /// Behind the last of them.
    pub position: Position,
    /// The whole lines behind the first damage, in the file's order.
    pub later: Vec<Line>,
    pub wounds: Vec<Wound>,
    /// The length of a last line that is not whole: nobody was told about it.
    pub torn: u64,
    /// The first event that this program does not know.
    pub unknown: Option<(u64, String)>,
}

/// One thing that is wrong with a journal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Wound {
    /// A line that cannot be believed. Lines count from 1, offsets and lengths are in bytes.
    Line {
        line: u64,
        offset: u64,
        bytes: u64,
        what: &'static str,
    },
    /// Lines whose sequence numbers are nowhere.
    Missing {
        before_line: u64,
        from: u64,
        to: u64,
    },
    /// A line whose sequence number was there before.
    Repeated { line: u64, seq: u64 },
}

impl fmt::Display for Wound {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Line {
                line,
                offset,
                bytes,
                what,
            } => write!(f, "line {line} ({bytes} bytes from byte {offset}): {what}"),
            Self::Missing {
                before_line,
                from,
                to,
            } => match from == to {
                true => write!(
                    f,
                    "the append number {from} is missing before line {before_line}"
                ),
                false => write!(
                    f,
                    "the appends number {from} to {to} are missing before line {before_line}"
                ),
            },
            Self::Repeated { line, seq } => {
                write!(f, "line {line} repeats the append number {seq}")
            }
        }
    }
}

impl Survey {
    /// Reads the whole text of a journal.
    #[must_use]
    pub fn of(text: &[u8]) -> Self {
        let mut survey = Self::default();
        let mut offset = 0;
        let mut number = 0;
        let mut last = 0;
        while offset < text.len() {
            let rest = &text[offset..];
            let Some(end) = rest.iter().position(|byte| *byte == b'\n') else {
                survey.torn = rest.len() as u64;
                break;
            };
            let bytes = end as u64 + 1;
            if end + 1 == rest.len() && rest.contains(&0) {
                survey.torn = bytes;
                break;
            }
            number += 1;
            let taken = survey.take(&rest[..end], number, last);
            match taken {
                Ok(seq) => last = seq.max(last),
                Err(what) => {
                    survey.wounds.push(Wound::Line {
                        line: number,
                        offset: offset as u64,
                        bytes,
                        what,
                    });
                    // The line that cannot be read had a number too.
                    last += u64::from(number > 1);
                }
            }
            offset += end + 1;
        }
        survey
    }

    /// Takes one line; gives its sequence number.
    fn take(&mut self, text: &[u8], number: u64, last: u64) -> Result<u64, &'static str> {
        let bytes = text.len() as u64 + 1;
        if number == 1 {
            let (header, crc) = line::decode_header(text)?;
            self.header = Some(header);
            self.position = Position {
                offset: bytes,
                seq: 0,
                lines: 1,
                crc,
            };
            return Ok(0);
        }
        let read = line::decode(text)?;
        let seq = read.seq;
        if let Some(event) = &read.unknown {
            self.unknown.get_or_insert((number, event.clone()));
        }
        if seq <= last {
            self.wounds.push(Wound::Repeated { line: number, seq });
            return Ok(last);
        }
        if seq > last + 1 {
            self.wounds.push(Wound::Missing {
                before_line: number,
                from: last + 1,
                to: seq - 1,
            });
        }
        if self.wounds.is_empty() {
            self.position.offset += bytes;
            self.position.lines = number;
            self.position.seq = seq;
            self.position.crc = read.crc;
            self.good.push(read);
        } else {
            self.later.push(read);
        }
        Ok(seq)
    }

    /// Was it written by a newer runr, and must be left alone?
    #[must_use]
    pub fn is_newer(&self) -> bool {
        self.unknown.is_some()
            || self
                .header
                .as_ref()
                .is_some_and(|header| header.format > line::FORMAT)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Event;
    use crate::model::TaskId;

    fn journal(seqs: &[u64]) -> Vec<Vec<u8>> {
        let header = Header {
            format: 1,
            id: "x".to_owned(),
        };
        let mut lines = vec![line::encode_header(&header).unwrap()];
        for seq in seqs {
            let event = Event::Reset {
                task: TaskId::parse("a.md").unwrap(),
                by: "ada".to_owned(),
                note: None,
            };
            let at = "2026-01-02T03:04:05Z".parse().unwrap();
            lines.push(line::encode(*seq, at, [event].iter()).unwrap());
        }
        lines
    }

    fn seqs(lines: &[Line]) -> Vec<u64> {
        lines.iter().map(|line| line.seq).collect()
    }

    #[test]
    fn a_whole_journal_has_no_wounds() {
        let survey = Survey::of(&journal(&[1, 2, 3]).concat());
        assert_eq!(seqs(&survey.good), [1, 2, 3]);
        assert_eq!((survey.wounds.len(), survey.torn), (0, 0));
        assert_eq!(survey.position.lines, 4);
    }

    #[test]
    fn every_kind_of_wound_is_told_with_its_place() {
        let mut lines = journal(&[1, 2, 3, 6, 6, 7]);
        lines[2][10] ^= 1;
        let place = (lines[0].len() + lines[1].len()) as u64;
        let length = lines[2].len() as u64;
        let survey = Survey::of(&lines.concat());
        assert_eq!(seqs(&survey.good), [1]);
        assert_eq!(seqs(&survey.later), [3, 6, 7]);
        assert_eq!(
            survey.wounds,
            [
                Wound::Line {
                    line: 3,
                    offset: place,
                    bytes: length,
                    what: "its checksum does not match"
                },
                Wound::Missing {
                    before_line: 5,
                    from: 4,
                    to: 5
                },
                Wound::Repeated { line: 6, seq: 6 },
            ]
        );
    }

    #[test]
    fn a_torn_end_is_no_wound_and_a_damaged_first_line_is_one() {
        let mut text = journal(&[1, 2]).concat();
        text.truncate(text.len() - 4);
        let survey = Survey::of(&text);
        assert_eq!((seqs(&survey.good), survey.wounds.len()), (vec![1], 0));
        assert!(survey.torn > 0);
        let mut text = journal(&[1, 2]).concat();
        text[3] ^= 1;
        let survey = Survey::of(&text);
        assert_eq!(survey.header, None);
        assert_eq!((survey.good.len(), seqs(&survey.later)), (0, vec![1, 2]));
    }
}
