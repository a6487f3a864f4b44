//! Where an orchestration's tasks work: in working trees of their own, or in place.
//!
//! Decided once, at the start, from the flags, the tasks, the configuration and the repository. What was asked for and
//! is not possible is an error with its remedy, never something else instead.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::git::{Git, GitError, Head, Repository, guard, refs, repository};
use crate::model::{Config, Guard, Isolation, Land, OrchId, Task, TaskKind};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::error::NoGround;
use crate::plan::{Plan, TaskIx};
use crate::project::Project;

/// What the command line asks for.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    pub isolation: Option<Isolation>,
    pub land: Option<Land>,
    pub into: Option<String>,
    /// The folder that the person stands in.
    pub from: PathBuf,
}

/// The ground of an orchestration whose tasks leave commits. Part of `plan.json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Ground {
    /// The repository's common directory.
    pub common: PathBuf,
    /// The project's folder from the top of the repository; empty: the top.
    pub folder: String,
    /// The commit that everything starts from.
    pub start: String,
    /// The branch to land on; `None`: nothing is landed.
    pub onto: Option<String>,
    pub land: Land,
    /// What the command line said, which stands above what tasks and the configuration say.
    pub isolation: Option<Isolation>,
}

/// What was decided, and what a person should know about it.
#[derive(Debug)]
pub struct Decision {
    pub ground: Option<Ground>,
    pub notes: Vec<String>,
}

/// The branch of an orchestration, without `refs/heads/`.
#[must_use]
pub fn branch_of(orch: &OrchId) -> String {
    format!("runr/{orch}")
}

/// Where one task works, when the repository allows either.
#[must_use]
pub fn isolation(task: &Task, asked: Option<Isolation>, config: &Config) -> Isolation {
    wish(task, asked, config).unwrap_or(Isolation::Worktree)
}

/// What is said about one task anywhere.
fn wish(task: &Task, asked: Option<Isolation>, config: &Config) -> Option<Isolation> {
    asked.or(task.policy.isolation).or(config.git.isolation)
}

/// Decides for the tasks that an orchestration selects.
///
/// # Errors
/// When a working tree was asked for, or would be the rule here, and cannot be had.
pub fn decide(
    project: &Project,
    plan: &Plan,
    selected: &[TaskIx],
    config: &Config,
    asked: &Asked,
) -> Result<Decision, OrchestrateError> {
    let in_place = |note: Option<&str>| {
        Ok(Decision {
            ground: None,
            notes: note.map(str::to_owned).into_iter().collect(),
        })
    };
    let wishes: Vec<Option<Isolation>> = selected
        .iter()
        .map(|ix| plan.task(*ix))
        .filter(|task| task.kind != TaskKind::Manual)
        .map(|task| wish(task, asked.isolation, config))
        .collect();
    let wanted = wishes.contains(&Some(Isolation::Worktree)) || asked.into.is_some();
    if !wanted && !wishes.contains(&None) {
        let note = "tasks work in place, in your working tree, and leave no commits";
        return in_place((project.git && !wishes.is_empty()).then_some(note));
    }
    if !project.git {
        return match wanted {
            true => Err(refused(
                NoGround::NoRepository,
                &["git init            makes one", IN_PLACE],
            )),
            false => in_place(
                (!wishes.is_empty())
                    .then_some("no git repository: tasks work in place and leave no commits"),
            ),
        };
    }
    let seen =
        Repository::at(&asked.from).map_err(|error| refused(NoGround::Git(error), &[IN_PLACE]))?;
    if seen.top.is_none() {
        return Err(refused(
            NoGround::Bare,
            &["run it in a working tree of the repository"],
        ));
    }
    let git = Git::at(&asked.from);
    let head = match &seen.head {
        Head::Unborn { .. } if !wanted => {
            return in_place(Some(
                "no commit yet: tasks work in place, in your working tree, and leave no commits",
            ));
        }
        Head::Unborn { name } => {
            let why = NoGround::Unborn {
                branch: name.clone(),
            };
            return Err(refused(
                why,
                &["git commit          makes a first one", IN_PLACE],
            ));
        }
        Head::Branch { commit, .. } | Head::Detached { commit } => commit.clone(),
    };
    if let Some(into) = &asked.into
        && !repository::is_branch_name(&git, into)?
    {
        return Err(refused(NoGround::BadBranch(into.clone()), &[]));
    }
    let land = asked.land.or(config.git.land).unwrap_or_default();
    let onto = match (&asked.into, &seen.head) {
        (Some(into), _) => Some(into.clone()),
        (None, Head::Branch { name, .. }) => Some(name.clone()),
        (None, _) if land == Land::Never => None,
        (None, _) => {
            return Err(refused(
                NoGround::Detached,
                &["--into BRANCH       lands there", IN_PLACE],
            ));
        }
    };
    repository::identity(&git).map_err(|error| {
        refused(
            NoGround::Nobody(error),
            &[
                "git config --global user.name \"Your Name\"",
                "git config --global user.email you@example.org",
                IN_PLACE,
            ],
        )
    })?;
    // What is asked to land on a branch builds on that branch.
    let start = match &asked.into {
        Some(into) => repository::tip(&git, into)?.unwrap_or(head),
        None => head,
    };
    let notes = match uncommitted(&git)? {
        0 => Vec::new(),
        n => vec![format!(
            "{} yours: tasks start from the commit {}",
            match n {
                1 => "1 uncommitted change stays".to_owned(),
                n => format!("{n} uncommitted changes stay"),
            },
            start.get(..7).unwrap_or(&start),
        )],
    };
    let ground = Ground {
        folder: repository::folder(&project.root)?,
        common: seen.common,
        start,
        onto,
        land,
        isolation: asked.isolation,
    };
    Ok(Decision {
        ground: Some(ground),
        notes,
    })
}

