//! The loop. In prose: give the scheduler every input there is; carry its effects out, collecting the
//! events they make; append these as one line; only then start what was reserved, let go what was
//! started, and tell the screen; wait for the next thing to happen; until the scheduler is finished.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::attempt::{Held, LaunchError, Live};
use crate::event::{Event, Recorded, Verdict};
use crate::model::{OrchId, OrphanPolicy, RunId, RunState, Spent, StopReason};
use crate::orchestrate::babysit::{Nursery, Report};
use crate::orchestrate::dispatch::{Attempt, Dispatch};
use crate::orchestrate::display::Display;
use crate::orchestrate::news::News;
use crate::orchestrate::owners::Owners;
use crate::orchestrate::recover::{Recovered, Recovery, end_of, end_strays, spent_of};
use crate::orchestrate::{JournalWatch, OrchestrateError};
use crate::plan::{Plan, TaskIx};
use crate::sched::{
    self, AttemptEnd, Cancel, Effect, Input, Kill, Problem, Refusal, Scheduler, Settle,
};
use crate::state::Illegal;
use crate::store::{OwnerLock, Store, StoreError, create_run, read_spec, read_state};

/// Everything an orchestrator is given.
#[derive(Debug)]
pub struct Start {
    pub plan: Plan,
    pub store: Store,
    pub dispatch: Dispatch,
    pub problem: Problem,
    /// Tasks that are run although they are completed.
    pub again: BTreeSet<TaskIx>,
    /// What recovery left to watch: attempts of dead orchestrators that are still alive.
    pub recovered: Recovered,
    /// This program, for the attempts.
    pub exe: PathBuf,
    pub on_orphan: OrphanPolicy,
    pub screen: Display,
}

/// How an orchestration ended.
#[derive(Debug)]
pub struct Ending {
    /// The exit code that a signal asks for; `None`: it ended by itself.
    pub signalled: Option<u8>,
    /// It was left while attempts are alive: the terminal closed, or the third signal came.
    pub detached: bool,
    pub scheduler: Scheduler,
    pub plan: Plan,
    pub store: Store,
    pub screen: Display,
}

/// One event about to be written, and what follows when it is.
#[derive(Debug)]
struct Pending {
    event: Event,
    then: Then,
}

#[derive(Debug)]
enum Then {
    Nothing,
    /// Start the attempt.
    Launch {
        task: TaskIx,
        attempt: Box<Attempt>,
    },
    /// Let the worker begin.
    Go {
        run: RunId,
        held: Box<Held>,
    },
    /// The orchestration is over: others may resume it.
    Release(OwnerLock),
}

/// A live attempt of ours.
#[derive(Debug)]
struct Alive {
    task: TaskIx,
    /// `None` until its worker was let go.
    ask: Option<mpsc::UnboundedSender<Kill>>,
    /// Asked to end before it could be told.
    end: Option<Kill>,
    since: Instant,
}

/// Runs one orchestration. Created by [`Orchestrator::new`], used up by [`Orchestrator::run`].
#[derive(Debug)]
pub struct Orchestrator {
    plan: Plan,
    store: Store,
    dispatch: Dispatch,
    scheduler: Scheduler,
    news: News,
    again: BTreeSet<TaskIx>,
    exe: PathBuf,
    on_orphan: OrphanPolicy,
    screen: Display,
    nursery: Nursery,
    /// Our own live attempts.
    alive: BTreeMap<RunId, Alive>,
    /// The run of each task whose attempt is alive or just ended.
    run_of: BTreeMap<TaskIx, RunId>,
    /// What an ended attempt left, until its verdict is written.
    ended: BTreeMap<TaskIx, Ended>,
    /// Attempts of dead orchestrators, watched to their end, with the locks held meanwhile.
    adopted: Recovered,
    /// Other orchestrators at work on tasks: should one die, its attempts are settled here.
    owners: Owners,
    inputs: VecDeque<Input>,
    pending: Vec<Pending>,
    wake_at: Option<Duration>,
    began: Instant,
    finished: bool,
    /// How often each worker ran into a limit without saying until when.
    limited: BTreeMap<String, u32>,
    signals: u32,
    /// The exit code that the first signal asks for.
    signalled: Option<u8>,
}

