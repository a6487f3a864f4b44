//! `runr tasks complete`: a person says that a task is done.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::Path;

use anyhow::Context as _;

use crate::claim::{How, Keep, Unchecked};
use crate::cli::commands::tasks::own_checks::{self, Passed};
use crate::cli::commands::tasks::settle::Settlement;
use crate::cli::{Context, Exit, Failure, there};
use crate::event::Event;
use crate::git::Repository;
use crate::model::{Isolation, Remark, Settled, Status, TaskId};
use crate::orchestrate::people::{self, Brought, Part};
use crate::plan::TaskIx;
use crate::project;
use crate::report::shell_word;

#[derive(Debug, Clone, clap::Args)]
pub struct Args {
    /// The tasks, as `03`, `03-http` or `net/03-http.md`
    #[arg(value_name = "TASK", required = true)]
    pub tasks: Vec<String>,
    /// Why, or what was done; shown with the task
    #[arg(long)]
    pub note: Option<String>,
    /// Commit everything in the working tree first, with a message that says what it completes; of a claimed task what
    /// it owns, after its checks
    #[arg(long)]
    pub commit: bool,
    /// Do not run the checks that the task asks for: your word is enough. Of a claimed task they always run
    #[arg(long)]
    pub unchecked: bool,
}

pub fn run(context: &Context, args: Args) -> anyhow::Result<Exit> {
    let there = there::each(context, &args.tasks, |context, tasks| {
        let args = Args {
            tasks,
            ..args.clone()
        };
        run(context, args)
    })?;
    if let Some(exit) = there {
        return Ok(exit);
    }
    let mut settlement = Settlement::open(context)?;
    let mut tasks = settlement.tasks(&args.tasks)?;
    refuse_half_done(&settlement, &tasks)?;
    let (claimed, unclaimed): (Vec<TaskIx>, Vec<TaskIx>) =
        tasks.iter().partition(|ix| settlement.is_claimed(**ix));
    if !claimed.is_empty() {
        let how = How {
            unchecked: Unchecked::Accept,
            keep: match args.commit {
                true => Keep::Commit,
                false => Keep::AsItIs,
            },
            note: args.note.clone(),
        };
        if args.commit {
            refuse_elsewhere(context, &settlement)?;
        }
        settlement.complete_claimed(context, &claimed, &how)?;
        if unclaimed.is_empty() {
            return Ok(Exit::OK);
        }
        tasks = unclaimed;
    }
    say_early(context, &settlement, &tasks)?;
    let passed = match args.unchecked {
        true => BTreeMap::new(),
        false => own_checks::run(context, &mut settlement, &tasks)?,
    };
    let from = context.start()?;
    let mut prints = Vec::new();
    let mut accepted = BTreeSet::new();
    for ix in &tasks {
        let task = settlement.task(*ix);
        let state = settlement.store.state().tasks.get(&task.id);
        if state.is_some_and(|s| s.status == Status::Completed && s.checkpoint_sha.is_some()) {
            accepted.insert(task.id.clone());
        }
        // What it is completed with is what it is compared with from now on, its inputs included.
        let print = project::fingerprint(&settlement.project, task)
            .with_context(|| format!("cannot read the inputs of `{}`", task.id))?;
        prints.push(print);
    }
    let said = settlement.remark(Settled::Completed, args.note.clone());
    let done: Vec<Part<'_>> = tasks
        .iter()
        .zip(&prints)
        .map(|(ix, fingerprint)| {
            let task = settlement.task(*ix);
            Part {
                task: &task.id,
                title: &task.title,
                fingerprint: *fingerprint,
                verified: passed.get(ix).map(|passed| passed.verified.as_str()),
                said: &said,
            }
        })
        .collect();
    let mut sha = None;
    if args.commit {
        refuse_running(&settlement, &tasks)?;
        sha = Some(commit(context, &settlement, &done)?);
    }
    if settlement.project.git {
        bring(context, &settlement, (&tasks, &said), &from)?;
    }
    let events = done
        .iter()
        .map(|part| Event::CompletedByHand {
            task: part.task.clone(),
            by: settlement.by.clone(),
            note: args.note.clone(),
            fingerprint: part.fingerprint,
            sha: sha.clone(),
        })
        .collect();
    let passed: BTreeMap<TaskId, Passed> = passed
        .into_iter()
        .map(|(ix, passed)| (settlement.task(ix).id.clone(), passed))
        .collect();
    let checked = |task: &TaskId| match passed.get(task) {
        Some(passed) => format!(": {}", passed.words),
        None => String::new(),
    };
    settlement.append(context, events, |event| match event {
        Event::CompletedByHand {
            task,
            sha: Some(sha),
            ..
        } => {
            let (short, checked) = (sha.get(..7).unwrap_or(sha), checked(task));
            Some(format!("completed {task} by hand{checked}, in {short}"))
        }
        Event::CompletedByHand { task, .. } if accepted.contains(task) => {
            Some(format!("accepted {task} as it is; its checkpoint stays"))
        }
        Event::CompletedByHand { task, .. } => {
            let checked = checked(task);
            Some(format!("completed {task} by hand{checked}, no checkpoint"))
        }
        _ => None,
    })
}

