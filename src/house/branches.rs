//! What runr has in the repository – working trees, branches, references – and which of it nothing needs.
//!
//! Knows the journal's state and what git says. Work that is in no commit, and commits that no branch of the user's
//! holds, stay; what was rescued from a working tree stays always.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::attempt::{EXCLUDES, INDEX};
use crate::git::worktree::{self, Leftover, branch_of};
use crate::git::{Git, GitError, Repository, contained};
use crate::house::leftovers::folders;
use crate::house::needless::{Question, unsettled, young};
use crate::model::{Needed, OrchId, RunId};
use crate::store::{Layout, read_spec, read_state};

/// Why something in the repository stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Held {
    /// It is not over, or somebody has it checked out.
    Open,
    Unsettled,
    Young,
    /// Work that is in no commit.
    Uncommitted,
    /// Commits that no branch of the user's holds.
    Unmerged,
}

impl Held {
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::Open => "in use",
            Self::Unsettled => "of unfinished work",
            Self::Young => "not old enough",
            Self::Uncommitted => "with work that is in no commit",
            Self::Unmerged => "with commits that none of your branches holds",
        }
    }
}

/// A working tree that can go.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tree {
    pub path: PathBuf,
    pub run: RunId,
    /// Holds everything that is in it.
    commit: String,
}

/// What can go, and what stays.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Remains {
    common: PathBuf,
    pub trees: Vec<Tree>,
    /// References with their commits.
    pub names: Vec<(String, String)>,
    pub kept: BTreeMap<Held, usize>,
    /// The runs whose working trees stay.
    pub staying: BTreeSet<RunId>,
}

/// Looks at the repository of a project; without one there is nothing.
///
/// # Errors
/// When git refuses or a folder cannot be read.
pub fn remains(
    layout: &Layout,
    alive: &BTreeSet<RunId>,
    ends: &BTreeMap<RunId, Option<Timestamp>>,
    question: &Question<'_>,
) -> Result<Remains, GitError> {
    let Ok(repository) = Repository::at(layout.root()) else {
        return Ok(Remains::default());
    };
    let git = Git::of(&repository.common);
    let mut found = Remains {
        common: repository.common,
        ..Remains::default()
    };
    let names = names(&git)?;
    let held = Holding::of(&git, &names)?;
    let why = |run: &RunId| keep_run(run, alive, ends, question);
    let trees = folders(&layout.worktrees()).map_err(GitError::io("read", &layout.worktrees()))?;
    for path in trees {
        let name = path.file_name().and_then(|name| name.to_str());
        let Some(run) = name.and_then(|name| RunId::parse(name).ok()) else {
            continue;
        };
        match keep_tree(layout, &git, &path, &run, &held, &names)? {
            Ok(commit) if why(&run).is_none() => found.trees.push(Tree { path, run, commit }),
            kept => {
                let reason = why(&run).or(kept.err()).unwrap_or(Held::Open);
                *found.kept.entry(reason).or_default() += 1;
                found.staying.insert(run);
            }
        }
    }
    for (name, commit) in &names {
        let Some(own) = Own::of(name) else {
            continue;
        };
        let kept = match &own {
            Own::Run(run) if found.staying.contains(run) => continue,
            Own::Run(run) => why(run).or(held.unmerged(&own, commit)),
            Own::Checkpoint(run) => why(run).or_else(|| {
                held.unmerged(&own, commit)
                    .filter(|_| !is_equivalent(layout, &git, run, commit))
            }),
            Own::Orchestration(orch) => {
                keep_orchestration(orch, question).or(held.unmerged(&own, commit))
            }
        };
        let kept = kept.or(held.checked_out.contains(name).then_some(Held::Open));
        let going =
            matches!(&own, Own::Run(run) if found.trees.iter().any(|tree| tree.run == *run));
        match kept {
            Some(why) if !going => *found.kept.entry(why).or_default() += 1,
            _ => found.names.push((name.clone(), commit.clone())),
        }
    }
    Ok(found)
}

/// A reference of runr's own.
enum Own {
    Run(RunId),
    Orchestration(OrchId),
    Checkpoint(RunId),
}

