//! Brings the work that a person has approved onto its orchestration's branch, and from there home when
//! nobody else will.

use std::path::Path;

use crate::attempt::{self, LaunchError, REFUSED};
use crate::git::{Git, repository};
use crate::model::{Land, OrchId, Remark, RunId, RunState};
use crate::orchestrate::cleaning::{self, Done};
use crate::orchestrate::ground::{Ground, branch_of};
use crate::orchestrate::{FrozenPlan, OrchestrateError, landing};
use crate::store::lock::{self, Held};
use crate::store::{Layout, read_spec, read_state};

/// What became of approved work.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// It was done in place: there is nothing to bring.
    InPlace,
    /// Its commit is on the branch.
    Integrated(String),
    /// It is where it was, for this reason.
    Refused(String),
}

/// Brings the work of a run onto its branch, in a process of its own, as after any other work. The commit says who
/// approved it, and why.
///
/// # Errors
/// When that process cannot be started or watched, or the run folder cannot be read.
pub async fn integrate(
    exe: &Path,
    layout: &Layout,
    run: &RunId,
    said: &Remark,
) -> Result<Approval, OrchestrateError> {
    let dir = layout.run(run);
    let spec = read_spec(&dir)?;
    if spec.git.is_none() {
        return Ok(Approval::InPlace);
    }
    if let Some(ground) = FrozenPlan::read(layout, &spec.orch)?.ground {
        begin_again(&ground, &spec.orch)?;
    }
    let io = |doing| {
        let path = dir.clone();
        move |source| OrchestrateError::Io {
            doing,
            path,
            source,
        }
    };
    attempt::approval::write(&dir, said).map_err(io("write"))?;
    let held = match attempt::start(exe, &dir, &[]).await {
        Ok(held) => held,
        Err(LaunchError::Locked) => {
            return Ok(Approval::Refused("somebody is at it already".to_owned()));
        }
        Err(error) => return Ok(Approval::Refused(error.to_string())),
    };
    let mut live = held.integrate().await.map_err(io("start"))?;
    live.ended().await.map_err(io("watch"))?;
    let state = read_state(layout, run)?;
    if let Some(commit) = state.and_then(|state| state.git?.integrated) {
        return Ok(Approval::Integrated(commit));
    }
    let refused = std::fs::read(dir.join(REFUSED)).map_err(io("read"))?;
    let message = serde_json::from_slice::<RunState>(&refused)
        .ok()
        .and_then(|state| state.message);
    Ok(Approval::Refused(message.unwrap_or_else(|| {
        "its process vanished without a verdict".to_owned()
    })))
}

/// An ended orchestration whose branch held nothing has none any more: it starts from where it would start now.
fn begin_again(ground: &Ground, orch: &OrchId) -> Result<(), OrchestrateError> {
    let git = Git::of(&ground.common);
    let branch = branch_of(orch);
    if repository::tip(&git, &branch)?.is_some() {
        return Ok(());
    }
    let mut start = ground.start.clone();
    if let Some(onto) = &ground.onto
        && let Some(tip) = repository::tip(&git, onto)?
        && repository::contains(&git, &tip, &start)?
    {
        start = tip;
    }
    let name = format!("refs/heads/{branch}");
    git.run(&["update-ref", &name, &start, &"0".repeat(start.len())])?;
    Ok(())
}

/// What follows when the approval is written: the working tree goes, and the work lands, unless its orchestration is
/// alive and will see to that. Gives lines for people.
///
/// # Errors
/// When git refuses, or a run folder cannot be read.
pub fn settle(layout: &Layout, run: &RunId) -> Result<Vec<String>, OrchestrateError> {
    let mut lines = Vec::new();
    let spec = read_spec(&layout.run(run))?;
    let Some(git) = &spec.git else {
        return Ok(lines);
    };
    let left = read_state(layout, run)?.and_then(|state| state.git);
    if let Some(done) = left.and_then(|left| Done::of(&git.common, run, &left)) {
        cleaning::remove(layout, &done)?;
    }
    if lock::owner_lock(layout, &spec.orch)? == Held::Yes {
        return Ok(lines);
    }
    let ground = FrozenPlan::read(layout, &spec.orch)?.ground;
    if let Some(ground) = ground.filter(|ground| ground.land != Land::Never)
        && let Some(landed) = landing::land(layout, &ground, &spec.orch)?
        && landed.outcome != landing::Outcome::Nothing
    {
        lines.push(landed.line());
    }
    Ok(lines)
}
