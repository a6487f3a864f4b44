//! Numbers the tasks of a plan: the steps of the orchestration file in order, then the other files by name.
//!
//! Knows the names of all files and steps; no file but the orchestration file has been read yet.

use std::collections::HashMap;
use std::sync::Arc;

use crate::model::TaskId;
use crate::plan::TaskIx;
use crate::plan::build::Draft;
use crate::plan::edges::unresolved;
use crate::plan::far::StandIn;
use crate::plan::make::step_name;
use crate::plan::resolve::{Names, folder};
use crate::spec::{At, Finding, Mark, OrchestrationDoc, Settings, Work};

/// Where a task of the plan comes from.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// The number of a document.
    File(usize),
    Inline,
    /// A task of another repository.
    Far,
}

/// A step's place and the task it is.
#[derive(Debug, Clone, Copy)]
pub(super) struct Slot {
    pub(super) source: Source,
    /// Track and step, by number.
    pub(super) step: Option<(usize, usize)>,
}

impl Draft {
    /// Numbers the tasks: the steps of the orchestration file in order, then the other files by name.
    pub(super) fn number(&mut self, files: &[TaskId], orchestration: Option<&OrchestrationDoc>) {
        self.files = vec![TaskIx(u32::MAX); files.len()];
        let mut docs = Names::default();
        // Without steps nothing is looked up here.
        let named = if orchestration.is_some() { files } else { &[] };
        for (i, id) in named.iter().enumerate() {
            docs.insert(id.clone(), TaskIx(u32::try_from(i).unwrap_or(u32::MAX)));
        }
        let mut placed: HashMap<usize, (TaskIx, Mark)> = HashMap::new();
        if let Some(doc) = orchestration {
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
                        Work::Task(name) if self.target(name).is_some() => {
                            self.stand_in(doc, name, (t, s))
                        }
                        Work::Task(name) => match docs.resolve(&name.value, &from) {
                            Err(why) => {
                                self.findings.push(unresolved(&doc.file, name, why, &[]));
                                None
                            }
                            Ok(file) => {
                                let file = file.0 as usize;
                                if let Some((_, first)) = placed.get(&file) {
                                    self.findings.push(
                                        Finding::error("task-twice", &doc.file, name.mark, format!("`{}` is a step already", files[file]))
                                            .note(Some(first.in_file(&doc.file)), "the first one")
                                            .help("a task stands in one place; order it with `depends_on`"),
                                    );
                                    None
                                } else {
                                    let id = files[file].clone();
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
        for (i, id) in files.iter().enumerate() {
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
        if let Source::File(file) = slot.source {
            self.files[file] = ix;
        }
        self.names.insert(id.clone(), ix);
        self.ids.push(id);
        self.slots.push(slot);
        ix
    }

    /// A step that is a task of another repository: everything but its place in the order is said there.
    fn stand_in(
        &mut self,
        doc: &OrchestrationDoc,
        name: &At<Box<str>>,
        at: (usize, usize),
    ) -> Option<TaskIx> {
        let target = self.target(name)?;
        let step = &doc.tracks[at.0].steps[at.1];
        if step.allowlist.is_some()
            || !step.inputs.is_empty()
            || step.settings != Settings::default()
        {
            self.findings.push(
                Finding::error(
                    "wrong-value",
                    &doc.file,
                    name.mark,
                    format!("`{}` is set up in its own repository", name.value),
                )
                .help("of its step only `task`, `name` and `depends_on` may be said here"),
            );
        }
        let id = TaskId::parse(&name.value).ok()?;
        if self.names.get(id.as_str()).is_some() {
            self.findings.push(
                Finding::error(
                    "task-twice",
                    &doc.file,
                    name.mark,
                    format!("`{id}` is a step already"),
                )
                .help("a task stands in one place; order it with `depends_on`"),
            );
            return None;
        }
        let source = Source::Far;
        let step = Some(at);
        let ix = self.add(id, Slot { source, step });
        self.stand_ins.push(StandIn {
            ix,
            target,
            file: doc.file.clone(),
            track: at.0,
        });
        Some(ix)
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
}
