//! The life of an attempt as its orchestrator sees it: launched, let go, watched, gone; and the attempts
//! that dead orchestrators left.

use std::path::PathBuf;
use std::time::Duration;

use tokio::sync::mpsc;
use tokio::time::Instant;

use super::{Alive, Ended, Orchestrator, Pending, Then};
use crate::attempt::{Held, LaunchError, Live};
use crate::event::Event;
use crate::model::{OrchId, RunId, RunState, StopReason, TaskId, TaskKind, Whose};
use crate::orchestrate::OrchestrateError;
use crate::orchestrate::babysit::Report;
use crate::orchestrate::dispatch::Attempt;
use crate::orchestrate::recover::{
    Recovered, Recovery, end_of, end_strays, on_its_branch, spent_by_lost, spent_of,
};
use crate::plan::Plan;
use crate::sched::{AttemptEnd, Input, Kill};
use crate::store::{Layout, StoreError, create_run, read_state};

impl Orchestrator {
    /// Starts the process of a reserved attempt. A run folder that cannot be made, as on a full disk, says
    /// nothing about the task: the run stays reserved, and the next command finds that it never began.
    pub(super) fn launch(&mut self, attempt: Attempt) -> Result<(), OrchestrateError> {
        let run = attempt.run;
        let created = match attempt.spec {
            Ok(spec) => match create_run(&self.run_layout(&run), &spec) {
                Ok(dir) => Ok(dir),
                // Another orchestrator drew the same id in the same second: draw again.
                Err(StoreError::RunExists { .. }) => {
                    Err((AttemptEnd::Void, "its run id was taken".to_owned()))
                }
                Err(error) => match self.store.whose_run(&run) {
                    Whose::Home => return Err(error.into()),
                    Whose::Other(number) => {
                        self.store.give_up(number, &error.to_string());
                        let end = AttemptEnd::Unsuccessful(StopReason::InternalError);
                        Err((end, error.to_string()))
                    }
                },
            },
            Err((reason, message)) => Err((AttemptEnd::Unsuccessful(reason), message)),
        };
        if let Some(alive) = self.alive.get_mut(&run) {
            alive.since = Instant::now();
        }
        match created {
            Ok(dir) => {
                let exe = self.exe.clone();
                self.nursery.start(run, exe, dir, attempt.secrets);
            }
            Err((end, message)) => self.over(end, Ended::new(&run, Some(message), 0)),
        }
        Ok(())
    }

    /// `started` is on disk: the worker may begin.
    pub(super) async fn go(&mut self, run: RunId, held: Held) {
        let Some(alive) = self.alive.get_mut(&run) else {
            return;
        };
        match held.go().await {
            Ok(live) => {
                let ask = self.nursery.watch(run, live);
                if let Some(kill) = alive.end.take() {
                    tell(&ask, kill);
                }
                alive.ask = Some(ask);
                alive.since = Instant::now();
            }
            Err(error) => {
                let message = format!("its process ended before the work began: {error}");
                self.over(
                    AttemptEnd::Unsuccessful(StopReason::Orphaned),
                    Ended::new(&run, Some(message), 0),
                );
            }
        }
    }

    pub(super) async fn attempt(&mut self, report: Report) -> Result<(), OrchestrateError> {
        match report {
            Report::Ready {
                run,
                held: Ok(held),
            } => {
                if self
                    .alive
                    .get(&run)
                    .is_some_and(|alive| alive.end.is_some())
                {
                    let mut message = "cancelled before the work began".to_owned();
                    if let Err(error) = held.abandon().await {
                        // It sees the end of its input all the same, and leaves.
                        message = format!("{message}; cannot wait for its process: {error}");
                    }
                    let message = Some(message);
                    self.over(AttemptEnd::Void, Ended::new(&run, message, 0));
                } else {
                    let event = Event::Started {
                        run: run.clone(),
                        process: held.process().clone(),
                    };
                    self.pending.push(Pending {
                        event,
                        then: Then::Go { run, held },
                    });
                }
            }
            Report::Ready {
                run,
                held: Err(error),
            } => {
                let end = match &error {
                    LaunchError::Locked => AttemptEnd::Void,
                    _ => AttemptEnd::Unsuccessful(StopReason::InternalError),
                };
                self.over(end, Ended::new(&run, Some(error.to_string()), 0));
            }
            Report::Gone { run, watched } => {
                if let Err(source) = watched {
                    let path = self.run_folder(&run);
                    return Err(OrchestrateError::Io {
                        doing: "watch the attempt of",
                        path,
                        source,
                    });
                }
                let seen = match self.adopted.values().any(|a| a.is_foreign(&run)) {
                    true => self.foreign_end(&run),
                    false => self.own_end(&run),
                };
                match (seen, self.store.whose_run(&run)) {
                    (Err(error), Whose::Other(number)) => {
                        self.store.give_up(number, &error.to_string());
                        self.heed_lost();
                        let end = AttemptEnd::Unsuccessful(StopReason::Orphaned);
                        self.over(end, Ended::new(&run, None, 0));
                    }
                    (seen, _) => seen?,
                }
            }
        }
        Ok(())
    }