impl Own {
    fn of(name: &str) -> Option<Self> {
        if let Some(run) = name.strip_prefix("refs/runr/checkpoints/") {
            return RunId::parse(run).ok().map(Self::Checkpoint);
        }
        let name = name.strip_prefix("refs/heads/runr/")?;
        let run = RunId::parse(name).ok().map(Self::Run);
        run.or_else(|| OrchId::parse(name).ok().map(Self::Orchestration))
    }
}

fn names(git: &Git) -> Result<Vec<(String, String)>, GitError> {
    let text = git
        .run(&[
            "for-each-ref",
            "--format=%(refname) %(objectname)",
            "refs/heads",
            "refs/runr/checkpoints",
        ])?
        .text()?;
    let pairs = text.lines().filter_map(|line| line.split_once(' '));
    Ok(pairs.map(|(a, b)| (a.to_owned(), b.to_owned())).collect())
}

/// Which commits are held by what.
struct Holding {
    /// Commits of ours that no branch of the user's holds.
    not_theirs: BTreeSet<String>,
    /// Commits of ours that neither those nor an orchestration's hold.
    nobodys: BTreeSet<String>,
    /// Branches that are checked out somewhere but in the working tree of their run.
    checked_out: BTreeSet<String>,
}

impl Holding {
    fn of(git: &Git, names: &[(String, String)]) -> Result<Self, GitError> {
        let ours: Vec<&String> = names
            .iter()
            .filter(|(name, _)| Own::of(name).is_some())
            .map(|(_, commit)| commit)
            .collect();
        let theirs = || names.iter().filter(|(name, _)| Own::of(name).is_none());
        let orchestrations = names
            .iter()
            .filter(|(name, _)| matches!(Own::of(name), Some(Own::Orchestration(_))));
        let unreachable = |holders: Vec<&(String, String)>| -> Result<BTreeSet<String>, GitError> {
            if ours.is_empty() {
                return Ok(BTreeSet::new());
            }
            let mut input = String::new();
            for commit in &ours {
                input.push_str(commit);
                input.push('\n');
            }
            for (_, commit) in holders {
                input.push('^');
                input.push_str(commit);
                input.push('\n');
            }
            let listed = git.run_with(&["rev-list", "--stdin"], input.as_bytes())?;
            Ok(listed.text()?.lines().map(str::to_owned).collect())
        };
        let listed = git.run(&["worktree", "list", "--porcelain", "-z"])?;
        let checked_out = listed
            .records()
            .filter_map(|field| field.strip_prefix("branch ").map(str::to_owned))
            .filter(|name| !matches!(Own::of(name), Some(Own::Run(_))))
            .collect();
        Ok(Self {
            not_theirs: unreachable(theirs().collect())?,
            nobodys: unreachable(theirs().chain(orchestrations).collect())?,
            checked_out,
        })
    }

    fn unmerged(&self, own: &Own, commit: &str) -> Option<Held> {
        let missing = match own {
            Own::Run(_) => &self.nobodys,
            Own::Orchestration(_) | Own::Checkpoint(_) => &self.not_theirs,
        };
        missing.contains(commit).then_some(Held::Unmerged)
    }
}

fn keep_run(
    run: &RunId,
    alive: &BTreeSet<RunId>,
    ends: &BTreeMap<RunId, Option<Timestamp>>,
    question: &Question<'_>,
) -> Option<Held> {
    let state = question.state;
    if state.open.contains_key(run) || alive.contains(run) {
        return Some(Held::Open);
    }
    let mut tasks = state.tasks.values();
    if tasks.any(|task| unsettled(task) && task.last_run_id.as_ref() == Some(run)) {
        return Some(Held::Unsettled);
    }
    // What the journal does not know is of a journal that was lost: nobody can tell that it is settled.
    let Some(Some(end)) = ends.get(run) else {
        return Some(Held::Unsettled);
    };
    young(*end, question).then_some(Held::Young)
}

