//! From a task of the plan to an attempt that can be started: its text as it is now, its fingerprint,
//! what it takes, and its `spec.json`.

use std::path::PathBuf;

use crate::event::Event;
use crate::model::{
    Collision, Fingerprint, GitSpec, Isolation, Needed, OrchId, RunId, RunSpec, StopReason, Task,
    TaskId, VerifyPolicy,
};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::babysit::Variables;
use crate::orchestrate::ground::{self, Grounds};
use crate::plan::{Plan, TaskIx};
use crate::project::{self, Project};
use crate::sched;
use crate::state::{State, TaskState};
use crate::store::{Layout, read_spec};
use crate::worker;

/// Workers that cannot work now, and until when; `None`: as long as this orchestration lasts.
pub type Away = std::collections::BTreeMap<String, Option<jiff::Timestamp>>;

/// What every attempt of an orchestration has in common.
#[derive(Debug)]
pub struct Dispatch {
    pub project: Project,
    pub layout: Layout,
    pub orch: OrchId,
    /// The orchestrator's environment.
    pub env: Vec<(String, String)>,
    pub collision: Collision,
    /// The orchestration file that was read, for reading a step again.
    pub orchestration: Option<PathBuf>,
    pub away: Away,
    /// Where tasks get working trees of their own; `None`: they work in place.
    pub grounds: Option<Grounds>,
    pub needs: Needs,
}

/// Must what a task needs be in its base?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Needs {
    Checked,
    /// A person said that it runs all the same.
    Ignored,
}

/// An attempt about to be reserved.
#[derive(Debug)]
pub struct Attempt {
    pub reserved: Event,
    pub run: RunId,
    /// What to start; or why it cannot be started, in the words of its end.
    pub spec: Result<Box<RunSpec>, (StopReason, String)>,
    /// What the worker may see and no file may hold.
    pub secrets: Variables,
}

/// The task that is to be attempted.
#[derive(Debug)]
pub struct Asked<'a> {
    pub plan: &'a Plan,
    pub ix: TaskIx,
    pub state: &'a State,
    pub before: &'a [Before],
    /// It is run although it is completed.
    pub again: bool,
}

/// A direct prerequisite of a task that is to be attempted.
#[derive(Debug)]
pub struct Before {
    /// As the repository of the attempt calls it.
    pub id: TaskId,
    /// Of its latest run.
    pub folder: Option<PathBuf>,
    /// The commit that must be in the attempt's base; `None`: it has none, or it is of another repository.
    pub needed: Option<Needed>,
}

impl Dispatch {
    /// Prepares an attempt at a task. A task that cannot be run gives an attempt all the same: it is
    /// reserved and ends at once with its reason, so that the journal tells why. What its prerequisites were completed
    /// with is the caller's to add to the event.
    ///
    /// # Errors
    /// When the system gives no random numbers.
    pub fn prepare(
        &self,
        asked: &Asked<'_>,
        now: jiff::Timestamp,
    ) -> Result<Attempt, OrchestrateError> {
        let (plan, ix, state) = (asked.plan, asked.ix, asked.state);
        let run = self.new_run(now)?;
        let frozen = plan.task(ix);
        let attempt = state.tasks.get(&frozen.id).map_or(0, |task| task.attempts) + 1;
        let read = self.read(plan, ix);
        let (task, fingerprint) = match &read {
            Ok((task, fingerprint)) => (task, *fingerprint),
            Err(_) => (frozen, frozen.text),
        };
        let reserved = Event::Reserved {
            orch: self.orch.clone(),
            run: run.clone(),
            task: frozen.id.clone(),
            attempt,
            fingerprint,
            prerequisites: Vec::new(),
            claims: sched::claims(task, self.collision)
                .iter()
                .map(ToString::to_string)
                .collect(),
            pools: task.pools.to_vec(),
            again: asked.again,
        };
        let mut spec = match &read {
            Ok((task, _)) => self.spec(task, state, (run.clone(), attempt), asked.before),
            Err(why) => Err(why.clone()),
        };
        if let (Ok(spec), Ok((task, fingerprint))) = (&mut spec, &read) {
            spec.previous = previous(state, &frozen.id);
            let needs = match self.needs {
                Needs::Checked => {
                    let before = asked.before.iter();
                    before.filter_map(|b| b.needed.clone()).collect()
                }
                Needs::Ignored => Vec::new(),
            };
            let before = state.tasks.get(&frozen.id);
            self.give_ground(spec, task, *fingerprint, needs, before);
        }
        let secrets = spec
            .as_mut()
            .map_or_else(|_| Vec::new(), |it| take_secrets(it));
        Ok(Attempt {
            reserved,
            run,
            spec,
            secrets,
        })
    }

