//! `runr hook EVENT`: what an agent's program runs when something happens in a session of its user's.
//!
//! Records it and never stands in the session's way: an exit code of 2 would block it, so there is none.

use std::io::{Read as _, Write as _};
use std::path::PathBuf;

use anyhow::Context as _;
use jiff::Timestamp;
use serde::Deserialize;

use crate::cli::claiming::{is_session, variable};
use crate::cli::{Context, Exit};
use crate::project::{self, Project};
use crate::report::{Overview, one_line};
use crate::scaffold::EVENTS;
use crate::store::{Layout, sessions};

/// The longest message that is read.
const LIMIT: u64 = 4 << 20;

#[derive(Debug, clap::Args)]
pub struct Args {
    /// session-start, prompt, stop or session-end
    event: String,
}

/// What is used of the message; its other fields are nobody's business here.
#[derive(Debug, Deserialize)]
struct Message {
    session_id: String,
    cwd: Option<PathBuf>,
    /// Of a start: `startup`, `resume`, …
    source: Option<String>,
    /// Of an end.
    reason: Option<String>,
}

pub fn run(context: &Context, args: &Args) -> Exit {
    match record(context, args) {
        Ok(()) => Exit::OK,
        Err(error) => {
            let causes: Vec<String> = error.chain().map(ToString::to_string).collect();
            // Nobody is left to tell when this fails.
            let _ = writeln!(context.err(), "runr hook: {}", one_line(&causes.join(": ")));
            Exit::FAILED
        }
    }
}

fn record(context: &Context, args: &Args) -> anyhow::Result<()> {
    if variable("RUNR_RUN_ID").is_some() {
        // The session is an attempt's, which is recorded already.
        return Ok(());
    }
    if !EVENTS.iter().any(|(_, word)| *word == args.event) {
        // The hooks are newer than this program.
        return Ok(());
    }
    let mut text = Vec::new();
    std::io::stdin().take(LIMIT).read_to_end(&mut text)?;
    let message: Message = serde_json::from_slice(&text).context("cannot read the message")?;
    anyhow::ensure!(
        is_session(&message.session_id),
        "the session has no plain name"
    );
    let Some(project) = find(context, &message)? else {
        return Ok(());
    };
    let layout = Layout::new(&project.root);
    let why = message.source.or(message.reason);
    let event = sessions::SessionEvent {
        at: Timestamp::now(),
        event: args.event.clone(),
        why: why.map(|why| why.chars().take(40).filter(|c| !c.is_control()).collect()),
        pid: variable("CLAUDE_PID").and_then(|pid| pid.parse().ok()),
    };
    sessions::note(&layout, &message.session_id, &event)?;
    if args.event == "session-start" {
        greet(context, &project, &message.session_id)?;
    }
    Ok(())
}

/// The project that the session is in, if it has one of runr's.
fn find(context: &Context, message: &Message) -> anyhow::Result<Option<Project>> {
    let start = match &message.cwd {
        Some(cwd) => cwd.clone(),
        None => context.start()?,
    };
    let project = project::find(&start);
    Ok(project.filter(|project| project.root.join(".runr/tasks").is_dir()))
}

/// What the session is told at its start; its program puts it before the model. Ids and counts only.
fn greet(context: &Context, project: &Project, session: &str) -> anyhow::Result<()> {
    let here = context.at(&project.root);
    let snapshot = crate::cli::snapshot::Snapshot::read(&here)?;
    let state = snapshot.store.state();
    let needed: Vec<&str> = state
        .claimed
        .values()
        .filter_map(|claim| claim.who.session.as_deref())
        .collect();
    sessions::forget_oldest(snapshot.store.layout(), &needed)
        .context("cannot remove old sessions")?;
    let mine: Vec<&str> = state
        .claimed
        .values()
        .filter(|claim| claim.who.session.as_deref() == Some(session))
        .map(|claim| claim.task.as_str())
        .collect();
    let mut out = context.out();
    writeln!(
        out,
        "This repository's tasks are kept by `runr`: {}.",
        Overview::new(snapshot.facts()).counted()
    )?;
    if !mine.is_empty() {
        writeln!(
            out,
            "This session has claimed {} and not completed it.",
            one_line(&mine.join(", "))
        )?;
    }
    writeln!(
        out,
        "Before you work on a task: `runr claim TASK`. When it is done: `runr tasks complete TASK`, which runs its checks. `runr next` shows what is ready."
    )?;
    Ok(())
}
