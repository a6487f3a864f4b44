//! Raw documents → the plan: steps and references taken in one by one, tasks made, the graph closed.
//!
//! Knows all documents of a project. Reads no file; gives every problem, not only the first.

use std::sync::Arc;

use crate::model::{Alias, Config, Policy, Task, TaskId, Track, TrackIx, WorkerConfig};
use crate::plan::far::{Far, StandIn, Target};
use crate::plan::layers::{Layers, Policies, Who};
use crate::plan::make::{Maker, Placed, inline};
use crate::plan::number::{Slot, Source};
use crate::plan::resolve::Names;
use crate::plan::{Edge, Part, Plan, TaskIx};
use crate::spec::{At, ConfigDoc, Finding, OrchestrationDoc, TaskDoc};

/// The plan, if there was no error before and none was found.
#[derive(Debug)]
pub struct Built {
    pub plan: Option<(Plan, Config)>,
    pub findings: Vec<Finding>,
}

/// A plan in the making: every task has its number, the task files are still to be taken in.
///
/// Task files are many. They are taken in one by one, by several [`Drafter`]s at once if wanted, and nothing of a
/// file is kept but its task and its edges.
#[derive(Debug)]
pub struct Draft {
    config: ConfigDoc,
    config_sound: bool,
    pub(super) orchestration: Option<OrchestrationDoc>,
    pub(super) names: Names,
    pub(super) slots: Vec<Slot>,
    pub(super) ids: Vec<TaskId>,
    /// The task of each file.
    pub(super) files: Vec<TaskIx>,
    /// For each track the task of each step; `None` where it could not be resolved.
    pub(super) steps: Vec<Vec<Option<TaskIx>>>,
    pub(super) edges: Vec<Edge>,
    pub(super) findings: Vec<Finding>,
    /// Edges from tasks of other repositories.
    pub(super) far: Vec<Far>,
    /// Steps that are tasks of other repositories.
    pub(super) stand_ins: Vec<StandIn>,
}

/// Takes in task files.
#[derive(Debug)]
pub struct Drafter<'a> {
    draft: &'a Draft,
    maker: Maker<'a>,
    drawn: Drawn,
}

/// What a drafter has collected beside the tasks.
#[derive(Debug, Default)]
pub struct Drawn {
    pub(super) edges: Vec<Edge>,
    pub(super) findings: Vec<Finding>,
    pub(super) far: Vec<Far>,
}

impl Drafter<'_> {
    /// The task of a file, by the file's number. `None`: the document is not sound, and the findings of its reading say
    /// why; its references are checked all the same.
    pub fn task(&mut self, file: usize, doc: &TaskDoc) -> Option<Task> {
        let ix = self.draft.files[file];
        self.draft.file_edges(ix, doc, &mut self.drawn);
        let slot = self.draft.slots[ix.0 as usize];
        let id = self.draft.ids[ix.0 as usize].clone();
        let placed = self.draft.placed(slot);
        doc.sound.then(|| self.maker.of_file(id, doc, placed))
    }

    #[must_use]
    pub fn done(mut self) -> Drawn {
        if self.draft.config_sound {
            self.drawn.findings.append(&mut self.maker.findings);
        }
        self.drawn
    }
}

impl Draft {
    /// Begins a plan. `config` and `orchestration` are `None` when they had errors (the latter also when there is no such
    /// file); `files` are the ids of all task files, sorted.
    #[must_use]
    pub fn new(
        config: Option<ConfigDoc>,
        orchestration: Option<OrchestrationDoc>,
        files: Vec<TaskId>,
    ) -> Self {
        let mut draft = Self {
            config_sound: config.is_some(),
            config: config.unwrap_or_default(),
            orchestration: None,
            names: Names::default(),
            slots: Vec::with_capacity(files.len()),
            ids: Vec::with_capacity(files.len()),
            files: Vec::new(),
            steps: Vec::new(),
            edges: Vec::new(),
            findings: Vec::new(),
            far: Vec::new(),
            stand_ins: Vec::new(),
        };
        draft.number(&files, orchestration.as_ref());
        draft.orchestration = orchestration;
        draft
    }

