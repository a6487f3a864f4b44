//! The checks of tasks that a person is about to call done, without having claimed them.
//!
//! Knows which tasks ask for checks, and where the person stands. A check that does not pass ends the command before
//! anything is recorded.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::PathBuf;

use crate::attempt;
use crate::claim::Desk;
use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit, Failure, claiming};
use crate::git::{Repository, repository};
use crate::model::{PassedCheck, Provenance, Status, Task, Through};
use crate::plan::TaskIx;
use crate::report::{one_line, shell_word};

/// The checks of one task, which all passed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Passed {
    /// `its check passed`.
    pub words: String,
    /// `tier1 cargo test`.
    pub verified: String,
    /// For the journal.
    pub checks: Vec<PassedCheck>,
}

/// Runs the checks of those tasks that ask for some, one task after the other, in the working tree that the person is
/// in. What the configuration asks of every task is left out where nothing is asked of the task itself: what a person
/// does is seldom code. Neither does what is completed already have to prove anything.
///
/// # Errors
/// When a check does not pass, which is told with its last lines (1); or it cannot be run.
pub fn run(
    context: &Context,
    settlement: &mut Settlement,
    tasks: &[TaskIx],
) -> anyhow::Result<BTreeMap<TaskIx, Passed>> {
    let mut passed = BTreeMap::new();
    let asked: Vec<TaskIx> = tasks
        .iter()
        .copied()
        .filter(|ix| {
            let task = settlement.task(*ix);
            let verify = &task.policy.verify;
            let open = match settlement.store.state().status(&task.id) {
                // What runs is the journal's to refuse.
                Status::Completed | Status::InProgress => false,
                _ => true,
            };
            open && verify.asked && !verify.commands.is_empty()
        })
        .collect();
    if asked.is_empty() {
        return Ok(passed);
    }
    let tree = tree(context, settlement)?;
    let caller = claiming::Caller {
        who: Provenance {
            by: settlement.by.clone(),
            through: Through::CommandLine,
            session: None,
        },
        holder: None,
    };
    let place = claiming::Place {
        project: &settlement.project,
        plan: &settlement.plan,
        collision: claiming::collision(&settlement.config),
        git: &settlement.config.git,
    };
    let desk = claiming::desk(place, &mut settlement.store, caller)?;
    for ix in asked {
        passed.insert(ix, of_one(context, &desk, ix, &tree)?);
    }
    Ok(passed)
}

fn of_one(
    context: &Context,
    desk: &Desk<'_>,
    ix: TaskIx,
    tree: &std::path::Path,
) -> anyhow::Result<Passed> {
    let task = desk.plan.task(ix);
    if !context.quiet() {
        writeln!(context.err(), "checking {}: {}", task.id, commands(task))?;
    }
    let (run, state) = claiming::interruptible(|stop| desk.try_checks(ix, tree, stop))?;
    let output = claiming::failing_output(desk.store.layout(), &run, &state);
    desk.forget(&run).map_err(claiming::failure)?;
    let passed = state.checks.iter().filter(|check| check.passed).count();
    if passed > 0 && passed == state.checks.len() {
        let ran: Vec<String> = state
            .checks
            .iter()
            .map(|check| attempt::brief(&check.command))
            .collect();
        return Ok(Passed {
            words: claiming::passed(passed),
            verified: format!("tier{} {}", task.policy.verify.tier, ran.join("; ")),
            checks: state
                .checks
                .into_iter()
                .map(|check| PassedCheck {
                    command: check.command,
                    took_ms: check.took_ms,
                })
                .collect(),
        });
    }
    let mut err = context.err();
    for line in output? {
        writeln!(err, "  {line}")?;
    }
    let name = shell_word(task.id.as_str()).into_owned();
    Err(Failure {
        exit: Exit::FAILED,
        message: format!("`{}` is not done: {}", task.id, claiming::why_not(&state)),
        help: vec![
            format!("runr tasks complete {name}    checks again"),
            format!("runr tasks complete {name} --unchecked    takes your word for it"),
        ],
    }
    .into())
}

/// The project's folder in the working tree that the person is in: what they did lies there.
fn tree(context: &Context, settlement: &Settlement) -> anyhow::Result<PathBuf> {
    let root = &settlement.project.root;
    if !settlement.project.git {
        return Ok(root.clone());
    }
    Ok(match Repository::at(&context.start()?)?.top {
        Some(top) => top.join(repository::folder(root)?),
        None => root.clone(),
    })
}

fn commands(task: &Task) -> String {
    let all: Vec<String> = task
        .policy
        .verify
        .commands
        .iter()
        .map(attempt::brief)
        .collect();
    one_line(&all.join("; ")).into_owned()
}