/// What is known of an attempt that is over.
#[derive(Debug)]
struct Ended {
    run: RunId,
    message: Option<String>,
    took_ms: u64,
    spent: Option<Spent>,
}

impl Orchestrator {
    #[must_use]
    pub fn new(start: Start) -> Self {
        let news = News::new(
            start.dispatch.orch.clone(),
            &start.plan,
            start.store.state(),
        );
        Self {
            scheduler: Scheduler::new(start.problem),
            plan: start.plan,
            store: start.store,
            dispatch: start.dispatch,
            news,
            again: start.again,
            exe: start.exe,
            on_orphan: start.on_orphan,
            screen: start.screen,
            nursery: Nursery::default(),
            alive: BTreeMap::new(),
            run_of: BTreeMap::new(),
            ended: BTreeMap::new(),
            adopted: start.recovered,
            owners: Owners::default(),
            inputs: VecDeque::new(),
            pending: Vec::new(),
            wake_at: None,
            began: Instant::now(),
            finished: false,
            limited: BTreeMap::new(),
            signals: 0,
            signalled: None,
        }
    }

    /// Runs to the end. Events are on disk before anything follows from them.
    ///
    /// # Errors
    /// When runr's own state cannot be read or written: nothing more is started then, and running
    /// attempts are left to end by themselves; the next command finds their verdicts.
    pub async fn run(mut self) -> Result<Ending, OrchestrateError> {
        let mut signals = Signals::listen()?;
        // Watch first, then read: nothing that is written meanwhile can be missed.
        let mut journal = JournalWatch::new(&self.dispatch.layout)?;
        self.adopt();
        self.inputs.push_back(sched::usage(
            &self.plan,
            self.store.state(),
            &self.dispatch.orch,
        ));
        let news = self.store.refresh()?;
        self.heed_pauses();
        self.inputs.push_back(Input::Begin);
        self.hear(&news);
        loop {
            if let Err(error) = self.settle().await {
                self.let_running_end().await;
                return Err(error);
            }
            if self.finished && self.alive.is_empty() {
                let signalled = self.signalled;
                return Ok(self.ending(signalled, false));
            }
            self.watch_owners();
            let tick = self.screen.next_tick();
            tokio::select! {
                report = self.nursery.next(), if !self.nursery.is_empty() => {
                    self.attempt(report).await?;
                    while let Some(report) = self.nursery.try_next() {
                        self.attempt(report).await?;
                    }
                }
                orch = self.owners.next(), if !self.owners.is_empty() => {
                    self.recover(&orch?).await?;
                }
                () = journal.grown() => {
                    let news = self.store.refresh()?;
                    self.hear(&news);
                }
                signal = signals.next() => {
                    if let Some(left) = self.signal(signal)? {
                        return Ok(self.ending(Some(left), true));
                    }
                }
                () = at(self.wake_at.map(|wake| self.began + wake)) => {
                    self.wake_at = None;
                    self.inputs.push_back(Input::Timer);
                }
                () = at(tick.map(Instant::from_std)) => self.screen.tick(),
            }
        }
    }

    /// Handles inputs and writes events until there is neither.
    async fn settle(&mut self) -> Result<(), OrchestrateError> {
        loop {
            while let Some(input) = self.inputs.pop_front() {
                let effects = self.scheduler.handle(input, self.began.elapsed());
                for effect in effects {
                    self.carry_out(effect)?;
                }
            }
            if self.pending.is_empty() {
                // It is rebuilt from the journal whenever it is behind: its failure is worth a warning.
                if let Err(error) = self.store.write_cache_if_due(std::time::Instant::now()) {
                    self.screen.say(&format!("warning: {error}"));
                }
                return Ok(());
            }
            self.write().await?;
        }
    }

