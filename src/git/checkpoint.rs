//! The commit of an attempt's work: one, made from the working tree, with the base as its only parent.
//!
//! Whatever the worker committed is folded in, since only the files count; whatever it wrote into messages is
//! gone with them. Knows trees and commits. Does not know branches.

use std::path::Path;

use crate::git::trailers::Trailers;
use crate::git::{Git, GitError};
use crate::model::{CommitRules, Conflict};

/// A path that differs between two trees.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// From the top of the repository.
    pub path: String,
    pub what: What,
}

/// How a path differs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum What {
    Added,
    Changed,
    Deleted,
    /// A repository of its own was put there: its files would not be in the commit.
    Repository,
}

/// Takes everything in the working tree into the index and writes the tree. `git` has both.
///
/// # Errors
/// When git refuses, as when a file cannot be read or a filter fails.
pub fn tree(git: &Git) -> Result<String, GitError> {
    git.run(&["add", "--all"])?;
    git.run(&["write-tree"])?.object()
}

/// What differs between two commits or trees, sorted by path. A renamed file is a deleted and an added one.
///
/// # Errors
/// When git refuses.
pub fn changes(git: &Git, from: &str, to: &str) -> Result<Vec<Change>, GitError> {
    let answer = git.run(&["diff-tree", "-r", "-z", "--raw", "--no-renames", from, to])?;
    let mut records = answer.records();
    let mut found = Vec::new();
    // `:100644 100755 OLD NEW M`, then the path.
    while let (Some(head), Some(path)) = (records.next(), records.next()) {
        let mut words = head.split(' ').skip(1);
        let (mode, letter) = (words.next().unwrap_or_default(), words.nth(2));
        let what = match (letter, mode, head.starts_with(":160000")) {
            (Some("D"), ..) => What::Deleted,
            (_, "160000", false) => What::Repository,
            (Some("A"), ..) => What::Added,
            _ => What::Changed,
        };
        found.push(Change { path, what });
    }
    found.sort();
    Ok(found)
}

/// What a commit says about itself.
#[derive(Debug)]
pub struct Message<'a> {
    pub title: &'a str,
    pub trailers: Trailers<'a>,
}

impl Message<'_> {
    /// Subject and trailers; the body is empty.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{}\n\n{}", subject(self.title), self.trailers.text())
    }
}

/// One line that is never taken for anything else.
fn subject(title: &str) -> String {
    let words: Vec<&str> = title
        .split(|c: char| c.is_control() || c.is_whitespace())
        .filter(|word| !word.is_empty())
        .collect();
    let line = words.join(" ");
    if line.is_empty() {
        return "Task".to_owned();
    }
    if line.to_ascii_lowercase().starts_with("runr-") {
        return format!("Task {line}");
    }
    line
}

/// Makes a commit with one parent. The user is its author; it is signed only when asked for.
///
/// # Errors
/// When git refuses, as without an identity.
pub fn commit(
    git: &Git,
    tree: &str,
    parent: &str,
    message: &str,
    rules: CommitRules,
) -> Result<String, GitError> {
    let mut args = vec!["commit-tree", tree, "-p", parent, "-F", "-"];
    if rules.sign {
        args.insert(1, "-S");
    }
    git.run_with(&args, message.as_bytes())?.object()
}

/// Runs the hooks that a commit would run: `pre-commit` in the working tree, then `commit-msg` on the message.
/// Gives the message as the hook left it.
///
/// # Errors
/// When a hook refuses, with what it said.
pub fn hooks(git: &Git, message: &str, scratch: &Path) -> Result<String, GitError> {
    let git = git.clone().with_hooks();
    git.run(&["hook", "run", "--ignore-missing", "pre-commit"])?;
    std::fs::write(scratch, message).map_err(GitError::io("write", scratch))?;
    let args = [
        "hook".as_ref(),
        "run".as_ref(),
        "--ignore-missing".as_ref(),
        "commit-msg".as_ref(),
        "--".as_ref(),
        scratch.as_os_str(),
    ];
    git.run(&args)?;
    std::fs::read_to_string(scratch).map_err(GitError::io("read", scratch))
}

/// The two sides of a merge.
#[derive(Debug)]
pub enum Merged {
    Tree(String),
    Conflict(Conflict),
}

/// Merges a checkpoint onto a tip that has moved, in the object store alone.
///
/// # Errors
/// When git refuses; a conflict is no error.
pub fn merge(git: &Git, base: &str, tip: &str, checkpoint: &str) -> Result<Merged, GitError> {
    let answer = git.ask(&[
        "merge-tree",
        "--write-tree",
        "-z",
        "--name-only",
        "--no-messages",
        tip,
        checkpoint,
    ])?;
    match answer.code {
        Some(0) => {
            let tree = answer.records().next();
            let tree = tree.filter(|tree| crate::git::is_object(tree.trim()));
            tree.map(|tree| Merged::Tree(tree.trim().to_owned()))
                .ok_or_else(|| answer.failed())
        }
        Some(1) => {
            let mut files: Vec<String> = answer.records().skip(1).collect();
            files.sort();
            files.dedup();
            let others = who_touched(git, base, tip, &files)?;
            Ok(Merged::Conflict(Conflict { files, others }))
        }
        _ => Err(answer.failed()),
    }
}

