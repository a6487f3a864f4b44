//! Puts a receipt together.

use std::collections::BTreeMap;

use jiff::Timestamp;

use crate::event::{CancelTarget, Event, Recorded};
use crate::model::{CheckResult, OrchId, RunId, RunState, Spent, Status, StopReason};
use crate::plan::TaskIx;
use crate::report::beyond::waited_for_elsewhere;
use crate::report::counts::Counts;
use crate::report::facts::Facts;
use crate::report::next_commands::next_with;
use crate::report::note::{Note, complete_command, notes};
use crate::report::people::needs_people;
use crate::report::receipt::{Ending, HeldBackBy, NeedEntry, Receipt, Runs, RunsOf, TaskEntry};
use crate::report::text::count;
use crate::view::Standing;

/// What a receipt is about, beside the facts.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    pub orch: &'a OrchId,
    /// The tasks it selected.
    pub selected: &'a [TaskIx],
    /// At least all events since its start, in order; those of other orchestrations are passed over.
    pub events: &'a [Recorded],
    /// The final answers of its attempts, as far as there are any.
    pub runs: &'a BTreeMap<RunId, RunState>,
}

/// What the events say of the orchestration itself.
#[derive(Debug, Default)]
struct Course {
    started_at: Option<Timestamp>,
    ended_at: Option<Timestamp>,
    command: String,
    jobs: u32,
    exit: Option<u8>,
    detached: bool,
    cancelled_by: Option<String>,
}

impl Receipt {
    /// Makes the receipt of an orchestration. `None`: the events do not hold its start.
    #[must_use]
    pub fn gather(facts: &Facts<'_>, subject: &Subject<'_>) -> Option<Self> {
        let mut course = Course::default();
        let mut runs = Runs::new(RunsOf::Orchestration(subject.orch.clone()), subject.runs);
        for recorded in subject.events {
            course.take(recorded, subject.orch);
            runs.take(recorded);
        }
        let started_at = course.started_at?;
        let until = course.ended_at.unwrap_or(facts.now);
        let took = until.duration_since(started_at).as_millis();
        let mut needs = needs_people(facts);
        let beyond = waited_for_elsewhere(facts, subject.selected);
        let counts = Counts::of(subject.selected.iter().map(|ix| facts.view(*ix)));
        let ending = course.ending(facts, subject.orch, &counts);
        // What an end of its own left ready waits for more than being started.
        let goes_on = match ending {
            Ending::Cancelled
            | Ending::Failed
            | Ending::Lost
            | Ending::Detached
            | Ending::StateError => Some(subject.orch),
            _ => None,
        };
        // What is continued does not come to what was not selected.
        let next = match goes_on {
            Some(_) => next_with(facts, subject.selected, &needs, goes_on),
            None => next_with(
                facts,
                &[subject.selected, beyond.as_slice()].concat(),
                &needs,
                None,
            ),
        };
        needs.retain(|need| subject.selected.contains(&need.task));
        let elsewhere = beyond.iter();
        let elsewhere = elsewhere.map(|ix| entry(facts, *ix, started_at, &mut runs));
        let elsewhere: Vec<TaskEntry> = elsewhere.collect();
        let tasks: Vec<TaskEntry> = subject
            .selected
            .iter()
            .map(|ix| entry(facts, *ix, started_at, &mut runs))
            .collect();
        let spent = tasks
            .iter()
            .flat_map(|task| &task.runs)
            .filter_map(|run| run.spent);
        Some(Self {
            spent: spent.reduce(Spent::plus),
            schema_version: 1,
            orchestration: subject.orch.clone(),
            started_at,
            ended_at: course.ended_at,
            took_ms: u64::try_from(took).unwrap_or_default(),
            why: why(ending, &counts, course.cancelled_by.as_deref()),
            ending,
            exit: course.exit,
            jobs: course.jobs,
            counts,
            landing: None,
            warnings: Vec::new(),
            tasks,
            needs_people: needs
                .iter()
                // What failed or stopped has sections of its own.
                .filter_map(|need| Some((need, need.asked.planned()?)))
                .map(|(need, ask)| NeedEntry {
                    task: facts.task(need.task).id.clone(),
                    title: facts.task(need.task).title.to_string(),
                    command: complete_command(facts.plan, need.task, ask),
                    sets_free: facts.ids(&need.sets_free).into_iter().cloned().collect(),
                })
                .collect(),
            next,
            elsewhere,
            command: course.command,
        })
    }
}

