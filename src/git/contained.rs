//! Which completions a tip contains: their commit, or an equivalent one with the same task and run.
//!
//! A squash merge, a rebase or a cherry-pick gives a commit another name; its message still says what it is.

use std::collections::BTreeSet;

use crate::git::{Git, GitError, trailers};
use crate::model::{Needed, RunId, TaskId};

/// A completion that a tip does not contain.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outside {
    pub task: TaskId,
    pub commit: String,
    pub is: Lost,
}

/// Where the commit of a completion is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lost {
    /// In the repository, but not in the tip.
    Elsewhere,
    /// Nowhere.
    Missing,
}

/// The completions that a tip does not contain, in the order given. One process when it contains all.
///
/// # Errors
/// When git refuses.
pub fn outside(
    git: &Git,
    tip: &str,
    folder: &str,
    needed: &[Needed],
) -> Result<Vec<Outside>, GitError> {
    if needed.is_empty() {
        return Ok(Vec::new());
    }
    let names: Vec<&str> = needed.iter().map(|need| need.commit.as_str()).collect();
    let input = format!("{}\n^{tip}\n", names.join("\n"));
    let answer = git.ask_with(&["rev-list", "--stdin"], input.as_bytes())?;
    if answer.code == Some(0) && answer.out.is_empty() {
        return Ok(Vec::new());
    }
    let missing = match answer.code {
        Some(0) => BTreeSet::new(),
        _ => missing(git, &names)?,
    };
    let present: Vec<&str> = names
        .iter()
        .copied()
        .filter(|name| !missing.contains(*name))
        .collect();
    let input = format!("{}\n^{tip}\n", present.join("\n"));
    let elsewhere: BTreeSet<String> = if present.is_empty() {
        BTreeSet::new()
    } else {
        let answer = match missing.is_empty() && answer.code == Some(0) {
            true => answer,
            false => git.run_with(&["rev-list", "--stdin"], input.as_bytes())?,
        };
        answer.text()?.lines().map(str::to_owned).collect()
    };
    if missing.is_empty() && !names.iter().any(|name| elsewhere.contains(*name)) {
        return Ok(Vec::new());
    }
    let said = said(git, tip, folder)?;
    Ok(needed
        .iter()
        .filter_map(|need| {
            let is = if missing.contains(&need.commit) {
                Lost::Missing
            } else if elsewhere.contains(&need.commit) {
                Lost::Elsewhere
            } else {
                return None;
            };
            let key = (need.task.clone(), need.run.clone());
            (!said.contains(&key)).then(|| Outside {
                task: need.task.clone(),
                commit: need.commit.clone(),
                is,
            })
        })
        .collect())
}

/// Those of the names that are no commit here.
fn missing(git: &Git, names: &[&str]) -> Result<BTreeSet<String>, GitError> {
    let input = format!("{}\n", names.join("\n"));
    let text = git
        .run_with(&["cat-file", "--batch-check"], input.as_bytes())?
        .text()?;
    let found: BTreeSet<&str> = text
        .lines()
        .filter_map(|line| {
            let mut words = line.split(' ');
            let name = words.next()?;
            (words.next()? == "commit").then_some(name)
        })
        .collect();
    Ok(names
        .iter()
        .filter(|name| !found.contains(**name))
        .map(|name| (*name).to_owned())
        .collect())
}

/// The tasks and runs that the messages of a history name.
fn said(git: &Git, tip: &str, folder: &str) -> Result<BTreeSet<(TaskId, Option<RunId>)>, GitError> {
    let answer = git.run(&[
        "log",
        "-z",
        "-F",
        "-i",
        "--format=%B",
        "--grep=Runr-Task:",
        tip,
        "--",
    ])?;
    Ok(answer
        .records()
        .flat_map(|message| trailers::read(&message))
        .flat_map(|section| section.groups)
        .filter(|group| group.folder == folder)
        .map(|group| (group.task, group.run))
        .collect())
}

/// A branch, and which commits of it a tip does not have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Ahead {
    /// Without `refs/heads/`.
    pub branch: String,
    pub commits: BTreeSet<String>,
}

