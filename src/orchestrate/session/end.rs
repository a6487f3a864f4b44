//! What an orchestration does in each repository after its last task: write into the task files, land, and say how it
//! ended.

use std::path::Path;

use super::{Finished, append_all};
use crate::event::Event;
use crate::model::{Land, OrchId, Whose};
use crate::orchestrate::containment::{self, There};
use crate::orchestrate::display::Display;
use crate::orchestrate::driver::Ending;
use crate::orchestrate::ground::Grounds;
use crate::orchestrate::status_files::StatusFiles;
use crate::orchestrate::{OrchestrateError, landing};
use crate::plan::TaskIx;
use crate::report::merge_command;
use crate::sched;
use crate::store::{Layout, OwnerLock};

/// Writes into the files of a repository's tasks how they stand, before the work lands.
pub(super) fn tell_files(
    ending: &mut Ending,
    (whose, root): (Whose, &Path),
    selected: &[TaskIx],
) -> Result<(), OrchestrateError> {
    let (Some(site), Some(store)) = (ending.sites.of(whose), ending.store.of(whose)) else {
        return Ok(());
    };
    let its = selected.iter().copied();
    let its = its.filter(|ix| ending.plan.whose(*ix) == whose);
    let mut files = match ending.sites.plan_of(whose) {
        None => StatusFiles::new(&ending.plan, store.state(), &its.collect::<Vec<_>>()),
        Some(own) => {
            let repositories = ending.plan.repositories();
            let own_name = |ix| repositories.own(&ending.plan.task(ix).id);
            let its: Vec<TaskIx> = its.filter_map(|ix| own.find(&own_name(ix))).collect();
            StatusFiles::new(own, store.state(), &its)
        }
    };
    match &site.grounds {
        None => files.write_in_place(root),
        Some(grounds) if grounds.has_work()? => {
            files.commit(grounds, store.layout(), &site.orch)?;
        }
        // Nothing went onto the branch: there is nothing that a commit could say of it.
        Some(_) => {}
    }
    for line in &files.said {
        ending.screen.say(line);
    }
    Ok(())
}

pub(super) fn finish(
    mut ending: Ending,
    orch: OrchId,
    selected: Vec<TaskIx>,
    owners: Vec<OwnerLock>,
) -> Result<Finished, OrchestrateError> {
    let own = exit_code(ending.scheduler.tally());
    let all = ending.sites.all().map(|(whose, _)| whose);
    let lost = all.filter(|whose| ending.store.is_lost(*whose));
    let lost: Vec<String> = lost
        .filter_map(|whose| ending.store.repositories().get(whose))
        .map(|other| other.folder.to_string())
        .collect();
    let exit = match lost.is_empty() {
        true => ending.signalled.unwrap_or(own),
        // What ran there cannot be recorded.
        false => STATE_ERROR,
    };
    let mut homes: Vec<Home> = Vec::new();
    let mut held_back = Vec::new();
    if !ending.detached {
        for (whose, site) in ending.sites.all() {
            // What was made in a lost repository stays where it is.
            if ending.store.is_lost(whose) {
                continue;
            }
            let Some(grounds) = &site.grounds else {
                continue;
            };
            let there = There {
                whose,
                layout: &site.layout,
                plan: &ending.plan,
                state: ending.store.state(),
            };
            held_back.extend(containment::holding_back(grounds, there, &selected)?);
            homes.extend(bring_home(
                grounds,
                &site.layout,
                &orch,
                &mut ending.screen,
            )?);
        }
        let grounded = |whose| {
            ending
                .sites
                .of(whose)
                .is_some_and(|site| site.grounds.is_some())
        };
        held_back.extend(containment::beyond(
            &ending.plan,
            &ending.store,
            &selected,
            grounded,
        )?);
        let ended = Event::OrchestrationEnded {
            orch: orch.clone(),
            exit,
        };
        for recorded in append_all(&mut ending.store, vec![ended], &orch)? {
            ending.screen.event(&recorded);
        }
    }
    // The cache is rebuilt from the journal whenever it is behind: its failure is only worth a warning.
    if let Err(error) = ending.store.write_cache() {
        ending.screen.say(&format!("warning: {error}"));
    }
    drop(owners);
    let lines = |homes: &[&Home]| {
        let lines: Vec<&str> = homes.iter().map(|home| home.line.as_str()).collect();
        (!lines.is_empty()).then(|| lines.join("; "))
    };
    let not_landed = homes.iter().filter(|h| h.outcome == landing::Outcome::Not);
    Ok(Finished {
        screen: ending.screen,
        orch,
        exit,
        // Which repositories cannot be read by now.
        plan: ending.plan.of_several(ending.store.repositories().clone()),
        selected,
        lost,
        store: ending.store,
        detached: ending.detached,
        held_back,
        not_told: Vec::new(),
        landing: lines(&homes.iter().collect::<Vec<_>>()),
        to_land: homes.iter().find_map(|home| home.command.clone()),
        not_landed: lines(&not_landed.collect::<Vec<_>>()),
    })
}

/// The exit code when runr's own state cannot be read or written.
const STATE_ERROR: u8 = 4;

/// What became of an orchestration's branch.
struct Home {
    line: String,
    /// What is left to type.
    command: Option<String>,
    outcome: landing::Outcome,
}

/// Lands the work where it is to land, says what became of it and gives the same. A branch that nothing was put onto goes.
fn bring_home(
    grounds: &Grounds,
    layout: &Layout,
    orch: &OrchId,
    screen: &mut Display,
) -> Result<Option<Home>, OrchestrateError> {
    if grounds.forget_if_empty()? {
        return Ok(None);
    }
    let there = grounds.shown.as_deref();
    if grounds.ground.land == Land::Never {
        let line = grounds.says(&format!("the work is on {}, not landed", grounds.branch));
        screen.say(&line);
        return Ok(Some(Home {
            line,
            command: Some(merge_command(&grounds.branch, there)),
            outcome: landing::Outcome::Nothing,
        }));
    }
    let Some(landed) = landing::land(layout, &grounds.ground, orch)? else {
        return Ok(None);
    };
    let landed = landed.of(there);
    let line = grounds.says(&landed.line());
    if landed.outcome != landing::Outcome::Nothing {
        screen.say(&line);
    }
    Ok(Some(Home {
        line,
        command: (landed.outcome == landing::Outcome::Not).then(|| landed.command()),
        outcome: landed.outcome,
    }))
}

/// 1 if anything selected failed or stopped, else 3 if anything selected is not completed, else 0.
fn exit_code(tally: sched::Tally) -> u8 {
    if tally.failed + tally.stopped > 0 {
        1
    } else if tally.completed < tally.selected {
        3
    } else {
        0
    }
}
