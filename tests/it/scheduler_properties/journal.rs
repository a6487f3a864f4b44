//! The journal's side of the world: the real fold and its rules, and what it makes of effects.

use jiff::Timestamp;
use runr::event::{Event, Recorded, Verdict};
use runr::model::{Fingerprint, PoolTake, Provenance, RunId, Status, StopReason, Through};
use runr::sched::{Elsewhere, Initial, Input, Outcome, Refusal, Settle};
use runr::state::Illegal;

use super::faults::Subject;
use super::laws::{Law, Model, Told};
use super::world::{World, orch};

impl World {
    pub(super) fn set_the_stage(&mut self) {
        for task in 0..self.names.len() {
            let initial = self.model.problem.items[task].initial;
            let possible = match initial {
                Initial::Open => true,
                Initial::Completed | Initial::CompletedOutside => {
                    self.write(self.completed_by_hand(task))
                }
                Initial::Claimed => {
                    let event = self.claimed(task);
                    self.write(event)
                }
                Initial::RunningElsewhere => self.start_elsewhere(task),
                Initial::RunningHere => self.reserve(task).is_ok(),
                Initial::AwaitingApproval | Initial::Ended => {
                    let verdict = if initial == Initial::Ended {
                        Verdict::Failed {
                            reason: StopReason::NoChanges,
                            message: None,
                        }
                    } else {
                        Verdict::AwaitingApproval { sha: None }
                    };
                    let run = self.write_reserved(task, 'a', Vec::new(), Vec::new());
                    run.is_ok_and(|run| self.end_run(run, verdict))
                }
            };
            if !possible {
                // Somebody holds what it would need.
                self.model.problem.items[task].initial = Initial::Open;
            }
        }
        let problem = self.model.problem.clone();
        self.subject = Subject::new(&problem, self.subject.fault);
        self.model = Model::new(problem);
        self.news.clear();
        self.news.push_back(self.usage());
    }

    pub(super) fn write(&mut self, event: Event) -> bool {
        let legal = self.state.check(&event).is_ok();
        if legal {
            let seq = self.state.seq + 1;
            let at = Timestamp::from_second(i64::try_from(seq).unwrap()).unwrap();
            self.state.apply(&Recorded { seq, at, event });
        }
        legal
    }

    fn write_reserved(
        &mut self,
        task: usize,
        who: char,
        claims: Vec<String>,
        pools: Vec<PoolTake>,
    ) -> Result<RunId, Illegal> {
        self.runs += 1;
        let run = RunId::new(Timestamp::UNIX_EPOCH, self.runs);
        let event = Event::Reserved {
            orch: orch(who),
            run: run.clone(),
            task: self.names[task].clone(),
            attempt: 1,
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims,
            pools,
            again: false,
        };
        self.state.check(&event)?;
        assert!(self.write(event));
        Ok(run)
    }

    fn needs(&self, task: usize) -> (Vec<String>, Vec<PoolTake>) {
        let item = &self.model.problem.items[task];
        let pools = item.pools.iter().map(|(pool, take)| PoolTake {
            pool: pool.to_string().into(),
            take: *take,
            of: self.model.problem.pools[*pool as usize],
        });
        (
            item.claims.iter().map(ToString::to_string).collect(),
            pools.collect(),
        )
    }

    fn reserve(&mut self, task: usize) -> Result<(), Illegal> {
        let (claims, pools) = self.needs(task);
        let run = self.write_reserved(task, 'a', claims, pools)?;
        self.ours.insert(task, run);
        Ok(())
    }

    pub(super) fn start_elsewhere(&mut self, task: usize) -> bool {
        let (claims, pools) = self.needs(task);
        let Ok(run) = self.write_reserved(task, 'b', claims, pools) else {
            return false;
        };
        self.others.push((task, run));
        self.tell_later(task, Elsewhere::Running);
        self.news.push_back(self.usage());
        true
    }

    pub(super) fn end_run(&mut self, run: RunId, verdict: Verdict) -> bool {
        self.write(Event::Ended {
            run,
            verdict,
            took_ms: 1,
        })
    }

    fn claimed(&mut self, task: usize) -> Event {
        self.runs += 1;
        Event::Claimed {
            run: RunId::new(Timestamp::UNIX_EPOCH, self.runs),
            task: self.names[task].clone(),
            attempt: 1,
            who: Provenance {
                by: String::new(),
                through: Through::Mcp,
                session: None,
            },
            holder: None,
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims: Vec::new(),
            pools: Vec::new(),
        }
    }

    pub(super) fn completed_by_hand(&self, task: usize) -> Event {
        Event::CompletedByHand {
            task: self.names[task].clone(),
            by: String::new(),
            note: None,
            fingerprint: Fingerprint::new([0; 16]),
            sha: None,
            checks: Vec::new(),
        }
    }

