//! Work that nobody attends any more: its process is gone, or its terminal was closed. Each with the command that takes
//! it up again.
//!
//! Knows the facts. Does not know how one sees that a process is gone.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use crate::model::OrchId;
use crate::plan::TaskIx;
use crate::report::facts::{Facts, Liveness};
use crate::report::next_commands::NextCommand;
use crate::report::sanitise::one_line;
use crate::report::style::{bold, dim};
use crate::report::text::{columns, pad};

/// The commands, each once: first those that go on with orchestrations, the newest first, then those that give back what
/// somebody claimed who is gone. `here`: is a task among those that are shown?
#[must_use]
pub fn interrupted(facts: &Facts<'_>, here: impl Fn(TaskIx) -> bool) -> Vec<NextCommand> {
    let deserted: Vec<&OrchId> = facts.processes.deserted.iter().rev().collect();
    let resume = |orch: &OrchId| match deserted.len() {
        1 => facts.resume(orch),
        _ => format!("{} {orch}", facts.resume(orch)),
    };
    let mut found: Vec<NextCommand> = Vec::new();
    for orch in &deserted {
        let known = facts.state.orchestrations.get(*orch);
        let typed = known.map_or("it", |known| &known.command);
        let happened = match known.is_some_and(|known| known.detached) {
            true => "whose terminal was closed",
            false => "whose process is gone",
        };
        found.push(NextCommand {
            command: resume(orch),
            why: format!("goes on with `{}`, {happened}", one_line(typed)),
        });
    }
    let mut known: BTreeSet<String> = found.iter().map(|next| next.command.clone()).collect();
    for ix in facts.plan.numbers().filter(|ix| here(*ix)) {
        let id = &facts.task(ix).id;
        let next = if let Some((run, claim)) = facts.state.claimed_run(id) {
            let gone = facts.liveness(run) == Liveness::Gone;
            gone.then(|| NextCommand {
                command: facts.release(ix),
                why: format!(
                    "gives {} back; {}, which claimed it, is gone",
                    one_line(id.as_str()),
                    one_line(&claim.who.to_string())
                ),
            })
        } else if let Some((run, open)) = facts.state.open_run(id) {
            // Those of the orchestrations above are taken up with them.
            let is_new = !facts.processes.deserted.contains(&open.orch);
            let left = facts.liveness(run) != Liveness::Attended;
            (is_new && left).then(|| NextCommand {
                command: facts.resume_of(ix),
                why: format!(
                    "goes on with {}, which nobody attends",
                    one_line(id.as_str())
                ),
            })
        } else {
            None
        };
        found.extend(next.filter(|next| known.insert(next.command.clone())));
    }
    found
}

/// A section with one line a command; nothing when there is none.
pub(super) fn interrupted_text(text: &mut String, interrupted: &[NextCommand]) {
    if interrupted.is_empty() {
        return;
    }
    let (bold, dim) = (bold(), dim());
    // Writing to a `String` cannot fail.
    let _ = writeln!(text, "{bold}Interrupted{bold:#}");
    let commands = interrupted.iter().map(|next| columns(&next.command));
    let width = commands.max().unwrap_or(0);
    for next in interrupted {
        text.push_str("  ");
        pad(text, &next.command, width);
        let _ = writeln!(text, "  {dim}{}{dim:#}", next.why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::fixture::{Told, plain};
    use crate::view::tests::{Story, orch, print};

    #[test]
    fn what_nobody_attends_is_named_with_the_command_that_takes_it_up() {
        let mut story = Story::new(&[("a.md", &[]), ("b.md", &["a.md"])]);
        let run = story.started("a.md", print(0));
        let mut told = Told::new(&story);
        assert_eq!(interrupted(&told.facts(), |_| true), []);
        told.processes.runs.insert(run, Liveness::Gone);
        let commands = |told: &Told<'_>| {
            let found = interrupted(&told.facts(), |_| true);
            let lines = found
                .into_iter()
                .map(|n| format!("{}: {}", n.command, n.why));
            lines.collect::<Vec<_>>()
        };
        // Of an orchestration that is known in another repository only.
        assert_eq!(
            commands(&told),
            ["runr resume: goes on with a.md, which nobody attends"]
        );
        assert_eq!(interrupted(&told.facts(), |_| false), []);
        told.processes.deserted.insert(orch());
        assert_eq!(
            commands(&told),
            ["runr resume: goes on with `runr run`, whose process is gone"]
        );
        let mut text = String::new();
        interrupted_text(&mut text, &interrupted(&told.facts(), |_| true));
        insta::assert_snapshot!(plain(&text), @r"
        Interrupted
          runr resume  goes on with `runr run`, whose process is gone
        ");
    }
}
