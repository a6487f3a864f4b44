//! Commands about tasks of other repositories: each is done there, as if it were typed there.
//!
//! Knows whose the named tasks are. Does not know what is done with them.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::cli::released::Places;
use crate::cli::{Context, Exit, Failure, names};
use crate::model::{RunId, Unread, Whose};
use crate::project;
use crate::report::{look_at, one_line};
use crate::store::{Layout, Store, Stores};

/// Runs a command once in each repository that has some of the named tasks, with the names that they have there. `None`:
/// all are this repository's own, and nothing was done.
///
/// # Errors
/// A name that means no task; what the command ends with, after which the other repositories are not come to.
pub fn each(
    context: &Context,
    typed: &[String],
    run: impl Fn(&Context, Vec<String>) -> anyhow::Result<Exit>,
) -> anyhow::Result<Option<Exit>> {
    // Without this sign there is nothing to look for.
    if !typed.iter().any(|name| name.contains(':')) {
        return Ok(None);
    }
    let project = context.project()?;
    let loaded = context.load(&project, None)?;
    let repositories = loaded.plan.repositories();
    let mut parts: BTreeMap<Whose, Vec<String>> = BTreeMap::new();
    for name in typed {
        let id = &loaded.plan.task(names::task(&loaded.plan, name)?).id;
        let (whose, own) = (repositories.whose(id), repositories.own(id));
        parts.entry(whose).or_default().push(own.to_string());
    }
    if parts.keys().all(|whose| *whose == Whose::Home) {
        return Ok(None);
    }
    let ids = || loaded.plan.tasks().iter().map(|task| &task.id);
    let mut stores = Stores::open(Store::open(&project.root)?, repositories, ids());
    let mut worst = Exit::OK;
    for (whose, names) in parts {
        let before = Places::of(&loaded.plan, stores.state());
        let exit = match repositories.get(whose) {
            None => run(context, names)?,
            Some(other) if !other.root.is_dir() => {
                let (alias, folder) = (other.alias.as_str(), &other.folder);
                let look = look_at(other, Unread::Files);
                let failure = format!("the repository `{alias}` is not there: `{folder}`");
                return Err(Failure::usage(failure)
                    .help(format!("{}    {}", look.command, look.why))
                    .into());
            }
            Some(other) => {
                if !context.quiet() {
                    writeln!(context.err(), "in {}:", one_line(&other.folder))?;
                }
                run(&context.at(&other.root), names)?
            }
        };
        if worst == Exit::OK {
            worst = exit;
        }
        // There nothing is known of who waits for it in other repositories.
        stores.refresh()?;
        let after = Places::of(&loaded.plan, stores.state());
        let known_there = |ix| whose == Whose::Home || loaded.plan.whose(ix) == whose;
        before.tell_changes(&mut context.out(), (&loaded.plan, &after), |ix| {
            !known_there(ix)
        })?;
    }
    Ok(Some(worst))
}

/// The surroundings of the repository that a run is in; `None`: it is in this one, or nowhere.
///
/// # Errors
/// When there is no project here.
pub fn of_run(context: &Context, run: &RunId) -> anyhow::Result<Option<Context>> {
    let project = context.project()?;
    if Layout::new(&project.root).run(run).is_dir() {
        return Ok(None);
    }
    // With invalid files nothing is known of others; what is asked is answered from here then.
    let Ok(loaded) = project::load(&project, None) else {
        return Ok(None);
    };
    let others = loaded.plan.repositories().others().iter();
    let mut roots = others.map(|other| &other.root);
    let there = roots.find(|root| Layout::new(root.as_path()).run(run).is_dir());
    Ok(there.map(|root| context.at(root)))
}
