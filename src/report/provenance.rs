//! What an attempt left in git, for people: the commit, where it started, what it changed, what stood against it.
//!
//! Knows `state.json` and a difference read by the caller. Does not run git.

use crate::model::{FileChange, RunGit};
use crate::report::text::{count, short_commit};

/// How many files are named before the rest is counted.
const SHOWN: usize = 20;

/// What is told of an attempt's work.
#[derive(Debug, Clone, Copy)]
pub struct Provenance<'a> {
    pub git: &'a RunGit,
    /// Empty where it is not known: only names are told then.
    pub diff: &'a [FileChange],
    /// The working tree, from the project root, while it is there.
    pub tree: Option<&'a str>,
}

impl Provenance<'_> {
    /// Rows of a name and a value, in the order of reading.
    #[must_use]
    pub fn rows(&self) -> Vec<(&'static str, String)> {
        let git = self.git;
        let mut rows = Vec::new();
        match (&git.integrated, &git.checkpoint) {
            (Some(commit), _) => rows.push(("commit", short_commit(commit))),
            (None, Some(commit)) => {
                let waits = format!("{}, not on the branch yet", short_commit(commit));
                rows.push(("commit", waits));
            }
            (None, None) => {}
        }
        if let Some(base) = &git.base {
            rows.push(("base", short_commit(base)));
        }
        self.changed(&mut rows);
        for file in &git.outside {
            rows.push(("outside", format!("{file} is not the task's to change")));
        }
        if let Some(conflict) = &git.conflict {
            let files = conflict.files.join(", ");
            let with = match conflict.others.as_slice() {
                [] => String::new(),
                others => format!(" with {}", others.join(", ")),
            };
            rows.push(("conflict", format!("in {files}{with}")));
        }
        for part in &git.tampered {
            rows.push(("changed", format!("{part}, which can run programs")));
        }
        for (n, file) in git.beside.iter().take(SHOWN).enumerate() {
            let name = if n == 0 { "beside" } else { "" };
            rows.push((
                name,
                format!("{file} changed in your own working tree meanwhile"),
            ));
        }
        if git.beside.len() > SHOWN {
            rows.push(("", format!("and {} more", git.beside.len() - SHOWN)));
        }
        if let Some(tree) = self.tree {
            rows.push(("work in", tree.to_owned()));
        }
        rows
    }

    fn changed(&self, rows: &mut Vec<(&'static str, String)>) {
        let git = self.git;
        let number = self.diff.len().max(git.changed.len());
        if number == 0 {
            if git.checkpoint.is_some() {
                rows.push(("changed", "nothing".to_owned()));
            }
            return;
        }
        let files = count(number, "file", "files");
        if self.diff.is_empty() {
            rows.push(("changed", files));
            let names = git.changed.iter().take(SHOWN);
            rows.extend(names.map(|name| ("", name.clone())));
        } else {
            let sum = |of: fn(&FileChange) -> Option<u64>| -> u64 {
                self.diff.iter().filter_map(of).sum()
            };
            let (added, removed) = (sum(|f| f.added), sum(|f| f.removed));
            rows.push(("changed", format!("{files}, +{added} -{removed}")));
            let lines = self.diff.iter().take(SHOWN).map(|file| {
                let how = match (file.added, file.removed) {
                    (Some(added), Some(removed)) => format!("+{added} -{removed}"),
                    _ => "not text".to_owned(),
                };
                ("", format!("{} {how}", file.path))
            });
            rows.extend(lines);
        }
        if number > SHOWN {
            rows.push(("", format!("and {} more", number - SHOWN)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Conflict;

    fn told(git: &RunGit, diff: &[FileChange], tree: Option<&str>) -> String {
        let rows = Provenance { git, diff, tree }.rows();
        let rows = rows
            .into_iter()
            .map(|(name, value)| format!("{name}|{value}\n"));
        rows.collect()
    }

    #[test]
    fn what_became_of_the_work_is_told() {
        let mut git = RunGit {
            base: Some("b".repeat(40)),
            checkpoint: Some("c".repeat(40)),
            integrated: Some("d".repeat(40)),
            changed: vec!["a.txt".to_owned(), "x.png".to_owned()],
            ..RunGit::default()
        };
        let file = |path: &str, lines: Option<u64>| FileChange {
            path: path.to_owned(),
            added: lines,
            removed: lines.map(|_| 1),
        };
        let diff = [file("a.txt", Some(3)), file("x.png", None)];
        insta::assert_snapshot!(told(&git, &diff, None), @r"
        commit|dddddddddd
        base|bbbbbbbbbb
        changed|2 files, +3 -1
        |a.txt +3 -1
        |x.png not text
        ");
        git.integrated = None;
        git.conflict = Some(Conflict {
            files: vec!["a.txt".to_owned()],
            others: vec!["other.md".to_owned()],
        });
        git.outside = vec!["x.png".to_owned()];
        git.beside = vec!["y.txt".to_owned()];
        insta::assert_snapshot!(told(&git, &[], Some(".runr-worktrees/1")), @r"
        commit|cccccccccc, not on the branch yet
        base|bbbbbbbbbb
        changed|2 files
        |a.txt
        |x.png
        outside|x.png is not the task's to change
        conflict|in a.txt with other.md
        beside|y.txt changed in your own working tree meanwhile
        work in|.runr-worktrees/1
        ");
    }
}
