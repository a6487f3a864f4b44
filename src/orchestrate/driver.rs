//! The loop. In prose: give the scheduler every input there is; carry its effects out, collecting the
//! events they make; append these as one line; only then start what was reserved, let go what was
//! started, and tell the screen; wait for the next thing to happen; until the scheduler is finished.

mod attempts;
mod branches;
mod effects;
mod lost;
mod workers;

pub(super) use attempts::is_hybrid;

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::time::Duration;

use jiff::Timestamp;
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until};

use crate::attempt::Held;
use crate::event::{Event, Recorded};
use crate::model::{OrchId, OrphanPolicy, RunId, Spent, Whose};
use crate::orchestrate::babysit::{Nursery, Report};
use crate::orchestrate::cleaning::{Cleaning, Done};
use crate::orchestrate::dispatch::Attempt;
use crate::orchestrate::display::Display;
use crate::orchestrate::news::News;
use crate::orchestrate::owners::Owners;
use crate::orchestrate::recover::Recovered;
use crate::orchestrate::signals::{Signalled, Signals};
use crate::orchestrate::sites::Sites;
use crate::orchestrate::{JournalWatch, OrchestrateError};
use crate::plan::{Plan, TaskIx};
use crate::sched::{self, Cancel, Effect, Input, Kill, Problem, Scheduler};
use crate::store::{Layout, OwnerLock, Stores};

/// Everything an orchestrator is given.
#[derive(Debug)]
pub struct Start {
    pub plan: Plan,
    pub store: Stores,
    pub sites: Sites,
    pub problem: Problem,
    /// Tasks that are run although they are completed.
    pub again: BTreeSet<TaskIx>,
    /// What recovery left to watch: attempts of dead orchestrators that are still alive.
    pub recovered: BTreeMap<Whose, Recovered>,
    /// This program, for the attempts.
    pub exe: PathBuf,
    pub on_orphan: OrphanPolicy,
    /// Requests to stop that were read while it began.
    pub asked: Vec<Recorded>,
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
    pub store: Stores,
    pub sites: Sites,
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
    /// The task is completed: its work may land, and its working tree go.
    Completed(Whose, Option<Done>),
    /// The orchestration is over: others may resume it.
    Release(OwnerLock),
}

/// An attempt of ours, from its reservation to its end.
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
    store: Stores,
    sites: Sites,
    scheduler: Scheduler,
    news: News,
    again: BTreeSet<TaskIx>,
    exe: PathBuf,
    on_orphan: OrphanPolicy,
    screen: Display,
    nursery: Nursery,
    /// Our own attempts.
    alive: BTreeMap<RunId, Alive>,
    /// The run of each task whose attempt is alive or just ended.
    run_of: BTreeMap<TaskIx, RunId>,
    /// What an ended attempt left, until its verdict is written.
    ended: BTreeMap<TaskIx, Ended>,
    /// Attempts of dead orchestrators, watched to their end, with the locks held meanwhile; in each repository.
    adopted: BTreeMap<Whose, Recovered>,
    /// Other orchestrators at work on tasks: should one die, its attempts are settled here.
    owners: Owners,
    cleaning: Cleaning,
    inputs: VecDeque<Input>,
    asked: Vec<Recorded>,
    pending: Vec<Pending>,
    wake_at: Option<Duration>,
    began: Instant,
    finished: bool,
    /// How often each worker ran into a limit without saying until when.
    limited: BTreeMap<String, u32>,
    /// Repositories that this orchestration works in and that cannot be read any more.
    lost: BTreeSet<Whose>,
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
    /// The commit that the journal names for it.
    commit: Option<String>,
    /// Its working tree, when nothing needs that any more.
    done: Option<Done>,
}

impl Ended {
    /// One that left nothing in git.
    fn new(run: &RunId, message: Option<String>, took_ms: u64) -> Self {
        Self {
            run: run.clone(),
            message,
            took_ms,
            commit: None,
            done: None,
            spent: None,
        }
    }
}

impl Orchestrator {
    #[must_use]
    pub fn new(start: Start) -> Self {
        let news = News::new(start.sites.orch().clone(), &start.plan, start.store.state());
        Self {
            scheduler: Scheduler::new(start.problem),
            plan: start.plan,
            store: start.store,
            sites: start.sites,
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
            cleaning: Cleaning::default(),
            inputs: VecDeque::new(),
            asked: start.asked,
            pending: Vec::new(),
            wake_at: None,
            began: Instant::now(),
            finished: false,
            limited: BTreeMap::new(),
            lost: BTreeSet::new(),
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
        let readable = self.store.readable().into_iter();
        let layouts: Vec<Layout> = readable
            .map(|whose| self.store.layout_of(whose).clone())
            .collect();
        let mut journal = JournalWatch::of(&layouts)?;
        self.adopt();
        self.inputs.push_back(sched::usage(
            &self.plan,
            self.store.state(),
            self.sites.orch(),
        ));
        let news = self.store.refresh()?;
        self.heed_lost();
        // Before the beginning: what is paused must not start first.
        self.heed_pauses();
        self.say_who_is_away();
        self.inputs.push_back(Input::Begin);
        let asked = std::mem::take(&mut self.asked);
        let asked = self.news.inputs(&asked, &self.plan, self.store.state());
        self.inputs.extend(asked);
        self.hear(&news)?;
        self.clean_left_behind()?;
        loop {
            if let Err(error) = self.settle().await {
                self.let_running_end().await;
                return Err(error);
            }
            if self.finished && self.alive.is_empty() {
                let signalled = self.signalled;
                for line in self.cleaning.finish().await {
                    self.screen.say(&line);
                }
                // Attempts that were killed meanwhile, and removals that were.
                self.clean_left_behind()?;
                for line in self.cleaning.finish().await {
                    self.screen.say(&line);
                }
                return Ok(self.ending(signalled, false));
            }
            for line in self.cleaning.said() {
                self.screen.say(&line);
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
                    let (whose, orch) = orch?;
                    self.recover(whose, &orch).await?;
                }
                () = journal.grown() => {
                    let news = self.store.refresh()?;
                    self.hear(&news)?;
                    self.heed_lost();
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
                    // What was just spent counts for what may be spent now.
                    if matches!(effect, Effect::Reserve { .. }) && self.has_spent() {
                        self.write().await?;
                    }
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

    /// Shows what was written and tells the scheduler what others did.
    fn hear(&mut self, news: &[Recorded]) -> Result<(), OrchestrateError> {
        for recorded in news {
            self.screen.event(recorded);
        }
        let mut inputs = self.news.inputs(news, &self.plan, self.store.state());
        self.hold_back(&mut inputs)?;
        self.inputs.extend(inputs);
        let paused = |recorded: &Recorded| matches!(recorded.event, Event::WorkerPaused { .. });
        if news.iter().any(paused) {
            self.heed_pauses();
        }
        Ok(())
    }

    /// `Some(exit code)`: leave at once.
    fn signal(&mut self, kind: Signalled) -> Result<Option<u8>, OrchestrateError> {
        let hangup = kind == Signalled::Hup;
        if hangup && self.on_orphan == OrphanPolicy::Keep {
            let orch = self.sites.orch().clone();
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
            sites: self.sites,
            screen: self.screen,
        }
    }
}

async fn at(when: Option<Instant>) {
    match when {
        Some(when) => sleep_until(when).await,
        None => std::future::pending().await,
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
