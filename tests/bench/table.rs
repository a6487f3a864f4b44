//! How figures are shown.

use std::io::Write as _;
use std::time::Duration;

/// One line of output.
pub fn line(text: &str) {
    // Nobody reads a benchmark whose output is closed.
    let _ = writeln!(std::io::stdout(), "{text}");
}

/// The middle value.
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort_unstable();
    times.get(times.len() / 2).copied().unwrap_or_default()
}

/// The smallest, the middle and the largest value.
pub fn spread(mut values: Vec<f64>) -> String {
    values.sort_unstable_by(f64::total_cmp);
    match (values.first(), values.get(values.len() / 2), values.last()) {
        (Some(low), Some(middle), Some(high)) => format!("{middle:.2} [{low:.2}..{high:.2}]"),
        _ => "-".to_owned(),
    }
}

pub fn ms(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}

/// Says whether a figure keeps its limit.
pub fn verdict(figure: f64, limit: f64) -> &'static str {
    if figure <= limit { "kept" } else { "MISSED" }
}
