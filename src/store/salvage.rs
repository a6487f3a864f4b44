//! What is made of a damaged journal: everything before the damage, and behind it everything that can
//! still be true. Pure.
//!
//! Knows events, their legality and the state that the status cache remembers. Does not know files; what
//! a run's folder says is asked from the caller. No completion that somebody was told about is dropped
//! in silence: each is kept as it was, kept as an import, or named as lost.

use std::collections::BTreeSet;

use jiff::Timestamp;

use crate::event::{Event, Recorded, Verdict};
use crate::model::{Fingerprint, OrchId, ProcessRef, RunId, Source, Status, StopReason, TaskId};
use crate::state::{Illegal, OpenRun, State, TaskState};
use crate::store::line::Line;

/// What a run's own folder says about it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Told {
    pub task: TaskId,
    pub orch: OrchId,
    pub attempt: u32,
}

/// What is put into the new journal behind its good lines, and what that means.
#[derive(Debug, Default)]
pub struct Salvage {
    /// In order; each becomes one line.
    pub lines: Vec<(Timestamp, Vec<Event>)>,
    pub restored: Vec<Restored>,
    pub lost: Vec<Lost>,
    /// The fold of the good lines and these.
    pub state: State,
}

/// Something that the damage had taken and another record gave back.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Restored {
    #[error("`{task}` is {} (run {run}): its start was damaged, its folder names it", .status.word())]
    FromRun {
        task: TaskId,
        run: RunId,
        status: Status,
    },
    #[error("`{task}` is {}: from `task-status.json`", .status.word())]
    FromCache { task: TaskId, status: Status },
    #[error("`{task}` is completed: it was approved, the end of its run was damaged")]
    Approval { task: TaskId },
}

/// Something that stood behind the damage, or in it, and cannot be kept.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Lost {
    #[error("run {run} ended as {what}, but nothing tells its task any more")]
    Run { run: RunId, what: &'static str },
    #[error(
        "the end of run {run} of `{task}`; it counts as stopped until a later record says otherwise"
    )]
    End { run: RunId, task: TaskId },
    #[error(
        "what became of the step `{task}`; it will run again when its orchestration is resumed"
    )]
    Step { task: TaskId },
    #[error("a record that contradicts the others: {why}")]
    Contradiction { why: Illegal },
}

/// Where the parts of a salvage come from.
pub struct Sources<'a> {
    pub good: &'a [Line],
    pub later: Vec<Line>,
    /// What `task-status.json` remembers of this very journal: everything up to its `seq`, all of which was
    /// on disk once.
    pub cache: Option<&'a State>,
    pub told: &'a dyn Fn(&RunId) -> Option<Told>,
    pub now: Timestamp,
}

/// Puts a journal together again.
#[must_use]
pub fn salvage(sources: Sources<'_>) -> Salvage {
    let mut state = State::default();
    for line in sources.good {
        for event in &line.events {
            apply(&mut state, line.at, event);
        }
    }
    let ended = sources
        .later
        .iter()
        .flat_map(|line| &line.events)
        .filter_map(|event| match event {
            Event::Ended { run, .. } | Event::Voided { run, .. } => Some(run.clone()),
            _ => None,
        })
        .collect();
    let mut work = Work {
        sources: &sources,
        ended,
        made: Salvage {
            state,
            ..Salvage::default()
        },
        line: Vec::new(),
        at: sources.now,
    };
    let covered = sources.cache.map_or(0, |cache| cache.seq);
    let (known, newer) = sources
        .later
        .iter()
        .partition::<Vec<&Line>, _>(|line| line.seq <= covered);
    work.lines(&known);
    if let Some(cache) = sources.cache {
        // The cache knows how these ended, better than what is left of them.
        work.made.restored.clear();
        work.made.lost.clear();
        work.at = sources.now;
        work.remember(cache);
        work.close();
    }
    work.lines(&newer);
    work.made
}

fn apply(state: &mut State, at: Timestamp, event: &Event) {
    let seq = state.seq + 1;
    let event = event.clone();
    state.apply(&Recorded { seq, at, event });
}

/// Nobody: a process that no machine has.
fn nobody() -> ProcessRef {
    ProcessRef {
        pid: 0,
        start_ticks: 0,
        boot_id: "unknown".to_owned(),
    }
}

struct Work<'a> {
    sources: &'a Sources<'a>,
    /// The runs whose end stands behind the damage.
    ended: BTreeSet<RunId>,
    made: Salvage,
    line: Vec<Event>,
    at: Timestamp,
}

