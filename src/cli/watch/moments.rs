//! What is true now, each time that the journal or the files change.
//!
//! Looks at most every 100 ms, and never for more than a twentieth of the time: the run that is watched needs the
//! machine.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::cli::following::{Changed, Reader};
use crate::cli::snapshot::all_processes;
use crate::cli::watch::estimate;
use crate::cli::watch::happening::Happening;
use crate::model::{OrchId, ProcessRef, TaskId, Whose};
use crate::orchestrate::FrozenPlan;
use crate::plan::Plan;
use crate::screen::{Moment, Msg, NeverRead, Shown};
use crate::state::State;
use crate::store::process;

/// The shortest time between two looks.
const APART: Duration = Duration::from_millis(100);
/// The time between two looks is at least so many times what a look takes.
const REST: u32 = 20;

/// Why the thread looks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wake {
    Changed(Changed),
    /// A process that was watched has ended.
    Ended,
}

/// What the thread owns.
#[derive(Debug)]
pub struct Moments {
    reader: Reader,
    plan: (u64, Arc<Plan>),
    /// The tasks of the orchestrations that may be shown, as their plans say.
    selected: BTreeMap<OrchId, BTreeSet<TaskId>>,
    /// The orchestration whose file is read.
    newest: Option<OrchId>,
    /// Where everything was when it was told last.
    places: (u64, Vec<Whose>),
    /// Was the orchestration file named by a person? Then it stays.
    named: bool,
    watched: BTreeSet<(u32, u64)>,
    wake: Sender<Wake>,
}

impl Moments {
    #[must_use]
    pub fn new(reader: Reader, wake: Sender<Wake>) -> Self {
        Self {
            plan: (reader.generation, Arc::new(reader.loaded.plan.clone())),
            selected: BTreeMap::new(),
            newest: None,
            places: (reader.generation, reader.store.readable()),
            named: reader.file.is_some(),
            watched: BTreeSet::new(),
            wake,
            reader,
        }
    }

    /// What is true now, from what was read last.
    #[must_use]
    pub fn moment(&mut self) -> Moment {
        let shown = self.choose();
        if self.plan.0 != self.reader.generation {
            let plan = Arc::new(self.reader.loaded.plan.clone());
            self.plan = (self.reader.generation, plan);
        }
        self.attend();
        let (views, not_landed) = self.reader.views();
        let state = self.reader.store.state();
        let at = Timestamp::now();
        let plan = &self.plan.1;
        let never_read = self.reader.never_read().into_iter();
        let never_read = never_read.map(|(name, why)| NeverRead { name, why });
        let shown = shown.into_iter().map(|orch| {
            let selected = self.selected.get(&orch).cloned().unwrap_or_default();
            let left = is_open(state, &orch)
                .then(|| estimate::left((plan, state), &orch, &selected, at))
                .flatten();
            Shown {
                orch,
                selected,
                left,
            }
        });
        Moment {
            project: self.reader.project.name(),
            plan: Arc::clone(plan),
            generation: self.plan.0,
            views,
            processes: all_processes(&self.reader.store),
            not_landed,
            at,
            damage: self.reader.damage(),
            trouble: self.reader.trouble(),
            invalid: self.reader.invalid(),
            never_read: never_read.collect(),
            shown: shown.collect(),
            abroad: state
                .orchestrations
                .values()
                .filter(|o| o.ended_at.is_none() && o.abroad)
                .count(),
            state: state.clone(),
        }
    }

    /// Looks and tells until nobody listens.
    pub fn run(mut self, woken: &Receiver<Wake>, tell: &Sender<Happening>) {
        let mut apart = APART;
        let mut last = Instant::now();
        while let Ok(first) = woken.recv() {
            let mut wakes = vec![first];
            let until = last + apart;
            loop {
                let wait = until.saturating_duration_since(Instant::now());
                match woken.recv_timeout(wait) {
                    Ok(wake) if !wakes.contains(&wake) => wakes.push(wake),
                    Ok(_) => {}
                    Err(RecvTimeoutError::Timeout) => break,
                    Err(RecvTimeoutError::Disconnected) => return,
                }
            }
            let began = Instant::now();
            if wakes.contains(&Wake::Changed(Changed::Files)) {
                self.reader.reload();
            }
            self.reader.refresh();
            let moment = Arc::new(self.moment());
            let places = (self.reader.generation, self.reader.store.readable());
            if places != self.places {
                self.places = places;
                let places = self.reader.store.places();
                if tell.send(Happening::Placed(places)).is_err() {
                    return;
                }
            }
            if tell.send(Happening::Told(Msg::Moment(moment))).is_err() {
                return;
            }
            last = Instant::now();
            apart = APART.max(REST * last.duration_since(began));
        }
    }

