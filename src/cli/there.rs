//! Commands about tasks of other repositories: each is done there, as if it were typed there.
//!
//! Knows whose the named tasks are. Does not know what is done with them.

use std::collections::BTreeMap;
use std::io::Write as _;

use crate::cli::{Context, Exit, names};
use crate::model::Whose;
use crate::report::one_line;

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
    let mut worst = Exit::OK;
    for (whose, names) in parts {
        let exit = match repositories.get(whose) {
            None => run(context, names)?,
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
    }
    Ok(Some(worst))
}
