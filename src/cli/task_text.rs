//! Everything that is known of one task, gathered for its page.

use std::collections::BTreeMap;

use anyhow::Context as _;

use crate::cli::Context;
use crate::cli::runs::read_states;
use crate::cli::snapshot::Snapshot;
use crate::event::Event;
use crate::model::RunId;
use crate::plan::TaskIx;
use crate::report::receipt::{RunEntry, Runs, RunsOf};
use crate::report::{Facts, TaskPage};
use crate::store::Places;

/// A page's parts, which it borrows.
#[derive(Debug)]
pub struct TaskText {
    task: TaskIx,
    runs: Vec<RunEntry>,
    logs: BTreeMap<RunId, String>,
    /// The task's file. A step of an orchestration file has none, and of a repository that cannot be read it may not be
    /// there.
    pub file: Option<String>,
}

impl TaskText {
    /// Reads the task's file, its history and the answers of its runs.
    ///
    /// # Errors
    /// When one of them is there and cannot be read.
    pub fn read(context: &Context, snapshot: &Snapshot, ix: TaskIx) -> anyhow::Result<Self> {
        Self::of(context, &snapshot.store.places(), (snapshot.facts(), ix))
    }

    /// As [`Self::read`], from facts of any making.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn of(
        context: &Context,
        places: &Places,
        (facts, ix): (Facts<'_>, TaskIx),
    ) -> anyhow::Result<Self> {
        let task = facts.task(ix);
        let mut events = Vec::new();
        places.history(&mut |recorded| events.push(recorded))?;
        let mut ids: Vec<RunId> = Vec::new();
        for recorded in &events {
            if let Event::Reserved { run, task: of, .. } | Event::Claimed { run, task: of, .. } =
                &recorded.event
                && *of == task.id
            {
                ids.push(run.clone());
            }
        }
        let states = read_states(context, places, &ids)?;
        let mut runs = Runs::new(RunsOf::Task(task.id.clone()), &states);
        events.iter().for_each(|recorded| runs.take(recorded));
        let runs: Vec<RunEntry> = runs.take_of(&task.id);
        let logs: BTreeMap<RunId, String> = runs
            .iter()
            .map(|entry| entry.run.clone())
            .filter(|run| places.of_run(run).run(run).join("worker.log").is_file())
            .map(|run| {
                let path = format!("{}.runr/runs/{run}/worker.log", places.prefix_of(&run));
                (run, path)
            })
            .collect();
        let file = if facts.plan.has_its_file(ix) {
            let path = places.home().root().join(&*task.place.file);
            let text = std::fs::read_to_string(&path)
                .with_context(|| format!("cannot read `{}`", path.display()))?;
            Some(text)
        } else {
            None
        };
        Ok(Self {
            task: ix,
            runs,
            logs,
            file,
        })
    }

    #[must_use]
    pub fn page<'a>(&'a self, snapshot: &'a Snapshot) -> TaskPage<'a> {
        self.page_of(snapshot.facts())
    }

    #[must_use]
    pub fn page_of<'a>(&'a self, facts: Facts<'a>) -> TaskPage<'a> {
        TaskPage {
            facts,
            task: self.task,
            runs: &self.runs,
            logs: &self.logs,
            text: self.file.as_deref(),
        }
    }
}