impl Course {
    fn take(&mut self, recorded: &Recorded, wanted: &OrchId) {
        let ours = |orch: &OrchId| orch == wanted;
        match &recorded.event {
            Event::OrchestrationStarted {
                orch,
                command,
                jobs,
                ..
            } if ours(orch) => {
                // Resumed: its first start and command stay, its end is void.
                if self.started_at.is_none() {
                    self.started_at = Some(recorded.at);
                    self.command.clone_from(command);
                }
                self.jobs = *jobs;
                self.ended_at = None;
                self.exit = None;
                self.detached = false;
                self.cancelled_by = None;
            }
            Event::OrchestrationEnded { orch, exit } if ours(orch) => {
                self.ended_at = Some(recorded.at);
                self.exit = Some(*exit);
            }
            Event::Detached { orch } if ours(orch) => self.detached = true,
            Event::CancelRequested {
                target: CancelTarget::Orchestration(orch),
                by,
                ..
            } if ours(orch) => self.cancelled_by = Some(by.clone()),
            _ => {}
        }
    }

    fn ending(&self, facts: &Facts<'_>, orch: &OrchId, counts: &Counts) -> Ending {
        let interrupted = matches!(self.exit, Some(129 | 130 | 143));
        match self.exit {
            None if self.detached => Ending::Detached,
            None if facts.processes.deserted.contains(orch) => Ending::Lost,
            None => Ending::Running,
            // The exit code is the verdict; what the tasks are now only tells more about it.
            Some(0) => Ending::Completed,
            Some(4) => Ending::StateError,
            Some(_) if interrupted || self.cancelled_by.is_some() => Ending::Cancelled,
            Some(3) if counts.need_you > 0 => Ending::NeedsPeople,
            Some(3) => Ending::Blocked,
            Some(_) => Ending::Failed,
        }
    }
}

fn entry(facts: &Facts<'_>, ix: TaskIx, started_at: Timestamp, runs: &mut Runs<'_>) -> TaskEntry {
    let task = facts.task(ix);
    let view = facts.view(ix);
    let recorded = facts.recorded(ix);
    let reason: Vec<String> = notes(facts, ix)
        .iter()
        .filter(|note| !matches!(note, Note::Elapsed(_) | Note::NoCheckpoint))
        .map(|note| note.text(facts, ix))
        .collect();
    let done_before = recorded.is_some_and(|r| {
        r.status == Status::Completed && r.completed_at.is_some_and(|at| at < started_at)
    });
    TaskEntry {
        task: task.id.clone(),
        title: task.title.to_string(),
        kind: task.kind,
        status: view.status,
        source: recorded.and_then(|r| r.source),
        stop_reason: recorded.and_then(|r| r.stop_reason),
        message: recorded.and_then(|r| r.message.clone()),
        reason: reason.join("; "),
        done_before,
        blocked_by: match &view.standing {
            Standing::Blocked(by) => facts.ids(by).into_iter().cloned().collect(),
            Standing::Ready | Standing::None => Vec::new(),
        },
        held_back_by: held_back_by(facts, &view.standing),
        runs: runs.take_of(&task.id),
    }
}

fn held_back_by(facts: &Facts<'_>, standing: &Standing) -> Vec<HeldBackBy> {
    let Standing::Blocked(by) = standing else {
        return Vec::new();
    };
    let remedies = by.iter().filter_map(|ix| Some((ix, facts.remedy(*ix)?)));
    let held = remedies.map(|(ix, remedy)| HeldBackBy {
        task: facts.task(*ix).id.clone(),
        says: remedy.says,
        command: remedy.command,
    });
    held.collect()
}

