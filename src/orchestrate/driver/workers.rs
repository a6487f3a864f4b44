//! Workers that cannot work for a while: at a limit of their service, or without a login.
//!
//! Knows which worker a run had, from its specification, and who stands in. The scheduler is told that a pool is shut;
//! the journal tells everybody else until when.

use std::time::Duration;

use jiff::Timestamp;

use super::{Orchestrator, Pending, Then};
use crate::event::Event;
use crate::model::{RunId, StopReason};
use crate::sched::{self, AttemptEnd, Input};
use crate::store::read_spec;

impl Orchestrator {
    /// What an end says about the worker: one that ran into a limit pauses for everybody, one without a login starts
    /// nothing more here. With a stand-in its tasks go on at once.
    pub(super) fn worker_trouble(
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
        let Ok(spec) = read_spec(&self.run_folder(run)) else {
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
        self.sites.send_away(&worker, until);
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
        let stands_in = fallback.is_some_and(|(name, _)| !self.sites.home().is_away(name));
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

    /// For people: what was found at a limit by others, before this orchestration began.
    pub(super) fn say_who_is_away(&mut self) {
        for (worker, until) in &self.sites.home().away {
            if let Some(until) = until {
                let line = format!("the worker {worker} is at a limit and waits until {until}");
                self.screen.say(&line);
            }
        }
    }

    /// Is money spent that the state does not know of yet?
    pub(super) fn has_spent(&self) -> bool {
        let mut pending = self.pending.iter();
        pending.any(|pending| matches!(pending.event, Event::Spent { .. }))
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
                    .is_some_and(|(name, _)| !self.sites.home().is_away(name))
        });
        if has_stand_in {
            return;
        }
        for pool in sched::pools_of_worker(&self.plan, worker) {
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
    pub(super) fn heed_pauses(&mut self) {
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
            let known = self.sites.home().away.get(&worker).copied();
            if known == Some(None) || known == Some(Some(until)) {
                continue;
            }
            self.sites.send_away(&worker, Some(until));
            let until = self.on_own_clock(until);
            self.pause(&worker, Some(until));
        }
    }
}