/// What awaits approval has been worked on, in a working tree of its own: called done by hand, all that would be left out.
fn refuse_half_done(settlement: &Settlement, tasks: &[TaskIx]) -> Result<(), Failure> {
    let state = settlement.store.state();
    let ids = tasks.iter().map(|ix| &settlement.task(*ix).id);
    let mut waiting = ids.filter(|id| state.status(id) == Status::AwaitingApproval);
    let Some(id) = waiting.next() else {
        return Ok(());
    };
    let name = shell_word(id.as_str());
    let what = format!("`{id}` awaits approval: its worker has done its half");
    Err(Failure::usage(what)
        .help(format!(
            "runr tasks approve {name}    takes that in and completes it"
        ))
        .help(format!(
            "runr tasks reject {name} --note WHY    sends it back to its worker"
        ))
        .help(format!(
            "runr tasks reset {name}    leaves it out; then it can be completed by hand"
        )))
}

/// What was checked is what is committed: both in the main working tree, where claimed work is done.
fn refuse_elsewhere(context: &Context, settlement: &Settlement) -> anyhow::Result<()> {
    let root = &settlement.project.root;
    if !settlement.project.git
        || Repository::at(&context.start()?)?.top == Repository::at(root)?.top
    {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "checks look at {}, which is not the working tree here",
        root.display()
    ))
    .help("bring the work there, and ask from there")
    .into())
}

/// Nothing is committed for what the journal will refuse.
fn refuse_running(settlement: &Settlement, tasks: &[TaskIx]) -> anyhow::Result<()> {
    let state = settlement.store.state();
    let running = tasks
        .iter()
        .map(|ix| &settlement.task(*ix).id)
        .find(|id| state.status(id) == Status::InProgress);
    match running {
        None => Ok(()),
        Some(id) => Err(Failure::busy(format!("`{id}` is running"))
            .help(format!("runr cancel {id}    stops it; then ask again"))
            .into()),
    }
}

fn commit(context: &Context, settlement: &Settlement, done: &[Part<'_>]) -> anyhow::Result<String> {
    let project = &settlement.project;
    if !project.git {
        return Err(
            Failure::usage("there is no git repository here to commit in")
                .help("ask again without --commit; git init    makes a repository")
                .into(),
        );
    }
    let folder = people::folder(&project.root)?;
    let rules = settlement.config.git.commits;
    Ok(people::commit(&context.start()?, &folder, done, rules)?)
}

/// What the person has done comes to those who wait for it; what is not in a commit cannot.
fn bring(
    context: &Context,
    settlement: &Settlement,
    (tasks, said): (&[TaskIx], &Remark),
    from: &Path,
) -> anyhow::Result<()> {
    let ids: Vec<_> = tasks.iter().map(|ix| &settlement.task(*ix).id).collect();
    let layout = settlement.store.layout();
    match people::bring(layout, settlement.store.home().state(), from, (&ids, said))? {
        Brought::Done(lines) => {
            for line in lines {
                writeln!(context.out(), "{line}")?;
            }
        }
        Brought::Conflict { branch, files } => {
            return Err(Failure {
                exit: Exit::FAILED,
                ..Failure::usage(format!(
                    "your commits and {branch} both changed {}",
                    files.join(", ")
                ))
            }
            .help(format!("git merge {branch}    and ask again"))
            .into());
        }
    }
    let depended_on = tasks
        .iter()
        .any(|ix| !settlement.plan.graph().dependents(*ix).is_empty());
    let in_place = settlement.config.git.isolation == Some(Isolation::None);
    let left = match depended_on && !in_place {
        true => people::uncommitted(from)?,
        false => Vec::new(),
    };
    if !left.is_empty() && !context.quiet() {
        let mut err = context.err();
        writeln!(
            err,
            "note: dependents in working trees of their own will not see these:"
        )?;
        for line in left.iter().take(10) {
            writeln!(err, "  {}", crate::report::sanitise(line))?;
        }
        if left.len() > 10 {
            writeln!(err, "  and {} more", left.len() - 10)?;
        }
        writeln!(err, "  help: --commit commits them")?;
    }
    Ok(())
}

/// A person may be ahead of the graph; that is their right, and worth a line.
fn say_early(context: &Context, settlement: &Settlement, tasks: &[TaskIx]) -> anyhow::Result<()> {
    if context.quiet() {
        return Ok(());
    }
    for ix in tasks {
        let waiting: Vec<&str> = settlement
            .plan
            .graph()
            .prerequisites(*ix)
            .into_iter()
            .filter(|p| !tasks.contains(p))
            .map(|p| &settlement.task(p).id)
            .filter(|id| settlement.store.state().status(id) != Status::Completed)
            .map(|id| id.as_str())
            .collect();
        if !waiting.is_empty() {
            writeln!(
                context.err(),
                "note: {} comes before its prerequisites, which are not completed: {}",
                settlement.task(*ix).id,
                waiting.join(", ")
            )?;
        }
    }
    Ok(())
}
