//! A small history for tests: a plan, and events that happen to it one a minute.

use std::time::Duration;

use jiff::Timestamp;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{
    Fingerprint, OrchId, Place, ProcessRef, RunId, StopReason, Task, TaskId, TaskKind,
};
use crate::plan::{Edge, Origin, Plan, TaskIx, sample};
use crate::state::State;
use crate::view::{TaskView, tasks};

pub(crate) fn print(n: u8) -> Fingerprint {
    Fingerprint::new([n; 16])
}

pub(crate) fn id(name: &str) -> TaskId {
    TaskId::parse(name).unwrap()
}

pub(crate) fn orch() -> OrchId {
    OrchId::parse("orch-20250108-143000-aaaa").unwrap()
}

pub(crate) fn process(pid: u32) -> ProcessRef {
    ProcessRef {
        pid,
        start_ticks: 7,
        boot_id: "boot".to_owned(),
    }
}

/// A plan with a history. Every event is legal: it is checked before it is applied.
#[derive(Debug)]
pub(crate) struct Story {
    pub(crate) plan: Plan,
    pub(crate) state: State,
    pub(crate) events: Vec<Recorded>,
    runs: u32,
}

impl Story {
    pub(crate) fn new(tasks: &[(&str, &[&str])]) -> Self {
        Self::of(sample(tasks))
    }

    fn of(plan: Plan) -> Self {
        let mut story = Self {
            plan,
            state: State::default(),
            events: Vec::new(),
            runs: 0,
        };
        story.happens(Event::OrchestrationStarted {
            orch: orch(),
            owner: process(1),
            command: "runr run".to_owned(),
            tasks: u32::try_from(story.plan.tasks().len()).unwrap(),
            jobs: 2,
            home: None,
        });
        story
    }

    /// As `new`, for generated names; linear, where `sample` looks every name up.
    pub(crate) fn from_edges(names: &[String], needs: &[Vec<&str>]) -> Self {
        let number = |name: &str| {
            let n: u32 = name.trim_end_matches(".md").parse().unwrap();
            TaskIx(n)
        };
        let template = sample(&[("a.md", &[])]);
        let place = Place {
            file: "x".into(),
            line: 1,
            column: 1,
        };
        let tasks = names
            .iter()
            .map(|name| Task {
                id: id(name),
                ..template.tasks()[0].clone()
            })
            .collect();
        let edges: Vec<Edge> = names
            .iter()
            .zip(needs)
            .flat_map(|(name, needs)| {
                let place = &place;
                needs.iter().map(move |need| Edge {
                    prerequisite: number(need),
                    dependent: number(name),
                    origin: Origin::TaskFile,
                    place: place.clone(),
                })
            })
            .collect();
        Self::of(Plan::assemble(tasks, Vec::new(), &edges).unwrap())
    }

    /// Lets tasks be changed before anything happens to them.
    pub(crate) fn change(&mut self, name: &str, change: impl Fn(&mut Task)) {
        let mut tasks = self.plan.tasks().to_vec();
        for task in tasks.iter_mut().filter(|t| t.id == id(name)) {
            change(task);
        }
        let edges = self.plan.graph().edges();
        self.plan = Plan::assemble(tasks, self.plan.tracks().to_vec(), &edges).unwrap();
    }

    pub(crate) fn manual(&mut self, names: &[&str]) {
        for name in names {
            self.change(name, |task| task.kind = TaskKind::Manual);
        }
    }

    pub(crate) fn views(&self) -> Vec<TaskView> {
        tasks(&self.plan, &self.state)
    }

    /// The time of the next event: 2025-01-08, a minute after the one before, from 14:30 UTC.
    pub(crate) fn now(&self) -> Timestamp {
        let first: Timestamp = "2025-01-08T14:30:00Z".parse().unwrap();
        first + Duration::from_secs(60 * self.events.len() as u64)
    }

    pub(crate) fn happens(&mut self, event: Event) {
        self.state.check(&event).unwrap();
        let recorded = Recorded {
            seq: self.events.len() as u64 + 1,
            at: self.now(),
            event,
        };
        self.state.apply(&recorded);
        self.events.push(recorded);
    }

    pub(crate) fn reserved(&mut self, name: &str, fingerprint: Fingerprint) -> RunId {
        self.runs += 1;
        let run = RunId::new(self.now(), self.runs);
        let ix = self.plan.find(&id(name)).unwrap();
        let prerequisites = self
            .plan
            .graph()
            .prerequisites(ix)
            .into_iter()
            .filter_map(|p| {
                let p = &self.plan.task(p).id;
                Some((p.clone(), self.state.task(p).fingerprint?))
            })
            .collect();
        self.happens(Event::Reserved {
            orch: orch(),
            run: run.clone(),
            task: id(name),
            attempt: self.state.task(&id(name)).attempts + 1,
            fingerprint,
            prerequisites,
            claims: Vec::new(),
            pools: Vec::new(),
            again: true,
        });
        run
    }

    pub(crate) fn started(&mut self, name: &str, fingerprint: Fingerprint) -> RunId {
        let run = self.reserved(name, fingerprint);
        self.happens(Event::Started {
            run: run.clone(),
            process: process(100 + self.runs),
        });
        run
    }

    pub(crate) fn ended(&mut self, name: &str, verdict: Verdict) -> RunId {
        let run = self.started(name, print(0));
        self.happens(Event::Ended {
            run: run.clone(),
            verdict,
            took_ms: 1_200,
        });
        run
    }

    pub(crate) fn completed(&mut self, name: &str, fingerprint: Fingerprint) -> RunId {
        let run = self.started(name, fingerprint);
        self.happens(Event::Ended {
            run: run.clone(),
            verdict: Verdict::Completed {
                sha: Some("abc1234".to_owned()),
            },
            took_ms: 1_200,
        });
        run
    }

    pub(crate) fn failed(&mut self, name: &str) -> RunId {
        self.ended(
            name,
            Verdict::Failed {
                reason: StopReason::VerificationFailed,
                message: Some("cargo test".to_owned()),
            },
        )
    }

    pub(crate) fn awaiting(&mut self, name: &str) -> RunId {
        self.change(name, |task| task.kind = TaskKind::Hybrid);
        self.ended(name, Verdict::AwaitingApproval { sha: None })
    }

    pub(crate) fn completed_by_hand(&mut self, name: &str, fingerprint: Fingerprint) {
        self.happens(Event::CompletedByHand {
            task: id(name),
            by: "ann".to_owned(),
            note: None,
            fingerprint,
            sha: None,
            checks: Vec::new(),
        });
    }
}
