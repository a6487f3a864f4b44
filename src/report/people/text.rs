//! The list for a terminal: what is asked, what there is to look at, what to type.

use std::fmt::Write as _;

use crate::model::{FileChange, show_duration};
use crate::report::facts::Facts;
use crate::report::people::entry::because;
use crate::report::people::{Asked, Evidence, Need, Trouble, answers};
use crate::report::sanitise::one_line;
use crate::report::status_table::Look;
use crate::report::style::{bold, dim, status_style};
use crate::report::text::{columns, count, cut, pad};

/// How many files of a difference are named.
const FILES: usize = 6;
/// How many columns of a check's command are shown.
const COMMAND: usize = 60;
/// How many risks are named.
const RISKS: usize = 5;

/// One need after the other. `evidence` has as many entries as `needs`; none where nothing was read.
#[must_use]
pub fn needs_text(facts: &Facts<'_>, needs: &[Need], evidence: &[Evidence], look: &Look) -> String {
    let mut text = String::new();
    for (i, need) in needs.iter().enumerate() {
        if i > 0 {
            text.push('\n');
        }
        one(&mut text, facts, need, evidence.get(i), look);
    }
    text
}

fn one(text: &mut String, facts: &Facts<'_>, need: &Need, seen: Option<&Evidence>, look: &Look) {
    let (bold, dim) = (bold(), dim());
    let task = facts.task(need.task);
    let status = facts.view(need.task).status;
    let style = status_style(status);
    let name = one_line(task.id.as_str()).into_owned();
    let title = one_line(&task.title);
    // Writing to a `String` cannot fail.
    let _ = write!(
        text,
        "{style}{}{style:#} {bold}{name}{bold:#}",
        look.glyphs.status(status)
    );
    if *title != *name {
        let _ = write!(text, "  {title}");
    }
    text.push('\n');
    let mut line = |what: &str| {
        let _ = writeln!(text, "    {}", one_line(what));
    };
    line(&headline(need));
    for why in because(facts, need) {
        line(&why);
    }
    let mut text_of = |what: String| {
        let _ = writeln!(text, "    {dim}{what}{dim:#}");
    };
    if let Some(seen) = seen {
        let bar = look.glyphs.choose("│", "|");
        for said in lines(seen) {
            text_of(format!("{bar} {}", one_line(&said)));
        }
    }
    let answers = answers(facts, need, seen);
    let width = answers
        .iter()
        .map(|a| columns(&a.command))
        .max()
        .unwrap_or(0);
    for answer in &answers {
        text.push_str("    ");
        pad(text, &answer.command, width);
        let _ = writeln!(text, "  {dim}{}{dim:#}", answer.does);
    }
}

/// `awaits your approval; holds 3 tasks up, about 12m`.
fn headline(need: &Need) -> String {
    let asked = match need.asked {
        Asked::Do => "to be done by a person",
        Asked::Approve => "awaits your approval",
        Asked::Decide(Trouble::Ended(_)) => "nobody tries it again",
        Asked::Decide(Trouble::Deserted) => "nobody watches it any more",
        Asked::Decide(Trouble::ClaimLeft) => "who had claimed it is gone",
        Asked::Decide(Trouble::Stale) => "completed, and not as it says now",
    };
    match need.holds_up.len() {
        0 => asked.to_owned(),
        n => format!(
            "{asked}; holds {} up, about {} of work",
            count(n, "task", "tasks"),
            show_duration(need.work)
        ),
    }
}

