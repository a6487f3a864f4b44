//! Everything that the page shows at one moment, and what of it changed since another.
//!
//! Knows the facts. What is written to the page is JSON; texts in it are shown as text.

use std::sync::Arc;

use jiff::Timestamp;
use serde::Serialize;

use crate::cli::commands::graph;
use crate::cli::dashboard::people::people;
use crate::cli::snapshot::all_processes;
use crate::model::{RunId, Status, TaskId, TaskKind, Usd};
use crate::plan::TaskIx;
use crate::project::{Loaded, Project};
use crate::render::{self, Drawing, Mark, Selection};
use crate::report::people::NeedJson;
use crate::report::{
    Counts, Facts, NextCommand, NotLandedJson, Note, Processes, class_word, expected,
    next_commands, not_landed_json, notes,
};
use crate::state::State;
use crate::store::{Places, Stores};
use crate::view::{NotLanded, TaskView};

/// How many orchestrations are named.
const ORCHESTRATIONS: usize = 8;

/// One moment.
#[derive(Debug)]
pub struct Seen {
    pub loaded: Arc<Loaded>,
    pub state: State,
    pub places: Places,
    pub generation: u64,
    now: Timestamp,
    views: Vec<TaskView>,
    not_landed: Vec<NotLanded>,
    processes: Processes,
    /// JSON of everything that is not about one task.
    head: String,
    /// JSON of each task, in the plan's order.
    tasks: Vec<String>,
}

#[derive(Serialize)]
struct Head<'a> {
    generation: u64,
    project: String,
    root: String,
    problem: Option<String>,
    damage: Option<String>,
    counts: Counts,
    people: Vec<NeedJson<'a>>,
    next: Vec<NextCommand>,
    not_landed: Vec<NotLandedJson<'a>>,
    /// What was spent today (UTC), over all orchestrations; `None`: nothing.
    spent_today_usd: Option<Usd>,
    orchestrations: Vec<OrchestrationJson<'a>>,
}

#[derive(Serialize)]
struct OrchestrationJson<'a> {
    id: &'a str,
    command: &'a str,
    tasks: u32,
    started_at: Timestamp,
    ended_at: Option<Timestamp>,
    exit: Option<u8>,
    cancelled: bool,
    /// Its orchestrator is gone: it can be resumed.
    deserted: bool,
    /// What its attempts have cost; `None`: nothing, or no worker tells.
    cost_usd: Option<Usd>,
    /// At least so much.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    cost_at_least: bool,
}

#[derive(Serialize)]
struct TaskEntry<'a> {
    task: &'a TaskId,
    /// `None`: the one that the page was opened for.
    #[serde(skip_serializing_if = "Option::is_none")]
    repository: Option<&'a str>,
    title: &'a str,
    kind: TaskKind,
    track: Option<&'a str>,
    status: Status,
    class: &'static str,
    #[serde(flatten)]
    mark: &'a Mark,
    notes: Vec<String>,
    run: Option<&'a RunId>,
    /// Of the run that is alive.
    since: Option<Timestamp>,
    /// Somebody outside of any orchestration does it.
    claimed: bool,
    last_run: Option<&'a RunId>,
    updated_at: Option<Timestamp>,
    attempts: u32,
    /// What its attempts in the latest orchestration have cost.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<Usd>,
    expected_s: f64,
}

/// What the reader says of what it has read.
#[derive(Debug)]
pub struct Said {
    /// Grows with every reading of the files.
    pub generation: u64,
    /// Why what is shown is not all that there is.
    pub problem: Option<String>,
    /// What is wrong with the home's journal.
    pub damage: Option<String>,
}

impl Seen {
    #[must_use]
    pub fn new(
        project: &Project,
        (loaded, views, not_landed): (&Arc<Loaded>, Vec<TaskView>, Vec<NotLanded>),
        store: &Stores,
        said: Said,
    ) -> Self {
        let state = store.state().clone();
        let mut seen = Self {
            loaded: Arc::clone(loaded),
            processes: all_processes(store),
            views,
            not_landed,
            state,
            places: store.places(),
            generation: said.generation,
            now: Timestamp::now(),
            head: String::new(),
            tasks: Vec::new(),
        };
        let facts = seen.facts();
        let all: Vec<TaskIx> = facts.plan.numbers().collect();
        let head = Head {
            generation: said.generation,
            project: project.name(),
            root: project.root.display().to_string(),
            problem: said.problem,
            damage: said.damage,
            counts: Counts::of(facts.views),
            people: people(&facts),
            next: next_commands(&facts, &all),
            not_landed: not_landed_json(&facts),
            spent_today_usd: spent(seen.state.spent_on(seen.now)),
            orchestrations: seen.orchestrations(),
        };
        let marks = render::marks(&seen.drawing(&Selection::default()));
        let tasks = all
            .iter()
            .zip(&marks)
            .map(|(ix, mark)| json(&entry(&facts, *ix, mark)))
            .collect();
        (seen.head, seen.tasks) = (json(&head), tasks);
        seen
    }

