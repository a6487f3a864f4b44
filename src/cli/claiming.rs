//! Who claims, for the journal: a person at a shell, or a session that a program of its own runs.
//!
//! Knows the variables that agents give their commands. Does not know what a claim does.

use std::io::Write as _;
use std::pin::Pin;

use jiff::Timestamp;

use crate::claim::{ClaimError, Completion, Desk, How, Kept};
use crate::cli::{Context, Exit, Failure};
use crate::model::{
    Collision, Config, GitConfig, ProcessRef, Provenance, RunId, RunState, Through,
};
use crate::plan::{Plan, TaskIx};
use crate::project::{Loaded, Project};
use crate::report::{last_lines, one_line};
use crate::store::{Layout, Stores, process};

/// How much of a failing check's output is shown.
pub const LAST_LINES: usize = 20;

/// How many files that are in no commit are shown.
pub const LEFT_SHOWN: usize = 10;

/// The longest name of a session that is believed.
const SESSION_LIMIT: usize = 200;

/// Who asks, and the process behind them.
#[derive(Debug, Clone)]
pub struct Caller {
    pub who: Provenance,
    pub holder: Option<ProcessRef>,
}

/// The caller at the command line. `session` was named there; else the environment may tell of one.
///
/// # Errors
/// Inside of an attempt, whose task runr has already; when the session's name is no name; or git cannot be asked.
pub fn at_the_shell(
    context: &Context,
    project: &Project,
    session: Option<String>,
) -> anyhow::Result<Caller> {
    not_inside_an_attempt()?;
    let told = variable("CLAUDE_CODE_SESSION_ID");
    let holder = told
        .as_ref()
        .and_then(|_| variable("CLAUDE_PID"))
        .and_then(|pid| {
            // Without it the claim is a person's: shown as present, and nothing else follows from it.
            process::of(pid.parse().ok()?).ok()
        });
    let session = match (session, told) {
        (Some(named), Some(told)) if named == told => Some(named),
        (Some(named), _) => {
            return Ok(Caller {
                who: provenance(
                    (context, project),
                    Through::CommandLine,
                    Some(checked(named)?),
                )?,
                holder: None,
            });
        }
        (None, told) => told.filter(|told| is_session(told)),
    };
    Ok(Caller {
        who: provenance((context, project), Through::CommandLine, session)?,
        holder,
    })
}

/// The caller of `runr mcp`: the program that started it.
///
/// # Errors
/// Inside of an attempt; or when git cannot be asked.
pub fn at_the_protocol(context: &Context, project: &Project) -> anyhow::Result<Caller> {
    not_inside_an_attempt()?;
    let session = variable("CLAUDE_CODE_SESSION_ID").filter(|told| is_session(told));
    let holder = rustix::process::getppid()
        .and_then(|pid| u32::try_from(pid.as_raw_nonzero().get()).ok())
        .and_then(|pid| process::of(pid).ok());
    Ok(Caller {
        who: provenance((context, project), Through::Mcp, session)?,
        holder,
    })
}

fn provenance(
    (context, project): (&Context, &Project),
    through: Through,
    session: Option<String>,
) -> anyhow::Result<Provenance> {
    Ok(Provenance {
        by: context.person(project)?,
        through,
        session,
    })
}

fn not_inside_an_attempt() -> Result<(), Failure> {
    match variable("RUNR_RUN_ID") {
        None => Ok(()),
        Some(run) => Err(Failure::busy(format!(
            "this is run {}, whose task runr has already and judges itself",
            one_line(&run)
        ))
        .help("end the work; runr runs the checks")),
    }
}

/// A variable that is set and not empty.
pub fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

fn checked(session: String) -> Result<String, Failure> {
    match is_session(&session) {
        true => Ok(session),
        false => Err(Failure::usage("`--session` is not the name of a session")
            .help("letters, digits, `-`, `_`, `.` and `:`, at most 200")),
    }
}

/// Could this name a session? It is shown, and names a file.
#[must_use]
pub fn is_session(text: &str) -> bool {
    let fine = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | ':');
    (1..=SESSION_LIMIT).contains(&text.len())
        && text.chars().all(fine)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
}

/// What a claim is about.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    pub project: &'a Project,
    pub plan: &'a Plan,
    pub collision: Collision,
    pub git: &'a GitConfig,
}

impl<'a> Place<'a> {
    #[must_use]
    pub fn new(project: &'a Project, loaded: &'a Loaded) -> Self {
        Self {
            project,
            plan: &loaded.plan,
            collision: collision(&loaded.config),
            git: &loaded.config.git,
        }
    }
}

/// Work outside happens in the user's own tree, where tasks can come into each other's way.
#[must_use]
pub fn collision(config: &Config) -> Collision {
    config.collision.unwrap_or(Collision::Serialize)
}

/// Opens the desk for a caller.
///
/// # Errors
/// When this program does not know where it is.
pub fn desk<'a>(
    place: Place<'a>,
    store: &'a mut Stores,
    caller: Caller,
) -> anyhow::Result<Desk<'a>> {
    Ok(Desk {
        project: place.project,
        plan: place.plan,
        store,
        who: caller.who,
        holder: caller.holder,
        collision: place.collision,
        git: place.git,
        exe: std::env::current_exe()?,
        env: std::env::vars_os()
            .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
            .collect(),
        now: Timestamp::now(),
    })
}

