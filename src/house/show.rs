//! The findings as text: one line each, and below it what it means and what can be done.
//!
//! Everything shown passes the caller's sanitiser first where it comes from outside; names of runs and
//! checks are runr's own.

use std::fmt::Write as _;

use crate::house::finding::{Finding, Level};

/// How many details are listed before the rest is counted.
const SHOWN: usize = 10;

/// All findings. `clean` makes a text from outside harmless.
#[must_use]
pub fn show(findings: &[Finding], clean: &dyn Fn(&str) -> String) -> String {
    let mut text = String::new();
    let mut line = |line: String| {
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{line}");
    };
    for finding in findings {
        let level = match finding.level {
            Level::Ok => "ok",
            Level::Warning => "warning",
            Level::Problem => "problem",
        };
        line(format!(
            "{level:<8} {:<15} {}",
            finding.check.word(),
            clean(&finding.line)
        ));
        let below = |what: &str| format!("{:>26}{what}", "");
        for detail in finding.details.iter().take(SHOWN) {
            line(below(&clean(detail)));
        }
        let rest = finding.details.len().saturating_sub(SHOWN);
        if rest > 0 {
            line(below(&format!("and {rest} more")));
        }
        if let Some(means) = &finding.means {
            line(below(&clean(means)));
        }
        if let Some(fix) = &finding.fix {
            line(below(&format!("--fix: {}", clean(&fix.line()))));
        }
        if let Some(remedy) = &finding.remedy {
            line(below(&format!("help: {}", clean(remedy))));
        }
    }
    text
}