    fn carry_out(&mut self, effect: Effect) -> Result<(), OrchestrateError> {
        match effect {
            Effect::Reserve { task } => {
                let again = self.again.contains(&task);
                let attempt = self.dispatch.prepare(
                    &self.plan,
                    task,
                    self.store.state(),
                    again,
                    Timestamp::now(),
                )?;
                self.run_of.insert(task, attempt.run.clone());
                self.pending.push(Pending {
                    event: attempt.reserved.clone(),
                    then: Then::Launch {
                        task,
                        attempt: Box::new(attempt),
                    },
                });
            }
            Effect::Settle { task, how } => {
                let event = match self.ended.remove(&task) {
                    Some(ended) => {
                        self.run_of.remove(&task);
                        if let Some(spent) = ended.spent {
                            let run = ended.run.clone();
                            self.pending.push(Pending {
                                event: Event::Spent { run, spent },
                                then: Then::Nothing,
                            });
                        }
                        match verdict(how, ended.message) {
                            Ok(verdict) => Event::Ended {
                                run: ended.run,
                                verdict,
                                took_ms: ended.took_ms,
                            },
                            Err(message) => Event::Voided {
                                run: ended.run,
                                message,
                            },
                        }
                    }
                    None => match how {
                        Settle::Failed(reason) | Settle::Stopped(reason) => Event::GivenUp {
                            orch: self.dispatch.orch.clone(),
                            task: self.plan.task(task).id.clone(),
                            reason,
                            message: None,
                        },
                        // Without an attempt there is nothing else to say.
                        Settle::Completed
                        | Settle::AwaitingApproval
                        | Settle::Retry { .. }
                        | Settle::Void => return Ok(()),
                    },
                };
                self.pending.push(Pending {
                    event,
                    then: Then::Nothing,
                });
            }
            Effect::Skip { task } => {
                let event = Event::Skipped {
                    orch: self.dispatch.orch.clone(),
                    task: self.plan.task(task).id.clone(),
                };
                self.pending.push(Pending {
                    event,
                    then: Then::Nothing,
                });
            }
            Effect::End { task, kill } => self.end_attempt(task, kill),
            Effect::WakeAt(at) => self.wake_at = Some(at),
            Effect::Finish => self.finished = true,
        }
        Ok(())
    }

    fn end_attempt(&mut self, task: TaskIx, kill: Kill) {
        if let Some(alive) = self
            .run_of
            .get(&task)
            .and_then(|run| self.alive.get_mut(run))
        {
            match &alive.ask {
                Some(ask) => tell(ask, kill),
                None => alive.end = Some(kill),
            }
        }
    }

    /// Appends all pending events as one line, then does what follows from the accepted ones.
    async fn write(&mut self) -> Result<(), OrchestrateError> {
        let pending = std::mem::take(&mut self.pending);
        let appended = self
            .store
            .append(pending.iter().map(|p| p.event.clone()).collect())?;
        let mut refused = appended.refused;
        let mut accepted = Vec::new();
        for pending in pending {
            match refused.iter().position(|r| r.event == pending.event) {
                Some(i) => self.refused(pending, refused.swap_remove(i).why)?,
                None => accepted.push(pending.then),
            }
        }
        self.hear(&appended.news);
        for then in accepted {
            match then {
                Then::Nothing => {}
                Then::Release(lock) => drop(lock),
                Then::Launch { task, attempt } => self.launch(task, *attempt)?,
                Then::Go { run, held } => self.go(run, *held).await,
            }
        }
        Ok(())
    }

