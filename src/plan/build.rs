//! Raw documents → the plan: steps and references resolved, edges drawn, tasks made.
//!
//! Knows all documents of a project. Reads no file; gives every problem, not only the first.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Config, Policy, Task, TaskId, Track, TrackIx, WorkerConfig};
use crate::plan::edges::unresolved;
use crate::plan::layers::{Layers, Policies};
use crate::plan::make::{Maker, Placed, inline, step_name};
use crate::plan::resolve::{Names, folder};
use crate::plan::{Edge, Plan, TaskIx, cycles};
use crate::spec::{ConfigDoc, Finding, Mark, OrchestrationDoc, TaskDoc, Work};

/// Everything that was read. A document that had errors is `None`, but its name is known.
#[derive(Debug)]
pub struct Raw {
    /// `None`: it had errors.
    pub config: Option<ConfigDoc>,
    pub orchestration: Option<OrchestrationDoc>,
    /// Sorted by id.
    pub tasks: Vec<(TaskId, Option<TaskDoc>)>,
}

/// The plan, if there was no error before and none was found.
#[derive(Debug)]
pub struct Built {
    pub plan: Option<(Plan, Config)>,
    pub findings: Vec<Finding>,
}

/// Where a task of the plan comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The number of a document.
    File(usize),
    Inline,
}

/// A step's place and the task it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) source: Source,
    /// Track and step, by number.
    pub(super) step: Option<(usize, usize)>,
}

pub(super) struct Builder<'a> {
    pub(super) raw: &'a Raw,
    pub(super) names: Names,
    pub(super) slots: Vec<Slot>,
    pub(super) ids: Vec<TaskId>,
    /// For each track the task of each step; `None` where it could not be resolved.
    pub(super) steps: Vec<Vec<Option<TaskIx>>>,
    pub(super) edges: Vec<Edge>,
    pub(super) findings: Vec<Finding>,
}

/// Builds the plan.
#[must_use]
pub fn build(raw: &Raw) -> Built {
    let default = ConfigDoc::default();
    let config = raw.config.as_ref().unwrap_or(&default);
    let mut builder = Builder {
        raw,
        names: Names::default(),
        slots: Vec::with_capacity(raw.tasks.len()),
        ids: Vec::with_capacity(raw.tasks.len()),
        steps: Vec::new(),
        edges: Vec::with_capacity(raw.tasks.len()),
        findings: Vec::new(),
    };
    builder.number();
    builder.file_edges();
    builder.step_edges();
    let mut maker = Maker::new(config, raw.orchestration.as_ref());
    maker.check_defaults();
    let tasks = builder.tasks(&mut maker);
    let tracks = builder.tracks();
    let Builder {
        names,
        ids,
        edges,
        mut findings,
        ..
    } = builder;
    if raw.config.is_some() {
        findings.append(&mut maker.findings);
    }
    let config = settled(config, &maker);
    let sound =
        raw.config.is_some() && tasks.len() == ids.len() && !findings.iter().any(Finding::is_error);
    let plan = match cycles::graph(ids.len(), &edges) {
        Err(stuck) => {
            findings.extend(cycles::explain(&ids, &edges, &stuck));
            None
        }
        Ok(graph) if sound => Some((
            Plan {
                tasks,
                tracks,
                graph,
                names,
            },
            config,
        )),
        Ok(_) => None,
    };
    Built { plan, findings }
}

impl<'a> Builder<'a> {
    /// Numbers the tasks: the steps of the orchestration file in order, then the other files by name.
    fn number(&mut self) {
        let mut docs = Names::default();
        for (i, (id, _)) in self.raw.tasks.iter().enumerate() {
            docs.insert(id.clone(), TaskIx(u32::try_from(i).unwrap_or(u32::MAX)));
        }
        let mut placed: HashMap<usize, (TaskIx, Mark)> = HashMap::new();
        if let Some(doc) = &self.raw.orchestration {
            let from = folder(&doc.file).to_owned();
            for (t, track) in doc.tracks.iter().enumerate() {
                let mut steps = Vec::with_capacity(track.steps.len());
                for (s, step) in track.steps.iter().enumerate() {
                    let at = Some((t, s));
                    let ix = match &step.work {
                        Work::Run(_) => self.inline(
                            &doc.file,
                            step.mark,
                            &format!("{}/{}", track.name.value, step_name(step, s + 1)),
                            at,
                        ),
                        Work::Task(name) => match docs.resolve(&name.value, &from) {
                            Err(why) => {
                                self.findings.push(unresolved(&doc.file, name, why, &[]));
                                None
                            }
                            Ok(file) => {
                                let file = file.0 as usize;
                                if let Some((_, first)) = placed.get(&file) {
                                    self.findings.push(
                                        Finding::error("task-twice", &doc.file, name.mark, format!("`{}` is a step already", self.raw.tasks[file].0))
                                            .note(Some(first.in_file(&doc.file)), "the first one")
                                            .help("a task stands in one place; order it with `depends_on`"),
                                    );
                                    None
                                } else {
                                    let id = self.raw.tasks[file].0.clone();
                                    let ix = self.add(
                                        id,
                                        Slot {
                                            source: Source::File(file),
                                            step: at,
                                        },
                                    );
                                    placed.insert(file, (ix, name.mark));
                                    Some(ix)
                                }
                            }
                        },
                    };
                    steps.push(ix);
                }
                self.steps.push(steps);
            }
        }
        for (i, (id, _)) in self.raw.tasks.iter().enumerate() {
            if !placed.contains_key(&i) {
                self.add(
                    id.clone(),
                    Slot {
                        source: Source::File(i),
                        step: None,
                    },
                );
            }
        }
    }