/// The error as the command line tells it.
#[must_use]
pub fn failure(error: ClaimError) -> anyhow::Error {
    let busy = error.is_busy();
    let help = error.help();
    match error {
        ClaimError::Store(error) => error.into(),
        ClaimError::Git(error) => error.into(),
        ClaimError::Orchestrate(error) => error.into(),
        error @ (ClaimError::Launch { .. }
        | ClaimError::System { .. }
        | ClaimError::Inputs { .. }
        | ClaimError::NoVerdict { .. }) => error.into(),
        error => {
            let message = error.to_string();
            let failure = match (busy, error) {
                (true, _) => Failure::busy(message),
                (false, ClaimError::Interrupted) => Failure {
                    exit: Exit(130),
                    message,
                    help: Vec::new(),
                },
                (false, ClaimError::Conflict { .. }) => Failure {
                    exit: Exit::FAILED,
                    ..Failure::usage(message)
                },
                (false, _) => Failure::usage(message),
            };
            help.into_iter().fold(failure, Failure::help).into()
        }
    }
}

/// Waits for work that Ctrl-C ends early, through the future that it is given.
///
/// # Errors
/// The work's own; or when nothing can be awaited.
pub fn interruptible<T>(
    work: impl AsyncFnOnce(Pin<Box<dyn Future<Output = ()>>>) -> Result<T, ClaimError>,
) -> anyhow::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let stop = async {
        // Without the signal's handler the default holds: this program ends, and the attempt at its limit.
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    };
    runtime.block_on(work(Box::pin(stop))).map_err(failure)
}

/// `its check passed`.
#[must_use]
pub fn passed(checks: usize) -> String {
    match checks {
        0 => "nothing was checked".to_owned(),
        1 => "its check passed".to_owned(),
        n => format!("{n} checks passed"),
    }
}

/// Completes a claimed task from the command line and prints what became of it.
///
/// # Errors
/// When a check did not pass, which is told with its last lines (1); or the task cannot be completed.
pub fn complete(
    context: &Context,
    desk: &mut Desk<'_>,
    ix: TaskIx,
    how: How,
) -> anyhow::Result<()> {
    let task = desk.plan.task(ix).id.clone();
    let done = interruptible(|stop| desk.complete(ix, how, stop))?;
    let passed = |checks: u32| passed(checks as usize);
    let mut out = context.out();
    match done {
        Completion::Completed { run, checks, kept } => {
            let checkpoint = match &kept.sha {
                Some(sha) => format!("in {}", sha.get(..7).unwrap_or(sha)),
                None => "no checkpoint".to_owned(),
            };
            writeln!(
                out,
                "completed {task}: {}, {checkpoint}  run:{run}",
                passed(checks)
            )?;
            for line in &kept.brought {
                writeln!(out, "{line}")?;
            }
            if !context.quiet() {
                tell_left(&mut context.err(), &kept)?;
            }
        }
        Completion::AwaitingApproval { run, checks } => writeln!(
            out,
            "done {task}: {}, awaits approval  run:{run}",
            passed(checks)
        )?,
        Completion::NotYet { run, state } => {
            let mut err = context.err();
            for line in failing_output(desk.store.layout(), &run, &state)? {
                writeln!(err, "  {line}")?;
            }
            return Err(Failure {
                exit: Exit::FAILED,
                message: format!("`{task}` is not done: {}", why_not(&state)),
                help: vec![
                    format!("runr logs {run}    shows all of its output"),
                    format!("runr tasks complete {task}    checks again"),
                ],
            }
            .into());
        }
    }
    Ok(())
}

/// What stays in the working tree alone.
fn tell_left(err: &mut impl std::io::Write, kept: &Kept) -> std::io::Result<()> {
    let mut list = |words: &str, lines: &[String]| {
        if !lines.is_empty() {
            writeln!(err, "note: {words}:")?;
        }
        for line in lines.iter().take(LEFT_SHOWN) {
            writeln!(err, "  {}", one_line(line))?;
        }
        match lines.len().checked_sub(LEFT_SHOWN) {
            None | Some(0) => Ok(()),
            Some(more) => writeln!(err, "  and {more} more"),
        }
    };
    list("not committed, being none of the task's", &kept.outside)?;
    list(
        "not committed, so that dependents in working trees of their own will not see it",
        &kept.uncommitted,
    )?;
    match kept.uncommitted.is_empty() {
        true => Ok(()),
        false => writeln!(err, "  help: --commit commits it when a task is completed"),
    }
}

/// Which check did not pass, in one line.
#[must_use]
pub fn why_not(state: &RunState) -> String {
    state.message.as_deref().map_or_else(
        || "not every check ran".to_owned(),
        |said| one_line(said).into_owned(),
    )
}

/// The last lines of the check that did not pass, harmless.
///
/// # Errors
/// When its log is there and cannot be read.
pub fn failing_output(
    layout: &Layout,
    run: &RunId,
    state: &RunState,
) -> std::io::Result<Vec<String>> {
    match state.checks.iter().find(|check| !check.passed) {
        Some(check) => last_lines(&layout.run(run).join(&check.log), LAST_LINES),
        None => Ok(Vec::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_is_a_plain_name() {
        for good in ["1b8a-00", "a", "x_y.z:1"] {
            assert!(is_session(good), "{good}");
        }
        for bad in [
            "",
            "..",
            ".",
            "-a",
            "a/b",
            "a b",
            "a\n",
            "é",
            &"x".repeat(201),
        ] {
            assert!(!is_session(bad), "{bad:?}");
        }
    }
}
