//! Brings the journal to terms with what dead orchestrators left: verdicts that nobody journalled,
//! attempts that were lost, attempts that still run.
//!
//! Touches only attempts of orchestrations whose owner lock it could take, and holds these locks for as
//! long as such an attempt runs.

use std::collections::BTreeMap;

use crate::attempt::{self, Live, sweep};
use crate::event::{Event, Recorded, Verdict};
use crate::git::{Git, integrate};
use crate::model::{OrchId, Outcome, RunId, RunState, Spent, StopReason, TaskId};
use crate::orchestrate::{FrozenPlan, OrchestrateError};
use crate::state::OpenRun;
use crate::store::recovery::{self, Action};
use crate::store::{Layout, OwnerLock, Store, facts, lock, read_spec, read_state};

/// A recovery about to be made.
pub struct Recovery<'a> {
    pub store: &'a mut Store,
    /// Is this task hybrid?
    pub hybrid: &'a dyn Fn(&TaskId) -> bool,
    /// The orchestration whose owner lock the caller holds.
    pub own: Option<&'a OrchId>,
}

/// What recovery found alive, and the locks that go with it.
#[derive(Debug, Default)]
pub struct Recovered {
    /// Everything that was read and written meanwhile.
    pub news: Vec<Recorded>,
    /// Attempts of the caller's own orchestration.
    own: Vec<(RunId, Live)>,
    /// Attempts of dead orchestrations.
    foreign: BTreeMap<RunId, (OrchId, Option<Live>)>,
    locks: BTreeMap<OrchId, OwnerLock>,
}

impl Recovered {
    /// Takes the live attempts of the caller's own orchestration.
    pub fn own_alive(&mut self) -> Vec<(RunId, Live)> {
        std::mem::take(&mut self.own)
    }

    /// Takes the live attempts of dead orchestrations; [`Self::ended`] is told their ends.
    pub fn foreign_alive(&mut self) -> Vec<(RunId, Live)> {
        self.foreign
            .iter_mut()
            .filter_map(|(run, (_, live))| Some((run.clone(), live.take()?)))
            .collect()
    }

    /// Is the owner lock of this orchestration held here?
    #[must_use]
    pub fn holds(&self, orch: &OrchId) -> bool {
        self.locks.contains_key(orch)
    }

    /// Takes over the live attempts and the locks of another recovery.
    pub fn join(&mut self, other: Self) {
        self.foreign.extend(other.foreign);
        self.locks.extend(other.locks);
    }

    /// Is this run one of a dead orchestration's?
    #[must_use]
    pub fn is_foreign(&self, run: &RunId) -> bool {
        self.foreign.contains_key(run)
    }

    /// Notes that a dead orchestration's attempt is over. Gives the orchestration when that was its
    /// last; its lock is in the answer too and may go when the end is journalled.
    pub fn ended(&mut self, run: &RunId) -> Option<(OrchId, OwnerLock)> {
        let (orch, _) = self.foreign.remove(run)?;
        if self.foreign.values().any(|(other, _)| *other == orch) {
            return None;
        }
        self.locks.remove_entry(&orch)
    }
}

