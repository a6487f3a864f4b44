//! The text of the journal: its first line and the lines after it.
//!
//! Knows bytes only. Does not know files, nor what the events mean. Strict on purpose: whatever differs
//! from what [`encode`] writes by as much as one bit is refused.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::event::Event;

/// The format that this program writes, and the newest that it reads.
pub const FORMAT: u32 = 1;

/// Stands between a line's content and its checksum.
const MARK: &[u8] = b",\"crc\":\"";
/// The checksum's digits, and what closes the line.
const DIGITS: usize = 8;
const CLOSE: &[u8] = b"\"}";

/// A line's checksum as it stands in the file.
pub type Crc = [u8; DIGITS];

/// The first line.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Header {
    #[serde(rename = "runr_journal")]
    pub format: u32,
    /// Tells this journal from one that replaced it. Random.
    pub id: String,
}

/// One append.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Counts from 1, without gaps.
    pub seq: u64,
    pub at: Timestamp,
    pub events: Vec<Event>,
    /// The name of the first event that this program does not know.
    pub unknown: Option<String>,
    pub crc: Crc,
}

#[derive(Serialize)]
struct Written<'a> {
    seq: u64,
    at: Timestamp,
    events: Vec<&'a Event>,
}

#[derive(Deserialize)]
struct Read<E> {
    seq: u64,
    at: Timestamp,
    events: Vec<E>,
}

/// Makes the first line, newline included.
///
/// # Errors
/// Only when serde fails, which these types give no reason for.
pub fn encode_header(header: &Header) -> Result<Vec<u8>, serde_json::Error> {
    Ok(seal(serde_json::to_vec(header)?))
}

/// Makes one line, newline included.
///
/// # Errors
/// Only when serde fails, which these types give no reason for.
pub fn encode<'a>(
    seq: u64,
    at: Timestamp,
    events: impl Iterator<Item = &'a Event>,
) -> Result<Vec<u8>, serde_json::Error> {
    let events = events.collect();
    Ok(seal(serde_json::to_vec(&Written { seq, at, events })?))
}

/// Reads the first line, without its newline.
///
/// # Errors
/// What is wrong with it.
pub fn decode_header(line: &[u8]) -> Result<(Header, Crc), &'static str> {
    let crc = unseal(line)?;
    let header: Header =
        serde_json::from_slice(line).map_err(|_| "it is not the first line of a journal")?;
    if header.format == 0 || header.id.is_empty() {
        return Err("it is not the first line of a journal");
    }
    Ok((header, crc))
}

/// Reads one line, without its newline.
///
/// # Errors
/// What is wrong with it. Events of a newer runr are none of these: they are left out and named.
pub fn decode(line: &[u8]) -> Result<Line, &'static str> {
    let crc = unseal(line)?;
    if let Ok(Read { seq, at, events }) = serde_json::from_slice::<Read<Event>>(line) {
        return Ok(Line {
            seq,
            at,
            events,
            unknown: None,
            crc,
        });
    }
    // The checksum is right, so a runr wrote this: what cannot be read is newer, not broken.
    let Read { seq, at, events } = serde_json::from_slice::<Read<serde_json::Value>>(line)
        .map_err(|_| "it is not a list of events")?;
    let mut known = Vec::with_capacity(events.len());
    let mut unknown = None;
    for value in events {
        let Some(name) = value.get("event").and_then(|name| name.as_str()) else {
            return Err("an event has no name");
        };
        let name = name.to_owned();
        match serde_json::from_value(value) {
            Ok(event) => known.push(event),
            Err(_) => unknown = unknown.or(Some(name)),
        }
    }
    Ok(Line {
        seq,
        at,
        events: known,
        unknown,
        crc,
    })
}

/// Checks a line's checksum and gives its sequence number, without reading its events.
///
/// # Errors
/// What is wrong with it.
pub fn sequence(line: &[u8]) -> Result<(u64, Crc), &'static str> {
    let crc = unseal(line)?;
    let digits: &[u8] = line
        .strip_prefix(b"{\"seq\":")
        .and_then(|rest| rest.split(|b| *b == b',').next())
        .ok_or("it has no sequence number")?;
    let seq = std::str::from_utf8(digits)
        .ok()
        .and_then(|digits| digits.parse().ok())
        .ok_or("it has no sequence number")?;
    Ok((seq, crc))
}

