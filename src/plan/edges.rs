//! Draws the edges: what task files and the orchestration file say about order.
//!
//! Knows names and numbers of all tasks. Does not know what a task does.

use std::sync::Arc;

use crate::model::Place;
use crate::plan::build::{Draft, Drawn};
use crate::plan::far::Far;
use crate::plan::make::step_name;
use crate::plan::number::Source;
use crate::plan::resolve::{TASKS, Unresolved, folder};
use crate::plan::{Edge, Origin, TaskIx};
use crate::spec::{At, Finding, OrchestrationDoc, TaskDoc, nearest};

impl Draft {
    /// The edges that a task file writes.
    pub(super) fn file_edges(&self, dependent: TaskIx, doc: &TaskDoc, drawn: &mut Drawn) {
        let from = folder(&doc.file);
        let first = drawn.edges.len();
        for reference in &doc.depends_on {
            if let Some(target) = self.target(reference) {
                drawn.far.push(Far {
                    dependent,
                    target,
                    origin: Origin::TaskFile,
                    file: doc.file.clone(),
                });
                continue;
            }
            match self.names.resolve(&reference.value, from) {
                Err(why) => drawn
                    .findings
                    .push(unresolved(&doc.file, reference, why, &[])),
                Ok(ix) if matches!(self.slots[ix.0 as usize].source, Source::Inline) => {
                    drawn.findings.push(
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
                Ok(ix) if ix == dependent => drawn.findings.push(on_itself(&doc.file, reference)),
                Ok(ix)
                    if drawn.edges[first..]
                        .iter()
                        .any(|edge| edge.prerequisite == ix) =>
                {
                    drawn.findings.push(
                        Finding::warning(
                            "named-twice",
                            &doc.file,
                            reference.mark,
                            format!("`{}` stands in `depends_on` twice", reference.value),
                        )
                        .help("remove one of them"),
                    );
                }
                Ok(prerequisite) => drawn.edges.push(Edge {
                    prerequisite,
                    dependent,
                    origin: Origin::TaskFile,
                    place: reference.mark.in_file(&doc.file),
                }),
            }
        }
    }

    /// The edges that the orchestration file writes: the order of steps, and `depends_on` of steps and tracks.
    pub(super) fn step_edges(&mut self) {
        let Some(doc) = self.orchestration.take() else {
            return;
        };
        for (t, track) in doc.tracks.iter().enumerate() {
            let mut before: Option<TaskIx> = None;
            for (s, step) in track.steps.iter().enumerate() {
                let Some(here) = self.steps[t][s] else {
                    self.only_look(&doc, &step.depends_on);
                    continue;
                };
                let mut needs: Vec<(TaskIx, Origin, Place)> = Vec::new();
                if let Some(before) = before {
                    needs.push((before, Origin::TrackOrder, step.mark.in_file(&doc.file)));
                } else {
                    // The first step waits for what the track waits for; the others wait for the first.
                    for reference in &track.depends_on {
                        if let Some(ix) = self.near_or_far(&doc, reference, (here, Origin::Track)) {
                            needs.push((ix, Origin::Track, reference.mark.in_file(&doc.file)));
                        }
                    }
                }
                for reference in &step.depends_on {
                    if let Some(ix) = self.near_or_far(&doc, reference, (here, Origin::Step)) {
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
            if before.is_none() {
                self.only_look(&doc, &track.depends_on);
            }
        }
        self.orchestration = Some(doc);
    }

    /// Reports what is wrong with references of a step that is no task itself, which was reported too: all at once.
    fn only_look(&mut self, doc: &OrchestrationDoc, references: &[At<Box<str>>]) {
        let nobody = TaskIx(u32::MAX);
        for reference in references {
            if self.target(reference).is_none() {
                self.any(doc, reference, nobody);
            }
        }
    }

    /// The task of this repository that a reference of the orchestration file means; one of another repository is
    /// noted, to be found when that is read.
    fn near_or_far(
        &mut self,
        doc: &OrchestrationDoc,
        reference: &At<Box<str>>,
        (here, origin): (TaskIx, Origin),
    ) -> Option<TaskIx> {
        let Some(target) = self.target(reference) else {
            return self.any(doc, reference, here);
        };
        self.far.push(Far {
            dependent: here,
            target,
            origin,
            file: doc.file.clone(),
        });
        None
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
pub(super) fn unresolved(
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
                [] if name.ends_with(':') => {
                    format!("name a task of that repository behind the colon, in quotes: `\"{name}NAME\"`")
                }
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
            format!("`{name}` names a task of the repository `{alias}`, which the configuration does not name"),
        )
        .help(format!("name its folder in `.runr/config.yaml`: `repos: {{ {alias}: ../{alias} }}`")),
        Unresolved::Outside => error("outside", format!("`{name}` leads out of the project"))
            .help(format!("tasks are the `.md` files in `{TASKS}/`")),
    }
}