    fn refused(&mut self, pending: Pending, why: Illegal) -> Result<(), OrchestrateError> {
        match (pending.then, why) {
            (Then::Launch { task, .. }, why) => {
                self.run_of.remove(&task);
                let why = match why {
                    Illegal::TaskRunning { .. } => Refusal::Running,
                    Illegal::AlreadyCompleted { .. } => Refusal::Completed,
                    Illegal::PoolFull { .. } | Illegal::Claimed { .. } => Refusal::Busy,
                    // Another orchestrator drew the same id in the same second: draw again.
                    Illegal::RunKnown { .. } => Refusal::Busy,
                    source => {
                        return Err(OrchestrateError::Refused {
                            orch: self.dispatch.orch.clone(),
                            source,
                        });
                    }
                };
                self.inputs.push_back(Input::Refused { task, why });
                if why == Refusal::Busy {
                    // The task waits for what others hold, as it is now.
                    let usage = sched::usage(&self.plan, self.store.state(), &self.dispatch.orch);
                    self.inputs.push_back(usage);
                }
                Ok(())
            }
            // A person or another orchestration was faster; the news says so.
            (Then::Nothing, _)
                if matches!(pending.event, Event::Skipped { .. } | Event::GivenUp { .. }) =>
            {
                Ok(())
            }
            (_, source) => Err(OrchestrateError::Refused {
                orch: self.dispatch.orch.clone(),
                source,
            }),
        }
    }

    /// Starts the process of a reserved attempt. A run folder that cannot be made, as on a full disk, says
    /// nothing about the task: the run stays reserved, and the next command finds that it never began.
    fn launch(&mut self, task: TaskIx, attempt: Attempt) -> Result<(), OrchestrateError> {
        let run = attempt.run;
        let created = match attempt.spec {
            Ok(spec) => match create_run(&self.dispatch.layout, &spec) {
                Ok(dir) => Ok(dir),
                // Another orchestrator drew the same id in the same second: draw again.
                Err(StoreError::RunExists { .. }) => {
                    Err((AttemptEnd::Void, "its run id was taken".to_owned()))
                }
                Err(error) => return Err(error.into()),
            },
            Err((reason, message)) => Err((AttemptEnd::Unsuccessful(reason), message)),
        };
        let alive = Alive {
            task,
            ask: None,
            end: None,
            since: Instant::now(),
        };
        self.alive.insert(run.clone(), alive);
        match created {
            Ok(dir) => {
                let exe = self.exe.clone();
                self.nursery.start(run, exe, dir, attempt.secrets);
            }
            Err((end, message)) => self.over(&run, end, Some(message), 0),
        }
        Ok(())
    }

