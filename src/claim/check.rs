//! Running the checks of a task whose work was done outside, in an attempt of their own.
//!
//! The attempt's worker is a command that does nothing. Everything else is as in any run: the checks' logs, limits,
//! processes, and the secrets kept out of what is written. Does not know what follows from the verdict.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use crate::attempt;
use crate::claim::error::system;
use crate::claim::{ClaimError, Desk};
use crate::model::{CommandLine, OrchId, RunId, RunSpec, RunState, Task};
use crate::plan::TaskIx;
use crate::store::{create_run, lock, prepare, read_state};
use crate::worker;

/// Under which name they run, and where.
#[derive(Debug)]
pub(super) struct Checking<'a> {
    pub(super) run: &'a RunId,
    pub(super) attempt: u32,
    /// What they look at.
    pub(super) tree: &'a Path,
}

impl Desk<'_> {
    /// Runs the checks of a task that nobody has claimed, in `tree`: a person is about to say that it is done. The
    /// journal hears of none of it; whoever has read the logs takes the folder away with [`Desk::forget`]. `stop` ends
    /// the checks early.
    ///
    /// # Errors
    /// When the checks cannot be run, or others of the same task run.
    pub async fn try_checks(
        &self,
        ix: TaskIx,
        tree: &Path,
        stop: impl Future<Output = ()>,
    ) -> Result<(RunId, RunState), ClaimError> {
        // Nothing may have been written here before.
        prepare(self.store.layout())?;
        let run = self.new_run()?;
        let checking = Checking {
            run: &run,
            attempt: 1,
            tree,
        };
        match self.check(&checking, self.plan.task(ix), stop).await {
            Ok(state) => Ok((run, state)),
            Err(error) => {
                self.forget(&run)?;
                Err(error)
            }
        }
    }

    /// Removes what checks that the journal does not know have left.
    ///
    /// # Errors
    /// When their folder cannot be removed.
    pub fn forget(&self, run: &RunId) -> Result<(), ClaimError> {
        match fs::remove_dir_all(self.store.layout().run(run)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(system("remove the logs of the checks")(error))
            }
            _ => Ok(()),
        }
    }

    pub(super) async fn check(
        &self,
        checking: &Checking<'_>,
        task: &Task,
        stop: impl Future<Output = ()>,
    ) -> Result<RunState, ClaimError> {
        let run = checking.run;
        let _alone = self.alone(task)?;
        let layout = self.store.layout();
        // The folder of an earlier try at the same run: nobody else writes there.
        match fs::remove_dir_all(layout.run(run)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                return Err(system("remove the logs of the last checks")(error));
            }
            _ => {}
        }
        let (spec, secrets) = self.spec(checking, task);
        let dir = create_run(layout, &spec)?;
        let launch = |source| ClaimError::Launch {
            task: task.id.clone(),
            source,
        };
        let held = attempt::start(&self.exe, &dir, &secrets)
            .await
            .map_err(launch)?;
        let mut live = held.go().await.map_err(system("start the checks"))?;
        let watch = system("wait for the checks");
        let stopped = tokio::select! {
            ended = live.ended() => { ended.map_err(&watch)?; false }
            () = stop => true,
        };
        if stopped {
            live.terminate().map_err(system("stop the checks"))?;
            live.ended().await.map_err(&watch)?;
            return Err(ClaimError::Interrupted);
        }
        read_state(layout, run)?.ok_or_else(|| ClaimError::NoVerdict {
            task: task.id.clone(),
        })
    }

    /// Two requests at once would write one folder.
    fn alone(&self, task: &Task) -> Result<File, ClaimError> {
        let path = self.store.layout().task_lock(&task.id);
        lock::try_take(&path.with_extension("claim"))?.ok_or_else(|| ClaimError::BeingChecked {
            task: task.id.clone(),
        })
    }

    fn spec(&self, checking: &Checking<'_>, task: &Task) -> (RunSpec, Vec<(String, String)>) {
        let env = worker::environment(self.env.iter().cloned(), &task.env);
        let (secrets, plain): (Vec<_>, Vec<_>) = env
            .into_iter()
            .partition(|(name, value)| worker::holds_secret(name, value));
        let layout = self.store.layout();
        let spec = RunSpec {
            schema_version: 1,
            run: checking.run.clone(),
            // No orchestration has it; the contract of an attempt wants a name.
            orch: OrchId::of_claim(checking.run),
            task: task.id.clone(),
            attempt: checking.attempt,
            title: task.title.to_string(),
            worker: "claim".to_owned(),
            root: self.project.root.clone(),
            tree: checking.tree.to_owned(),
            lock: layout.task_lock(&task.id),
            command: CommandLine::Argv(vec!["true".to_owned()]),
            env: plain,
            secrets: secrets.iter().map(|(name, _)| name.clone()).collect(),
            verify: task.policy.verify.clone(),
            timeouts: task.policy.timeouts.clone(),
            previous: None,
            git: None,
            agent: None,
        };
        (spec, secrets)
    }
}
