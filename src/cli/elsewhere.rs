//! What a dispatch needs of the other repositories that it works in.
//!
//! Knows the plan of all and the selection. Each repository decides for itself where its tasks work.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use crate::cli::Context;
use crate::cli::exit::Failure;
use crate::cli::outside;
use crate::model::{Repository, Status, Whose};
use crate::orchestrate::ground::{self, Asked, Ground};
use crate::orchestrate::session::OtherSite;
use crate::orchestrate::{FrozenPlan, OrchestrateError};
use crate::plan::{Plan, TaskIx};
use crate::project::{self, Loaded};
use crate::report::shell_word;
use crate::state::State;

/// The selected tasks of one repository, by number.
#[must_use]
pub fn selected_of(plan: &Plan, selected: &[TaskIx], whose: Whose) -> Vec<TaskIx> {
    let selected = selected.iter().copied();
    selected.filter(|ix| plan.whose(*ix) == whose).collect()
}

/// Nothing is run in a repository that cannot be read.
///
/// # Errors
/// When a selected task is unknown: the first, and why.
pub fn refuse_unknown(plan: &Plan, state: &State, selected: &[TaskIx]) -> Result<(), Failure> {
    let unknown = |ix: &&TaskIx| state.status(&plan.task(**ix).id) == Status::Unknown;
    let Some(ix) = selected.iter().find(unknown) else {
        return Ok(());
    };
    Err(outside::nothing_known(plan, state, *ix, ""))
}

/// Why tasks cannot work in another repository, with what is to be typed from here.
fn no_ground(error: OrchestrateError, other: Option<&Repository>) -> anyhow::Error {
    let OrchestrateError::NoGround { why, help } = error else {
        return error.into();
    };
    let folder = other.map_or("", |other| &other.folder);
    let word = shell_word(other.map_or("", |other| &other.typed));
    let mut failure = Failure::usage(format!("in {folder}: {why}"));
    for line in &help {
        if let Some(rest) = line.strip_prefix("git ") {
            failure = failure.help(format!("git -C {word} {rest}"));
        } else if line.starts_with("--into ") {
            // That names a branch of the repository here.
            failure = failure.help(format!(
                "git -C {word} switch BRANCH    checks out the branch that its work lands on"
            ));
        } else {
            failure = failure.help(line);
        }
    }
    failure.into()
}

/// Where the selected tasks of other repositories work, by the repository's number; `None`: in place.
///
/// # Errors
/// When what was asked for is not possible there, or stderr cannot be written.
pub fn grounds_elsewhere(
    context: &Context,
    loaded: &Loaded,
    selected: &[TaskIx],
    asked: &Asked,
) -> anyhow::Result<BTreeMap<usize, Option<Ground>>> {
    let mut grounds = BTreeMap::new();
    for (number, neighbour) in loaded.neighbours.iter().enumerate() {
        let its = selected_of(&loaded.plan, selected, Whose::Other(number));
        let Some(neighbour) = neighbour.as_ref().filter(|_| !its.is_empty()) else {
            continue;
        };
        let asked = Asked {
            // The branch to land on is named for here.
            into: None,
            from: neighbour.project.root.clone(),
            ..asked.clone()
        };
        let (project, config) = (&neighbour.project, &neighbour.config);
        let described = loaded.plan.repositories().others().get(number);
        let decision = ground::decide(project, &loaded.plan, &its, config, &asked);
        let decision = decision.map_err(|error| no_ground(error, described))?;
        if let (Some(described), false) = (described, context.quiet()) {
            for note in &decision.notes {
                writeln!(context.err(), "note: {}: {note}", described.folder)?;
            }
        }
        grounds.insert(number, decision.ground);
    }
    Ok(grounds)
}

/// The other repositories that an orchestration worked in before, by number.
///
/// # Errors
/// When the configuration does not name one of them any more.
pub fn engaged(plan: &Plan, frozen: &FrozenPlan) -> Result<Vec<usize>, Failure> {
    let others = plan.repositories().others();
    let number = |root: &PathBuf| {
        let found = others.iter().position(|other| other.root == *root);
        found.ok_or_else(|| {
            Failure::usage(format!(
                "the configuration does not name `{}` any more, where {} works too",
                root.display(),
                frozen.orchestration
            ))
        })
    };
    frozen
        .others
        .iter()
        .map(|other| number(&other.root))
        .collect()
}

/// What the attempts in other repositories need, by the repository's number.
///
/// # Errors
/// When one cannot be read, or its files are invalid, which has been printed then.
pub fn other_sites(
    context: &Context,
    loaded: &Loaded,
    engaged: &[usize],
) -> anyhow::Result<BTreeMap<usize, OtherSite>> {
    let mut sites = BTreeMap::new();
    for number in engaged {
        let Some(Some(neighbour)) = loaded.neighbours.get(*number) else {
            let other = loaded.plan.repositories().others().get(*number);
            return Err(OrchestrateError::no_repository(other).into());
        };
        let own = project::load_alone(&neighbour.project);
        let own = own.or_else(|problems| {
            context.refuse(&problems)?;
            Err(anyhow::anyhow!("the files there cannot be read"))
        })?;
        let site = OtherSite {
            project: neighbour.project.clone(),
            plan: own.plan,
            config: own.config,
            orchestration: own.orchestration,
        };
        sites.insert(*number, site);
    }
    Ok(sites)
}
