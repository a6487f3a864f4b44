//! Makes one task of an existing plan anew from documents that were read again.

use crate::model::Task;
use crate::plan::make::{Maker, Placed, inline, step_name};
use crate::plan::resolve::folder;
use crate::plan::{Plan, TaskIx};
use crate::spec::{ConfigDoc, Finding, Mark, OrchestrationDoc, TaskDoc, Work};

/// The documents that say what a task is.
#[derive(Debug, Clone, Copy)]
pub struct Sources<'a> {
    pub config: &'a ConfigDoc,
    pub orchestration: Option<&'a OrchestrationDoc>,
    /// `None` for an inline step.
    pub doc: Option<&'a TaskDoc>,
}

/// The task as the documents say it now; its id, its track and its edges are the plan's. `None`: it is no longer
/// there or has become invalid, and `findings` says how. What it depends on now is not looked at.
pub fn again(
    plan: &Plan,
    ix: TaskIx,
    sources: &Sources,
    findings: &mut Vec<Finding>,
) -> Option<Task> {
    let old = plan.task(ix);
    let placed = sources.orchestration.and_then(|doc| step_of(plan, ix, doc));
    let mut maker = Maker::new(sources.config, sources.orchestration);
    maker.check_defaults();
    let task = match (sources.doc, placed, sources.orchestration) {
        (Some(doc), ..) => Some(maker.of_file(old.id.clone(), doc, placed)),
        (None, Some(placed), Some(doc)) => {
            inline(placed.step).map(|run| maker.of_step(old.id.clone(), &doc.file, placed, run))
        }
        (None, ..) => None,
    };
    let Some(mut task) = task else {
        findings.push(
            Finding::error(
                "vanished",
                &old.place.file,
                Mark::START,
                format!("the step `{}` is gone", old.id),
            )
            .help("put it back, or start a new orchestration without it"),
        );
        return None;
    };
    findings.append(&mut maker.findings);
    task.track = old.track;
    Some(task)
}

/// The step that a task is in the orchestration file as it stands now.
fn step_of<'a>(plan: &Plan, ix: TaskIx, doc: &'a OrchestrationDoc) -> Option<Placed<'a>> {
    let old = plan.task(ix);
    let from = folder(&doc.file);
    for track in &doc.tracks {
        for (s, step) in track.steps.iter().enumerate() {
            let is = match &step.work {
                Work::Task(name) => plan.names.resolve(&name.value, from) == Ok(ix),
                Work::Run(_) => {
                    *format!("{}/{}", track.name.value, step_name(step, s + 1)) == *old.id.as_str()
                }
            };
            if is {
                return Some(Placed {
                    track,
                    step,
                    ix: old.track.unwrap_or(crate::model::TrackIx(0)),
                });
            }
        }
    }
    None
}
