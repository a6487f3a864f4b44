//! Plays everything around the scheduler: the driver, the journal (the real fold and its rules), attempts
//! that end somehow, people, another orchestration, and a clock. News reach the scheduler late.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use jiff::Timestamp;
use runr::event::{Event, Recorded, Verdict};
use runr::model::{
    Fingerprint, OrchId, PoolTake, ProcessRef, RunId, Status, StopReason, TaskId, TaskKind,
};
use runr::plan::TaskIx;
use runr::sched::{
    AttemptEnd, Cancel, Effect, Elsewhere, Initial, Input, Outcome, Problem, Refusal, Settle,
};
use runr::state::{Illegal, State};

use super::dice::Dice;
use super::faults::{Fault, Subject};
use super::laws::{Law, Model, Told};

const REASONS: [StopReason; 8] = [
    StopReason::WorkerFailed,
    StopReason::VerificationFailed,
    StopReason::Timeout,
    StopReason::Orphaned,
    StopReason::UsageLimit,
    StopReason::MergeConflict,
    StopReason::NoChanges,
    StopReason::Cancelled,
];
/// More steps than any honest orchestration of this size takes.
const FOR_EVER: u32 = 3000;

/// A law that did not hold, and how it came to that.
pub struct Broken {
    pub law: Law,
    problem: Problem,
    heard: Vec<Exchange>,
}

type Exchange = (Input, Duration, Vec<Effect>);

impl std::fmt::Debug for Broken {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Problem {
            items,
            edges,
            pools,
            options,
        } = &self.problem;
        writeln!(
            f,
            "{:?} does not hold\n{options:?} pools {pools:?}",
            self.law
        )?;
        for (i, item) in items.iter().enumerate() {
            writeln!(f, "{i}: {item:?}")?;
        }
        writeln!(
            f,
            "{:?}",
            edges.iter().map(|(a, b)| (a.0, b.0)).collect::<Vec<_>>()
        )?;
        for (input, now, effects) in &self.heard {
            writeln!(f, "{now:?} {input:?}\n    {effects:?}")?;
        }
        Ok(())
    }
}

pub struct World {
    pub model: Model,
    subject: Subject,
    dice: Dice,
    state: State,
    names: Vec<TaskId>,
    /// Open runs of ours, by task.
    ours: BTreeMap<usize, RunId>,
    others: Vec<(usize, RunId)>,
    runs: u32,
    /// What the journal knows and the scheduler has not been told yet.
    news: VecDeque<Input>,
    refusals: VecDeque<Input>,
    now: Duration,
    timer: Option<Duration>,
    /// Everything that was said and answered, to be said again.
    heard: Vec<Exchange>,
    /// Of a hundred attempts, how many are void and how many succeed.
    mood: (u32, u32),
    /// Tasks that somebody changed after this orchestration had ended them or while they waited for a retry.
    overtaken: Vec<usize>,
}

fn orch(name: char) -> OrchId {
    OrchId::parse(&format!("orch-20250101-000000-{name}{name}{name}{name}")).unwrap()
}

impl World {
    pub fn new(problem: Problem, mut dice: Dice, fault: Fault) -> Self {
        let tasks = problem.items.len();
        let mood = *dice.pick(&[(2, 95), (5, 60), (5, 60), (75, 10), (0, 5)]);
        let mut world = Self {
            subject: Subject::new(&problem, fault),
            model: Model::new(problem),
            dice,
            state: State::default(),
            names: (0..tasks)
                .map(|i| TaskId::parse(&format!("t{i}.md")).unwrap())
                .collect(),
            ours: BTreeMap::new(),
            others: Vec::new(),
            runs: 0,
            news: VecDeque::new(),
            refusals: VecDeque::new(),
            now: Duration::ZERO,
            timer: None,
            heard: Vec::new(),
            mood,
            overtaken: Vec::new(),
        };
        for orch in ['a', 'b'].map(orch) {
            let owner = ProcessRef {
                pid: 1,
                start_ticks: 1,
                boot_id: String::new(),
            };
            let command = String::new();
            world.write(Event::OrchestrationStarted {
                orch,
                owner,
                command,
                tasks: 1,
                jobs: 1,
            });
        }
        world.set_the_stage();
        world
    }