    #[must_use]
    pub fn drafter(&self) -> Drafter<'_> {
        Drafter {
            draft: self,
            maker: Maker::new(&self.config, self.orchestration.as_ref()),
            drawn: Drawn::default(),
        }
    }

    /// Finishes the plan of a repository that works with no other. `tasks` are those of the files, in the order of the
    /// files.
    #[must_use]
    pub fn finish(self, tasks: Vec<Option<Task>>, drawn: Vec<Drawn>) -> Built {
        self.part(tasks, drawn).alone()
    }

    /// Finishes the repository's part of a plan of several. `tasks` as for [`Self::finish`].
    #[must_use]
    pub fn part(mut self, tasks: Vec<Option<Task>>, drawn: Vec<Drawn>) -> Part {
        for mut drawn in drawn {
            self.edges.append(&mut drawn.edges);
            self.findings.append(&mut drawn.findings);
            self.far.append(&mut drawn.far);
        }
        self.edges.shrink_to_fit();
        self.step_edges();
        let mut maker = Maker::new(&self.config, self.orchestration.as_ref());
        maker.check_defaults();
        let tasks = self.in_order(tasks, &mut maker);
        let config = settled(&self.config, &maker);
        if self.config_sound {
            self.findings.append(&mut maker.findings);
        } else {
            // Which repositories it would name is not known, and what is wrong with it is said where that stands.
            self.findings
                .retain(|finding| finding.diagnostic.code != "other-repository");
        }
        let made = tasks.iter().flatten().count() + self.stand_ins.len();
        let whole = self.config_sound && made == self.ids.len();
        Part {
            sound: whole && !self.findings.iter().any(Finding::is_error),
            tracks: self.tracks(),
            tasks,
            config,
            ids: self.ids,
            edges: self.edges,
            names: self.names,
            findings: self.findings,
            far: self.far,
            stand_ins: self.stand_ins,
        }
    }

    /// The tasks in order of their numbers: those of files, and the inline steps, which are made now.
    fn in_order<'a>(
        &'a self,
        files: Vec<Option<Task>>,
        maker: &mut Maker<'a>,
    ) -> Vec<Option<Task>> {
        let Some(doc) = &self.orchestration else {
            return files;
        };
        let mut all: Vec<Option<Task>> = vec![None; self.slots.len()];
        for (task, ix) in files.into_iter().zip(&self.files) {
            all[ix.0 as usize] = task;
        }
        for ((task, slot), id) in all.iter_mut().zip(&self.slots).zip(&self.ids) {
            if let (Source::Inline, Some(placed)) = (slot.source, self.placed(*slot)) {
                *task = inline(placed.step)
                    .map(|run| maker.of_step(id.clone(), &doc.file, placed, run));
            }
        }
        all
    }

    /// The task of another repository that a reference names; `None`: it is none, or the configuration does not name
    /// the repository.
    pub(super) fn target(&self, reference: &At<Box<str>>) -> Option<Target> {
        if self.config.repos.is_empty() {
            return None;
        }
        let (alias, task) = reference.value.split_once(':')?;
        let alias = Alias::parse(alias).filter(|_| !task.is_empty())?;
        let known = self.config.repos.iter().any(|r| r.alias.value == alias);
        known.then(|| Target {
            alias,
            task: task.into(),
            mark: reference.mark,
        })
    }

    fn placed(&self, slot: Slot) -> Option<Placed<'_>> {
        let ((t, s), doc) = slot.step.zip(self.orchestration.as_ref())?;
        Some(Placed {
            track: &doc.tracks[t],
            step: &doc.tracks[t].steps[s],
            ix: TrackIx(u32::try_from(t).unwrap_or(u32::MAX)),
        })
    }

    fn tracks(&self) -> Vec<Track> {
        let Some(doc) = &self.orchestration else {
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
    let policy: Arc<Policy> = Policies::default().of(&layers, Who::Command);
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
        budget: config.budget,
        frontmatter: config.frontmatter,
        notify: config.notify.clone(),
        git: config.git.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::Origin;
    use crate::spec::{read_config, read_orchestration, read_task};

    fn build(config: &str, orchestration: &str, tasks: &[(&str, &str)]) -> Built {
        let mut findings = Vec::new();
        let config = read_config(&"config".into(), config.as_bytes(), &mut findings);
        let file = ".runr/orchestration.yaml".into();
        let orchestration = (!orchestration.is_empty())
            .then(|| read_orchestration(&file, orchestration.as_bytes(), &mut findings))
            .flatten();
        let ids = tasks.iter().map(|(id, _)| TaskId::parse(id).unwrap());
        let draft = Draft::new(config, orchestration, ids.collect());
        let mut drafter = draft.drafter();
        let mut made = Vec::new();
        for (i, (id, front)) in tasks.iter().enumerate() {
            let file = format!(".runr/tasks/{id}").into();
            let text = format!("---\n{front}\n---\n");
            let doc = read_task(&file, text.as_bytes(), &mut findings).unwrap();
            made.push(drafter.task(i, &doc));
        }
        assert_eq!(findings, []);
        let drawn = drafter.done();
        draft.finish(made, vec![drawn])
    }

    #[test]
    fn steps_come_first_and_every_edge_knows_where_it_was_written() {
        let built = build(
            "",
            "tracks:\n  - name: a\n    steps: [{task: z}, {run: make}]\n  - name: b\n    depends_on: [a]\n    steps: [{task: y, depends_on: [x.md]}, {run: make, name: last}]\n",
            &[("x.md", ""), ("y.md", "depends_on: z"), ("z.md", "")],
        );
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
                (4, 2, Origin::Step, at(6, 36)),
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
        let built = build(
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
        let (plan, config) = built.plan.unwrap();
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
        let built = build(
            "",
            "tracks: [{name: t, steps: [{run: make}]}]\n",
            &[("a.md", "depends_on: t/step-1")],
        );
        assert!(built.plan.is_none());
        assert_eq!(
            built.findings[0].diagnostic.message,
            "`t/step-1` is a step of the orchestration file, no task file"
        );
    }

    #[test]
    fn a_step_that_is_no_task_hides_no_other_mistake() {
        let built = build(
            "",
            "tracks:\n  - name: a\n    steps: [{run: make}]\n  - name: b\n    depends_on: [aa, a]\n    \
             steps: [{task: x, depends_on: [y]}]\n",
            &[("z.md", "")],
        );
        let found = built.findings.iter();
        let mut found: Vec<&str> = found.map(|f| &*f.diagnostic.message).collect();
        found.sort_unstable();
        assert_eq!(
            found,
            [
                "there is no task `x`",
                "there is no task, step or track `aa`",
                "there is no task, step or track `y`",
            ]
        );
    }

    #[test]
    fn fingerprints_of_inline_steps_cover_command_and_settings() {
        let text = |step: &str| {
            let built = build(
                "",
                &format!("tracks: [{{name: t, steps: [{{{step}}}]}}]"),
                &[],
            );
            built.plan.unwrap().0.task(TaskIx(0)).text
        };
        let base = text("run: make, timeout: 1m");
        assert_eq!(text("timeout: 1m, run: make, name: other"), base);
        assert_ne!(text("run: make all, timeout: 1m"), base);
        assert_ne!(text("run: make, timeout: 2m"), base);
    }
}