    fn add(&mut self, id: TaskId, slot: Slot) -> TaskIx {
        let ix = TaskIx(u32::try_from(self.slots.len()).unwrap_or(u32::MAX));
        self.names.insert(id.clone(), ix);
        self.ids.push(id);
        self.slots.push(slot);
        ix
    }

    fn inline(
        &mut self,
        file: &Arc<str>,
        mark: Mark,
        id: &str,
        at: Option<(usize, usize)>,
    ) -> Option<TaskIx> {
        match TaskId::parse(id) {
            Ok(id) => Some(self.add(
                id,
                Slot {
                    source: Source::Inline,
                    step: at,
                },
            )),
            Err(error) => {
                self.findings.push(
                    Finding::error(
                        "wrong-value",
                        file,
                        mark,
                        format!("the step cannot be called so: {error}"),
                    )
                    .help("shorten the names of the track and the step"),
                );
                None
            }
        }
    }

    /// Makes all tasks whose documents are sound.
    fn tasks(&mut self, maker: &mut Maker<'a>) -> Vec<Task> {
        let raw = self.raw;
        let mut tasks = Vec::with_capacity(self.slots.len());
        for (slot, id) in self.slots.iter().zip(&self.ids) {
            let placed = slot
                .step
                .zip(raw.orchestration.as_ref())
                .map(|((t, s), doc)| Placed {
                    track: &doc.tracks[t],
                    step: &doc.tracks[t].steps[s],
                    ix: TrackIx(u32::try_from(t).unwrap_or(u32::MAX)),
                });
            let task = match (slot.source, placed, &raw.orchestration) {
                (Source::File(file), ..) => raw.tasks[file]
                    .1
                    .as_ref()
                    .filter(|doc| doc.sound)
                    .map(|doc| maker.of_file(id.clone(), doc, placed)),
                (Source::Inline, Some(placed), Some(doc)) => {
                    inline(placed.step).map(|run| maker.of_step(id.clone(), &doc.file, placed, run))
                }
                (Source::Inline, ..) => None,
            };
            tasks.extend(task);
        }
        tasks
    }

    fn tracks(&self) -> Vec<Track> {
        let Some(doc) = &self.raw.orchestration else {
            return Vec::new();
        };
        let tracks = doc.tracks.iter();
        tracks
            .map(|track| Track {
                name: track.name.value.clone(),
                place: track.mark.in_file(&doc.file),
            })
            .collect()
    }
}