impl Recovery<'_> {
    /// Settles everything that can be settled.
    ///
    /// # Errors
    /// When the journal or a run folder cannot be read or written, or a stray process cannot be ended.
    pub async fn run(mut self) -> Result<Recovered, OrchestrateError> {
        let mut recovered = Recovered {
            news: self.store.refresh()?,
            ..Recovered::default()
        };
        let open: Vec<OrchId> = {
            let state = self.store.state();
            let unended = state
                .orchestrations
                .iter()
                .filter(|(_, o)| o.ended_at.is_none());
            let mut ids: Vec<OrchId> = unended.map(|(id, _)| id.clone()).collect();
            ids.extend(state.open.values().map(|run| run.orch.clone()));
            ids.sort();
            ids.dedup();
            ids
        };
        for orch in open {
            let own = self.own == Some(&orch);
            if !own {
                match OwnerLock::try_take(self.store.layout(), &orch)? {
                    Some(lock) => drop(recovered.locks.insert(orch.clone(), lock)),
                    None => continue,
                }
                // It may have written its last words between our reading and its leaving.
                recovered.news.extend(self.store.refresh()?);
            }
            self.orchestration(&orch, own, &mut recovered).await?;
        }
        Ok(recovered)
    }

    /// Settles one orchestration of somebody else, if its owner lock can be taken.
    ///
    /// # Errors
    /// As for [`Self::run`].
    pub async fn one(mut self, orch: &OrchId) -> Result<Recovered, OrchestrateError> {
        let mut recovered = Recovered::default();
        if let Some(lock) = OwnerLock::try_take(self.store.layout(), orch)? {
            recovered.locks.insert(orch.clone(), lock);
            recovered.news = self.store.refresh()?;
            self.orchestration(orch, false, &mut recovered).await?;
        }
        Ok(recovered)
    }

    /// Settles one orchestration whose owner lock is held here.
    async fn orchestration(
        &mut self,
        orch: &OrchId,
        own: bool,
        recovered: &mut Recovered,
    ) -> Result<(), OrchestrateError> {
        let runs: Vec<(RunId, OpenRun)> = {
            let open = self.store.state().open.iter();
            open.filter(|(_, run)| run.orch == *orch)
                .map(|(id, run)| (id.clone(), run.clone()))
                .collect()
        };
        let mut events = Vec::new();
        for (run, open) in runs {
            match self.settle(&run, &open).await? {
                Settled::Ended(ended) => events.extend(ended),
                Settled::Alive(live) if own => recovered.own.push((run, live)),
                Settled::Alive(live) => {
                    recovered.foreign.insert(run, (orch.clone(), Some(live)));
                }
            }
        }
        let alive = recovered.foreign.values().any(|(other, _)| other == orch);
        let unended = self
            .store
            .state()
            .orchestrations
            .get(orch)
            .is_some_and(|entry| entry.ended_at.is_none());
        if !own && !alive && unended {
            // Nobody dispatches for it any more; `resume` opens it again.
            events.push(Event::OrchestrationEnded {
                orch: orch.clone(),
                exit: LOST_EXIT,
            });
        }
        if !events.is_empty() {
            let appended = self.store.append(events)?;
            recovered.news.extend(appended.news);
            if let Some(refused) = appended.refused.into_iter().next() {
                return Err(OrchestrateError::Refused {
                    orch: orch.clone(),
                    source: refused.why,
                });
            }
        }
        if !own && !alive {
            recovered.locks.remove(orch);
        }
        Ok(())
    }

    /// Finds out what became of one attempt; ends what is left of a lost one.
    async fn settle(&self, run: &RunId, open: &OpenRun) -> Result<Settled, OrchestrateError> {
        let layout = self.store.layout();
        loop {
            let action = recovery::decide(open, facts(layout, run, open)?);
            match action {
                Action::JournalIt(state) => {
                    let hybrid = (self.hybrid)(&open.task);
                    let spent = spent_of(layout, run, Some(&state))?;
                    let mut events: Vec<Event> = spent.into_iter().collect();
                    events.push(end_of(layout, run, Some(*state), hybrid)?);
                    return Ok(Settled::Ended(events));
                }
                Action::Lost => {
                    end_strays(layout, run)?;
                    let mut events: Vec<Event> = spent_of(layout, run, None)?.into_iter().collect();
                    events.push(end_of(layout, run, None, false)?);
                    return Ok(Settled::Ended(events));
                }
                Action::Void => {
                    let message = "its orchestrator was gone before the work began".to_owned();
                    return Ok(Settled::Ended(vec![Event::Voided {
                        run: run.clone(),
                        message,
                    }]));
                }
                Action::Adopt(process) => {
                    let live = Live::adopt(process).map_err(|source| OrchestrateError::Io {
                        doing: "watch the attempt of",
                        path: layout.run(run),
                        source,
                    })?;
                    // Gone between the two looks: look again.
                    if let Some(live) = live {
                        return Ok(Settled::Alive(live));
                    }
                }
                Action::WaitForLock => {
                    end_strays(layout, run)?;
                    let (layout, task) = (layout.clone(), open.task.clone());
                    let waited = tokio::task::spawn_blocking(move || {
                        lock::wait_for_task_lock(&layout, &task)
                    });
                    match waited.await {
                        Ok(waited) => waited?,
                        Err(error) => std::panic::resume_unwind(error.into_panic()),
                    }
                }
            }
        }
    }
}

/// What recovery found of one attempt.
enum Settled {
    Ended(Vec<Event>),
    Alive(Live),
}

/// The exit code of an orchestration whose orchestrator died.
const LOST_EXIT: u8 = 1;

/// Ends whatever the marks of a run still find.
pub(super) fn end_strays(layout: &Layout, run: &RunId) -> Result<(), OrchestrateError> {
    sweep(layout.root(), run)
        .map(drop)
        .map_err(|source| OrchestrateError::Io {
            doing: "end what is left of",
            path: layout.run(run),
            source,
        })
}

