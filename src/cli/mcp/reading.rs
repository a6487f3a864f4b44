//! The tools that only look.

use std::io;

use jiff::tz::TimeZone;

use crate::cli::commands::graph;
use crate::cli::mcp::answer::Answer;
use crate::cli::mcp::input::{Graph, GraphFormat, List, ListStatus, Logs};
use crate::cli::snapshot::Snapshot;
use crate::cli::task_text::TaskText;
use crate::cli::{Context, Exit, Failure, diagnostic, exit, names, runs, subject};
use crate::model::{RunId, Status};
use crate::plan::TaskIx;
use crate::project;
use crate::report::{Glyphs, Look, Next, Overview, Why, last_lines, status_table};
use crate::view::Class;

/// How many tasks are listed unless told.
const LISTED: usize = 50;

/// How many lines of a log are shown unless told.
const LINES: usize = 50;

/// Plain text in universal time: what reads it has no terminal.
fn look() -> Look {
    Look {
        glyphs: Glyphs::Unicode,
        zone: TimeZone::UTC,
    }
}

fn plain(text: &str) -> String {
    anstream::adapter::strip_str(text).to_string()
}

/// Everything as it is now; or the answer that it cannot be read.
pub fn snapshot(context: &Context) -> Result<Snapshot, Answer> {
    Snapshot::read(context).map_err(|error| unreadable(context, &error))
}

/// An error in words. Invalid files are told with every problem.
pub fn unreadable(context: &Context, error: &anyhow::Error) -> Answer {
    if error.downcast_ref::<exit::Reported>() == Some(&exit::Reported(Exit::USAGE))
        && let Ok(project) = context.project()
        && let Err(problems) = project::load(&project, None)
    {
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        let _ = diagnostic::print(&mut text, &problems);
        let text = plain(&String::from_utf8_lossy(&text));
        return Answer::refused("the project's files have errors").with(text);
    }
    let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
    let mut said = causes.join(": ");
    let failure = error.chain().find_map(|e| e.downcast_ref::<Failure>());
    for line in failure.map(|f| f.help.as_slice()).unwrap_or_default() {
        said.push_str("\nhelp: ");
        said.push_str(line);
    }
    Answer::refused(said)
}

fn refused(failure: &Failure) -> Answer {
    let help: String = failure
        .help
        .iter()
        .map(|line| format!("\nhelp: {line}"))
        .collect();
    Answer::refused(format!("{failure}{help}"))
}

/// The task that a name means.
pub fn task(snapshot: &Snapshot, name: &str) -> Result<TaskIx, Answer> {
    snapshot.task(name).map_err(|failure| refused(&failure))
}

/// As [`task`]; it must be this repository's own.
pub fn own_task(snapshot: &Snapshot, name: &str) -> Result<TaskIx, Answer> {
    let found = names::own(&snapshot.loaded.plan, name, "claim");
    found.map_err(|failure| refused(&failure))
}

pub fn status(context: &Context) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let text = Overview::new(snapshot.facts()).text(&look());
    Ok(Answer::text(plain(&text)))
}

pub fn list(context: &Context, input: &List) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let facts = snapshot.facts();
    let stands = |ix: TaskIx, wanted: ListStatus| {
        let view = facts.view(ix);
        match wanted {
            ListStatus::Pending => view.status == Status::Pending,
            ListStatus::InProgress => view.status == Status::InProgress,
            ListStatus::Completed => view.status == Status::Completed,
            ListStatus::Failed => view.status == Status::Failed,
            ListStatus::Stopped => view.status == Status::Stopped,
            ListStatus::Skipped => view.status == Status::Skipped,
            ListStatus::AwaitingApproval => view.status == Status::AwaitingApproval,
            ListStatus::Ready => view.class() == Class::Ready,
            ListStatus::Blocked => view.class() == Class::Blocked,
        }
    };
    let mut found = snapshot.all();
    found.retain(|ix| {
        let tagged = |tag: &str| facts.task(*ix).tags.iter().any(|t| **t == *tag);
        input.status.is_none_or(|wanted| stands(*ix, wanted))
            && input.tag.as_ref().is_none_or(|tag| tagged(&tag.0))
    });
    let total = found.len();
    let offset = input.offset.unwrap_or(0) as usize;
    let limit = input.limit.map_or(LISTED, |limit| limit.0);
    let shown: Vec<TaskIx> = found.into_iter().skip(offset).take(limit).collect();
    let mut answer = Answer::text(plain(&status_table(&facts, &shown, &look())));
    answer.said = match shown.len() {
        0 => format!("none of {total} tasks"),
        n => format!("tasks {} to {} of {total}", offset + 1, offset + n),
    };
    Ok(answer)
}

pub fn show(context: &Context, name: &str) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let ix = task(&snapshot, name)?;
    let text = TaskText::read(context, &snapshot, ix).map_err(|e| unreadable(context, &e))?;
    let mut page = plain(&text.page(&snapshot).to_text(&look()));
    if let Some(file) = &text.file {
        page.push_str("\nIts file:\n");
        page.push_str(file);
    }
    Ok(Answer::text(page))
}

pub fn next(context: &Context) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let text = Next::new(snapshot.facts()).text(&look());
    Ok(Answer::text(plain(&text)))
}

pub fn why(context: &Context, name: &str) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let ix = task(&snapshot, name)?;
    let text = Why::new(snapshot.facts(), ix).text(&look());
    Ok(Answer::text(plain(&text)))
}

pub fn draw(context: &Context, input: &Graph) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let focus = match &input.focus {
        Some(name) => Some(task(&snapshot, &name.0)?),
        None => None,
    };
    let drawing = graph::drawing(&snapshot.loaded.plan, snapshot.store.state(), focus);
    Ok(Answer::text(
        match input.format.unwrap_or(GraphFormat::Text) {
            GraphFormat::Text => plain(&graph::text(&drawing)),
            GraphFormat::Mermaid => crate::render::mermaid(&drawing),
            GraphFormat::Json => crate::render::json(&drawing),
        },
    ))
}

pub fn logs(context: &Context, input: &Logs) -> Result<Answer, Answer> {
    let snapshot = snapshot(context)?;
    let found = subject::find(&snapshot.project, snapshot.store.home(), &input.of.0)
        .map_err(|failure| refused(&failure))?;
    let run: RunId = match found {
        subject::Subject::Run(run) => run,
        subject::Subject::Task(task) => match snapshot.store.state().task(&task).last_run_id {
            Some(run) => run,
            None => return Err(Answer::refused(format!("`{task}` has not run yet"))),
        },
    };
    let places = snapshot.store.places();
    let layout = places.of_run(&run);
    let lines = input.lines.map_or(LINES, |lines| lines.0);
    let read = || -> io::Result<String> {
        let mut text = String::new();
        for log in runs::logs(layout, &run)? {
            let name = log.file_name().unwrap_or_default().to_string_lossy();
            text.push_str(&format!("{name}:\n"));
            for line in last_lines(&log, lines)? {
                text.push_str(&format!("  {line}\n"));
            }
        }
        Ok(text)
    };
    let text = read().map_err(|error| Answer::refused(format!("cannot read the logs: {error}")))?;
    Ok(match text.is_empty() {
        true => Answer::done(format!("run {run} has printed nothing")),
        false => {
            let mut answer = Answer::text(text);
            answer.said = format!("run {run}, at most the last {lines} lines of each log");
            answer
        }
    })
}