fn why(ending: Ending, counts: &Counts, cancelled_by: Option<&str>) -> String {
    let bad = || {
        let parts = [(counts.failed, "failed"), (counts.stopped, "stopped")];
        let said: Vec<String> = parts
            .into_iter()
            .filter(|(n, _)| *n > 0)
            .map(|(n, word)| format!("{n} {word}"))
            .collect();
        match said.is_empty() {
            true => "something failed that is settled by now".to_owned(),
            false => said.join(", "),
        }
    };
    match ending {
        Ending::Running => "it is still running".to_owned(),
        Ending::Lost => "its orchestrator is gone".to_owned(),
        Ending::Detached => "its terminal was closed".to_owned(),
        Ending::Completed => "everything is completed".to_owned(),
        Ending::Failed => format!("of {}, {}", count(counts.total, "task", "tasks"), bad()),
        Ending::Cancelled => match cancelled_by {
            Some(by) => format!("cancelled by {by}"),
            None => "interrupted".to_owned(),
        },
        Ending::NeedsPeople => format!(
            "only people can make progress: {}",
            count(counts.need_you, "task needs you", "tasks need you")
        ),
        Ending::Blocked if counts.completed == counts.total => {
            "what was to be run again waits for something outside of what was selected".to_owned()
        }
        Ending::Blocked => format!(
            "{} not completed: waiting for something outside of what was selected",
            count(counts.total - counts.completed, "task is", "tasks are")
        ),
        Ending::StateError => "runr's own state could not be written".to_owned(),
    }
}