    /// An attempt of ours is gone: its verdict is in its folder, or it was lost.
    fn own_end(&mut self, run: &RunId) -> Result<(), OrchestrateError> {
        let state = self.final_state(run)?;
        let elapsed = self
            .alive
            .get(run)
            .map_or(Duration::ZERO, |alive| alive.since.elapsed());
        let Some(state) = state else {
            let took = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
            if let Some(commit) = on_its_branch(&self.run_layout(run), run)? {
                let mut ended = Ended::new(run, None, took);
                ended.commit = Some(commit);
                ended.spent = spent_by_lost(&self.run_layout(run), run)?;
                self.over(AttemptEnd::Succeeded, ended);
                return Ok(());
            }
            let message = "its process vanished without a verdict".to_owned();
            let mut ended = Ended::new(run, Some(message), took);
            ended.spent = spent_by_lost(&self.run_layout(run), run)?;
            self.over(AttemptEnd::Unsuccessful(StopReason::Orphaned), ended);
            return Ok(());
        };
        let end = match state.outcome {
            crate::model::Outcome::Succeeded => AttemptEnd::Succeeded,
            crate::model::Outcome::Ended(reason) => {
                let limit = state.agent.as_ref().and_then(|agent| agent.limit.as_ref());
                self.worker_trouble(run, reason, limit.and_then(|limit| limit.resets_at))
            }
        };
        let mut ended = Ended::new(run, None, state.took_ms);
        ended.commit = state.commit();
        ended.message = state.message;
        ended.spent = state.agent.as_ref().map(|agent| agent.spent);
        if let Some(left) = &state.git {
            self.left(&mut ended, left);
        }
        self.over(end, ended);
        Ok(())
    }

    /// The verdict in the run's folder. Without one, whatever is left of its processes is ended first.
    fn final_state(&self, run: &RunId) -> Result<Option<RunState>, OrchestrateError> {
        let state = read_state(&self.run_layout(run), run)?;
        if state.is_none() {
            end_strays(&self.run_layout(run), run)?;
        }
        Ok(state)
    }

    /// The repository of an attempt was lost before its worker began.
    pub(super) async fn let_go_lost(&mut self, run: &RunId, held: Held) {
        // Whether or not it can be waited for: its process sees the end of its input, and leaves.
        let message = match held.abandon().await {
            Ok(()) => "its repository cannot be written any more".to_owned(),
            Err(error) => format!("its repository cannot be written any more: {error}"),
        };
        self.over(AttemptEnd::Void, Ended::new(run, Some(message), 0));
    }

    fn over(&mut self, how: AttemptEnd, ended: Ended) {
        if let Some(alive) = self.alive.remove(&ended.run) {
            self.ended.insert(alive.task, ended);
            self.inputs.push_back(Input::Ended {
                task: alive.task,
                how,
            });
        }
    }