fn keep_orchestration(orch: &OrchId, question: &Question<'_>) -> Option<Held> {
    let state = question.state;
    let Some(known) = state.orchestrations.get(orch) else {
        // The state forgets the oldest, which are over.
        return None;
    };
    let Some(end) = known.ended_at else {
        return Some(Held::Open);
    };
    let mut tasks = state.tasks.values();
    if tasks.any(|task| unsettled(task) && task.orch.as_ref() == Some(orch)) {
        return Some(Held::Unsettled);
    }
    young(end, question).then_some(Held::Young)
}

/// The commit that holds everything in a working tree; or why there is none.
fn keep_tree(
    layout: &Layout,
    git: &Git,
    path: &Path,
    run: &RunId,
    held: &Holding,
    names: &[(String, String)],
) -> Result<Result<String, Held>, GitError> {
    // A verdict that cannot be read tells nothing, and then the working tree is judged by what is in it.
    let left = read_state(layout, run).ok().flatten();
    let left = left.and_then(|state| state.git);
    if let Some(left) = left
        && left.integrated.is_some()
        && let Some(checkpoint) = left.checkpoint
    {
        return Ok(Ok(checkpoint));
    }
    let branch = format!("refs/heads/{}", branch_of(run));
    let Some((_, tip)) = names.iter().find(|(name, _)| *name == branch) else {
        return Ok(Err(Held::Uncommitted));
    };
    let folder = layout.run(run);
    let index = folder.join(INDEX);
    if !index.is_file() {
        return Ok(Err(Held::Uncommitted));
    }
    let mut inside = git.clone().tree(path).index(&index);
    let excludes = folder.join(EXCLUDES);
    if excludes.is_file() {
        inside = inside.setting("core.excludesFile", &excludes.to_string_lossy());
    }
    let listed = inside.run(&[
        "ls-files",
        "-z",
        "--modified",
        "--others",
        "--exclude-standard",
    ])?;
    let same = inside.ask(&["diff-index", "--cached", "--quiet", tip, "--"])?;
    if !listed.out.is_empty() || same.code != Some(0) {
        return Ok(Err(Held::Uncommitted));
    }
    match held.nobodys.contains(tip) {
        true => Ok(Err(Held::Unmerged)),
        false => Ok(Ok(tip.clone())),
    }
}

/// Does what is checked out say the same of this run, as after a squash merge?
fn is_equivalent(layout: &Layout, git: &Git, run: &RunId, commit: &str) -> bool {
    let Ok(spec) = read_spec(&layout.run(run)) else {
        return false;
    };
    let folder = spec.git.map(|git| git.folder).unwrap_or_default();
    let need = Needed {
        task: spec.task,
        run: Some(run.clone()),
        commit: commit.to_owned(),
    };
    // What git cannot tell is not known to be there.
    contained::outside(git, "HEAD", &folder, &[need]).is_ok_and(|outside| outside.is_empty())
}

/// Takes away what can go. What in a working tree is in no commit after all is kept under `refs/runr/rescue/`; gives
/// these names.
///
/// # Errors
/// When git refuses; what stands before it is gone.
pub fn clear(layout: &Layout, remains: &Remains) -> Result<Vec<String>, GitError> {
    let mut rescued = Vec::new();
    for tree in &remains.trees {
        let folder = layout.run(&tree.run);
        let excludes = folder.join(EXCLUDES);
        let index = folder.join(INDEX);
        // Without its index git makes one anew, which has to be put somewhere.
        let index = match folder.is_dir() {
            true => index,
            false => layout.dir().join(format!(".index-{}", tree.run)),
        };
        let removed = worktree::remove(&Leftover {
            common: &remains.common,
            git_lock: &layout.git_lock(),
            worktree: &tree.path,
            run: &tree.run,
            checkpoint: &tree.commit,
            index,
            excludes: excludes.is_file().then_some(excludes),
        })?;
        if let worktree::Removed::Rescued(name) = removed {
            rescued.push(name);
        }
    }
    if !remains.names.is_empty() {
        let orders: String = remains
            .names
            .iter()
            .map(|(name, commit)| format!("delete {name} {commit}\n"))
            .collect();
        Git::of(&remains.common).run_with(&["update-ref", "--stdin"], orders.as_bytes())?;
    }
    Ok(rescued)
}
