//! Lengths of time as people write them: `45m`, `1h 30m`, `90s`.

use std::time::Duration;

/// Says why a text is not a length of time.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DurationError {
    #[error("`{0}` has no unit: write `{0}s` for seconds")]
    NoUnit(String),
    #[error("`{0}` is not a length of time: write for instance `90s`, `45m` or `1h 30m`")]
    NotADuration(String),
    #[error("`{0}` is negative or longer than a year")]
    OutOfRange(String),
}

/// Reads a length of time. Units from milliseconds to weeks; a day has 24 hours.
///
/// # Errors
/// When there is no unit, the text is no duration, or it is negative or longer than 366 days.
pub fn parse_duration(text: &str) -> Result<Duration, DurationError> {
    let text = text.trim();
    if !text.is_empty() && text.bytes().all(|b| b.is_ascii_digit() || b == b'.') {
        return Err(DurationError::NoUnit(text.to_owned()));
    }
    let span: jiff::Span = text
        .parse()
        .map_err(|_| DurationError::NotADuration(text.to_owned()))?;
    let signed = span
        .to_duration(jiff::SpanRelativeTo::days_are_24_hours())
        .map_err(|_| DurationError::NotADuration(text.to_owned()))?;
    let duration =
        Duration::try_from(signed).map_err(|_| DurationError::OutOfRange(text.to_owned()))?;
    if duration > Duration::from_secs(366 * 24 * 3600) {
        return Err(DurationError::OutOfRange(text.to_owned()));
    }
    Ok(duration)
}

/// Shows a length of time in at most two units: `0.4s`, `12s`, `3m 12s`, `1h 4m`, `2d 3h`.
#[must_use]
pub fn show_duration(duration: Duration) -> String {
    let seconds = duration.as_secs();
    match seconds {
        0..10 => format!("{:.1}s", duration.as_secs_f64()),
        10..60 => format!("{seconds}s"),
        60..3600 => format!("{}m {}s", seconds / 60, seconds % 60),
        3600..86400 => format!("{}h {}m", seconds / 3600, seconds % 3600 / 60),
        _ => format!("{}d {}h", seconds / 86400, seconds % 86400 / 3600),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_people_write() {
        for (text, seconds) in [
            ("90s", 90),
            ("45m", 2700),
            ("1h 30m", 5400),
            ("1d", 86400),
            ("2 weeks", 1_209_600),
        ] {
            assert_eq!(
                parse_duration(text),
                Ok(Duration::from_secs(seconds)),
                "{text}"
            );
        }
        assert_eq!(parse_duration("200ms"), Ok(Duration::from_millis(200)));
        assert!(matches!(
            parse_duration("90"),
            Err(DurationError::NoUnit(_))
        ));
        assert!(matches!(
            parse_duration("soon"),
            Err(DurationError::NotADuration(_))
        ));
        assert!(matches!(
            parse_duration(""),
            Err(DurationError::NotADuration(_))
        ));
        assert!(matches!(
            parse_duration("-5m"),
            Err(DurationError::OutOfRange(_))
        ));
        assert!(matches!(
            parse_duration("400d"),
            Err(DurationError::OutOfRange(_))
        ));
    }

    #[test]
    fn shows_two_units_at_most() {
        for (millis, text) in [
            (400, "0.4s"),
            (12_345, "12s"),
            (192_000, "3m 12s"),
            (3_840_000, "1h 4m"),
            (183_600_000, "2d 3h"),
        ] {
            assert_eq!(show_duration(Duration::from_millis(millis)), text);
        }
    }
}