    /// An attempt of a dead orchestrator is gone: its verdict is journalled as it is, without retries.
    fn foreign_end(&mut self, run: &RunId) -> Result<(), OrchestrateError> {
        let (whose, layout) = (self.store.whose_run(run), self.run_layout(run));
        let state = self.final_state(run)?;
        let hybrid = self.store.state().open.get(run).is_some_and(|open| {
            let ix = self.plan.find(&open.task);
            ix.is_some_and(|ix| self.plan.task(ix).kind == TaskKind::Hybrid)
        });
        let spent = spent_of(&layout, run, state.as_ref())?;
        let mut events: Vec<Event> = spent.into_iter().collect();
        events.push(end_of(&layout, run, state, hybrid)?);
        let adopted = self.adopted.get_mut(&whose);
        let last = adopted.and_then(|adopted| adopted.ended(run));
        if whose != Whose::Home {
            // Where it ended is where its orchestration ends: nothing of ours waits to be written in that journal's line.
            if let Some((orch, _)) = &last {
                events.push(Event::OrchestrationEnded {
                    orch: orch.clone(),
                    exit: 1,
                });
            }
            let appended = self.store.append_in(whose, events)?;
            return self.hear(&appended.news);
        }
        self.pending.extend(events.into_iter().map(|event| Pending {
            event,
            then: Then::Nothing,
        }));
        if let Some((orch, lock)) = last {
            let event = Event::OrchestrationEnded { orch, exit: 1 };
            self.pending.push(Pending {
                event,
                then: Then::Release(lock),
            });
        }
        Ok(())
    }

    /// Where a run's repository keeps its files.
    pub(super) fn run_layout(&self, run: &RunId) -> Layout {
        self.store.layout_of(self.store.whose_run(run)).clone()
    }

    pub(super) fn run_folder(&self, run: &RunId) -> PathBuf {
        self.run_layout(run).run(run)
    }

    /// Begins to watch what recovery found alive.
    pub(super) fn adopt(&mut self) {
        let adopted = self.adopted.values_mut();
        let own: Vec<(RunId, Live)> = adopted.flat_map(Recovered::own_alive).collect();
        for (run, live) in own {
            let open = self.store.state().open.get(&run);
            let Some(task) = open.and_then(|open| self.plan.find(&open.task)) else {
                continue;
            };
            if let Some(open) = open {
                self.screen.adopted(&run, open);
            }
            let ask = self.nursery.watch(run.clone(), live);
            self.run_of.insert(task, run.clone());
            self.alive.insert(
                run,
                Alive {
                    task,
                    ask: Some(ask),
                    end: None,
                    since: Instant::now(),
                },
            );
        }
        self.watch_foreign();
    }

    fn watch_foreign(&mut self) {
        let adopted = self.adopted.values_mut();
        let foreign: Vec<(RunId, Live)> = adopted.flat_map(Recovered::foreign_alive).collect();
        for (run, live) in foreign {
            // Nobody asks it to end: it is not ours.
            drop(self.nursery.watch(run, live));
        }
    }

    pub(super) fn watch_owners(&mut self) {
        for whose in self.store.readable() {
            let Some(store) = self.store.of(whose) else {
                continue;
            };
            let (own, adopted) = (self.sites.orch(), self.adopted.get(&whose));
            let held = |orch: &OrchId| adopted.is_some_and(|adopted| adopted.holds(orch));
            let ours = |orch: &OrchId| orch == own || held(orch);
            self.owners.watch(whose, store, ours);
        }
    }

    /// Another orchestrator is gone: settles what it left in a repository, unless somebody else already does.
    pub(super) async fn recover(
        &mut self,
        whose: Whose,
        orch: &OrchId,
    ) -> Result<(), OrchestrateError> {
        let mut recovered = {
            let hybrid = is_hybrid(&self.plan, whose);
            let Some(store) = self.store.of_mut(whose) else {
                return Ok(());
            };
            let recovery = Recovery {
                store,
                hybrid: &hybrid,
                own: None,
            };
            recovery.one(orch).await?
        };
        let news = std::mem::take(&mut recovered.news);
        let news = self.store.named(whose, news);
        self.store.renew();
        self.adopted.entry(whose).or_default().join(recovered);
        self.watch_foreign();
        self.hear(&news)
    }
}

/// Says of a task, by the name that it has in its own repository, whether it is hybrid.
pub(in crate::orchestrate) fn is_hybrid(plan: &Plan, whose: Whose) -> impl Fn(&TaskId) -> bool {
    move |own| {
        let id = plan.repositories().in_plan(whose, own);
        let ix = id.and_then(|id| plan.find(&id));
        ix.is_some_and(|ix| plan.task(ix).kind == TaskKind::Hybrid)
    }
}

/// Asks an attempt to end.
pub(super) fn tell(ask: &mpsc::UnboundedSender<Kill>, kill: Kill) {
    // The future that listens is gone only when the attempt is: its end is on the way then.
    let _ = ask.send(kill);
}
