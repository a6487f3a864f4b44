//! Raw documents → the plan: steps and references resolved, edges drawn, tasks made.
//!
//! Knows all documents of a project. Reads no file; gives every problem, not only the first.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::{Config, Place, Policy, Task, TaskId, Track, TrackIx, WorkerConfig};
use crate::plan::layers::{Layers, Policies};
use crate::plan::make::{Maker, Placed, inline, step_name};
use crate::plan::resolve::{Names, TASKS, Unresolved, folder};
use crate::plan::{Edge, Origin, Plan, TaskIx, cycles};
use crate::spec::{At, ConfigDoc, Finding, Mark, OrchestrationDoc, TaskDoc, Work, nearest};

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
enum Source {
    /// The number of a document.
    File(usize),
    Inline,
}

/// A step's place and the task it is.
#[derive(Debug, Clone, Copy)]
struct Slot {
    source: Source,
    /// Track and step, by number.
    step: Option<(usize, usize)>,
}

struct Builder<'a> {
    raw: &'a Raw,
    names: Names,
    slots: Vec<Slot>,
    ids: Vec<TaskId>,
    /// For each track the task of each step; `None` where it could not be resolved.
    steps: Vec<Vec<Option<TaskIx>>>,
    edges: Vec<Edge>,
    findings: Vec<Finding>,
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

    /// The edges that task files write.
    fn file_edges(&mut self) {
        for (number, slot) in self.slots.iter().enumerate() {
            let Source::File(file) = slot.source else {
                continue;
            };
            let Some(doc) = &self.raw.tasks[file].1 else {
                continue;
            };
            let dependent = TaskIx(u32::try_from(number).unwrap_or(u32::MAX));
            let first = self.edges.len();
            for reference in &doc.depends_on {
                match self.names.resolve(&reference.value, folder(&doc.file)) {
                    Err(why) => self
                        .findings
                        .push(unresolved(&doc.file, reference, why, &[])),
                    Ok(ix) if matches!(self.slots[ix.0 as usize].source, Source::Inline) => {
                        self.findings.push(
                            Finding::error(
                                "unknown-task",
                                &doc.file,
                                reference.mark,
                                format!(
                                    "`{}` is a step of the orchestration file, no task file",
                                    reference.value
                                ),
                            )
                            .help("write this dependency into the orchestration file"),
                        )
                    }
                    Ok(ix) if ix == dependent => {
                        self.findings.push(on_itself(&doc.file, reference))
                    }
                    Ok(ix)
                        if self.edges[first..]
                            .iter()
                            .any(|edge| edge.prerequisite == ix) =>
                    {
                        self.findings.push(
                            Finding::warning(
                                "named-twice",
                                &doc.file,
                                reference.mark,
                                format!("`{}` stands in `depends_on` twice", reference.value),
                            )
                            .help("remove one of them"),
                        );
                    }
                    Ok(prerequisite) => self.edges.push(Edge {
                        prerequisite,
                        dependent,
                        origin: Origin::TaskFile,
                        place: reference.mark.in_file(&doc.file),
                    }),
                }
            }
        }
    }

    /// The edges that the orchestration file writes: the order of steps, and `depends_on` of steps and tracks.
    fn step_edges(&mut self) {
        let Some(doc) = &self.raw.orchestration else {
            return;
        };
        for (t, track) in doc.tracks.iter().enumerate() {
            let mut before: Option<TaskIx> = None;
            for (s, step) in track.steps.iter().enumerate() {
                let Some(here) = self.steps[t][s] else {
                    continue;
                };
                let mut needs: Vec<(TaskIx, Origin, Place)> = Vec::new();
                if let Some(before) = before {
                    needs.push((before, Origin::TrackOrder, step.mark.in_file(&doc.file)));
                } else {
                    // The first step waits for what the track waits for; the others wait for the first.
                    for reference in &track.depends_on {
                        if let Some(ix) = self.any(doc, reference, here) {
                            needs.push((ix, Origin::Track, reference.mark.in_file(&doc.file)));
                        }
                    }
                }
                for reference in &step.depends_on {
                    if let Some(ix) = self.any(doc, reference, here) {
                        needs.push((ix, Origin::Step, reference.mark.in_file(&doc.file)));
                    }
                }
                self.edges
                    .extend(needs.into_iter().map(|(prerequisite, origin, place)| Edge {
                        prerequisite,
                        dependent: here,
                        origin,
                        place,
                    }));
                before = Some(here);
            }
        }
    }

    /// What a reference of the orchestration file means: a task, a step `TRACK/NAME`, or a track, of which
    /// the last step stands for all since each waits for the one before.
    fn any(
        &mut self,
        doc: &OrchestrationDoc,
        reference: &At<Box<str>>,
        here: TaskIx,
    ) -> Option<TaskIx> {
        let wanted = &*reference.value;
        let mut candidates: Vec<(TaskIx, String)> = Vec::new();
        for (t, track) in doc.tracks.iter().enumerate() {
            if *track.name.value == *wanted {
                // A step that could not be resolved has been reported where it stands.
                let last = self.steps[t].iter().rev().flatten().next();
                candidates.push((*last?, format!("the track `{wanted}`")));
            }
            let step = wanted
                .strip_prefix(&*track.name.value)
                .and_then(|rest| rest.strip_prefix('/'));
            if let Some(step) = step {
                for (s, doc) in track.steps.iter().enumerate() {
                    if step_name(doc, s + 1) == step {
                        candidates.push((self.steps[t][s]?, format!("the step `{wanted}`")));
                    }
                }
            }
        }
        match self.names.resolve(wanted, folder(&doc.file)) {
            Ok(ix) if candidates.iter().all(|(other, _)| *other != ix) => {
                candidates.push((ix, format!("the task `{}`", self.ids[ix.0 as usize])));
            }
            Ok(_) => {}
            Err(why) if candidates.is_empty() => {
                let names: Vec<&str> = doc.tracks.iter().map(|track| &*track.name.value).collect();
                self.findings
                    .push(unresolved(&doc.file, reference, why, &names));
                return None;
            }
            Err(Unresolved::Ambiguous { candidates: more }) => {
                candidates.extend(
                    more.into_iter()
                        .map(|name| (TaskIx(u32::MAX), format!("the task `{name}`"))),
                );
            }
            Err(_) => {}
        }
        match candidates.as_slice() {
            [(ix, _)] if *ix == here => {
                self.findings.push(on_itself(&doc.file, reference));
                None
            }
            [(ix, _)] => Some(*ix),
            _ => {
                let names: Vec<&str> = candidates.iter().map(|(_, name)| name.as_str()).collect();
                self.findings.push(
                    Finding::error(
                        "ambiguous",
                        &doc.file,
                        reference.mark,
                        format!("`{wanted}` can mean {}", names.join(" or ")),
                    )
                    .help("write a task with `.md`, a step as `TRACK/NAME`"),
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

fn on_itself(file: &Arc<str>, reference: &At<Box<str>>) -> Finding {
    Finding::error(
        "cycle",
        file,
        reference.mark,
        format!("`{}` would wait for itself", reference.value),
    )
    .help("remove it from `depends_on`")
}

/// Says why a reference means nothing, and what may have been meant. `tracks` can be meant too.
fn unresolved(
    file: &Arc<str>,
    reference: &At<Box<str>>,
    why: Unresolved,
    tracks: &[&str],
) -> Finding {
    let name = &*reference.value;
    let error = |code, message: String| Finding::error(code, file, reference.mark, message);
    match why {
        Unresolved::Missing { near } => {
            let track = nearest(name, tracks.iter().copied());
            let near: Vec<String> = track.into_iter().map(str::to_owned).chain(near).map(|name| format!("`{name}`")).collect();
            let what = if tracks.is_empty() { "task" } else { "task, step or track" };
            error("unknown-task", format!("there is no {what} `{name}`")).help(match near.as_slice() {
                [] => format!("tasks are the `.md` files in `{TASKS}/`"),
                near => format!("did you mean {}?", near.join(" or ")),
            })
        }
        Unresolved::Ambiguous { candidates } => {
            let names: Vec<String> = candidates.iter().map(|name| format!("`{name}`")).collect();
            error("ambiguous", format!("`{name}` can mean {}", names.join(" or ")))
                .help("begin with `./` for the folder of this file, or write the path from the project root")
        }
        Unresolved::OtherRepository { alias } => error(
            "other-repository",
            format!("`{name}` names a task of the repository `{alias}`: several repositories are not supported yet"),
        )
        .help("depend on a task of this repository, for instance a manual one"),
        Unresolved::Outside => error("outside", format!("`{name}` leads out of the project"))
            .help(format!("tasks are the `.md` files in `{TASKS}/`")),
    }
}
