//! `runr tasks edit`: changes keys of a task's frontmatter and no other byte, after the whole project was checked with
//! the change.

use std::io::Write as _;

use serde_json::json;

use crate::cli::commands::tasks::add::named;
use crate::cli::commands::tasks::changes::{Keys, known};
use crate::cli::{Context, Exit, Failure, names, there};
use crate::intake::could_mean;
use crate::model::TaskId;
use crate::plan::Plan;
use crate::project::{self, Edits, Project};
use crate::spec::{Change, EditError, read_task, with_changes};

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The task, as `03`, `03-http` or `net/03-http.md`
    task: String,
    /// Let it wait for these tasks and no others
    #[arg(long, value_name = "TASK", value_delimiter = ',')]
    depends_on: Option<Vec<String>>,
    /// Let it wait for this task too; may be given several times
    #[arg(
        long,
        value_name = "TASK",
        value_delimiter = ',',
        conflicts_with = "depends_on"
    )]
    add_depends_on: Vec<String>,
    /// Let it wait for this task no more; may be given several times
    #[arg(
        long,
        value_name = "TASK",
        value_delimiter = ',',
        conflicts_with = "depends_on"
    )]
    remove_depends_on: Vec<String>,
    #[command(flatten)]
    keys: Keys,
    /// Take a key out of the frontmatter; may be given several times
    #[arg(long, value_name = "KEY")]
    unset: Vec<String>,
    /// Print what the file would be and change nothing
    #[arg(short = 'n', long)]
    dry_run: bool,
    /// Print one JSON object
    #[arg(long)]
    json: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let asked = args.depends_on.is_some()
        || !(args.add_depends_on.is_empty()
            && args.remove_depends_on.is_empty()
            && args.keys.is_empty()
            && args.unset.is_empty());
    if !asked {
        return Err(Failure::usage("nothing to change")
            .help("--depends-on, --add-depends-on, --remove-depends-on, --set and --unset say what")
            .into());
    }
    let there = there::each(
        context,
        std::slice::from_ref(&args.task),
        |context, tasks| {
            let task = tasks.into_iter().next().unwrap_or_default();
            run(
                context,
                Args {
                    task,
                    ..args.clone()
                },
            )
        },
    )?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let project = context.project()?;
    // The change may be what makes the files valid again.
    let plan = project::load(&project, None).ok().map(|loaded| loaded.plan);
    let id = match &plan {
        Some(plan) => plan.task(names::task(plan, &args.task)?).id.clone(),
        None => match by_name(&project, &args.task) {
            Some(id) => id,
            // It says what is wrong.
            None => context
                .load(&project, None)
                .and_then(|_| no_task(&args.task))?,
        },
    };
    if id.is_inline() {
        return Err(
            Failure::usage(format!("`{id}` is a step of the orchestration file"))
                .help("edit that file")
                .into(),
        );
    }
    let file = id.status_key();
    let before = project::read_text(&project.root, &file)?
        .ok_or_else(|| Failure::usage(format!("`{file}` is gone")))?;
    let changes = changes(&args, plan.as_ref(), &id, &before)?;
    let after = with_changes(&before, &changes).map_err(|error| refused(&file, &error))?;
    let mut edits = Edits::default();
    edits.put(file.as_str(), after.as_str());
    context.load_with(&project, &edits)?;
    let changed = before != after;
    if changed && !args.dry_run {
        project::rewrite(&project.root, &file, &before, &after)?;
    }
    let mut out = context.out();
    if args.json {
        let said = json!({
            "schema_version": 1,
            "task": id,
            "file": file,
            "changed": changed,
            "text": after,
            "written": changed && !args.dry_run,
        });
        writeln!(out, "{said}")?;
    } else if !changed {
        writeln!(out, "{file} says so already")?;
    } else if args.dry_run {
        writeln!(out, "{file} would be:")?;
        out.write_all(after.as_bytes())?;
    } else {
        writeln!(out, "changed {file}")?;
    }
    Ok(Exit::OK)
}

fn no_task<T>(name: &str) -> anyhow::Result<T> {
    Err(Failure::usage(format!("no task `{}`", name.escape_debug())).into())
}

/// A task file by its id or path, when the project cannot be read as a whole.
fn by_name(project: &Project, name: &str) -> Option<TaskId> {
    let name = name.trim_start_matches("./");
    let name = name.strip_prefix(".runr/tasks/").unwrap_or(name);
    [name.to_owned(), format!("{name}.md")]
        .iter()
        .filter_map(|name| TaskId::parse(name).ok())
        .find(|id| !id.is_inline() && project.root.join(id.status_key()).is_file())
}

fn refused(file: &str, error: &EditError) -> Failure {
    Failure::usage(format!("{file} is left as it is: {error}")).help("edit the file by hand")
}

fn changes(
    args: &Args,
    plan: Option<&Plan>,
    id: &TaskId,
    text: &str,
) -> Result<Vec<Change>, Failure> {
    let key = || "depends_on".to_owned();
    let written: Vec<String> = read_task(&id.status_key().into(), text.as_bytes(), &mut Vec::new())
        .map(|doc| {
            doc.depends_on
                .iter()
                .map(|at| at.value.to_string())
                .collect()
        })
        .unwrap_or_default();
    let exists = |name: &str| {
        plan.is_some_and(|plan| TaskId::parse(name).is_ok_and(|id| plan.find(&id).is_some()))
    };
    let meant = |typed: &String| match plan {
        Some(plan) => named(plan, id, typed, &exists),
        None => Ok(typed.clone()),
    };
    // What stands in the file and means the same task as `name` does.
    let spelled = |name: &str| -> Vec<String> {
        let target = |other: &str| {
            let ids = plan.map(|plan| plan.numbers().map(|ix| plan.task(ix).id.clone()));
            let mut ids = ids.into_iter().flatten();
            ids.find(|task| could_mean(other, id.as_str(), task.as_str()))
        };
        let aim = target(name);
        let same = |other: &&String| **other == name || aim.is_some() && target(other) == aim;
        written.iter().filter(same).cloned().collect()
    };
    let mut changes = Vec::new();
    if let Some(wanted) = &args.depends_on {
        let wanted: Vec<String> = wanted.iter().map(meant).collect::<Result<_, _>>()?;
        let kept: Vec<String> = wanted.iter().flat_map(|name| spelled(name)).collect();
        // First those that come, so that the list is never empty in between and keeps its form.
        for item in wanted.iter().filter(|name| spelled(name).is_empty()) {
            changes.push(Change::Add {
                key: key(),
                item: item.clone(),
            });
        }
        for item in written.iter().filter(|item| !kept.contains(item)) {
            changes.push(Change::Remove {
                key: key(),
                item: item.clone(),
            });
        }
    }
    for typed in &args.add_depends_on {
        let item = meant(typed)?;
        if spelled(&item).is_empty() {
            changes.push(Change::Add { key: key(), item });
        }
    }
    for typed in &args.remove_depends_on {
        // A task that is gone has no other name than the one written.
        let name = match written.contains(typed) {
            true => typed.clone(),
            false => meant(typed)?,
        };
        let found = spelled(&name);
        if found.is_empty() {
            return Err(
                Failure::usage(format!("`{id}` does not depend on `{typed}`"))
                    .help("what the orchestration file adds is changed there"),
            );
        }
        changes.extend(
            found
                .into_iter()
                .map(|item| Change::Remove { key: key(), item }),
        );
    }
    changes.extend(args.keys.changes()?);
    for typed in &args.unset {
        changes.push(Change::Unset { key: known(typed)? });
    }
    Ok(changes)
}
