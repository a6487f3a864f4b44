//! Completed work that is elsewhere, and how a person brings it in: the same words wherever it is said.
//!
//! Knows where the work is. Does not know how that was found.

use crate::model::TaskId;
use crate::report::sanitise::one_line;
use crate::report::text::shell_word;
use crate::view::{Outside, Whereabouts};

/// What is the matter, and the command that mends it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Remedy {
    /// One line.
    pub says: String,
    pub command: String,
}

impl Remedy {
    #[must_use]
    pub fn new(task: &TaskId, outside: &Outside) -> Self {
        let name = one_line(task.as_str());
        let place = place(outside);
        let command = match &outside.at {
            Whereabouts::On(branch) => merge_command(branch, outside.folder.as_deref()),
            Whereabouts::Loose => {
                let there = there(outside.folder.as_deref());
                format!("git {there}cherry-pick {}", short(&outside.commit))
            }
            Whereabouts::Gone => format!("runr run --task {}", shell_word(task.as_str())),
        };
        Self {
            says: format!("{name} is completed {place}"),
            command,
        }
    }

    /// For stderr: what is the matter, and below it the command.
    #[must_use]
    pub fn lines(&self) -> Vec<String> {
        vec![self.says.clone(), format!("  help: {}", self.command)]
    }
}

/// `on runr/orch-…, not in main`.
#[must_use]
pub fn place(outside: &Outside) -> String {
    let here = match &outside.folder {
        None => one_line(&outside.here).into_owned(),
        Some(folder) => format!("{} of {}", one_line(&outside.here), one_line(folder)),
    };
    match &outside.at {
        Whereabouts::On(branch) => format!("on {}, not in {here}", one_line(branch)),
        Whereabouts::Loose => format!("in {}, not in {here}", short(&outside.commit)),
        Whereabouts::Gone => format!("in {}, which is gone", short(&outside.commit)),
    }
}

/// The command that brings a branch in; with the folder of the repository when that is another one.
#[must_use]
pub fn merge_command(branch: &str, folder: Option<&str>) -> String {
    format!("git {}merge {}", there(folder), shell_word(branch))
}

/// `-C ../api `; nothing for the home.
fn there(folder: Option<&str>) -> String {
    folder.map_or_else(String::new, |folder| format!("-C {} ", shell_word(folder)))
}

fn short(commit: &str) -> &str {
    commit.get(..7).unwrap_or(commit)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_whereabouts_has_its_words_and_its_command() {
        let task = TaskId::parse("a b.md").unwrap();
        for (at, says, command) in [
            (
                Whereabouts::On("runr/x".to_owned()),
                "a b.md is completed on runr/x, not in main",
                "git merge runr/x",
            ),
            (
                Whereabouts::On("$x".to_owned()),
                "a b.md is completed on $x, not in main",
                "git merge '$x'",
            ),
            (
                Whereabouts::Loose,
                "a b.md is completed in 1234567, not in main",
                "git cherry-pick 1234567",
            ),
            (
                Whereabouts::Gone,
                "a b.md is completed in 1234567, which is gone",
                "runr run --task 'a b.md'",
            ),
        ] {
            let outside = Outside {
                commit: "1234567890".to_owned(),
                at,
                here: "main".to_owned(),
                folder: None,
            };
            let remedy = Remedy::new(&task, &outside);
            assert_eq!((&*remedy.says, &*remedy.command), (says, command));
        }
    }
}