const IN_PLACE: &str = "--isolation none    works in place, without commits";

fn refused(why: NoGround, help: &[&str]) -> OrchestrateError {
    OrchestrateError::NoGround {
        why,
        help: help.iter().map(|line| (*line).to_owned()).collect(),
    }
}

fn uncommitted(git: &Git) -> Result<usize, GitError> {
    let answer = git.run(&["status", "--porcelain", "-z", "--no-renames"])?;
    Ok(answer.records().count())
}

/// What every attempt of an orchestration is given of its ground.
#[derive(Debug)]
pub struct Grounds {
    pub ground: Ground,
    pub branch: String,
    pub guard: Guard,
    pub excludes: Option<PathBuf>,
    pub config: Config,
    /// Files that steer runr, from the project root.
    pub steering: Vec<String>,
    /// Of another repository than the home: its folder, from the one that commands are typed in.
    pub shown: Option<String>,
}

impl Grounds {
    /// Looks at the repository as it is when the orchestration starts.
    ///
    /// # Errors
    /// When git refuses.
    pub fn open(
        ground: Ground,
        orch: &OrchId,
        config: &Config,
        orchestration: Option<&Path>,
    ) -> Result<Self, GitError> {
        let mut steering = vec!["orchestration.yaml".to_owned()];
        steering.extend(orchestration.map(|path| path.to_string_lossy().into_owned()));
        Ok(Self {
            branch: branch_of(orch),
            guard: guard::take(&ground.common)?,
            excludes: repository::excludes(&Git::of(&ground.common))?,
            config: config.clone(),
            steering,
            shown: None,
            ground,
        })
    }

    #[must_use]
    pub fn git(&self) -> Git {
        Git::of(&self.ground.common)
    }

    /// A line about this repository, for people.
    #[must_use]
    pub fn says(&self, line: &str) -> String {
        match &self.shown {
            None => line.to_owned(),
            Some(folder) => format!("{folder}: {line}"),
        }
    }

    /// Removes the branch when nothing was put onto it. `true`: there is none now.
    ///
    /// # Errors
    /// When git refuses.
    pub fn forget_if_empty(&self) -> Result<bool, GitError> {
        let git = self.git();
        match repository::tip(&git, &self.branch)? {
            None => Ok(true),
            Some(tip) if tip == self.ground.start => {
                let name = format!("refs/heads/{}", self.branch);
                refs::update(&git, &self.ground.common, &format!("delete {name} {tip}\n"))?;
                Ok(true)
            }
            Some(_) => Ok(false),
        }
    }

    /// Was anything put onto the branch?
    ///
    /// # Errors
    /// When git refuses.
    pub fn has_work(&self) -> Result<bool, GitError> {
        let tip = repository::tip(&self.git(), &self.branch)?;
        Ok(tip.is_some_and(|tip| tip != self.ground.start))
    }

    /// Makes the branch at the start, if it is not there.
    ///
    /// # Errors
    /// When git refuses.
    pub fn begin(&self) -> Result<(), GitError> {
        let git = self.git();
        if repository::tip(&git, &self.branch)?.is_none() {
            let name = format!("refs/heads/{}", self.branch);
            let start = &self.ground.start;
            refs::update(
                &git,
                &self.ground.common,
                &format!("create {name} {start}\n"),
            )?;
        }
        Ok(())
    }
}