    fn set_the_stage(&mut self) {
        for task in 0..self.names.len() {
            let initial = self.model.problem.items[task].initial;
            let possible = match initial {
                Initial::Open => true,
                Initial::Completed => self.write(self.completed_by_hand(task)),
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

    fn write(&mut self, event: Event) -> bool {
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

    fn start_elsewhere(&mut self, task: usize) -> bool {
        let (claims, pools) = self.needs(task);
        let Ok(run) = self.write_reserved(task, 'b', claims, pools) else {
            return false;
        };
        self.others.push((task, run));
        self.tell_later(task, Elsewhere::Running);
        self.news.push_back(self.usage());
        true
    }

    fn end_run(&mut self, run: RunId, verdict: Verdict) -> bool {
        self.write(Event::Ended {
            run,
            verdict,
            took_ms: 1,
        })
    }

    fn completed_by_hand(&self, task: usize) -> Event {
        Event::CompletedByHand {
            task: self.names[task].clone(),
            by: String::new(),
            note: None,
            fingerprint: Fingerprint::new([0; 16]),
        }
    }

    fn usage(&self) -> Input {
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

    fn tell_later(&mut self, task: usize, now: Elsewhere) {
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

    /// Plays until nothing more happens; says which law was broken.
    pub fn play(mut self) -> Option<Broken> {
        if self.dice.percent(3) {
            let early = *self.dice.pick(&[Cancel::Drain, Cancel::Stop]);
            self.say(Input::Cancel(early));
        }
        self.say(Input::Begin);
        let mut visits = self.dice.below(16);
        let mut cancels = u32::from(self.dice.percent(30)) * (1 + self.dice.below(2));
        for _ in 0..FOR_EVER {
            if self.model.broken.is_some() || self.model.is_finished() {
                break;
            }
            if self.dice.percent(30) {
                self.now += Duration::from_millis(u64::from(self.dice.below(1500)));
            }
            match self.dice.below(20) {
                0..3 if visits > 0 => {
                    visits -= 1;
                    self.visit();
                }
                3 if cancels > 0 => {
                    cancels -= 1;
                    self.cancel();
                }
                4..8 if !self.news.is_empty() => self.deliver_one(),
                8 => self.say(Input::Timer),
                9..12 if self.timer.is_some() => self.fire_timer(),
                _ if !self.ours.is_empty() => self.end_one_of_ours(),
                _ if self.timer.is_some() => self.fire_timer(),
                _ if !self.news.is_empty() => self.deliver_one(),
                _ if !self.others.is_empty() => self.end_one_of_theirs(),
                _ if visits > 0 => {
                    visits -= 1;
                    self.visit();
                }
                _ => break,
            }
        }
        if self.model.broken.is_none() && !self.model.is_finished() {
            self.close();
        }
        if self.model.broken.is_none() {
            self.compare_with_the_fold();
        }
        if self.model.broken.is_none() {
            for input in [Input::Timer, Input::Begin, Input::Cancel(Cancel::Kill)] {
                self.say(input);
            }
        }
        if self.model.broken.is_none() {
            self.say_it_all_again();
        }
        let law = self.model.broken?;
        let problem = self.model.problem;
        let heard = self.heard;
        Some(Broken {
            law,
            problem,
            heard,
        })
    }

    /// Nothing happens by itself any more, and the scheduler is still there.
    fn close(&mut self) {
        if !self.ours.is_empty() || self.timer.is_some() {
            return self.model.breaks(Law::EveryTaskEnds);
        }
        if !self.model.may_stay() {
            return self.model.breaks(Law::FinishOnce);
        }
        self.say(Input::Cancel(Cancel::Drain));
        if !self.model.is_finished() {
            self.model.breaks(Law::FinishOnce);
        }
    }

    fn say(&mut self, input: Input) {
        self.say_one(input);
        while let Some(refusal) = self.refusals.pop_front() {
            self.say_one(refusal);
            while self.refusals.is_empty()
                && !self.model.is_finished()
                && let Some(news) = self.news.pop_front()
            {
                self.say_one(news);
            }
        }
    }

    fn say_one(&mut self, input: Input) {
        self.model.tell(&input, self.now);
        let effects = self.subject.handle(input.clone(), self.now);
        for effect in &effects {
            if self.model.broken.is_none() {
                self.model.see(effect, self.now);
                self.carry_out(effect);
            }
        }
        self.model.settled(self.now);
        self.heard.push((input, self.now, effects));
    }

    fn carry_out(&mut self, effect: &Effect) {
        match effect {
            Effect::Reserve { task } => self.try_to_reserve(task.0 as usize),
            Effect::Settle { task, how } => self.write_verdict(task.0 as usize, *how),
            Effect::Skip { task } => {
                // Refused when the news of its completion is still on the way.
                let task = self.names[task.0 as usize].clone();
                self.write(Event::Skipped {
                    orch: orch('a'),
                    task,
                });
            }
            Effect::End { .. } | Effect::Finish => {}
            Effect::WakeAt(at) => self.timer = Some(*at),
        }
    }

    fn try_to_reserve(&mut self, task: usize) {
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

    fn write_verdict(&mut self, task: usize, how: Settle) {
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

    fn end_one_of_ours(&mut self) {
        let tasks: Vec<usize> = self.ours.keys().copied().collect();
        let task = *self.dice.pick(&tasks);
        let (void, success) = self.mood;
        let how = match self.dice.below(100) {
            roll if roll < void => AttemptEnd::Void,
            roll if roll < void + success => AttemptEnd::Succeeded,
            _ => AttemptEnd::Unsuccessful(*self.dice.pick(&REASONS)),
        };
        self.say(Input::Ended {
            task: Model::ix(task),
            how,
        });
    }

    fn end_one_of_theirs(&mut self) {
        let which = self.dice.below(u32::try_from(self.others.len()).unwrap());
        let (task, run) = self.others.remove(which as usize);
        let hybrid = self.model.problem.items[task].kind == TaskKind::Hybrid;
        let (verdict, now) = if self.dice.percent(30) {
            let reason = StopReason::WorkerFailed;
            (
                Verdict::Failed {
                    reason,
                    message: None,
                },
                Elsewhere::Free,
            )
        } else if hybrid {
            (
                Verdict::AwaitingApproval { sha: None },
                Elsewhere::AwaitingApproval,
            )
        } else {
            (Verdict::Completed { sha: None }, Elsewhere::Completed)
        };
        assert!(self.end_run(run, verdict));
        self.tell_later(task, now);
        self.news.push_back(self.usage());
    }

    /// Somebody else does something, if it is allowed.
    fn visit(&mut self) {
        let task = self.dice.below(u32::try_from(self.names.len()).unwrap()) as usize;
        let (id, by) = (self.names[task].clone(), String::new());
        let (event, now) = match self.dice.below(6) {
            0 => {
                self.start_elsewhere(task);
                return;
            }
            1 if !self.others.is_empty() => return self.end_one_of_theirs(),
            2 => (Event::Reset { task: id, by }, Elsewhere::Free),
            3 => (
                Event::Approved {
                    task: id,
                    by,
                    note: None,
                },
                Elsewhere::Completed,
            ),
            4 => (
                Event::Rejected {
                    task: id,
                    by,
                    note: None,
                },
                Elsewhere::Rejected,
            ),
            _ => (self.completed_by_hand(task), Elsewhere::Completed),
        };
        if self.write(event) {
            self.tell_later(task, now);
        }
    }

    fn cancel(&mut self) {
        let task = TaskIx(self.dice.below(u32::try_from(self.names.len()).unwrap()));
        let kinds = [
            Cancel::Drain,
            Cancel::Stop,
            Cancel::Kill,
            Cancel::Task(task),
            Cancel::Task(task),
        ];
        let cancel = *self.dice.pick(&kinds);
        self.say(Input::Cancel(cancel));
    }

    fn deliver_one(&mut self) {
        if let Some(news) = self.news.pop_front() {
            self.say(news);
        }
    }

    fn fire_timer(&mut self) {
        if let Some(at) = self.timer.take() {
            self.now = self.now.max(at);
            self.say(Input::Timer);
        }
    }

    fn compare_with_the_fold(&mut self) {
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
                Outcome::Completed => state.status == Status::Completed,
                Outcome::Failed(r) => {
                    (state.status, state.stop_reason) == (Status::Failed, Some(*r))
                }
                Outcome::Stopped(r) => {
                    (state.status, state.stop_reason) == (Status::Stopped, Some(*r))
                }
                Outcome::EndedBefore => state.status == Status::Failed,
                Outcome::Skipped => state.status == Status::Skipped,
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

    fn say_it_all_again(&mut self) {
        let mut again = self.subject.again();
        for (input, now, effects) in &self.heard {
            if again.handle(input.clone(), *now) != *effects {
                self.model.breaks(Law::Deterministic);
            }
        }
    }
}