/// Ends what recovery found alive (or, with [`Ask::Nothing`], waits for its end) and journals it.
/// Gives how many attempts that were.
///
/// # Errors
/// When an attempt cannot be watched or asked to end, or its end cannot be journalled.
pub async fn end_all(
    store: &mut Store,
    mut recovered: Recovered,
    ask: Ask,
    hybrid: &dyn Fn(&TaskId) -> bool,
) -> Result<usize, OrchestrateError> {
    let alive = recovered.foreign_alive();
    let watch = |run: &RunId, layout: &Layout| {
        let path = layout.run(run);
        move |source| OrchestrateError::Io {
            doing: "watch the attempt of",
            path,
            source,
        }
    };
    if ask == Ask::ToEnd {
        for (run, live) in &alive {
            live.terminate().map_err(watch(run, store.layout()))?;
        }
    }
    let count = alive.len();
    for (run, mut live) in alive {
        live.ended().await.map_err(watch(&run, store.layout()))?;
        let state = read_state(store.layout(), &run)?;
        if state.is_none() {
            end_strays(store.layout(), &run)?;
        }
        let is_hybrid = store
            .state()
            .open
            .get(&run)
            .is_some_and(|open| hybrid(&open.task));
        let spent = spent_of(store.layout(), &run, state.as_ref())?;
        let mut events: Vec<Event> = spent.into_iter().collect();
        events.push(end_of(store.layout(), &run, state, is_hybrid)?);
        let last = recovered.ended(&run);
        events.extend(last.as_ref().map(|(orch, _)| Event::OrchestrationEnded {
            orch: orch.clone(),
            exit: LOST_EXIT,
        }));
        store.append(events)?;
    }
    Ok(count)
}

/// Are attempts asked to end, or only awaited?
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask {
    ToEnd,
    Nothing,
}

/// What an ended run used, as an event to be written before its end; of a lost one, what its agent had told until then.
/// `None`: its worker does not tell.
///
/// # Errors
/// When the run's files cannot be read.
pub fn spent_of(
    layout: &Layout,
    run: &RunId,
    state: Option<&RunState>,
) -> Result<Option<Event>, OrchestrateError> {
    let spent = match state {
        Some(state) => state.agent.as_ref().map(|agent| agent.spent),
        None => spent_by_lost(layout, run)?,
    };
    Ok(spent.map(|spent| Event::Spent {
        run: run.clone(),
        spent,
    }))
}

/// What the agent of a run without a verdict had told.
pub(super) fn spent_by_lost(
    layout: &Layout,
    run: &RunId,
) -> Result<Option<Spent>, OrchestrateError> {
    let folder = layout.run(run);
    // Without a specification it never came so far as to start one.
    let Some(agent) = read_spec(&folder).ok().and_then(|spec| spec.agent) else {
        return Ok(None);
    };
    attempt::spent_so_far(&folder, &agent).map_err(|source| OrchestrateError::Io {
        doing: "read the events of",
        path: folder,
        source,
    })
}

/// The commit of a run that left no verdict, when it came so far as to bring its work onto the branch.
///
/// # Errors
/// When git refuses.
pub fn on_its_branch(layout: &Layout, run: &RunId) -> Result<Option<String>, OrchestrateError> {
    // Without a specification, or without the orchestration's plan, it never came so far.
    let Ok(spec) = read_spec(&layout.run(run)) else {
        return Ok(None);
    };
    let (Some(git), Ok(plan)) = (spec.git, FrozenPlan::read(layout, &spec.orch)) else {
        return Ok(None);
    };
    let Some(ground) = plan.ground else {
        return Ok(None);
    };
    let found = integrate::find(&Git::of(&git.common), &ground.start, &git.branch, run)?;
    Ok(found)
}

/// The event that ends a run with the verdict in its folder, or as lost.
///
/// # Errors
/// When there is no verdict and git cannot be asked what the run left.
pub fn end_of(
    layout: &Layout,
    run: &RunId,
    state: Option<RunState>,
    hybrid: bool,
) -> Result<Event, OrchestrateError> {
    let sha = match &state {
        Some(state) => state.commit(),
        None => on_its_branch(layout, run)?,
    };
    let (verdict, took_ms) = match state {
        Some(RunState {
            outcome: Outcome::Succeeded,
            took_ms,
            ..
        }) => {
            let verdict = match hybrid {
                true => Verdict::AwaitingApproval { sha },
                false => Verdict::Completed { sha },
            };
            (verdict, took_ms)
        }
        Some(RunState {
            outcome: Outcome::Ended(reason),
            message,
            took_ms,
            ..
        }) => {
            let verdict = match reason.is_verdict() {
                true => Verdict::Failed { reason, message },
                false => Verdict::Stopped { reason, message },
            };
            (verdict, took_ms)
        }
        None if sha.is_some() => (Verdict::Completed { sha }, 0),
        None => {
            let message = Some("its process was lost".to_owned());
            (
                Verdict::Stopped {
                    reason: StopReason::Orphaned,
                    message,
                },
                0,
            )
        }
    };
    Ok(Event::Ended {
        run: run.clone(),
        verdict,
        took_ms,
    })
}