/// The check that failed, if the reason was a failed verification.
#[must_use]
pub fn failed_check(state: &RunState) -> Option<&CheckResult> {
    let verification = matches!(
        state.outcome,
        crate::model::Outcome::Ended(StopReason::VerificationFailed)
    );
    state
        .checks
        .iter()
        .find(|check| verification && !check.passed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Verdict;
    use crate::model::{CommandLine, Outcome};
    use crate::report::fixture::Told;
    use crate::view::tests::{Story, id, orch, print};

    fn story() -> (Story, BTreeMap<RunId, RunState>) {
        let mut story = Story::new(&[
            ("before.md", &[]),
            ("a.md", &["before.md"]),
            ("net.md", &[]),
            ("ai.md", &["net.md"]),
            ("keys.md", &[]),
            ("ship.md", &["keys.md"]),
        ]);
        story.manual(&["keys.md"]);
        story.completed("a.md", print(0));
        story.ended(
            "net.md",
            Verdict::Retry {
                reason: StopReason::WorkerFailed,
                message: Some("exit code 1".to_owned()),
                counted: true,
                wait_ms: 1_000,
            },
        );
        let run = story.failed("net.md");
        story.happens(Event::Skipped {
            orch: orch(),
            task: id("keys.md"),
        });
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 1,
        });
        let state = RunState {
            schema_version: 1,
            run: run.clone(),
            task: id("net.md"),
            outcome: Outcome::Ended(StopReason::VerificationFailed),
            message: None,
            started_at: story.now(),
            ended_at: story.now(),
            took_ms: 1_200,
            exit_code: Some(0),
            signal: None,
            checks: vec![CheckResult {
                command: CommandLine::Shell("cargo test".to_owned()),
                exit_code: Some(101),
                took_ms: 900,
                log: "verify-1.log".to_owned(),
                passed: false,
            }],
            ended_strays: 0,
            agent: None,
            git: None,
        };
        (story, BTreeMap::from([(run, state)]))
    }

    #[test]
    fn it_tells_what_ran_why_it_stopped_and_what_next() {
        let (story, runs) = story();
        let told = Told::new(&story);
        let subject = Subject {
            orch: &orch(),
            selected: &told.all(),
            events: &story.events,
            runs: &runs,
        };
        let receipt = Receipt::gather(&told.facts(), &subject).unwrap();
        assert_eq!(receipt.ending, Ending::Failed);
        assert_eq!(receipt.exit, Some(1));
        assert_eq!(receipt.command, "runr run");
        let net = &receipt.tasks[2];
        let outcomes: Vec<_> = net.runs.iter().map(|r| r.outcome.as_str()).collect();
        assert_eq!(outcomes, ["retry", "failed"]);
        assert!(!net.runs[1].checks[0].passed);
        assert_eq!(net.runs[1].took_ms, Some(1_200));
        assert_eq!(receipt.tasks[3].blocked_by, [id("net.md")]);
        assert_eq!(receipt.needs_people[0].sets_free, [id("ship.md")]);
        let again: Receipt =
            serde_json::from_str(&serde_json::to_string(&receipt).unwrap()).unwrap();
        assert_eq!(again, receipt);
        insta::assert_snapshot!(receipt.to_markdown(), @r"
        # orch-20250108-143000-aaaa

        Of 6 tasks, 1 failed.

        - Command: `runr run`
        - Started: 2025-01-08 14:30:00 UTC
        - Ended: 2025-01-08 14:41:00 UTC
        - Took: 11m 0s, 2 jobs
        - Exit code: 1
        - 6 tasks: 1 completed, 1 failed, 1 needs you, 1 ready, 2 blocked

        ## Tasks

        | | task | status | runs | took | commit | why |
        |---|---|---|---|---|---|---|
        | ○ | before.md | pending | - | - | - | ready |
        | ✓ | a.md | completed | 20250108-143100-baaa | 1.2s | - |  |
        | ✗ | net.md | failed | 2, last 20250108-143700-daaa | 2.4s | - | verification failed: cargo test |
        | ○ | ai.md | pending | - | - | - | blocked by net.md |
        | ◇ | keys.md | skipped | - | - | - | needs you: runr tasks complete keys.md |
        | ○ | ship.md | pending | - | - | - | blocked by keys.md |

        ## Checks

        - net.md 20250108-143700-daaa: `cargo test` failed with exit code 101 after 0.9s

        ## Needs you

        - keys.md: `runr tasks complete keys.md` (sets 1 task free)

        ## Next

        - `runr logs net.md`: shows what went wrong
        - `runr tasks complete keys.md`: once you have done it; sets 1 task free
        - `runr resume --retry-failed`: tries it again and starts what has not started
        ");
    }

    #[test]
    fn the_ending_follows_exit_and_events() {
        for (exit, cancelled, deserted, expected) in [
            (None, false, false, Ending::Running),
            (None, false, true, Ending::Lost),
            (Some(130), false, false, Ending::Cancelled),
            (Some(1), true, false, Ending::Cancelled),
            (Some(3), false, false, Ending::NeedsPeople),
            (Some(4), false, false, Ending::StateError),
            (Some(1), false, false, Ending::Failed),
            (Some(0), false, false, Ending::Completed),
        ] {
            let mut story = Story::new(&[("keys.md", &[])]);
            story.manual(&["keys.md"]);
            if cancelled {
                story.happens(Event::CancelRequested {
                    target: CancelTarget::Orchestration(orch()),
                    drain: false,
                    by: "ann".to_owned(),
                });
            }
            if let Some(exit) = exit {
                story.happens(Event::OrchestrationEnded { orch: orch(), exit });
            }
            let mut told = Told::new(&story);
            if deserted {
                told.processes.deserted.insert(orch());
            }
            let subject = Subject {
                orch: &orch(),
                selected: &told.all(),
                events: &story.events,
                runs: &BTreeMap::new(),
            };
            let receipt = Receipt::gather(&told.facts(), &subject).unwrap();
            assert_eq!(receipt.ending, expected, "{exit:?} {cancelled} {deserted}");
        }
    }

    #[test]
    fn it_never_says_completed_beside_another_exit_code() {
        for exit in [0, 1, 3, 4, 129, 130, 143] {
            let mut story = Story::new(&[("a.md", &[])]);
            story.completed("a.md", print(0));
            story.happens(Event::OrchestrationEnded { orch: orch(), exit });
            let told = Told::new(&story);
            let subject = Subject {
                orch: &orch(),
                selected: &told.all(),
                events: &story.events,
                runs: &BTreeMap::new(),
            };
            let receipt = Receipt::gather(&told.facts(), &subject).unwrap();
            let says = receipt.why == "everything is completed";
            assert_eq!(says, exit == 0, "{exit} {}", receipt.why);
            assert_eq!(receipt.ending == Ending::Completed, exit == 0, "{exit}");
        }
    }

    #[test]
    fn an_unknown_orchestration_has_no_receipt() {
        let story = Story::new(&[("a.md", &[])]);
        let told = Told::new(&story);
        let subject = Subject {
            orch: &OrchId::parse("orch-20200101-000000-aaaa").unwrap(),
            selected: &told.all(),
            events: &story.events,
            runs: &BTreeMap::new(),
        };
        assert!(Receipt::gather(&told.facts(), &subject).is_none());
    }
}
