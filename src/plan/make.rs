//! Makes one task of the plan from what its file, its step and the layers below say.
//!
//! Knows workers, pools and commands and which of them go together. Does not know other tasks.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use crate::model::{AgentWork, CommandLine, PoolTake, Task, TaskId, TaskKind, TrackIx};
use crate::plan::layers::{Layers, Policies, Who};
use crate::spec::{
    At, ConfigDoc, Finding, Mark, OrchestrationDoc, StepDoc, TaskDoc, TrackDoc, Work,
};

/// A step and the track it stands in.
#[derive(Debug, Clone, Copy)]
pub struct Placed<'a> {
    pub track: &'a TrackDoc,
    pub step: &'a StepDoc,
    pub ix: TrackIx,
}

/// Makes tasks; collects findings.
#[derive(Debug)]
pub struct Maker<'a> {
    pub(super) config: &'a ConfigDoc,
    pub(super) orchestration: Option<&'a OrchestrationDoc>,
    pub(super) pools: BTreeMap<Arc<str>, u32>,
    workers: BTreeSet<Arc<str>>,
    policies: Policies,
    /// Agents that have been made, each once; few, as they differ by settings only.
    pub(super) agents: Vec<Arc<AgentWork>>,
    pub findings: Vec<Finding>,
}

/// What is said about one task in all places.
struct Sayings<'a> {
    id: TaskId,
    file: Arc<str>,
    mark: Mark,
    kind: TaskKind,
    run: Option<&'a At<CommandLine>>,
    layers: Layers<'a>,
}

impl<'a> Maker<'a> {
    #[must_use]
    pub fn new(config: &'a ConfigDoc, orchestration: Option<&'a OrchestrationDoc>) -> Self {
        let mut maker = Self {
            config,
            orchestration,
            pools: BTreeMap::new(),
            workers: BTreeSet::new(),
            policies: Policies::default(),
            agents: Vec::new(),
            findings: Vec::new(),
        };
        maker.declare_pools();
        maker
    }

    /// All pools by name: those of both files (the orchestration file's size wins) and one for each worker
    /// with a limit.
    #[must_use]
    pub fn pools(&self) -> &BTreeMap<Arc<str>, u32> {
        &self.pools
    }

    /// Makes the task of a file.
    pub fn of_file<'d>(&mut self, id: TaskId, doc: &'d TaskDoc, placed: Option<Placed<'d>>) -> Task
    where
        'a: 'd,
    {
        let layers = self.layers(placed, doc.settings.as_deref());
        let sayings = Sayings {
            id,
            file: doc.file.clone(),
            mark: Mark::START,
            kind: doc.kind,
            run: doc.run.as_ref(),
            layers,
        };
        self.check_own(&doc.file, doc.settings.as_deref());
        if let (Some(placed), Some(orchestration)) = (placed, self.orchestration) {
            self.check_own(&orchestration.file, Some(&placed.step.settings));
        }
        let allowlist = placed.and_then(|placed| placed.step.allowlist.as_ref());
        let inputs = placed.map_or(&[][..], |placed| &placed.step.inputs);
        let mut task = self.make(sayings);
        task.track = placed.map(|placed| placed.ix);
        task.title = doc.title.clone().unwrap_or(task.title);
        task.owns = texts(allowlist.unwrap_or(&doc.owns), &doc.allowlist_add);
        task.inputs = texts(&doc.inputs, inputs);
        task.tags = texts(&doc.tags, &[]);
        task.written = doc.written.clone();
        task.text = doc.text;
        task
    }

    /// Makes the task of an inline step. `file` is the orchestration file.
    pub fn of_step(
        &mut self,
        id: TaskId,
        file: &Arc<str>,
        placed: Placed<'a>,
        run: &'a At<CommandLine>,
    ) -> Task {
        self.check_own(file, Some(&placed.step.settings));
        let mut task = self.make(Sayings {
            id,
            file: file.clone(),
            mark: placed.step.mark,
            kind: TaskKind::Automated,
            run: Some(run),
            layers: self.layers(Some(placed), None),
        });
        task.track = Some(placed.ix);
        task.title = match &placed.step.name {
            Some(name) => name.value.clone(),
            None => run
                .value
                .to_string()
                .lines()
                .next()
                .unwrap_or_default()
                .into(),
        };
        task.owns = texts(placed.step.allowlist.as_deref().unwrap_or(&[]), &[]);
        task.inputs = texts(&placed.step.inputs, &[]);
        task.text = placed.step.text;
        task
    }