/// Replaces the closing brace of an object by its checksum, a brace and a newline.
fn seal(mut object: Vec<u8>) -> Vec<u8> {
    object.pop();
    let crc = crc32c::crc32c(&object);
    object.extend_from_slice(MARK);
    object.extend_from_slice(format!("{crc:08x}").as_bytes());
    object.extend_from_slice(CLOSE);
    object.push(b'\n');
    object
}

/// Checks the checksum, and that it is written as [`seal`] writes it.
fn unseal(line: &[u8]) -> Result<Crc, &'static str> {
    let cut = line
        .len()
        .checked_sub(MARK.len() + DIGITS + CLOSE.len())
        .ok_or("it is too short")?;
    let (content, seal) = line.split_at(cut);
    let digits = seal
        .strip_prefix(MARK)
        .and_then(|rest| rest.strip_suffix(CLOSE))
        .ok_or("it has no checksum")?;
    // Compared as text: reading the digits as a number would let `A` pass for `a`.
    let expected = format!("{:08x}", crc32c::crc32c(content));
    if digits != expected.as_bytes() {
        return Err("its checksum does not match");
    }
    <Crc>::try_from(digits).map_err(|_| "it has no checksum")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::TaskId;

    fn sample() -> Vec<u8> {
        let event = Event::Reset {
            task: TaskId::parse("a.md").unwrap(),
            by: "ada".to_owned(),
            note: None,
        };
        encode(7, "2026-01-02T03:04:05Z".parse().unwrap(), [event].iter()).unwrap()
    }

    fn sealed(object: &str) -> Vec<u8> {
        let mut line = seal(object.as_bytes().to_vec());
        line.pop();
        line
    }

    #[test]
    fn a_line_is_written_as_documented_and_read_back() {
        let bytes = sample();
        let text = std::str::from_utf8(&bytes).unwrap();
        assert!(text.starts_with(
            r#"{"seq":7,"at":"2026-01-02T03:04:05Z","events":[{"event":"reset","task":"a.md","by":"ada"}],"crc":""#
        ), "{text}");
        let line = decode(&bytes[..bytes.len() - 1]).unwrap();
        assert_eq!((line.seq, line.events.len(), line.unknown), (7, 1, None));
        assert_eq!(sequence(&bytes[..bytes.len() - 1]), Ok((7, line.crc)));
    }

    #[test]
    fn every_single_bit_flip_of_a_line_is_refused() {
        let good = sample();
        let good = &good[..good.len() - 1];
        for bit in 0..good.len() * 8 {
            let mut bad = good.to_vec();
            bad[bit / 8] ^= 1 << (bit % 8);
            assert!(decode(&bad).is_err(), "bit {bit}");
            assert!(sequence(&bad).is_err(), "bit {bit}");
        }
    }

    #[test]
    fn bad_lines_are_named() {
        for (line, what) in [
            (b"".to_vec(), "it is too short"),
            (
                b"{\"seq\":1,\"at\":\"x\",\"events\":[]}".to_vec(),
                "it has no checksum",
            ),
            (sealed("{\"seq\":1}"), "it is not a list of events"),
            (
                sealed(r#"{"seq":1,"at":"2026-01-02T03:04:05Z","events":[{"x":1}]}"#),
                "an event has no name",
            ),
        ] {
            assert_eq!(decode(&line).unwrap_err(), what);
        }
        let mut upper = sample();
        upper.pop();
        let at = upper.len() - 10;
        upper[at..at + 8].make_ascii_uppercase();
        // Only a checksum without letters would be equal.
        if upper[at..at + 8].iter().any(u8::is_ascii_uppercase) {
            assert_eq!(decode(&upper).unwrap_err(), "its checksum does not match");
        }
    }

    #[test]
    fn events_of_a_newer_runr_are_left_out_and_named() {
        let line = sealed(
            r#"{"seq":1,"at":"2026-01-02T03:04:05Z","events":[{"event":"teleported"},{"event":"reset","task":"a.md","by":"x"}]}"#,
        );
        let line = decode(&line).unwrap();
        assert_eq!(line.unknown.as_deref(), Some("teleported"));
        assert_eq!(line.events.len(), 1);
    }
}