    /// The orchestrations that run, the newest first; when none does, one whose process is gone, else the one that ran
    /// last. The first one's file is read.
    fn choose(&mut self) -> Vec<OrchId> {
        let state = self.reader.store.state();
        let all = state.orchestrations.iter();
        // What others run in their repositories is theirs to watch.
        let mut own: Vec<_> = all.filter(|(_, o)| !o.abroad).collect();
        own.sort_by_key(|(id, o)| std::cmp::Reverse((o.ended_at.is_none(), o.started_at, *id)));
        let open = own.iter().filter(|(_, o)| o.ended_at.is_none());
        let living = open.filter(|(_, o)| process::is_alive(&o.owner)).copied();
        let mut shown: Vec<OrchId> = living.map(|(id, _)| id.clone()).collect();
        if shown.is_empty() {
            shown.extend(own.first().map(|(id, _)| (*id).clone()));
        }
        self.selected.retain(|id, _| shown.contains(id));
        for id in &shown {
            if !self.selected.contains_key(id) {
                // Without its plan everything is shown.
                let frozen = FrozenPlan::read(self.reader.store.layout(), id).ok();
                let selected = frozen.iter().flat_map(|frozen| {
                    let ids = frozen.selected.iter();
                    ids.filter_map(|n| frozen.tasks.get(*n as usize).cloned())
                });
                self.selected.insert(id.clone(), selected.collect());
            }
        }
        if self.newest.as_ref() != shown.first() {
            self.newest = shown.first().cloned();
            self.follow_file();
        }
        shown
    }

    /// Reads the orchestration file that the newest orchestration was started with, unless a person has named another.
    fn follow_file(&mut self) {
        let Some(orch) = self.newest.as_ref().filter(|_| !self.named) else {
            return;
        };
        let frozen = FrozenPlan::read(self.reader.store.layout(), orch).ok();
        let file = frozen.and_then(|frozen| frozen.config);
        let file: Option<PathBuf> = file.map(|file| self.reader.project.root.join(file));
        if file != self.reader.file {
            self.reader.file = file;
            self.reader.reload();
            self.reader.refresh();
        }
    }

    /// Hears of the end of processes that nobody would write down.
    fn attend(&mut self) {
        let state = self.reader.store.state();
        let owners = state.orchestrations.values();
        let owners = owners.filter(|o| o.ended_at.is_none()).map(|o| &o.owner);
        let holders = state
            .claimed
            .values()
            .filter_map(|claim| claim.holder.as_ref());
        let attempts = state.open.values().filter_map(|run| {
            // An attempt with an orchestrator is its matter.
            (!is_open(state, &run.orch)).then_some(run.process.as_ref()?)
        });
        let living: Vec<ProcessRef> = owners
            .chain(holders)
            .chain(attempts)
            .filter(|process| !self.watched.contains(&(process.pid, process.start_ticks)))
            .filter(|process| process::is_alive(process))
            .cloned()
            .collect();
        for living in living {
            self.watched.insert((living.pid, living.start_ticks));
            let wake = self.wake.clone();
            std::thread::spawn(move || {
                // Where this cannot be waited for, the next event of the journal tells.
                if process::wait_for_end(&living).is_ok() {
                    let _ = wake.send(Wake::Ended);
                }
            });
        }
    }
}

fn is_open(state: &State, orch: &OrchId) -> bool {
    let entry = state.orchestrations.get(orch);
    entry.is_some_and(|entry| entry.ended_at.is_none())
}
