//! Workers that nobody starts for now: their service said that it is enough, and until when.
//!
//! Knows the facts. Local times by the zone handed in; programs read UTC.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use jiff::Timestamp;

use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::bold;
use crate::report::text::{columns, pad};
use crate::view::Standing;

/// The workers that are paused now, sorted by name, each with the moment from which it is started again.
#[must_use]
pub fn paused<'a>(facts: &Facts<'a>) -> BTreeMap<&'a str, Timestamp> {
    let still = |until: &Timestamp| *until > facts.now;
    let all = facts.state.paused.iter();
    all.filter(|(_, until)| still(until))
        .map(|(worker, until)| (worker.as_str(), *until))
        .collect()
}

/// The paused worker that a task waits for, if it is all that it waits for and no other takes over.
#[must_use]
pub fn waits_for_worker<'a>(facts: &Facts<'a>, ix: TaskIx) -> Option<(&'a str, Timestamp)> {
    let (task, view) = (facts.task(ix), facts.view(ix));
    if view.standing != Standing::Ready || view.ask().is_some() || task.fallback.is_some() {
        return None;
    }
    let (worker, until) = facts.state.paused.get_key_value(task.worker.as_deref()?)?;
    (*until > facts.now).then_some((worker.as_str(), *until))
}

/// A section with one line a worker; nothing when there is none.
pub(super) fn paused_text(text: &mut String, paused: &BTreeMap<&str, Timestamp>, look: &Look) {
    if paused.is_empty() {
        return;
    }
    if !text.is_empty() {
        text.push('\n');
    }
    let bold = bold();
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{bold}Paused workers{bold:#}");
    let names: Vec<_> = paused.keys().map(|worker| one_line(worker)).collect();
    let width = names.iter().map(|name| columns(name)).max().unwrap_or(0);
    for (name, until) in names.iter().zip(paused.values()) {
        let until = look.zone.to_datetime(*until).strftime("%Y-%m-%d %H:%M");
        text.push_str("  ");
        pad(text, name, width);
        let _ = writeln!(text, "  until {until}, the limit of its service");
    }
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::report::fixture::{Told, plain};
    use crate::report::style::Glyphs;
    use crate::report::{Next, Overview, Why, status_table};
    use crate::view::tests::Story;

    #[test]
    fn everybody_who_asks_hears_which_worker_waits_and_until_when() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"]), ("other.md", &[])]);
        story.change("a.md", |task| task.worker = Some("claude-code".into()));
        let until = story.now() + jiff::SignedDuration::from_mins(90);
        story.state.paused.insert("claude-code".to_owned(), until);
        story.state.paused.insert("over".to_owned(), story.now());
        let told = Told::new(&story);
        let facts = told.facts();
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        let day = until.strftime("%Y-%m-%d %H:%M").to_string();
        let line = format!("  claude-code  until {day}, the limit of its service\n");
        let remark = "its worker claude-code is paused for 1h 30m";
        let next = Next::new(facts);
        let why = Why::new(facts, TaskIx(1));
        for text in [
            Overview::new(facts).text(&look),
            next.text(&look),
            why.text(&look),
        ] {
            let text = plain(&text);
            assert!(text.contains("Paused workers\n"), "{text}");
            assert!(text.contains(&line), "{text}");
            assert!(!text.contains("over  until"), "{text}");
        }
        for text in [
            plain(&status_table(&facts, &told.all(), &look)),
            plain(&next.text(&look)),
            plain(&why.text(&look)),
        ] {
            assert_eq!(text.matches(remark).count(), 1, "{text}");
        }
        let told_until = |json: String| {
            let json: serde_json::Value = serde_json::from_str(&json).unwrap();
            json["paused_workers"]["claude-code"].clone()
        };
        for json in [
            Overview::new(facts).json().unwrap(),
            next.json().unwrap(),
            why.json().unwrap(),
        ] {
            assert_eq!(told_until(json), until.to_string());
        }
        // Of no matter to a task that needs another worker, or none.
        let other = plain(&Why::new(facts, TaskIx(2)).text(&look));
        assert!(!other.contains("aused"), "{other}");
        let people = plain(&next.people_text(&[], &look));
        assert!(!people.contains("aused"), "{people}");
    }
}
