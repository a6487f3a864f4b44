//! `runr status --infer-from-git --write`: takes over completions that git tells of.

use std::io::Write as _;

use crate::cli::snapshot::Snapshot;
use crate::cli::{Context, Failure};
use crate::event::Event;
use crate::model::Config;
use crate::state::Illegal;
use crate::view::{Inferred, TaskFiles};

/// Is what stands in task files runr's own?
#[must_use]
pub fn task_files(config: &Config) -> TaskFiles {
    if config.frontmatter {
        TaskFiles::Believed
    } else {
        TaskFiles::Hints
    }
}

/// Appends one event a task: of those named, else of all that are certain. Says on stderr what it did.
///
/// # Errors
/// A name that means no task or one that git says nothing about (2), one that is running (75), a journal that cannot
/// be written (4).
pub fn run(
    context: &Context,
    snapshot: &mut Snapshot,
    inferred: &[Inferred],
    names: &[String],
) -> anyhow::Result<()> {
    let chosen: Vec<&Inferred> = if names.is_empty() {
        let files = task_files(&snapshot.loaded.config);
        inferred.iter().filter(|i| i.is_adopted(files)).collect()
    } else {
        let named: Result<Vec<_>, Failure> = names
            .iter()
            .map(|name| {
                let ix = snapshot.task(name)?;
                let found = inferred.iter().find(|i| i.task == ix && i.is_adoptable());
                found.ok_or_else(|| {
                    let id = &snapshot.loaded.plan.task(ix).id;
                    Failure::usage(format!("git says nothing new about `{id}`"))
                        .help("runr status --infer-from-git    shows what it says")
                })
            })
            .collect();
        named?
    };
    let by = context.person(&snapshot.project)?;
    let plan = &snapshot.loaded.plan;
    let now = snapshot.now;
    let events: Vec<Event> = chosen
        .iter()
        .filter_map(|inferred| {
            let found = inferred.found.as_ref()?;
            Some(Event::Adopted {
                task: plan.task(inferred.task).id.clone(),
                run: found.run.clone(),
                sha: found.commit.clone(),
                when: found.at.unwrap_or(now),
                fingerprint: found.fingerprint,
                by: by.clone(),
            })
        })
        .collect();
    let mut err = context.err();
    if events.is_empty() {
        if !context.quiet() {
            writeln!(err, "nothing to take over")?;
        }
        return Ok(());
    }
    let count = events.len();
    let store = &mut snapshot.store;
    let told = store.notices().len();
    let done = store.append(events)?;
    context.tell(&store.notices()[told..])?;
    if let Err(error) = store.write_cache() {
        writeln!(err, "warning: {error}; it is rebuilt later")?;
    }
    let taken = count - done.refused.len();
    if taken > 0 && !context.quiet() {
        let tasks = if taken == 1 { "task" } else { "tasks" };
        writeln!(err, "took over {taken} completed {tasks} from git")?;
    }
    match done.refused.into_iter().next().map(|refused| refused.why) {
        None => Ok(()),
        Some(why @ Illegal::TaskRunning { .. }) => Err(Failure::busy(why.to_string()).into()),
        Some(why) => Err(Failure::usage(why.to_string()).into()),
    }
}