    #[must_use]
    pub fn facts(&self) -> Facts<'_> {
        Facts {
            plan: &self.loaded.plan,
            state: &self.state,
            views: &self.views,
            processes: &self.processes,
            not_landed: &self.not_landed,
            now: self.now,
        }
    }

    /// The graph as it stands.
    #[must_use]
    pub fn drawing(&self, selection: &Selection) -> Drawing {
        let plan = &self.loaded.plan;
        let source = render::Source {
            plan,
            views: &self.views,
            facts: &graph::facts(plan, &self.state),
        };
        render::draw(source, selection)
    }

    /// Everything, on one line.
    #[must_use]
    pub fn whole(&self) -> String {
        self.message(self.tasks.iter().map(String::as_str))
    }

    /// What is different from `before`, on one line. `None`: nothing is.
    #[must_use]
    pub fn since(&self, before: &Self) -> Option<String> {
        if before.generation != self.generation {
            return Some(self.whole());
        }
        let changed: Vec<&str> = self
            .tasks
            .iter()
            .zip(&before.tasks)
            .filter(|(now, then)| now != then)
            .map(|(now, _)| now.as_str())
            .collect();
        let same = changed.is_empty() && self.head == before.head;
        (!same).then(|| self.message(changed.into_iter()))
    }

    fn message<'a>(&self, tasks: impl Iterator<Item = &'a str>) -> String {
        let tasks: Vec<&str> = tasks.collect();
        format!(
            "{{\"now\":\"{}\",\"head\":{},\"tasks\":[{}]}}",
            self.now,
            self.head,
            tasks.join(",")
        )
    }

    fn orchestrations(&self) -> Vec<OrchestrationJson<'_>> {
        let mut all: Vec<_> = self.state.orchestrations.iter().collect();
        all.sort_by_key(|(id, entry)| (std::cmp::Reverse(entry.started_at), *id));
        all.into_iter()
            .take(ORCHESTRATIONS)
            .map(|(id, entry)| OrchestrationJson {
                id: id.as_str(),
                command: &entry.command,
                tasks: entry.tasks,
                started_at: entry.started_at,
                ended_at: entry.ended_at,
                exit: entry.exit,
                cancelled: entry.cancelled,
                deserted: self.processes.deserted.contains(id),
                cost_usd: entry.spent.cost_usd.and_then(spent),
                cost_at_least: entry.spent.at_least,
            })
            .collect()
    }
}

fn entry<'a>(facts: &Facts<'a>, ix: TaskIx, mark: &'a Mark) -> TaskEntry<'a> {
    let task = facts.task(ix);
    let view = facts.view(ix);
    let recorded = facts.recorded(ix);
    let open = facts.state.open_run(&task.id);
    let claimed = facts.state.claimed_run(&task.id);
    TaskEntry {
        task: &task.id,
        repository: facts.repository(ix).map(|other| other.alias.as_str()),
        title: &task.title,
        kind: task.kind,
        track: task
            .track
            .and_then(|track| Some(&*facts.plan.tracks().get(track.0 as usize)?.name)),
        status: view.status,
        class: class_word(view.class()),
        mark,
        notes: notes(facts, ix)
            .iter()
            // The page counts the time itself.
            .filter(|note| !matches!(note, Note::Elapsed(_)))
            .map(|note| note.text(facts, ix))
            .collect(),
        run: open.map(|(run, _)| run).or(claimed.map(|(run, _)| run)),
        since: open
            .map(|(_, open)| open.reserved_at)
            .or(claimed.map(|(_, claimed)| claimed.claimed_at)),
        claimed: claimed.is_some(),
        last_run: recorded.and_then(|r| r.last_run_id.as_ref()),
        updated_at: recorded.and_then(|r| r.updated_at),
        attempts: recorded.map_or(0, |r| r.attempts),
        cost_usd: recorded.and_then(|r| spent(r.spent_in_orch)),
        expected_s: expected(facts, ix).as_secs_f64(),
    }
}

/// Nothing spent is nothing to tell.
fn spent(usd: Usd) -> Option<Usd> {
    (usd > Usd::ZERO).then_some(usd)
}

/// Values of ours only: there is nothing that could fail to be written.
pub fn json(value: &impl Serialize) -> String {
    serde_json::to_string(value).unwrap_or_else(|_| "null".to_owned())
}