    pub(super) fn usage(&self) -> Input {
        let theirs = || self.state.open.values().filter(|run| run.orch == orch('b'));
        let pools = (0..self.model.problem.pools.len()).map(|pool| {
            let takes = theirs().flat_map(|run| &run.pools);
            takes
                .filter(|t| *t.pool == *pool.to_string())
                .map(|t| t.take)
                .sum()
        });
        Input::Usage {
            pools: pools.collect(),
            claims: theirs().flat_map(|run| run.claims.clone()).collect(),
        }
    }

    pub(super) fn tell_later(&mut self, task: usize, now: Elsewhere) {
        if matches!(
            self.model.told.get(task),
            Some(Told::DoneHere | Told::Ended | Told::Until(_))
        ) {
            self.overtaken.push(task);
        }
        self.news.push_back(Input::Elsewhere {
            task: Model::ix(task),
            now,
        });
    }

    pub(super) fn try_to_reserve(&mut self, task: usize) {
        let why = if self.dice.percent(2) {
            Refusal::Impossible(StopReason::TaskChanged)
        } else {
            match self.reserve(task) {
                Ok(()) => return,
                Err(Illegal::TaskRunning { .. }) => Refusal::Running,
                Err(Illegal::AlreadyCompleted { .. }) => Refusal::Completed,
                Err(Illegal::PoolFull { .. } | Illegal::Claimed { .. }) => Refusal::Busy,
                Err(other) => panic!("{other}"),
            }
        };
        let task = Model::ix(task);
        self.refusals.push_back(Input::Refused { task, why });
        self.news.push_back(self.usage());
    }

    pub(super) fn write_verdict(&mut self, task: usize, how: Settle) {
        let message = None;
        let verdict = match how {
            Settle::Void => {
                if let Some(run) = self.ours.remove(&task) {
                    self.write(Event::Voided {
                        run,
                        message: String::new(),
                    });
                }
                return;
            }
            Settle::Completed => Verdict::Completed { sha: None },
            Settle::AwaitingApproval => Verdict::AwaitingApproval { sha: None },
            Settle::Retry {
                reason,
                counted,
                wait,
            } => {
                let wait_ms = u64::try_from(wait.as_millis()).unwrap();
                Verdict::Retry {
                    reason,
                    message,
                    counted,
                    wait_ms,
                }
            }
            Settle::Failed(reason) => Verdict::Failed { reason, message },
            Settle::Stopped(reason) => Verdict::Stopped { reason, message },
        };
        let run = match self.ours.remove(&task) {
            Some(run) => Ok(run),
            None => self.write_reserved(task, 'a', Vec::new(), Vec::new()),
        };
        match run {
            Ok(run) => assert!(self.end_run(run, verdict), "an open run can be ended"),
            // Somebody was quicker; the news are on the way.
            Err(_) => self.overtaken.push(task),
        }
    }

    pub(super) fn compare_with_the_fold(&mut self) {
        let unheard = |task: usize| {
            let ix = Model::ix(task);
            self.news
                .iter()
                .any(|news| matches!(news, Input::Elsewhere { task, .. } if *task == ix))
        };
        let outcomes = self.subject.outcomes();
        let same = outcomes.iter().enumerate().all(|(task, outcome)| {
            let state = self.state.task(&self.names[task]);
            let same = match outcome {
                Outcome::Completed | Outcome::CompletedOutside => state.status == Status::Completed,
                Outcome::Failed(r) => {
                    (state.status, state.stop_reason) == (Status::Failed, Some(*r))
                }
                Outcome::Stopped(r) => {
                    (state.status, state.stop_reason) == (Status::Stopped, Some(*r))
                }
                Outcome::EndedBefore => state.status == Status::Failed,
                Outcome::Skipped => {
                    let claimed = self.state.claimed_run(&self.names[task]).is_some();
                    claimed || state.status == Status::Skipped
                }
                Outcome::AwaitingApproval => state.status == Status::AwaitingApproval,
                Outcome::RunningElsewhere => state.status == Status::InProgress,
                Outcome::Running => false,
                Outcome::Retrying { reason, .. } => {
                    (state.status, state.stop_reason) == (Status::Pending, Some(*reason))
                }
                Outcome::Waiting
                | Outcome::Ready
                | Outcome::Blocked { .. }
                | Outcome::NotSelected => !matches!(
                    state.status,
                    Status::Completed | Status::InProgress | Status::AwaitingApproval
                ),
            };
            same || unheard(task) || self.overtaken.contains(&task)
        });
        let tally = self.subject.tally();
        let selected = self
            .model
            .problem
            .items
            .iter()
            .filter(|item| item.selected)
            .count();
        if !same || tally != u32::try_from(selected).unwrap() {
            self.model.breaks(Law::FoldIsState);
        }
    }
}
