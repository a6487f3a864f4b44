//! What to type next: at most three commands, the most useful first.
//!
//! Knows the facts. Decides nothing about running; only says what a person would want to do.

use std::collections::BTreeSet;

use crate::model::{OrchId, RunId, Status, StopReason, TaskKind, Whose};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::note::complete_command;
use crate::report::people::{Need, needs_people};
use crate::report::remedy::Remedy;
use crate::report::text::{count, shell_word};
use crate::report::unread::look_at_needed;
use crate::view::{Ask, Class, Standing, Unblocker};

/// How many commands are named.
pub const COMMANDS: usize = 3;

/// A command and what it is good for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub struct NextCommand {
    pub command: String,
    /// Lower case, without a period.
    pub why: String,
}

/// Up to three commands for these tasks.
#[must_use]
pub fn next_commands(facts: &Facts<'_>, shown: &[TaskIx]) -> Vec<NextCommand> {
    let needs = needs_people(facts);
    next_with(facts, shown, &needs, None)
}

/// As [`next_commands`], for a caller that has worked out already what needs people. With an orchestration the tasks
/// are those that it selected.
#[must_use]
pub fn next_with(
    facts: &Facts<'_>,
    shown: &[TaskIx],
    needs: &[Need],
    orch: Option<&OrchId>,
) -> Vec<NextCommand> {
    let mut next = Vec::new();
    let mut add = |command: String, why: &str| {
        next.push(NextCommand {
            command,
            why: why.to_owned(),
        });
    };
    let of = |class: Class| {
        shown
            .iter()
            .copied()
            .filter(move |ix| facts.view(*ix).class() == class)
    };
    let name = |ix: TaskIx| shell_word(facts.task(ix).id.as_str());

    let first_deserted = facts.processes.deserted.iter().next_back();
    if let Some(orch) = first_deserted {
        match facts.processes.deserted.len() {
            1 => add(facts.resume(orch), "goes on where it was interrupted"),
            _ => add(
                format!("{} {orch}", facts.resume(orch)),
                "goes on where it was interrupted",
            ),
        }
    }
    let remedy = held_back(facts, shown);
    if let Some((remedy, why)) = &remedy {
        add(remedy.command.clone(), why);
    }
    for look in look_at_needed(facts, shown) {
        add(look.command, &look.why);
    }
    let worst = of(Class::Failed)
        .chain(of(Class::Stopped))
        .max_by_key(|ix| {
            let held = Unblocker::new(facts.plan, facts.views).held_up(*ix).len();
            (
                facts.view(*ix).class() == Class::Failed,
                held,
                std::cmp::Reverse(*ix),
            )
        });
    let cut_short = worst.and_then(|ix| cut_short(facts, ix));
    if let (Some(orch), None) = (cut_short, first_deserted) {
        add(resume(facts, orch), "goes on where it was interrupted");
    }
    let worst = worst.filter(|_| cut_short.is_none());
    if let Some(ix) = worst {
        match judged(facts, ix) {
            Some(run) => add(format!("runr report {run}"), "shows what it changed"),
            // A program that is not there has written nothing.
            None if reason(facts, ix) == Some(StopReason::WorkerMissing) => {}
            None => add(format!("runr logs {}", name(ix)), "shows what went wrong"),
        }
    }
    let shown_set: BTreeSet<TaskIx> = shown.iter().copied().collect();
    let planned = needs
        .iter()
        .filter(|need| shown_set.contains(&need.task))
        .find_map(|need| Some((need, need.asked.planned()?)));
    if let Some((need, ask)) = planned {
        let when = match ask {
            Ask::Do => "once you have done it",
            Ask::Approve => "once you have looked at it",
        };
        let why = match need.sets_free.len() {
            0 => when.to_owned(),
            n => format!("{when}; sets {} free", count(n, "task", "tasks")),
        };
        add(complete_command(facts.plan, need.task, ask), &why);
    }
    let running = of(Class::Running).next();
    if first_deserted.is_none() && running.is_none() {
        let can_run = |ix: &TaskIx| facts.task(*ix).kind != TaskKind::Manual;
        if let Some(ix) = worst.filter(can_run) {
            let blocked = matches!(facts.view(ix).standing, Standing::Blocked(_));
            let not_started = orch.filter(|_| of(Class::Ready).next().is_some());
            if let Some(orch) = not_started {
                add(
                    format!("{} --retry-failed", resume(facts, orch)),
                    "tries it again and starts what has not started",
                );
            } else if blocked {
                add(format!("runr why {}", name(ix)), "shows what it waits for");
            } else {
                let worker = named_worker(facts, ix);
                let when = match reason(facts, ix) {
                    Some(StopReason::WorkerMissing) => {
                        "tries it again, once its worker is installed; or with another --worker"
                    }
                    Some(StopReason::AuthRequired) => "tries it again, once you have logged in",
                    _ => "tries it again",
                };
                add(format!("runr run --task {}{worker}", name(ix)), when);
            }
        } else if cut_short.is_none() && of(Class::Ready).next().is_some() {
            // An orchestration leaves ready tasks only when it was told to start no more.
            let is_own = |ix| facts.plan.whose(ix) == Whose::Home;
            // Tasks of other repositories are come to only where they are needed and asked for.
            let new = match of(Class::Ready).any(is_own) {
                true => "runr run",
                false => "runr run --with-deps",
            };
            let command = orch.map_or_else(|| new.to_owned(), |orch| resume(facts, orch));
            add(command, "runs what is ready and all that follows");
        }
    }
    if let Some(ix) = running.filter(|_| first_deserted.is_none()) {
        add(format!("runr logs -f {}", name(ix)), "follows its output");
        add("runr watch".to_owned(), "follows everything in a terminal");
    }
    if facts.plan.tasks().is_empty() {
        add(
            "runr tasks add 'What is to be done'".to_owned(),
            "writes a first task",
        );
    }
    let everything_done = !shown.is_empty()
        && shown
            .iter()
            .all(|ix| facts.view(*ix).status == Status::Completed);
    if everything_done && shown.iter().any(|ix| facts.view(*ix).stale.is_some()) {
        add(
            "runr run --rerun-stale".to_owned(),
            "runs the stale tasks again",
        );
    }
    if everything_done {
        add("runr report".to_owned(), "tells what was done");
    }
    next.truncate(COMMANDS);
    next
}

