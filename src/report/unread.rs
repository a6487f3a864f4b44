//! Repositories that cannot be read: which of them somebody waits for, and the command that shows a person why.
//!
//! Knows the plan, whose description of a repository says what of it cannot be read. Reads nothing.

use std::collections::BTreeSet;

use crate::model::{Repository, Status, Unread, Whose};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::next_commands::NextCommand;
use crate::report::sanitise::one_line;
use crate::report::text::shell_word;
use crate::view::Standing;

/// The command that shows what is wrong with a repository.
#[must_use]
pub fn look_at(other: &Repository, what: Unread) -> NextCommand {
    let folder = one_line(&other.folder);
    match what {
        Unread::Files => NextCommand {
            command: "runr check".to_owned(),
            why: format!("shows what is wrong with {folder}"),
        },
        Unread::Journal => NextCommand {
            command: format!("runr -C {} doctor", shell_word(&other.typed)),
            why: format!("shows what is wrong with the journal of {folder}, and what mends it"),
        },
    }
}

/// The commands for the repositories that cannot be read and that these tasks belong to or wait for; each once.
#[must_use]
pub fn look_at_needed(facts: &Facts<'_>, tasks: &[TaskIx]) -> Vec<NextCommand> {
    let mut commands: Vec<NextCommand> = Vec::new();
    for whose in needed(facts, tasks) {
        let other = facts.plan.repositories().get(whose);
        // Where its files are fine it is its journal that cannot be read.
        let what =
            |other: &Repository| other.unknown.as_ref().map_or(Unread::Journal, |it| it.what);
        let look = other.map(|other| look_at(other, what(other)));
        let known = |look: &NextCommand| commands.iter().any(|one| one.command == look.command);
        if let Some(look) = look.filter(|look| !known(look)) {
            commands.push(look);
        }
    }
    commands
}

/// The repositories of the unknown ones among these tasks and among their direct prerequisites.
fn needed(facts: &Facts<'_>, tasks: &[TaskIx]) -> BTreeSet<Whose> {
    let before = |ix: TaskIx| match &facts.view(ix).standing {
        Standing::Blocked(by) => by.as_slice(),
        Standing::Ready | Standing::None => &[],
    };
    let all = tasks
        .iter()
        .flat_map(|ix| before(*ix).iter().copied().chain([*ix]));
    let unknown = all.filter(|ix| facts.view(*ix).status == Status::Unknown);
    unknown.map(|ix| facts.plan.whose(ix)).collect()
}