    fn layers<'d>(
        &self,
        placed: Option<Placed<'d>>,
        own: Option<&'d crate::spec::Settings>,
    ) -> Layers<'d>
    where
        'a: 'd,
    {
        Layers {
            settings: [
                placed.map(|placed| &placed.step.settings),
                own,
                placed.map(|placed| &placed.track.defaults),
                self.orchestration.map(|doc| &doc.defaults),
            ],
            config: self.config,
        }
    }

    fn make(&mut self, sayings: Sayings<'_>) -> Task {
        let Sayings {
            id,
            file,
            mark,
            kind,
            run,
            layers,
        } = sayings;
        let worker = self.worker(&file, mark, kind, run, &layers);
        let pools = self.takes(worker.as_deref(), kind, &layers);
        let agent = self.agent(&file, mark, kind, worker.as_deref(), &layers);
        let fallback = self.fallback(worker.as_deref(), agent.is_some(), &layers);
        let who = match agent {
            Some(_) => Who::Agent,
            None => Who::Command,
        };
        Task {
            kind,
            worker,
            agent,
            fallback,
            command: run.map(|run| run.value.clone()),
            env: layers.env(),
            pools,
            priority: layers.priority(),
            estimate: layers.estimate(),
            model: layers.model(),
            budget_usd: layers.budget_usd(),
            ..Task::bare(id, mark.in_file(&file), self.policies.of(&layers, who))
        }
    }

    /// `run:` means the worker `shell`, and the worker `shell` needs `run:`.
    fn worker(
        &mut self,
        file: &Arc<str>,
        mark: Mark,
        kind: TaskKind,
        run: Option<&At<CommandLine>>,
        layers: &Layers<'_>,
    ) -> Option<Arc<str>> {
        let Some(run) = run else {
            let worker = layers.worker_name()?;
            if worker == "shell" && kind != TaskKind::Manual && !self.config.has_worker("shell") {
                let own = layers.settings[1].and_then(|own| own.worker.as_ref());
                let mark = own.map_or(mark, |own| own.mark);
                self.findings.push(
                    Finding::error(
                        "no-command",
                        file,
                        mark,
                        "the worker `shell` has nothing to run",
                    )
                    .help("add `run: COMMAND`, or `type: manual` if a person does it"),
                );
            }
            return Some(self.intern(worker));
        };
        if let Some(own) = layers.own_worker().filter(|own| *own.value != *"shell") {
            self.findings.push(
                Finding::error(
                    "wrong-worker",
                    file,
                    run.mark,
                    format!(
                        "`run` is for the worker `shell`, and the worker here is `{}`",
                        own.value
                    ),
                )
                .help("remove `run` or `worker`"),
            );
        }
        Some(self.intern("shell"))
    }

    pub(super) fn intern(&mut self, name: &str) -> Arc<str> {
        if let Some(known) = self.workers.get(name) {
            return known.clone();
        }
        let name: Arc<str> = name.into();
        self.workers.insert(name.clone());
        name
    }

    /// What its runs take: the pools that exist, sorted by name, with that of its worker.
    fn takes(&self, worker: Option<&str>, kind: TaskKind, layers: &Layers<'_>) -> Box<[PoolTake]> {
        if kind == TaskKind::Manual {
            return Box::default();
        }
        let own = worker.map(|worker| format!("worker:{worker}"));
        let wanted = layers.pools();
        if wanted.is_empty() && (self.pools.is_empty() || own.is_none()) {
            return Box::default();
        }
        let wanted = wanted.into_iter().map(|(name, (_, take))| (name, take));
        let mut takes: Vec<PoolTake> = wanted
            .chain(own.as_deref().map(|own| (own, 1)))
            .filter_map(|(name, take)| {
                let (pool, of) = self.pools.get_key_value(name)?;
                Some(PoolTake {
                    pool: pool.clone(),
                    take,
                    of: *of,
                })
            })
            .collect();
        takes.sort_by(|a, b| a.pool.cmp(&b.pool));
        takes.into()
    }
}

fn texts(first: &[At<Box<str>>], more: &[At<Box<str>>]) -> Box<[Box<str>]> {
    first
        .iter()
        .chain(more)
        .map(|text| text.value.clone())
        .collect()
}

/// The name of a step within its track: its own, else its number.
#[must_use]
pub fn step_name(step: &StepDoc, number: usize) -> String {
    match &step.name {
        Some(name) => name.value.to_string(),
        None => format!("step-{number}"),
    }
}

/// The command of an inline step.
#[must_use]
pub fn inline(step: &StepDoc) -> Option<&At<CommandLine>> {
    match &step.work {
        Work::Run(run) => Some(run),
        Work::Task(_) => None,
    }
}