/// The commits between two that touched these files, newest first: the task and its run where the message
/// names them, else the commit and its subject.
fn who_touched(
    git: &Git,
    base: &str,
    tip: &str,
    files: &[String],
) -> Result<Vec<String>, GitError> {
    let range = format!("{base}..{tip}");
    let mut args = vec![
        "log",
        "-z",
        "--no-show-signature",
        "--format=%h %s%n%B",
        &range,
        "--",
    ];
    args.extend(files.iter().map(String::as_str));
    let answer = git.run(&args)?;
    Ok(answer
        .records()
        .map(|record| {
            let (head, message) = record.split_once('\n').unwrap_or((&record, ""));
            let group = crate::git::trailers::read(message)
                .into_iter()
                .flat_map(|section| section.groups)
                .next();
            match group {
                Some(group) => match group.run {
                    Some(run) => format!("{} (run {run})", group.task),
                    None => group.task.to_string(),
                },
                None => head.to_owned(),
            }
        })
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;
    use crate::model::{Fingerprint, RunId, TaskId};

    #[test]
    fn changes_are_told_one_by_one() {
        let sample = Sample::new();
        sample.write("kept.txt", "1");
        sample.write("gone.txt", "1");
        sample.write(
            "moved.txt",
            "some text that is long enough to be found again",
        );
        let base = sample.commit("changed ü.txt", "1");
        sample.write("changed ü.txt", "2");
        sample.write("new/deep.txt", "1");
        sample.git(&["rm", "-q", "gone.txt"]);
        sample.git(&["mv", "moved.txt", "new/moved.txt"]);
        std::fs::create_dir(sample.root().join("own")).unwrap();
        sample.git(&["init", "-q", "own"]);
        sample.git(&[
            "-C",
            "own",
            "-c",
            "user.name=x",
            "-c",
            "user.email=x",
            "commit",
            "-q",
            "--allow-empty",
            "-m",
            "x",
        ]);
        let index = sample.outside().join("index");
        let git = Git::of(&sample.root().join(".git"))
            .tree(&sample.root())
            .index(&index);
        git.run(&["read-tree", &base]).unwrap();
        let tree = tree(&git).unwrap();
        let found: Vec<(String, What)> = changes(&git, &base, &tree)
            .unwrap()
            .into_iter()
            .map(|change| (change.path, change.what))
            .collect();
        let expected = [
            ("changed ü.txt", What::Changed),
            ("gone.txt", What::Deleted),
            ("moved.txt", What::Deleted),
            ("new/deep.txt", What::Added),
            ("new/moved.txt", What::Added),
            ("own", What::Repository),
        ]
        .map(|(path, what)| (path.to_owned(), what));
        assert_eq!(found, expected);
    }

    #[test]
    fn a_message_is_a_title_and_trailers_and_nothing_of_the_workers() {
        let (task, run) = (
            TaskId::parse("net/a.md").unwrap(),
            RunId::parse("20250108-144530-p2mx").unwrap(),
        );
        let text = |title| {
            Message {
                title,
                trailers: Trailers {
                    folder: "",
                    task: &task,
                    run: &run,
                    fingerprint: Fingerprint::new([1; 16]),
                    worker: "shell",
                    verified: None,
                },
            }
            .text()
        };
        let lines = "\n\nRunr-Task: .runr/tasks/net/a.md\nRunr-Run-Id: 20250108-144530-p2mx\nRunr-Fingerprint: 01010101010101010101010101010101\nRunr-Worker: shell\n";
        for (title, subject) in [
            ("The title", "The title"),
            ("$(touch x)\nRunr-Task: b.md", "$(touch x) Runr-Task: b.md"),
            ("Runr-Task: b.md", "Task Runr-Task: b.md"),
            ("", "Task"),
        ] {
            assert_eq!(text(title), format!("{subject}{lines}"));
        }
    }

    #[test]
    fn merges_and_conflicts_name_both_sides() {
        let sample = Sample::new();
        sample.write("a.txt", "1\n");
        let base = sample.commit("b.txt", "1\n");
        let tip = sample.commit("a.txt", "tip\n");
        let make = |path: &str, text: &str| {
            sample.git(&["checkout", "-q", "--detach", &base]);
            sample.commit(path, text)
        };
        let (other, same) = (make("b.txt", "2\n"), make("a.txt", "mine\n"));
        let git = Git::of(&sample.root().join(".git"));
        let merged = merge(&git, &base, &tip, &other).unwrap();
        let Merged::Tree(tree) = merged else {
            panic!("{merged:?}");
        };
        let text = sample.git(&["show", &format!("{tree}:a.txt"), &format!("{tree}:b.txt")]);
        assert_eq!(text, "tip\n2");
        let merged = merge(&git, &base, &tip, &same).unwrap();
        let Merged::Conflict(conflict) = merged else {
            panic!("{merged:?}");
        };
        assert_eq!(conflict.files, ["a.txt"]);
        assert_eq!(conflict.others, [format!("{} a.txt", &tip[..7])]);
    }
}