/// How completed work gets into the branch checked out: what something waits for first.
fn held_back(facts: &Facts<'_>, shown: &[TaskIx]) -> Option<(Remedy, String)> {
    let needed = shown
        .iter()
        .filter_map(|ix| match &facts.view(*ix).standing {
            Standing::Blocked(by) => by.iter().find_map(|p| facts.remedy(*p)),
            Standing::Ready | Standing::None => None,
        })
        .next();
    if let Some(remedy) = needed {
        return Some((remedy, "brings in what the rest needs".to_owned()));
    }
    let remedy = shown.iter().find_map(|ix| facts.remedy(*ix))?;
    Some((remedy, "brings in what was completed there".to_owned()))
}

/// The orchestration in which a task was cancelled or lost, if it has ended: continuing it runs the task.
pub(super) fn cut_short<'a>(facts: &Facts<'a>, ix: TaskIx) -> Option<&'a OrchId> {
    let recorded = facts.state.tasks.get(&facts.task(ix).id)?;
    let orch = recorded.orch.as_ref()?;
    let ended = facts.state.orchestrations.get(orch)?.ended_at.is_some();
    let reason = recorded.stop_reason?;
    let cut = matches!(reason, StopReason::Cancelled | StopReason::Orphaned);
    (facts.view(ix).status == Status::Stopped && cut && ended).then_some(orch)
}

/// Why a task did not succeed the last time.
fn reason(facts: &Facts<'_>, ix: TaskIx) -> Option<StopReason> {
    facts.recorded(ix)?.stop_reason
}

/// The run whose work was refused for what it changed: its output would not tell why.
fn judged<'a>(facts: &Facts<'a>, ix: TaskIx) -> Option<&'a RunId> {
    let recorded = facts.recorded(ix)?;
    let for_its_changes = matches!(
        recorded.stop_reason?,
        StopReason::ScopeViolation | StopReason::MergeConflict | StopReason::NoChanges
    );
    recorded.last_run_id.as_ref().filter(|_| for_its_changes)
}

/// ` --worker NAME` as it was typed when the task was last attempted: nothing else would name its worker again.
fn named_worker(facts: &Facts<'_>, ix: TaskIx) -> String {
    let orch = facts.recorded(ix).and_then(|t| t.orch.as_ref());
    let typed = orch.and_then(|orch| facts.state.orchestrations.get(orch));
    let mut words = typed.map_or("", |o| &o.command).split(' ');
    let name = words.find_map(|word| match word.strip_prefix("--worker") {
        Some("") => Some(None),
        Some(rest) => rest.strip_prefix('=').map(Some),
        None => None,
    });
    match name.and_then(|name| name.or_else(|| words.next())) {
        Some(name) => format!(" --worker {name}"),
        None => String::new(),
    }
}

/// The command that continues an orchestration.
pub(super) fn resume(facts: &Facts<'_>, orch: &OrchId) -> String {
    match newest_open(facts) {
        Some(newest) if newest == orch => facts.resume(orch),
        _ => format!("{} {orch}", facts.resume(orch)),
    }
}

/// The orchestration that a bare `runr resume` continues.
fn newest_open<'a>(facts: &Facts<'a>) -> Option<&'a OrchId> {
    let unfinished = facts.state.orchestrations.iter();
    unfinished
        .filter(|(_, o)| o.exit != Some(0) && !o.abroad)
        .max_by_key(|(id, o)| (o.started_at, *id))
        .map(|(id, _)| id)
}
