//! When a usage limit ends, out of Codex's sentence about it.
//!
//! Knows `try again at Nov 24th, 2026 6:00 AM.` and `try again at 6:00 AM.`, in local time: the only forms in
//! which the program tells. Does not know the clock: `now` is an argument.

use jiff::civil::{Date, Time};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan as _};

/// The time of a message, when it holds one that can be read. A time of day without a date is the next one.
#[must_use]
pub fn reset_time(message: &str, now: Timestamp, zone: &TimeZone) -> Option<Timestamp> {
    const BEFORE: &str = "try again at ";
    // It may begin a sentence. Only ASCII letters change their case: places stay the same.
    let at = message.to_ascii_lowercase().find(BEFORE)?;
    let rest = &message[at + BEFORE.len()..];
    let words: Vec<&str> = rest
        .split_whitespace()
        .map(|word| word.trim_end_matches([',', '.']))
        .take(5)
        .collect();
    let at = match words[..] {
        [month, day, year, clock, half, ..] if month_number(month).is_some() => {
            let day = day.trim_end_matches(char::is_alphabetic).parse().ok()?;
            let date = Date::new(year.parse().ok()?, month_number(month)?, day).ok()?;
            date.to_datetime(time(clock, half)?)
        }
        [clock, half, ..] => {
            let local = now.to_zoned(zone.clone()).datetime();
            let today = local.date().to_datetime(time(clock, half)?);
            match today > local {
                true => today,
                false => today.checked_add(1.day()).ok()?,
            }
        }
        _ => return None,
    };
    Some(at.to_zoned(zone.clone()).ok()?.timestamp())
}

fn month_number(name: &str) -> Option<i8> {
    const MONTHS: [&str; 12] = [
        "jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec",
    ];
    let start = name.get(..3)?.to_ascii_lowercase();
    let at = MONTHS.iter().position(|month| *month == start)?;
    i8::try_from(at + 1).ok()
}

/// `6:00 AM` on a clock of twelve hours.
fn time(clock: &str, half: &str) -> Option<Time> {
    let (hour, minute) = clock.split_once(':')?;
    let hour: i8 = hour.parse().ok().filter(|hour| (1..=12).contains(hour))?;
    let hour = match half.to_ascii_uppercase().as_str() {
        "AM" => hour % 12,
        "PM" => hour % 12 + 12,
        _ => return None,
    };
    Time::new(hour, minute.parse().ok()?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_in_the_local_zone() {
        let now: Timestamp = "2026-11-23T12:00:00Z".parse().unwrap();
        let zone = TimeZone::fixed(jiff::tz::offset(2));
        for (text, expected) in [
            (
                "usage limit. Visit x or try again at Nov 24th, 2026 6:00 AM.",
                Some("2026-11-24T04:00:00Z"),
            ),
            (
                "try again at May 1st, 2027 12:30 PM.",
                Some("2027-05-01T10:30:00Z"),
            ),
            // It is 14:00 there.
            (
                "You’ve hit your usage limit. Try again at 3:05 PM.",
                Some("2026-11-23T13:05:00Z"),
            ),
            ("try again at 12:00 AM", Some("2026-11-23T22:00:00Z")),
            ("try again at 6:00 AM.", Some("2026-11-24T04:00:00Z")),
            ("try again at Feb 31st, 2027 1:00 AM", None),
            ("try again at 25:00 AM", None),
            ("try again at ", None),
            ("try again later", None),
            ("try again at ünï, 2027 1:00 AM", None),
        ] {
            let got = reset_time(text, now, &zone).map(|at| at.to_string());
            assert_eq!(got.as_deref(), expected, "{text}");
        }
    }
}