/// For commits that a tip does not contain the branches that hold them, sorted, those of single runs left out, until
/// every commit has one. One process for all, and one for each branch.
///
/// # Errors
/// When git refuses.
pub fn branches_ahead(git: &Git, tip: &str, commits: &[&str]) -> Result<Vec<Ahead>, GitError> {
    let mut open: BTreeSet<&str> = commits.iter().copied().collect();
    let mut found = Vec::new();
    for branch in branches_with_any(git, commits)? {
        if open.is_empty() {
            break;
        }
        let (whole, not) = (format!("refs/heads/{branch}"), format!("^{tip}"));
        let text = git.run(&["rev-list", &whole, &not, "--"])?.text()?;
        let ahead: BTreeSet<String> = text.lines().map(str::to_owned).collect();
        let before = open.len();
        open.retain(|commit| !ahead.contains(*commit));
        if open.len() < before {
            found.push(Ahead {
                branch,
                commits: ahead,
            });
        }
    }
    Ok(found)
}

/// The branches that hold a commit, for people: without `refs/heads/`, sorted, those of single runs left out.
///
/// # Errors
/// When git refuses.
pub fn branches_with(git: &Git, commit: &str) -> Result<Vec<String>, GitError> {
    branches_with_any(git, &[commit])
}

fn branches_with_any(git: &Git, commits: &[&str]) -> Result<Vec<String>, GitError> {
    if commits.is_empty() {
        return Ok(Vec::new());
    }
    let mut args = vec!["for-each-ref", "--format=%(refname:lstrip=2)"];
    for commit in commits {
        args.extend(["--contains", commit]);
    }
    args.push("refs/heads");
    let answer = git.ask(&args)?;
    if answer.code != Some(0) {
        return Ok(Vec::new());
    }
    let text = answer.text()?;
    Ok(text
        .lines()
        .filter(|name| {
            let run = name.strip_prefix("runr/").map(RunId::parse);
            !matches!(run, Some(Ok(_)))
        })
        .map(str::to_owned)
        .collect())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::git::sample::Sample;

    #[test]
    fn a_completion_counts_by_its_commit_or_by_what_messages_say() {
        let sample = Sample::new();
        let base = sample.commit("a.txt", "1");
        let run = "20250108-144530-p2mx";
        let done = |path: &str| {
            sample.write(path, "x");
            sample.git(&["add", "-A"]);
            let message = format!("T\n\nRunr-Task: .runr/tasks/{path}.md\nRunr-Run-Id: {run}\n");
            sample.git(&["commit", "-q", "-m", &message]);
            sample.git(&["rev-parse", "HEAD"])
        };
        let one = done("one");
        sample.git(&["checkout", "-q", "-b", "side", &base]);
        let (two, three) = (done("two"), done("three"));
        sample.git(&["checkout", "-q", "main"]);
        sample.git(&["merge", "-q", "--squash", "side~1"]);
        sample.git(&["commit", "-q", "--no-edit"]);
        let need = |task: &str, commit: &str| Needed {
            task: TaskId::parse(task).unwrap(),
            run: Some(RunId::parse(run).unwrap()),
            commit: commit.to_owned(),
        };
        let gone = "1".repeat(40);
        let needed = [
            need("one.md", &one),
            need("two.md", &two),
            need("three.md", &three),
            need("gone.md", &gone),
            need("one.md", &gone),
        ];
        let git = Git::of(&sample.root().join(".git"));
        let found = outside(&git, "main", "", &needed).unwrap();
        let found: Vec<_> = found.iter().map(|o| (o.task.as_str(), o.is)).collect();
        assert_eq!(
            found,
            [("three.md", Lost::Elsewhere), ("gone.md", Lost::Missing)]
        );
        assert_eq!(outside(&git, "main", "", &needed[..2]).unwrap(), []);
        assert_eq!(outside(&git, "main", "other", &needed[..1]).unwrap(), []);
        assert_eq!(branches_with(&git, &three).unwrap(), ["side"]);
        sample.git(&["branch", "runr/20250108-144530-p2mx", "side"]);
        sample.git(&["branch", "late", "side~1"]);
        let ahead = branches_ahead(&git, "main", &[&two, &three]).unwrap();
        let ahead: Vec<_> = ahead
            .iter()
            .map(|ahead| (ahead.branch.as_str(), ahead.commits.len()))
            .collect();
        assert_eq!(ahead, [("late", 1), ("side", 2)]);
    }
}