    /// Turns a run in place into one in a working tree of its own, where the rules say so.
    fn give_ground(
        &self,
        spec: &mut RunSpec,
        task: &Task,
        fingerprint: Fingerprint,
        needs: Vec<Needed>,
        before: Option<&TaskState>,
    ) {
        let Some(grounds) = &self.grounds else {
            return;
        };
        let ground = &grounds.ground;
        if ground::isolation(task, ground.isolation, &grounds.config) == Isolation::None {
            return;
        }
        let remarks = before.map(|task| task.remarks.clone()).unwrap_or_default();
        let sent_back = before.and_then(|task| task.sent_back.as_ref());
        let sent_back = sent_back.and_then(|run| self.its_tree(run));
        let worktree = match &sent_back {
            Some((_, worktree)) => worktree.clone(),
            None => self.layout.worktree(&spec.run),
        };
        spec.tree = match ground.folder.as_str() {
            "" => worktree.clone(),
            folder => worktree.join(folder),
        };
        // What has changed is known here, and the attempt looks at that.
        spec.verify = task.policy.verify.clone();
        let rules = &grounds.config.git;
        spec.git = Some(Box::new(GitSpec {
            common: ground.common.clone(),
            worktree,
            folder: ground.folder.clone(),
            branch: grounds.branch.clone(),
            git_lock: self.layout.git_lock(),
            branch_lock: self.layout.branch_lock(&grounds.branch),
            kind: task.kind,
            fingerprint,
            owns: task.owns.iter().map(ToString::to_string).collect(),
            scope: rules.scope.clone(),
            steering: grounds.steering.clone(),
            setup: rules.tree.clone(),
            commits: rules.commits,
            excludes: grounds.excludes.clone(),
            needs,
            continues: sent_back.map(|(run, _)| run),
            remarks,
            guard: grounds.guard.clone(),
        }));
    }

    /// The working tree of a run, when it is there to go on with.
    fn its_tree(&self, run: &RunId) -> Option<(RunId, PathBuf)> {
        let git = read_spec(&self.layout.run(run)).ok()?.git?;
        let whole = git.worktree.join(".git").exists();
        whole.then(|| (run.clone(), git.worktree))
    }

    /// A run id that nobody has: of those of one second there are only a million.
    fn new_run(&self, now: jiff::Timestamp) -> Result<RunId, OrchestrateError> {
        loop {
            let random = getrandom::u32().map_err(|source| OrchestrateError::Random { source })?;
            let run = RunId::new(now, random);
            if !self.layout.run(&run).exists() {
                return Ok(run);
            }
        }
    }

    /// The task's file as it is now.
    fn read(
        &self,
        plan: &Plan,
        ix: TaskIx,
    ) -> Result<(Task, crate::model::Fingerprint), (StopReason, String)> {
        let task = project::reread(&self.project, plan, self.orchestration.as_deref(), ix)
            .map_err(|problems| {
                let first = problems.first().map_or_else(
                    || "its file cannot be read".to_owned(),
                    |problem| match &problem.place {
                        Some(place) => format!("{place}: {}", problem.message),
                        None => problem.message.clone(),
                    },
                );
                (StopReason::TaskChanged, first)
            })?;
        let fingerprint = project::fingerprint(&self.project, &task).map_err(|error| {
            (
                StopReason::InternalError,
                format!("cannot read its inputs: {error}"),
            )
        })?;
        Ok((task, fingerprint))
    }

    fn spec(
        &self,
        task: &Task,
        state: &State,
        ids: (RunId, u32),
        before: &[Before],
    ) -> Result<Box<RunSpec>, (StopReason, String)> {
        let missing = |message: &str| Err((StopReason::WorkerMissing, message.to_owned()));
        let (run, attempt) = ids;
        let (worker, command, agent) = match (task.worker.as_deref(), &task.command, &task.agent) {
            (Some(worker::SHELL), Some(command), _) => (worker::SHELL, command.clone(), None),
            (Some(_), _, Some(_)) => {
                let agent = self.agent(task, state, before)?;
                (agent.worker, agent.spec.program.clone(), Some(agent))
            }
            (Some(_), ..) => return missing("its worker has no command"),
            (None, ..) => {
                return missing(
                    "it has no `run:` and no worker: name one with `--worker`, or with `worker:` in .runr/config.yaml",
                );
            }
        };
        let env = match &agent {
            Some(agent) => agent.environment(&self.env, task),
            None => worker::environment(self.env.iter().cloned(), &task.env),
        };
        Ok(Box::new(RunSpec {
            schema_version: 1,
            run,
            orch: self.orch.clone(),
            task: task.id.clone(),
            attempt,
            title: task.title.to_string(),
            worker: worker.to_owned(),
            root: self.project.root.clone(),
            tree: self.project.root.clone(),
            lock: self.layout.task_lock(&task.id),
            command,
            env,
            secrets: Vec::new(),
            verify: in_place(task),
            timeouts: task.policy.timeouts.clone(),
            agent: agent.map(|agent| Box::new(agent.spec)),
            previous: None,
            git: None,
        }))
    }
}

/// In place nobody can tell who changed a file: what the task owns it may have changed.
fn in_place(task: &Task) -> VerifyPolicy {
    let verify = &task.policy.verify;
    verify.clone().raised(verify.tier_for_claims(&task.owns))
}

/// Why the attempt before did not succeed.
fn previous(state: &State, task: &TaskId) -> Option<String> {
    let state = state.tasks.get(task).filter(|state| state.attempts > 0)?;
    match (state.stop_reason, &state.message) {
        (Some(reason), Some(message)) => Some(format!("{reason}: {message}")),
        (Some(reason), None) => Some(reason.to_string()),
        (None, message) => message.clone(),
    }
}

/// Takes the variables out of a specification that no file may hold, and leaves their names.
fn take_secrets(spec: &mut RunSpec) -> Variables {
    let all = std::mem::take(&mut spec.env);
    let (secrets, plain) = all
        .into_iter()
        .partition(|(name, value)| worker::holds_secret(name, value));
    spec.env = plain;
    let secrets: Variables = secrets;
    spec.secrets = secrets.iter().map(|(name, _)| name.clone()).collect();
    secrets
}