/// What there is to look at, the most telling first.
fn lines(seen: &Evidence) -> Vec<String> {
    let mut found = Vec::new();
    match &seen.summary {
        Some(summary) => found.extend(summary.lines().map(str::to_owned)),
        None => found.extend(seen.asked.iter().cloned()),
    }
    found.extend(
        seen.risks
            .iter()
            .take(RISKS)
            .map(|risk| format!("risk: {risk}")),
    );
    found.extend(difference(&seen.diff));
    found.extend(
        seen.outside
            .iter()
            .map(|path| format!("{path} is not the task's to change")),
    );
    if let Some(conflict) = &seen.conflict {
        let others = match conflict.others.as_slice() {
            [] => String::new(),
            others => format!(" with {}", others.join(", ")),
        };
        found.push(format!("conflict in {}{others}", conflict.files.join(", ")));
    }
    found.extend(seen.checks.iter().map(|check| {
        let how = match (check.passed, check.exit_code) {
            (true, _) => "passed".to_owned(),
            (false, Some(code)) => format!("failed with exit code {code}"),
            (false, None) => "failed without an exit code".to_owned(),
        };
        format!("{}: {how}", cut(&check.command.to_string(), COMMAND, "..."))
    }));
    found.extend(seen.log.iter().map(|line| format!("  {line}")));
    if let Some(tree) = &seen.tree {
        found.push(format!("its work is in {tree}"));
    }
    if let Some(spent) = seen.spent {
        found.push(format!("used {}", spent.line()));
    }
    found
}

fn difference(diff: &[FileChange]) -> Vec<String> {
    if diff.is_empty() {
        return Vec::new();
    }
    let sum = |of: fn(&FileChange) -> Option<u64>| diff.iter().filter_map(of).sum::<u64>();
    let mut found = vec![format!(
        "changed {}, +{} -{}",
        count(diff.len(), "file", "files"),
        sum(|f| f.added),
        sum(|f| f.removed)
    )];
    found.extend(
        diff.iter()
            .take(FILES)
            .map(|file| match (file.added, file.removed) {
                (Some(added), Some(removed)) => format!("  {} +{added} -{removed}", file.path),
                _ => format!("  {} not text", file.path),
            }),
    );
    if diff.len() > FILES {
        found.push(format!("  and {} more", diff.len() - FILES));
    }
    found
}

#[cfg(test)]
mod tests {
    use jiff::tz::TimeZone;

    use super::*;
    use crate::model::{CheckResult, CommandLine};
    use crate::report::fixture::{Told, plain};
    use crate::report::people::needs_people;
    use crate::report::style::Glyphs;
    use crate::view::tests::Story;

    #[test]
    fn each_need_tells_what_is_asked_what_there_is_to_see_and_what_to_type() {
        let mut story = Story::new(&[("copy.md", &[]), ("net.md", &[]), ("ship.md", &["net.md"])]);
        story.awaiting("copy.md");
        story.failed("net.md");
        let told = Told::new(&story);
        let facts = told.facts();
        let check = |passed: bool| CheckResult {
            command: CommandLine::Shell("cargo test".to_owned()),
            exit_code: Some(i32::from(!passed)),
            took_ms: 5,
            log: "verify-1.log".to_owned(),
            passed,
        };
        let failed = Evidence {
            asked: vec!["Make the net work.".to_owned()],
            checks: vec![check(false)],
            log: vec!["test a ... FAILED".to_owned()],
            tree: Some(".runr-worktrees/1".to_owned()),
            ..Evidence::default()
        };
        let waits = Evidence {
            summary: Some("Wrote the copy.".to_owned()),
            risks: vec!["no legal review".to_owned()],
            diff: vec![FileChange {
                path: "a.txt".to_owned(),
                added: Some(3),
                removed: Some(1),
            }],
            checks: vec![check(true)],
            ..Evidence::default()
        };
        let look = Look {
            glyphs: Glyphs::Unicode,
            zone: TimeZone::UTC,
        };
        let text = needs_text(&facts, &needs_people(&facts), &[failed, waits], &look);
        insta::assert_snapshot!(plain(&text), @r"
        ✗ net.md
            nobody tries it again; holds 1 task up, about 1m 0s of work
            verification failed: cargo test
            │ Make the net work.
            │ cargo test: failed with exit code 1
            │   test a ... FAILED
            │ its work is in .runr-worktrees/1
            runr run --task net.md      tries it again
            runr tasks complete net.md  if you have done it yourself

        ◈ copy.md
            awaits your approval
            │ Wrote the copy.
            │ risk: no legal review
            │ changed 1 file, +3 -1
            │   a.txt +3 -1
            │ cargo test: passed
            runr tasks approve copy.md                                takes its work in
            runr tasks reject copy.md --note 'what should be better'  sends it back to the same worker with your words
        ");
    }
}