    /// `started` is on disk: the worker may begin.
    async fn go(&mut self, run: RunId, held: Held) {
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
                    &run,
                    AttemptEnd::Unsuccessful(StopReason::Orphaned),
                    Some(message),
                    0,
                );
            }
        }
    }

    async fn attempt(&mut self, report: Report) -> Result<(), OrchestrateError> {
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
                    self.over(&run, AttemptEnd::Void, message, 0);
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
                self.over(&run, end, Some(error.to_string()), 0);
            }
            Report::Gone { run, watched } => {
                if let Err(source) = watched {
                    let path = self.dispatch.layout.run(&run);
                    return Err(OrchestrateError::Io {
                        doing: "watch the attempt of",
                        path,
                        source,
                    });
                }
                match self.adopted.is_foreign(&run) {
                    true => self.foreign_end(&run)?,
                    false => self.own_end(&run)?,
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
        let spent = state
            .as_ref()
            .and_then(|state| state.agent.as_ref())
            .map(|agent| agent.spent);
        let (end, message, took_ms) = match state {
            Some(state) => {
                let end = match state.outcome {
                    crate::model::Outcome::Succeeded => AttemptEnd::Succeeded,
                    crate::model::Outcome::Ended(reason) => {
                        let limit = state.agent.as_ref().and_then(|agent| agent.limit.as_ref());
                        self.worker_trouble(run, reason, limit.and_then(|limit| limit.resets_at))
                    }
                };
                (end, state.message, state.took_ms)
            }
            None => {
                let message = Some("its process vanished without a verdict".to_owned());
                let took = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX);
                (
                    AttemptEnd::Unsuccessful(StopReason::Orphaned),
                    message,
                    took,
                )
            }
        };
        self.over(run, end, message, took_ms);
        let task = self.ended.values_mut().find(|ended| ended.run == *run);
        if let Some(ended) = task {
            ended.spent = spent;
        }
        Ok(())
    }

    /// What an end says about the worker: one that ran into a limit pauses for everybody, one without a login starts
    /// nothing more here. With a stand-in its tasks go on at once.
    fn worker_trouble(
        &mut self,
        run: &RunId,
        reason: StopReason,
        resets_at: Option<Timestamp>,
    ) -> AttemptEnd {
        let unsuccessful = AttemptEnd::Unsuccessful(reason);
        if !matches!(reason, StopReason::UsageLimit | StopReason::AuthRequired) {
            return unsuccessful;
        }
        let Some(task) = self.alive.get(run).map(|alive| alive.task) else {
            return unsuccessful;
        };
        // Its specification says who it was: the task's worker or its stand-in.
        let Ok(spec) = read_spec(&self.dispatch.layout.run(run)) else {
            return unsuccessful;
        };
        let worker = spec.worker;
        let now = Timestamp::now();
        let until = match reason {
            StopReason::UsageLimit => {
                let own = self.back_off(&worker, now);
                Some(resets_at.filter(|at| *at > now).unwrap_or(own))
            }
            _ => None,
        };
        self.dispatch.away.insert(worker.clone(), until);
        if let Some(until) = until {
            self.pending.push(Pending {
                event: Event::WorkerPaused {
                    worker: worker.clone(),
                    run: run.clone(),
                    until,
                },
                then: Then::Nothing,
            });
        }
        let fallback = self.plan.task(task).fallback.as_ref();
        let stands_in = fallback.is_some_and(|(name, _)| !self.dispatch.is_away(name));
        if stands_in {
            return AttemptEnd::Limited { until: None };
        }
        let until = until.map(|until| self.on_own_clock(until));
        self.pause(&worker, until);
        match until {
            Some(_) => AttemptEnd::Limited { until },
            None => unsuccessful,
        }
    }

    /// How long to leave a worker alone that did not say when its limit ends: twice as long each time.
    fn back_off(&mut self, worker: &str, now: Timestamp) -> Timestamp {
        const FIRST: Duration = Duration::from_secs(30);
        const LONGEST: Duration = Duration::from_secs(15 * 60);
        let times = self.limited.entry(worker.to_owned()).or_default();
        let wait = FIRST
            .saturating_mul(2_u32.saturating_pow(*times))
            .min(LONGEST);
        *times = times.saturating_add(1);
        now.saturating_add(jiff::SignedDuration::try_from(wait).unwrap_or_default())
            .unwrap_or(now)
    }

    /// Tells the scheduler that a worker's tasks wait. Those that have a stand-in do not.
    fn pause(&mut self, worker: &str, until: Option<Duration>) {
        let has_stand_in = self.plan.tasks().iter().any(|task| {
            task.worker.as_deref() == Some(worker)
                && task
                    .fallback
                    .as_ref()
                    .is_some_and(|(name, _)| !self.dispatch.is_away(name))
        });
        if has_stand_in {
            return;
        }
        if let Some(pool) = sched::pool_of_worker(&self.plan, worker) {
            self.inputs.push_back(Input::Paused { pool, until });
        }
    }

    /// A time of day as the scheduler counts: from the orchestration's start.
    fn on_own_clock(&self, at: Timestamp) -> Duration {
        let left = at.duration_since(Timestamp::now());
        let left = Duration::try_from(left).unwrap_or_default();
        self.began.elapsed().saturating_add(left)
    }

    /// Workers that other commands have found at a limit.
    fn heed_pauses(&mut self) {
        let now = Timestamp::now();
        let paused: Vec<(String, Timestamp)> = self
            .store
            .state()
            .paused
            .iter()
            .filter(|(_, until)| **until > now)
            .map(|(worker, until)| (worker.clone(), *until))
            .collect();
        for (worker, until) in paused {
            let known = self.dispatch.away.get(&worker).copied();
            if known == Some(None) || known == Some(Some(until)) {
                continue;
            }
            self.dispatch.away.insert(worker.clone(), Some(until));
            let until = self.on_own_clock(until);
            self.pause(&worker, Some(until));
        }
    }

    /// The verdict in the run's folder. Without one, whatever is left of its processes is ended first.
    fn final_state(&self, run: &RunId) -> Result<Option<RunState>, OrchestrateError> {
        let state = read_state(&self.dispatch.layout, run)?;
        if state.is_none() {
            end_strays(&self.dispatch.layout, run)?;
        }
        Ok(state)
    }

    fn over(&mut self, run: &RunId, how: AttemptEnd, message: Option<String>, took_ms: u64) {
        if let Some(alive) = self.alive.remove(run) {
            self.ended.insert(
                alive.task,
                Ended {
                    run: run.clone(),
                    message,
                    took_ms,
                    spent: None,
                },
            );
            self.inputs.push_back(Input::Ended {
                task: alive.task,
                how,
            });
        }
    }

    /// An attempt of a dead orchestrator is gone: its verdict is journalled as it is, without retries.
    fn foreign_end(&mut self, run: &RunId) -> Result<(), OrchestrateError> {
        let state = self.final_state(run)?;
        let hybrid = self.store.state().open.get(run).is_some_and(|open| {
            let ix = self.plan.find(&open.task);
            ix.is_some_and(|ix| self.plan.task(ix).kind == crate::model::TaskKind::Hybrid)
        });
        self.pending
            .extend(spent_of(run, state.as_ref()).map(|event| Pending {
                event,
                then: Then::Nothing,
            }));
        self.pending.push(Pending {
            event: end_of(run, state, hybrid),
            then: Then::Nothing,
        });
        if let Some((orch, lock)) = self.adopted.ended(run) {
            let event = Event::OrchestrationEnded { orch, exit: 1 };
            self.pending.push(Pending {
                event,
                then: Then::Release(lock),
            });
        }
        Ok(())
    }

    /// Begins to watch what recovery found alive.
    fn adopt(&mut self) {
        let own: Vec<(RunId, Live)> = self.adopted.own_alive();
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
        for (run, live) in self.adopted.foreign_alive() {
            // Nobody asks it to end: it is not ours.
            drop(self.nursery.watch(run, live));
        }
    }

    fn watch_owners(&mut self) {
        let (own, adopted) = (&self.dispatch.orch, &self.adopted);
        let ours = |orch: &OrchId| orch == own || adopted.holds(orch);
        self.owners
            .watch(&self.dispatch.layout, self.store.state(), ours);
    }

    /// Another orchestrator is gone: settles what it left, unless somebody else already does.
    async fn recover(&mut self, orch: &OrchId) -> Result<(), OrchestrateError> {
        let plan = &self.plan;
        let hybrid = |id: &_| {
            plan.find(id)
                .is_some_and(|ix| plan.task(ix).kind == crate::model::TaskKind::Hybrid)
        };
        let recovery = Recovery {
            store: &mut self.store,
            hybrid: &hybrid,
            own: None,
        };
        let mut recovered = recovery.one(orch).await?;
        let news = std::mem::take(&mut recovered.news);
        self.adopted.join(recovered);
        self.watch_foreign();
        self.hear(&news);
        Ok(())
    }

    /// Shows what was written and tells the scheduler what others did.
    fn hear(&mut self, news: &[Recorded]) {
        for recorded in news {
            self.screen.event(recorded);
        }
        self.inputs
            .extend(self.news.inputs(news, &self.plan, self.store.state()));
        let paused = |recorded: &Recorded| matches!(recorded.event, Event::WorkerPaused { .. });
        if news.iter().any(paused) {
            self.heed_pauses();
        }
    }

    /// `Some(exit code)`: leave at once.
    fn signal(&mut self, kind: Signalled) -> Result<Option<u8>, OrchestrateError> {
        let hangup = kind == Signalled::Hup;
        if hangup && self.on_orphan == OrphanPolicy::Keep {
            let orch = self.dispatch.orch.clone();
            self.store.append(vec![Event::Detached { orch }])?;
            return Ok(Some(kind.exit()));
        }
        self.signals += 1;
        self.signalled = Some(kind.exit());
        match self.signals {
            1 => {
                self.screen
                    .say("stopping: running tasks are asked to end; press again to kill them");
                self.inputs.push_back(Input::Cancel(Cancel::Stop));
                Ok(None)
            }
            2 => {
                self.screen
                    .say("killing running tasks; press again to leave at once");
                self.inputs.push_back(Input::Cancel(Cancel::Kill));
                Ok(None)
            }
            _ => Ok(Some(kind.exit())),
        }
    }

    /// After a failed write nothing is started any more; the attempts that run write their verdicts
    /// into their folders, where the next command finds them.
    async fn let_running_end(&mut self) {
        self.screen.say(
            "runr's own state cannot be written: waiting for running tasks, starting no others",
        );
        while self.alive.values().any(|alive| alive.ask.is_some()) {
            if let Report::Gone { run, .. } = self.nursery.next().await {
                self.alive.remove(&run);
            }
        }
    }

    fn ending(self, signalled: Option<u8>, detached: bool) -> Ending {
        Ending {
            signalled,
            detached,
            scheduler: self.scheduler,
            plan: self.plan,
            store: self.store,
            screen: self.screen,
        }
    }
}

