//! What a new orchestration and one that goes on both need around them.

use std::collections::BTreeSet;
use std::io::Write;

use crate::cli::Context;
use crate::cli::dispatching::flags::Dispatching;
use crate::cli::elsewhere::other_sites;
use crate::cli::exit::Failure;
use crate::cli::snapshot::fingerprints;
use crate::model::StalePolicy;
use crate::orchestrate::Surface;
use crate::orchestrate::session::Surroundings;
use crate::plan::{Plan, TaskIx};
use crate::project::{Loaded, Project};
use crate::store::Stores;
use crate::view;
use crate::worker;

/// What has to be looked at to find stale tasks.
#[derive(Debug)]
pub(super) struct Looked<'a> {
    pub(super) project: &'a Project,
    pub(super) loaded: &'a Loaded,
    pub(super) plan: &'a Plan,
    pub(super) store: &'a Stores,
    pub(super) selected: &'a [TaskIx],
}

impl Dispatching {
    /// The tasks to run again because they are stale; none unless that is asked for or configured.
    pub(super) fn stale(
        &self,
        context: &Context,
        at: &Looked<'_>,
    ) -> anyhow::Result<BTreeSet<TaskIx>> {
        if self.on_stale(at.loaded) == StalePolicy::Warn {
            return Ok(BTreeSet::new());
        }
        let state = at.store.state();
        let prints = fingerprints(context, at.loaded.projects(at.project), at.plan, state)?;
        Ok(view::rerun(at.plan, state, &prints, at.selected))
    }

    pub(super) fn surroundings(
        &self,
        context: &Context,
        project: Project,
        loaded: Loaded,
        (store, engaged): (Stores, &[usize]),
    ) -> anyhow::Result<Surroundings> {
        let others = other_sites(context, &loaded, engaged)?;
        let out: Box<dyn Write> = if self.events {
            Box::new(context.out())
        } else {
            Box::new(context.err())
        };
        Ok(Surroundings {
            exe: std::env::current_exe()?,
            env: std::env::vars_os()
                .filter_map(|(name, value)| {
                    Some((name.into_string().ok()?, value.into_string().ok()?))
                })
                .collect(),
            project,
            plan: loaded.plan,
            config: loaded.config,
            orchestration: loaded.orchestration,
            store,
            others,
            surface: Surface {
                mode: self.mode(context),
                glyphs: context.glyphs(),
                zone: jiff::tz::TimeZone::system(),
                out,
            },
        })
    }
}

/// A name that stands in no file has no place that an error could show.
///
/// # Errors
/// When there is no such worker; those that there are are named.
pub fn known_worker(asked: Option<&str>, loaded: &Loaded) -> Result<(), Failure> {
    const BUILT_IN: [&str; 3] = [worker::CLAUDE_CODE, worker::CODEX, worker::SHELL];
    let Some(name) = asked else {
        return Ok(());
    };
    let configured = loaded.config.workers.keys().map(String::as_str);
    let known: Vec<&str> = BUILT_IN.into_iter().chain(configured).collect();
    if known.contains(&name) {
        return Ok(());
    }
    Err(Failure::usage(format!("there is no worker `{name}`"))
        .help(format!("workers here: {}", known.join(", "))))
}

/// What was typed, for people to read in reports.
pub(super) fn command_line() -> String {
    let words: Vec<String> = std::env::args_os()
        .skip(1)
        .map(|word| word.to_string_lossy().into_owned())
        .collect();
    format!("runr {}", words.join(" ")).trim_end().to_owned()
}
