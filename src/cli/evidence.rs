//! Reads what a person looks at before answering: the task's text, what its latest attempt left, what git tells.
//!
//! Knows run folders. What is shown of it, and what is asked, is `report::people`'s matter.

use std::io;
use std::path::Path;

use crate::attempt::HANDOFF;
use crate::git::diff;
use crate::model::{Conflict, Outcome, RunId, RunState, StopReason};
use crate::report::people::{Asked, Evidence, Need, Trouble};
use crate::report::{Facts, last_lines, one_line, sanitise};
use crate::spec;
use crate::store::{Layout, Places, read_state};
use crate::worker::Handoff;

/// Lines of a task's text.
const ASKED_LINES: usize = 6;
/// Lines of a log.
const LOG_LINES: usize = 10;

/// The evidence of one need, and what could not be read, in words. What is not there is no trouble.
#[must_use]
pub fn read(facts: Facts<'_>, places: &Places, need: &Need) -> (Evidence, Vec<String>) {
    let mut found = Evidence::default();
    let mut troubles = Vec::new();
    let task = facts.task(need.task);
    if !task.id.is_inline() {
        let path = places.home().root().join(&*task.place.file);
        match std::fs::read_to_string(&path) {
            Ok(text) => found.asked = first_lines(&text, &task.title),
            Err(error) => troubles.push(format!("cannot read `{}`: {error}", path.display())),
        }
    }
    let run = facts
        .recorded(need.task)
        .and_then(|known| known.last_run_id.clone());
    let Some(run) = run.filter(|_| need.asked != Asked::Decide(Trouble::Stale)) else {
        return (found, troubles);
    };
    let layout = places.of_run(&run);
    let folder = layout.run(&run);
    match std::fs::read(folder.join(HANDOFF)) {
        // One that was changed by hand is shown in its file only.
        Ok(text) => {
            if let Ok(handoff) = Handoff::from_json(&text) {
                found.summary = Some(sanitise(&handoff.summary).into_owned());
                found.risks = harmless(&handoff.risks);
            }
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        Err(error) => troubles.push(format!("cannot read the hand-off of run {run}: {error}")),
    }
    match read_state(layout, &run) {
        Ok(Some(state)) => of_state(&mut found, layout, &folder, &state, &mut troubles),
        Ok(None) => {}
        Err(error) => troubles.push(error.to_string()),
    }
    found.tree = tree(places, &run);
    found.run = Some(run);
    (found, troubles)
}

fn of_state(
    found: &mut Evidence,
    layout: &Layout,
    folder: &Path,
    state: &RunState,
    troubles: &mut Vec<String>,
) {
    found.checks.clone_from(&state.checks);
    found.spent = state.agent.as_ref().map(|agent| agent.spent);
    if let Some(git) = &state.git {
        found.outside = harmless(&git.outside);
        found.conflict = git.conflict.as_ref().map(|conflict| Conflict {
            files: harmless(&conflict.files),
            others: harmless(&conflict.others),
        });
        if let (Some(base), Some(commit)) = (&git.base, &git.checkpoint) {
            match diff::stat(layout.root(), base, commit) {
                Ok(stat) => found.diff = stat,
                Err(error) => {
                    let run = &state.run;
                    troubles.push(format!("cannot tell what run {run} changed: {error}"));
                }
            }
        }
    }
    let log = state.checks.iter().find(|check| !check.passed);
    let log = log.map_or("worker.log", |check| &check.log);
    let tells = match state.outcome {
        Outcome::Succeeded => false,
        // The log of what was cancelled, or changed too much, tells nothing about why.
        Outcome::Ended(reason) => !matches!(
            reason,
            StopReason::Cancelled | StopReason::ScopeViolation | StopReason::MergeConflict
        ),
    };
    if tells {
        match last_lines(&folder.join(log), LOG_LINES) {
            Ok(lines) => found.log = lines,
            Err(error) => troubles.push(format!("cannot read {log} of run {}: {error}", state.run)),
        }
    }
}

fn harmless(texts: &[String]) -> Vec<String> {
    texts
        .iter()
        .map(|text| one_line(text).into_owned())
        .collect()
}

/// Where its work lies, if a working tree of its own is still there.
fn tree(places: &Places, run: &RunId) -> Option<String> {
    let layout = places.of_run(run);
    let tree = layout.worktree(run);
    let shown = tree.strip_prefix(layout.root()).unwrap_or(&tree);
    let shown = format!("{}{}", places.prefix_of(run), shown.to_string_lossy());
    tree.is_dir().then_some(shown)
}

/// The beginning of the body, without the heading that is the title already and without empty lines.
fn first_lines(text: &str, title: &str) -> Vec<String> {
    let Ok(parts) = spec::split(text) else {
        return Vec::new();
    };
    let is_title = |line: &str| line.trim_start_matches('#').trim() == title.trim();
    let mut lines = parts
        .body
        .lines()
        .filter(|line| !line.trim().is_empty())
        .peekable();
    if lines.peek().is_some_and(|line| is_title(line)) {
        lines.next();
    }
    let mut found: Vec<String> = lines
        .by_ref()
        .take(ASKED_LINES)
        .map(|line| one_line(line.trim_end()).into_owned())
        .collect();
    if lines.next().is_some() {
        found.push("…".to_owned());
    }
    found
}

#[cfg(test)]
mod tests {
    use super::first_lines;

    #[test]
    fn the_body_begins_after_frontmatter_and_title() {
        for (text, expected) in [
            (
                "---\ntype: manual\n---\n# Get keys\n\nFrom the portal.\n",
                vec!["From the portal."],
            ),
            ("# Get keys\n", vec![]),
            ("Just words\n", vec!["Just words"]),
            ("---\nnever closed\n", vec![]),
            (
                "a\nb\nc\nd\ne\nf\ng\n",
                vec!["a", "b", "c", "d", "e", "f", "…"],
            ),
        ] {
            assert_eq!(first_lines(text, "Get keys"), expected, "{text}");
        }
    }
}
