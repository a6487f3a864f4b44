//! Plays everything around the scheduler: the driver, attempts that end somehow, people, another
//! orchestration, and a clock. News reach the scheduler late. The journal's side is in `journal`.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use runr::event::{Event, Verdict};
use runr::model::{OrchId, ProcessRef, RunId, StopReason, TaskId, TaskKind};
use runr::plan::TaskIx;
use runr::sched::{AttemptEnd, Cancel, Effect, Elsewhere, Input, Problem};
use runr::state::State;

use super::dice::Dice;
use super::faults::{Fault, Subject};
use super::laws::{Law, Model};

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
    pub(super) subject: Subject,
    pub(super) dice: Dice,
    pub(super) state: State,
    pub(super) names: Vec<TaskId>,
    /// Open runs of ours, by task.
    pub(super) ours: BTreeMap<usize, RunId>,
    pub(super) others: Vec<(usize, RunId)>,
    pub(super) runs: u32,
    /// What the journal knows and the scheduler has not been told yet.
    pub(super) news: VecDeque<Input>,
    pub(super) refusals: VecDeque<Input>,
    /// Something was written since the news were told.
    pub(super) appended: bool,
    pub(super) now: Duration,
    pub(super) timer: Option<Duration>,
    /// Everything that was said and answered, to be said again.
    pub(super) heard: Vec<Exchange>,
    /// Of a hundred attempts, how many are void and how many succeed.
    pub(super) mood: (u32, u32),
    /// Tasks that somebody changed after this orchestration had ended them or while they waited for a retry.
    pub(super) overtaken: Vec<usize>,
}

pub(super) fn orch(name: char) -> OrchId {
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
            appended: false,
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
                home: None,
            });
        }
        world.set_the_stage();
        world
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

    /// As the driver does: every append brings what others had written before it, and that is told
    /// before anything else is.
    fn say(&mut self, input: Input) {
        self.say_one(input);
        while !self.model.is_finished() && self.appended {
            self.appended = false;
            let refusals = std::mem::take(&mut self.refusals);
            let news = std::mem::take(&mut self.news);
            for input in refusals.into_iter().chain(news) {
                if self.model.is_finished() {
                    self.news.push_back(input);
                } else {
                    self.say_one(input);
                }
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
        self.appended |= matches!(
            effect,
            Effect::Reserve { .. } | Effect::Settle { .. } | Effect::Skip { .. }
        );
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
            2 => (
                Event::Reset {
                    task: id,
                    by,
                    note: None,
                },
                Elsewhere::Free,
            ),
            3 => (
                Event::Approved {
                    task: id,
                    by,
                    note: None,
                    sha: None,
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

    fn say_it_all_again(&mut self) {
        let mut again = self.subject.again();
        for (input, now, effects) in &self.heard {
            if again.handle(input.clone(), *now) != *effects {
                self.model.breaks(Law::Deterministic);
            }
        }
    }
}
