//! The tools that change something: claim, complete, release, add.
//!
//! What is recorded names the session and the program behind it. A word alone completes nothing.

use crate::claim::{ClaimError, Completion, How, Keep, Kept, Unchecked};
use crate::cli::claiming::{self, Caller};
use crate::cli::mcp::answer::Answer;
use crate::cli::mcp::input::{Add, AddType, Complete, OneTaskNote};
use crate::cli::mcp::reading::{own_task, snapshot, unreadable};
use crate::cli::snapshot::Snapshot;
use crate::cli::{Context, diagnostic};
use crate::intake::Draft;
use crate::model::{Severity, TaskId, TaskKind};
use crate::plan::TaskIx;
use crate::project::{self, Edits};
use crate::spec::scalars;
use crate::store::{Layout, prepare};
use crate::view::Standing;

fn refused(error: &ClaimError) -> Answer {
    let mut said = error.to_string();
    let mut source = std::error::Error::source(error);
    while let Some(cause) = source {
        said.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    for line in error.help() {
        said.push_str(&format!("\nhelp: {line}"));
    }
    Answer::refused(said)
}

/// Another program than a person's shell asks: what is a person's stays theirs.
fn for_agents(snapshot: &Snapshot, ix: TaskIx) -> Result<(), Answer> {
    let task = snapshot.loaded.plan.task(ix);
    match task.kind {
        TaskKind::Manual => Err(Answer::refused(format!(
            "`{}` is a manual task: a person does it and says so",
            task.id
        ))),
        TaskKind::Automated | TaskKind::Hybrid => Ok(()),
    }
}

pub fn claim(context: &Context, caller: &Caller, name: &str) -> Result<Answer, Answer> {
    let mut snapshot = snapshot(context)?;
    let ix = own_task(&snapshot, name)?;
    for_agents(&snapshot, ix)?;
    let place = claiming::Place::new(&snapshot.project, &snapshot.loaded);
    let mut desk = claiming::desk(place, &mut snapshot.store, caller.clone())
        .map_err(|error| unreadable(context, &error))?;
    let run = desk.take(ix).map_err(|error| refused(&error))?;
    let cached = snapshot.store.write_cache();
    let task = snapshot.loaded.plan.task(ix);
    let checks = task.policy.verify.commands.len();
    let checked = match checks {
        0 => "It has no checks, so in the end a person has to say that it is done.".to_owned(),
        1 => "One check decides whether it is done.".to_owned(),
        n => format!("{n} checks decide whether it is done."),
    };
    let mut said = format!(
        "claimed {} as run {run}. {checked} `show_task` says what is asked; `complete_task` when it is done; \
         `release_task` if you give it up.",
        task.id
    );
    if let Err(error) = cached {
        said.push_str(&format!("\nwarning: {error}; it is rebuilt later"));
    }
    Ok(Answer::done(said))
}

pub fn release(context: &Context, caller: &Caller, input: OneTaskNote) -> Result<Answer, Answer> {
    let mut snapshot = snapshot(context)?;
    let ix = own_task(&snapshot, &input.task.0)?;
    let place = claiming::Place::new(&snapshot.project, &snapshot.loaded);
    let mut desk = claiming::desk(place, &mut snapshot.store, caller.clone())
        .map_err(|error| unreadable(context, &error))?;
    let run = desk
        .release(ix, input.note.map(|note| note.0))
        .map_err(|error| refused(&error))?;
    // Only a cache: who reads it next rebuilds it.
    let _ = snapshot.store.write_cache();
    let id = &snapshot.loaded.plan.task(ix).id;
    Ok(Answer::done(format!("gave back {id}, which run {run} had")))
}

pub async fn complete(
    context: &Context,
    caller: &Caller,
    input: Complete,
    stop: impl Future<Output = ()>,
) -> Result<Answer, Answer> {
    let mut snapshot = snapshot(context)?;
    let ix = own_task(&snapshot, &input.task.0)?;
    for_agents(&snapshot, ix)?;
    let ready_before = ready(&snapshot);
    let place = claiming::Place::new(&snapshot.project, &snapshot.loaded);
    let mut desk = claiming::desk(place, &mut snapshot.store, caller.clone())
        .map_err(|error| unreadable(context, &error))?;
    let how = How {
        unchecked: Unchecked::Refuse,
        keep: match input.commit {
            true => Keep::Commit,
            false => Keep::AsItIs,
        },
        note: input.note.map(|note| note.0),
    };
    let done = desk
        .complete(ix, how, stop)
        .await
        .map_err(|error| refused(&error))?;
    // Only a cache: who reads it next rebuilds it.
    let _ = snapshot.store.write_cache();
    let id = &snapshot.loaded.plan.task(ix).id;
    Ok(match done {
        Completion::Completed { run, checks, kept } => {
            let mut said =
                format!("completed {id}: {checks} of {checks} checks passed (run {run})");
            said.push_str(&in_git(&kept));
            let after = crate::view::tasks(&snapshot.loaded.plan, snapshot.store.state());
            let plan = &snapshot.loaded.plan;
            let names: Vec<String> = plan
                .numbers()
                .filter(|ix| after[ix.0 as usize].standing == Standing::Ready)
                .filter(|ix| !ready_before.contains(ix))
                .map(|ix| plan.task(ix).id.to_string())
                .collect();
            if !names.is_empty() {
                said.push_str(&format!("\nnow ready: {}", names.join(", ")));
            }
            // Names of files are the session's own text, and still data.
            match left(&kept) {
                left if left.is_empty() => Answer::done(said),
                left => Answer::done(said).with(left),
            }
        }
        Completion::AwaitingApproval { run, checks } => Answer::done(format!(
            "{id}: {checks} of {checks} checks passed (run {run}); a person has to approve it"
        )),
        Completion::NotYet { run, state } => {
            let lines = claiming::failing_output(snapshot.store.layout(), &run, &state)
                .unwrap_or_else(|error| vec![format!("its output cannot be read: {error}")]);
            Answer::refused(format!(
                "{id} is not done, and still yours: {}\nIts last lines follow; `logs` with `of: {run}` has more. \
                 Mend the work and call `complete_task` again.",
                claiming::why_not(&state)
            ))
            .with(lines.join("\n"))
        }
    })
}

/// The commit, what was brought where, and how many files are in no commit.
fn in_git(kept: &Kept) -> String {
    let mut said = String::new();
    if let Some(sha) = &kept.sha {
        said.push_str(&format!("\ncommitted as {sha}"));
    }
    for line in &kept.brought {
        said.push_str(&format!("\n{line}"));
    }
    for (files, words) in [
        (&kept.outside, "not committed, being none of the task's"),
        (&kept.uncommitted, "not committed"),
    ] {
        if !files.is_empty() {
            said.push_str(&format!("\n{words}: {} changed, listed below", files.len()));
        }
    }
    said
}

fn left(kept: &Kept) -> String {
    let files: Vec<&str> = kept
        .outside
        .iter()
        .chain(&kept.uncommitted)
        .take(claiming::LEFT_SHOWN)
        .map(String::as_str)
        .collect();
    files.join("\n")
}

fn ready(snapshot: &Snapshot) -> Vec<TaskIx> {
    let views = crate::view::tasks(&snapshot.loaded.plan, snapshot.store.state());
    let plan = snapshot.loaded.plan.numbers();
    plan.filter(|ix| views[ix.0 as usize].standing == Standing::Ready)
        .collect()
}

pub fn add(context: &Context, input: Add) -> Result<Answer, Answer> {
    let project = context
        .project()
        .map_err(|error| unreadable(context, &error))?;
    let not_added = |why: &str| Answer::refused(format!("not added: {why}"));
    let id = TaskId::parse(&input.name.0).map_err(|error| Answer::refused(error.to_string()))?;
    if !id.as_str().ends_with(".md") {
        return Err(not_added(&format!("`{id}` does not end in `.md`")));
    }
    if id.as_str().split('/').any(|part| part.starts_with('.')) {
        let why = format!("`{id}` has a name that begins with a dot, which is not read");
        return Err(not_added(&why));
    }
    let file = id.status_key();
    if project.root.join(&file).symlink_metadata().is_ok() {
        return Err(not_added(&format!("`{id}` is there already")));
    }
    let mut edits = Edits::default();
    edits.put(file, draft(input).text());
    if let Err(mut problems) = project::load_with(&project, None, &edits) {
        problems.retain(|problem| problem.severity == Severity::Error);
        let mut text = Vec::new();
        // Writing to memory cannot fail.
        let _ = diagnostic::print(&mut text, &problems);
        let text = String::from_utf8_lossy(&text);
        let text = anstream::adapter::strip_str(&text).to_string();
        return Err(not_added("the task files would have errors").with(text));
    }
    prepare(&Layout::new(&project.root)).map_err(|error| not_added(&error.to_string()))?;
    edits
        .create(&project.root)
        .map_err(|error| not_added(&error.to_string()))?;
    Ok(Answer::done(format!(
        "added .runr/tasks/{id}; it is not committed"
    )))
}

fn draft(input: Add) -> Draft {
    let needs: Vec<String> = input.depends_on.0.into_iter().map(|name| name.0).collect();
    let mut keys = Vec::new();
    if !needs.is_empty() {
        keys.push(("depends_on", scalars(&needs)));
    }
    match input.r#type {
        None | Some(AddType::Automated) => {}
        Some(AddType::Manual) => keys.push(("type", "manual".to_owned())),
        Some(AddType::Hybrid) => keys.push(("type", "hybrid".to_owned())),
    }
    Draft {
        title: input.title.0,
        body: input.body.0,
        keys,
    }
}