/// The verdict for the journal; `Err`: the attempt is void.
fn verdict(how: Settle, message: Option<String>) -> Result<Verdict, String> {
    Ok(match how {
        Settle::Completed => Verdict::Completed { sha: None },
        Settle::AwaitingApproval => Verdict::AwaitingApproval { sha: None },
        Settle::Retry {
            reason,
            counted,
            wait,
        } => Verdict::Retry {
            reason,
            message,
            counted,
            wait_ms: u64::try_from(wait.as_millis()).unwrap_or(u64::MAX),
        },
        Settle::Failed(reason) => Verdict::Failed { reason, message },
        Settle::Stopped(reason) => Verdict::Stopped { reason, message },
        Settle::Void => return Err(message.unwrap_or_default()),
    })
}

/// Asks an attempt to end.
fn tell(ask: &mpsc::UnboundedSender<Kill>, kill: Kill) {
    // The future that listens is gone only when the attempt is: its end is on the way then.
    let _ = ask.send(kill);
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
    }
}

/// A signal that asks an orchestrator to leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Signalled {
    Hup,
    Int,
    Term,
}

impl Signalled {
    /// 128 plus the signal's number.
    fn exit(self) -> u8 {
        match self {
            Self::Hup => 129,
            Self::Int => 130,
            Self::Term => 143,
        }
    }
}

#[derive(Debug)]
struct Signals {
    hangup: Signal,
    interrupt: Signal,
    terminate: Signal,
}

impl Signals {
    fn listen() -> Result<Self, OrchestrateError> {
        let listen = |kind| signal(kind).map_err(|source| OrchestrateError::Signals { source });
        Ok(Self {
            hangup: listen(SignalKind::hangup())?,
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
        })
    }

    async fn next(&mut self) -> Signalled {
        tokio::select! {
            _ = self.hangup.recv() => Signalled::Hup,
            _ = self.interrupt.recv() => Signalled::Int,
            _ = self.terminate.recv() => Signalled::Term,
        }
    }
}

/// The id of a new orchestration.
///
/// # Errors
/// When the system gives no random numbers.
pub fn new_orchestration(now: Timestamp) -> Result<OrchId, OrchestrateError> {
    let random = getrandom::u32().map_err(|source| OrchestrateError::Random { source })?;
    Ok(OrchId::new(now, random))
}
