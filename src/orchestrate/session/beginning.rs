//! What an orchestration does in each repository before its first task: take the owner locks, settle what dead
//! orchestrators left, open the grounds, and look whether what is completed is where the tasks start from.

use std::collections::BTreeMap;

use super::{Surroundings, append_all, take_over};
use crate::event::Recorded;
use crate::model::{OrchId, TaskKind, Whose};
use crate::orchestrate::containment::{self, There};
use crate::orchestrate::driver::is_hybrid;
use crate::orchestrate::frozen::{Engaged, FrozenPlan};
use crate::orchestrate::ground::Grounds;
use crate::orchestrate::{OrchestrateError, Recovered, Recovery};
use crate::plan::TaskIx;
use crate::report::Remedy;
use crate::store::OwnerLock;

/// Takes the orchestration's owner lock in every other repository that it works in, so that nobody there takes its
/// attempts for left behind; and leaves its plan's part there.
pub(super) async fn own_elsewhere(
    frozen: &FrozenPlan,
    around: &Surroundings,
    selected: &[TaskIx],
) -> Result<Vec<OwnerLock>, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut owners = Vec::new();
    for (number, other) in &around.others {
        let whose = Whose::Other(*number);
        let other_repository = around.store.repositories().get(whose);
        let store = around.store.of(whose);
        let store = store.ok_or_else(|| OrchestrateError::no_repository(other_repository))?;
        let owner = take_over(store, orch).await?;
        owners.push(owner.ok_or_else(|| OrchestrateError::StillRunning { orch: orch.clone() })?);
        if FrozenPlan::read(store.layout(), orch).is_ok() {
            continue;
        }
        let command = frozen.command.clone();
        let mut part = FrozenPlan::new(orch.clone(), command, &other.plan, frozen.rules);
        part.jobs = frozen.jobs;
        part.home = Some(around.project.root.clone());
        let its = selected
            .iter()
            .filter(|ix| around.plan.whose(**ix) == whose);
        part.selected = its
            .filter_map(|ix| {
                let id = &around.plan.task(*ix).id;
                other.plan.find(&around.plan.repositories().own(id))
            })
            .map(|ix| ix.0)
            .collect();
        let engaged = frozen.others.iter();
        let engaged = engaged.filter(|engaged| engaged.root == other.project.root);
        part.ground = engaged.filter_map(|engaged| engaged.ground.clone()).next();
        part.write(store.layout())?;
    }
    Ok(owners)
}

/// Settles what dead orchestrators left in every repository that the orchestration works in.
pub(super) async fn recover(
    around: &mut Surroundings,
    orch: &OrchId,
) -> Result<(BTreeMap<Whose, Recovered>, Vec<Recorded>), OrchestrateError> {
    let mut all = BTreeMap::new();
    let mut news = Vec::new();
    let others = around.others.keys().map(|number| Whose::Other(*number));
    let sites: Vec<Whose> = std::iter::once(Whose::Home).chain(others).collect();
    for whose in sites {
        let hybrid = is_hybrid(&around.plan, whose);
        let Some(store) = around.store.of_mut(whose) else {
            continue;
        };
        let mut recovered = Recovery {
            store,
            hybrid: &hybrid,
            own: Some(orch),
        }
        .run()
        .await?;
        let read = std::mem::take(&mut recovered.news);
        news.extend(around.store.named(whose, read));
        all.insert(whose, recovered);
    }
    around.store.renew();
    Ok((all, news))
}

/// The ground of each repository that has one.
pub(super) fn grounds(
    frozen: &FrozenPlan,
    around: &Surroundings,
) -> Result<BTreeMap<Whose, Grounds>, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut all = BTreeMap::new();
    if let Some(ground) = &frozen.ground {
        let file = around.orchestration.as_deref();
        let grounds = Grounds::open(ground.clone(), orch, &around.config, file)?;
        all.insert(Whose::Home, grounds);
    }
    for (number, other) in &around.others {
        let whose = Whose::Other(*number);
        let its = |engaged: &&Engaged| engaged.root == other.project.root;
        let engaged = frozen.others.iter().find(its);
        let Some(ground) = engaged.and_then(|engaged| engaged.ground.clone()) else {
            continue;
        };
        let file = other.orchestration.as_deref();
        let mut grounds = Grounds::open(ground, orch, &other.config, file)?;
        let described = around.plan.repositories().get(whose);
        grounds.shown = described.map(|described| described.typed.to_string());
        all.insert(whose, grounds);
    }
    Ok(all)
}

/// Looks whether what is completed is where the tasks start from, and makes the branches.
pub(super) fn look(
    grounds: &mut BTreeMap<Whose, Grounds>,
    around: &mut Surroundings,
    frozen: &FrozenPlan,
    selected: &[TaskIx],
    news: &mut Vec<Recorded>,
) -> Result<containment::Found, OrchestrateError> {
    let orch = &frozen.orchestration;
    let mut all = containment::Found::default();
    for (whose, grounds) in grounds.iter_mut() {
        let there = There {
            whose: *whose,
            layout: around.store.layout_of(*whose),
            plan: &around.plan,
            state: around.store.state(),
        };
        let mut found = containment::look(grounds, there)?;
        all.outside.append(&mut found.outside);
        all.lines.append(&mut found.lines);
        if !found.missing.is_empty() {
            news.extend(append_all(&mut around.store, found.missing, orch)?);
        }
        let open = |ix: &&TaskIx| {
            let task = around.plan.task(**ix);
            let done = around.store.state().counts_as_completed(&task.id, orch);
            around.plan.whose(**ix) == *whose
                && task.kind != TaskKind::Manual
                && (!done || frozen.again.contains(&ix.0))
        };
        if selected.iter().find(open).is_some() {
            grounds.begin()?;
        }
    }
    let grounded = |whose| grounds.contains_key(&whose);
    for (ix, outside) in containment::beyond(&around.plan, &around.store, selected, grounded)? {
        let remedy = Remedy::new(&around.plan.task(ix).id, &outside);
        all.lines.extend(remedy.lines());
        all.outside.push(ix);
    }
    Ok(all)
}