impl Work<'_> {
    fn lines(&mut self, lines: &[&Line]) {
        for line in lines {
            self.at = line.at;
            for event in line.events.clone() {
                self.event(event);
            }
            self.close();
        }
    }

    /// Takes an event over as it is.
    fn keep(&mut self, event: Event) {
        apply(&mut self.made.state, self.at, &event);
        self.line.push(event);
    }

    fn close(&mut self) {
        if !self.line.is_empty() {
            let events = std::mem::take(&mut self.line);
            self.made.lines.push((self.at, events));
        }
    }

    /// Takes an event over, with whatever it needs before it.
    fn event(&mut self, event: Event) {
        // Each round repairs one thing that the damage took; no event needs more than a few.
        let mut event = event;
        for _ in 0..8 {
            let why = match self.made.state.check(&event) {
                Ok(()) => return self.keep(event),
                Err(why) => why,
            };
            match self.mend(event, why) {
                Some(again) => event = again,
                None => return,
            }
        }
        if let Err(why) = self.made.state.check(&event) {
            self.made.lost.push(Lost::Contradiction { why });
        }
    }

    /// Makes what stands against an event go away; gives the event to try again. `None`: it is settled.
    fn mend(&mut self, event: Event, why: Illegal) -> Option<Event> {
        match (event, why) {
            // Says nothing about a task.
            (
                Event::OrchestrationEnded { .. } | Event::Detached { .. } | Event::Spent { .. },
                _,
            )
            | (Event::Started { .. }, Illegal::RunKnown { .. })
            | (Event::Voided { .. }, Illegal::RunNotOpen { .. })
            | (
                Event::Skipped { .. } | Event::GivenUp { .. } | Event::Imported { .. },
                Illegal::AlreadyCompleted { .. },
            ) => None,
            (event, Illegal::OrchestrationNotOpen { orch }) => {
                self.open_orchestration(orch);
                Some(event)
            }
            (event, Illegal::TaskRunning { task, run }) => {
                self.end_unknown(run, task);
                Some(event)
            }
            (Event::Ended { run, verdict, .. }, Illegal::RunNotOpen { .. }) => {
                self.end_of_unknown(&run, verdict);
                None
            }
            (Event::Started { run, process }, Illegal::RunNotOpen { .. }) => {
                // With its end behind it, its end alone counts.
                if !self.ended.contains(&run)
                    && let Some(told) = (self.sources.told)(&run)
                {
                    self.reserve(&run, told);
                    return Some(Event::Started { run, process });
                }
                None
            }
            (
                Event::Reserved {
                    orch,
                    run,
                    task,
                    attempt,
                    fingerprint,
                    prerequisites,
                    ..
                },
                why,
            ) if !matches!(why, Illegal::RunKnown { .. }) => {
                // It happened, whatever the lost records would have said about it before.
                Some(Event::Reserved {
                    orch,
                    run,
                    task,
                    attempt,
                    fingerprint,
                    prerequisites,
                    claims: Vec::new(),
                    pools: Vec::new(),
                    again: true,
                })
            }
            (Event::Approved { task, note, .. }, Illegal::NotAwaitingApproval { status, .. }) => {
                if status != Status::Completed {
                    let before = self.made.state.task(&task);
                    let completed = TaskState {
                        status: Status::Completed,
                        source: Some(Source::Run),
                        completed_at: Some(self.at),
                        message: note,
                        stop_reason: None,
                        ..before
                    };
                    self.import(&task, &completed);
                    self.made.restored.push(Restored::Approval { task });
                }
                None
            }
            (_, why) => {
                self.made.lost.push(Lost::Contradiction { why });
                None
            }
        }
    }

    /// Its start was damaged; who owned it is not known any more, and nobody does now.
    fn open_orchestration(&mut self, orch: OrchId) {
        self.keep(Event::OrchestrationStarted {
            orch,
            owner: nobody(),
            command: "(its record was damaged)".to_owned(),
            tasks: 0,
            jobs: 1,
            home: None,
        });
    }

    /// A later record shows that the run is over; how it ended is lost.
    fn end_unknown(&mut self, run: RunId, task: TaskId) {
        self.keep(Event::Ended {
            run: run.clone(),
            verdict: Verdict::Stopped {
                reason: StopReason::Orphaned,
                message: Some("its end was lost with a damaged line of the journal".to_owned()),
            },
            took_ms: 0,
        });
        self.made.lost.push(Lost::End { run, task });
    }

    /// A run whose start was damaged ended.
    fn end_of_unknown(&mut self, run: &RunId, verdict: Verdict) {
        let (status, sha, reason, message) = match verdict {
            Verdict::Completed { sha } => (Status::Completed, sha, None, None),
            Verdict::AwaitingApproval { sha } => (Status::AwaitingApproval, sha, None, None),
            Verdict::Failed { reason, message } => (Status::Failed, None, Some(reason), message),
            Verdict::Stopped { reason, message } => (Status::Stopped, None, Some(reason), message),
            // The task was to be tried again: as good as never tried.
            Verdict::Retry { .. } => return,
        };
        let Some(told) = (self.sources.told)(run) else {
            let run = run.clone();
            let what = status.word();
            self.made.lost.push(Lost::Run { run, what });
            return;
        };
        let task = TaskState {
            status,
            last_run_id: Some(run.clone()),
            completed_at: Some(self.at),
            updated_at: Some(self.at),
            checkpoint_sha: sha,
            source: Some(Source::Run),
            stop_reason: reason,
            message,
            ..TaskState::default()
        };
        self.import(&told.task, &task);
        self.made.restored.push(Restored::FromRun {
            task: told.task,
            run: run.clone(),
            status,
        });
    }

    /// A run whose reservation was damaged and whose end is not known: recovery will settle it.
    fn reserve(&mut self, run: &RunId, told: Told) {
        let event = Event::Reserved {
            orch: told.orch,
            run: run.clone(),
            task: told.task,
            attempt: told.attempt,
            // What it was is lost: shown as changed once it is completed.
            fingerprint: Fingerprint::new([0; 16]),
            prerequisites: Vec::new(),
            claims: Vec::new(),
            pools: Vec::new(),
            again: true,
        };
        self.event(event);
    }

    fn import(&mut self, id: &TaskId, task: &TaskState) {
        let when = task.completed_at.or(task.updated_at).unwrap_or(self.at);
        self.keep(Event::Imported {
            task: id.clone(),
            status: task.status,
            run: task.last_run_id.clone(),
            when,
            sha: task.checkpoint_sha.clone(),
            source: task.source.unwrap_or(Source::Run),
            reason: task.stop_reason,
            message: task.message.clone(),
            fingerprint: task.fingerprint,
        });
    }

    /// Brings the state to what the status cache remembers.
    fn remember(&mut self, cache: &State) {
        let over: Vec<(RunId, TaskId)> = {
            let open = self.made.state.open.iter();
            open.filter(|(run, _)| !cache.open.contains_key(*run))
                .map(|(run, open)| (run.clone(), open.task.clone()))
                .collect()
        };
        for (run, task) in over {
            self.end_unknown(run, task);
            // The cache tells, below.
            self.made.lost.pop();
        }
        for (run, open) in &cache.open {
            if !self.made.state.open.contains_key(run) {
                self.open_run(run, open);
            }
        }
        for (id, cached) in &cache.tasks {
            let key = |task: &TaskState| {
                let (run, sha) = (task.last_run_id.clone(), task.checkpoint_sha.clone());
                (task.status, run, sha)
            };
            let now = self.made.state.task(id);
            if key(cached) == key(&now) || cached.status == Status::InProgress {
                continue;
            }
            if id.is_inline() {
                self.made.lost.push(Lost::Step { task: id.clone() });
                continue;
            }
            match cached.status {
                Status::Pending => self.keep(Event::Reset {
                    task: id.clone(),
                    by: "runr doctor".to_owned(),
                    note: None,
                }),
                status => {
                    self.import(id, cached);
                    let task = id.clone();
                    self.made
                        .restored
                        .push(Restored::FromCache { task, status });
                }
            }
        }
    }

    fn open_run(&mut self, run: &RunId, open: &OpenRun) {
        self.event(Event::Reserved {
            orch: open.orch.clone(),
            run: run.clone(),
            task: open.task.clone(),
            attempt: open.attempt,
            fingerprint: open.fingerprint,
            prerequisites: open.prerequisites.clone(),
            claims: open.claims.clone(),
            pools: open.pools.clone(),
            again: true,
        });
        if let Some(process) = &open.process {
            self.event(Event::Started {
                run: run.clone(),
                process: process.clone(),
            });
        }
    }
}