/// The configuration with every default applied.
fn settled(config: &ConfigDoc, maker: &Maker) -> Config {
    let layers = Layers {
        settings: [None; 4],
        config,
    };
    let policy: Arc<Policy> = Policies::default().of(&layers);
    let workers = config.workers.iter().map(|worker| {
        let made = WorkerConfig {
            command: worker.command.clone(),
            max_parallel: worker.max_parallel,
            model: worker.model.as_deref().map(str::to_owned),
        };
        (worker.name.value.to_string(), made)
    });
    Config {
        worker: config
            .worker
            .as_ref()
            .map(|worker| Arc::from(&*worker.value)),
        jobs: config.jobs,
        policy,
        workers: workers.collect(),
        pools: maker
            .pools()
            .iter()
            .map(|(name, size)| (name.to_string(), *size))
            .collect(),
        collision: config.collision,
        stale: config.stale.unwrap_or_default(),
        on_orphan: config.on_orphan.unwrap_or_default(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Origin;
    use crate::spec::{read_config, read_orchestration, read_task};

    fn raw(config: &str, orchestration: &str, tasks: &[(&str, &str)]) -> Raw {
        let mut findings = Vec::new();
        let raw = Raw {
            config: read_config(&"config".into(), config.as_bytes(), &mut findings),
            orchestration: (!orchestration.is_empty())
                .then(|| {
                    read_orchestration(
                        &".runr/orchestration.yaml".into(),
                        orchestration.as_bytes(),
                        &mut findings,
                    )
                })
                .flatten(),
            tasks: tasks
                .iter()
                .map(|(id, front)| {
                    let file = format!(".runr/tasks/{id}").into();
                    let text = format!("---\n{front}\n---\n");
                    let doc = read_task(&file, text.as_bytes(), &mut findings);
                    (TaskId::parse(id).unwrap(), doc)
                })
                .collect(),
        };
        assert_eq!(findings, []);
        raw
    }

    #[test]
    fn steps_come_first_and_every_edge_knows_where_it_was_written() {
        let raw = raw(
            "",
            "tracks:\n  - name: a\n    steps: [{task: z}, {run: make}]\n  - name: b\n    depends_on: [a]\n    steps: [{task: y, depends_on: [x.md]}, {run: make, name: last}]\n",
            &[("x.md", ""), ("y.md", "depends_on: z"), ("z.md", "")],
        );
        let built = build(&raw);
        assert_eq!(built.findings, []);
        let (plan, _) = built.plan.unwrap();
        let ids: Vec<&str> = plan.tasks().iter().map(|task| task.id.as_str()).collect();
        assert_eq!(ids, ["z.md", "a/step-2", "y.md", "b/last", "x.md"]);
        let edges: Vec<(u32, u32, Origin, String)> = plan
            .graph()
            .edges()
            .into_iter()
            .map(|e| {
                (
                    e.prerequisite.0,
                    e.dependent.0,
                    e.origin,
                    e.place.to_string(),
                )
            })
            .collect();
        let at = |line, column| format!(".runr/orchestration.yaml:{line}:{column}");
        assert_eq!(
            edges,
            [
                (0, 1, Origin::TrackOrder, at(3, 24)),
                (0, 2, Origin::TaskFile, ".runr/tasks/y.md:2:13".to_owned()),
                (1, 2, Origin::Track, at(5, 18)),
                (2, 3, Origin::TrackOrder, at(6, 44)),
                (4, 2, Origin::Step, at(6, 35)),
            ]
        );
        assert_eq!(plan.task(TaskIx(1)).worker.as_deref(), Some("shell"));
        assert_eq!(
            plan.task(TaskIx(4)).worker,
            None,
            "no worker is named anywhere"
        );
    }

    #[test]
    fn pools_and_claims_are_those_of_the_strongest_place() {
        let raw = raw(
            "worker: codex\npools: {browser: 1, gpu: 2}\nworkers: {codex: {max_parallel: 3}}\n",
            "pools: {browser: 4}\ndefaults: {pools: {gpu: 1}}\ntracks: [{name: t, steps: [{task: a, allowlist: [x/**], pools: {browser: 2}}]}]\n",
            &[
                (
                    "a.md",
                    "owns: [y/**]\nallowlist_add: [z/**]\npools: {browser: 1}",
                ),
                ("m.md", "type: manual"),
            ],
        );
        let (plan, config) = build(&raw).plan.unwrap();
        let task = plan.task(TaskIx(0));
        let takes: Vec<(&str, u32, u32)> = task
            .pools
            .iter()
            .map(|p| (&*p.pool, p.take, p.of))
            .collect();
        assert_eq!(
            takes,
            [("browser", 2, 4), ("gpu", 1, 2), ("worker:codex", 1, 3)]
        );
        assert_eq!(*task.owns, ["x/**".into(), "z/**".into()]);
        assert!(
            plan.task(TaskIx(1)).pools.is_empty(),
            "people take from no pool"
        );
        assert_eq!(config.pools["worker:codex"], 3);
    }

    #[test]
    fn task_files_depend_on_task_files_only() {
        let raw = raw(
            "",
            "tracks: [{name: t, steps: [{run: make}]}]\n",
            &[("a.md", "depends_on: t/step-1")],
        );
        let built = build(&raw);
        assert!(built.plan.is_none());
        assert_eq!(
            built.findings[0].diagnostic.message,
            "`t/step-1` is a step of the orchestration file, no task file"
        );
    }

    #[test]
    fn fingerprints_of_inline_steps_cover_command_and_settings() {
        let text = |step: &str| {
            let raw = raw(
                "",
                &format!("tracks: [{{name: t, steps: [{{{step}}}]}}]"),
                &[],
            );
            build(&raw).plan.unwrap().0.task(TaskIx(0)).text
        };
        let base = text("run: make, timeout: 1m");
        assert_eq!(text("timeout: 1m, run: make, name: other"), base);
        assert_ne!(text("run: make all, timeout: 1m"), base);
        assert_ne!(text("run: make, timeout: 2m"), base);
    }
}
