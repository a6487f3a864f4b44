//! The one-line answers to what is asked: commands, the most likely first, three at most.

use serde::Serialize;

use crate::model::{OrchId, StopReason, TaskId, TaskKind};
use crate::plan::TaskIx;
use crate::report::facts::Facts;
use crate::report::next_commands::{cut_short, resume};
use crate::report::note::complete_command;
use crate::report::people::{Asked, Evidence, Need, Trouble};
use crate::report::text::shell_word;
use crate::view::{Ask, Standing};

/// How many answers are offered.
const ANSWERS: usize = 3;

/// A command, and what comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    pub command: String,
    /// Lower case, without a period.
    pub does: &'static str,
}

/// The answers to one need. With the evidence they say more exactly what to change.
#[must_use]
pub fn answers(facts: &Facts<'_>, need: &Need, evidence: Option<&Evidence>) -> Vec<Answer> {
    let task = need.task;
    let desk = Desk { facts, task };
    let mut found = match need.asked {
        Asked::Do => vec![desk.complete("once you have done it; --note says what was done")],
        Asked::Approve => vec![
            Answer {
                command: complete_command(facts.plan, task, Ask::Approve),
                does: "takes its work in",
            },
            desk.with(
                "tasks reject",
                " --note 'what should be better'",
                "sends it back to the same worker with your words",
            ),
        ],
        Asked::Decide(Trouble::Deserted) => vec![Answer {
            command: facts.resume_of(task),
            does: "goes on where it was interrupted",
        }],
        Asked::Decide(Trouble::ClaimLeft) => {
            vec![Answer {
                command: facts.release(task),
                does: "gives it back, and others may take it",
            }]
        }
        Asked::Decide(Trouble::Stale) => {
            let mut found = vec![desk.complete("accepts it as it is")];
            if facts.task(task).kind != TaskKind::Manual {
                found.insert(
                    0,
                    desk.with("run --task", " --rerun-stale", "does it again"),
                );
            }
            found
        }
        Asked::Decide(Trouble::Ended(reason)) => desk.ended(reason, evidence),
    };
    found.truncate(ANSWERS);
    found
}

struct Desk<'f, 'a> {
    facts: &'f Facts<'a>,
    task: TaskIx,
}

impl Desk<'_, '_> {
    fn id(&self) -> &TaskId {
        &self.facts.task(self.task).id
    }

    /// `runr VERB TASK AFTER`.
    fn with(&self, verb: &str, after: &str, does: &'static str) -> Answer {
        let command = format!("runr {verb} {}{after}", shell_word(self.id().as_str()));
        Answer { command, does }
    }

    fn complete(&self, does: &'static str) -> Answer {
        let command = complete_command(self.facts.plan, self.task, Ask::Do);
        Answer { command, does }
    }

    fn again(&self, does: &'static str) -> Answer {
        match self.id().is_inline() {
            true => Answer {
                command: "runr orchestrate run".to_owned(),
                does,
            },
            false => self.with("run --task", "", does),
        }
    }

    fn doctor(does: &'static str) -> Answer {
        Answer {
            command: "runr doctor".to_owned(),
            does,
        }
    }

    fn ended(&self, reason: Option<StopReason>, evidence: Option<&Evidence>) -> Vec<Answer> {
        if self.facts.task(self.task).kind == TaskKind::Manual {
            return vec![self.complete("once you have done it; --note says what was done")];
        }
        let mut found = Vec::new();
        if let Standing::Blocked(by) = &self.facts.view(self.task).standing {
            // What is completed elsewhere can be brought in; for the rest only others can do something.
            let remedies: Option<Vec<_>> = by.iter().map(|ix| self.facts.remedy(*ix)).collect();
            let Some(remedy) = remedies.and_then(|all| all.into_iter().next()) else {
                return vec![
                    self.with("why", "", "shows what it waits for"),
                    self.complete("if you have done it yourself"),
                ];
            };
            found.push(Answer {
                command: remedy.command,
                does: "brings in what it needs",
            });
        }
        found.extend(match reason {
            Some(StopReason::Cancelled | StopReason::Orphaned) => vec![self.go_on()],
            Some(StopReason::ScopeViolation) => {
                let mut found: Vec<Answer> = self.widen(evidence).into_iter().collect();
                found.push(self.again("tries it again"));
                found
            }
            Some(StopReason::MergeConflict) => {
                vec![self.again("does it again, on top of what is there now")]
            }
            Some(StopReason::BudgetExceeded) => {
                let mut found: Vec<Answer> = self.raise().into_iter().collect();
                found.push(self.again("tries it again"));
                found
            }
            Some(StopReason::UsageLimit) => vec![self.again("once the limit is over")],
            Some(StopReason::AuthRequired) => vec![
                Self::doctor("says how its worker logs in"),
                self.again("once that is done"),
            ],
            Some(StopReason::WorkerMissing) => vec![
                Self::doctor("says what is missing"),
                self.again("once it is there"),
            ],
            Some(StopReason::TaskChanged) => vec![
                Answer {
                    command: "runr check".to_owned(),
                    does: "says what is wrong with its file",
                },
                self.again("once it is mended"),
            ],
            Some(StopReason::CheckpointMissing) => vec![self.again("does it again")],
            Some(StopReason::NoChanges) => {
                found.extend([
                    self.complete("accepts that nothing had to be changed"),
                    self.again("tries it again"),
                ]);
                return found;
            }
            _ => vec![self.again("tries it again")],
        });
        found.push(self.complete("if you have done it yourself"));
        found
    }

    fn go_on(&self) -> Answer {
        let orch: Option<&OrchId> = cut_short(self.facts, self.task);
        match orch {
            Some(orch) => Answer {
                command: resume(self.facts, orch),
                does: "goes on where it was interrupted",
            },
            None => self.again("tries it again"),
        }
    }

    /// The task may change what it changed. Only where it says at all what it may change.
    fn widen(&self, evidence: Option<&Evidence>) -> Option<Answer> {
        let owns = &self.facts.task(self.task).owns;
        let outside = &evidence?.outside;
        let plain = |path: &str| {
            path.chars()
                .all(|c| c.is_alphanumeric() || "/._-*".contains(c))
        };
        let all: Vec<&str> = owns
            .iter()
            .map(|own| &**own)
            .chain(outside.iter().map(String::as_str))
            .collect();
        if owns.is_empty() || outside.is_empty() || all.len() > 8 || !all.iter().all(|p| plain(p)) {
            return None;
        }
        let value = format!("owns=[{}]", all.join(", "));
        let after = format!(" --set '{value}'");
        Some(self.with("tasks edit", &after, "lets it change these files too"))
    }

    /// Twice what it may cost now.
    fn raise(&self) -> Option<Answer> {
        let budget = self.facts.task(self.task).budget_usd?;
        let after = format!(" --set budget_usd={}", budget * 2.0);
        Some(self.with("tasks edit", &after, "lets it cost twice as much"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::{Event, Verdict};
    use crate::report::fixture::Told;
    use crate::report::people::needs_people;
    use crate::view::tests::{Story, orch, print};

    fn typed(story: &Story, evidence: &Evidence) -> Vec<String> {
        let told = Told::new(story);
        let facts = told.facts();
        let needs = needs_people(&facts);
        let found = answers(&facts, &needs[0], Some(evidence));
        found.into_iter().map(|answer| answer.command).collect()
    }

    #[test]
    fn each_reason_has_its_answers() {
        use StopReason::{
            AuthRequired, BudgetExceeded, Cancelled, MergeConflict, NoChanges, ScopeViolation,
            TaskChanged, VerificationFailed, WorkerMissing,
        };
        let run = "runr run --task 'a b.md'";
        let complete = "runr tasks complete 'a b.md'";
        for (reason, expected) in [
            (VerificationFailed, vec![run, complete]),
            (MergeConflict, vec![run, complete]),
            (NoChanges, vec![complete, run]),
            (Cancelled, vec!["runr resume", complete]),
            (AuthRequired, vec!["runr doctor", run, complete]),
            (WorkerMissing, vec!["runr doctor", run, complete]),
            (TaskChanged, vec!["runr check", run, complete]),
            (
                BudgetExceeded,
                vec!["runr tasks edit 'a b.md' --set budget_usd=3", run, complete],
            ),
            (
                ScopeViolation,
                vec![
                    "runr tasks edit 'a b.md' --set 'owns=[src/**, README.md]'",
                    run,
                    complete,
                ],
            ),
        ] {
            let mut story = Story::new(&[("a b.md", &[])]);
            story.change("a b.md", |task| {
                task.owns = Box::new(["src/**".into()]);
                task.budget_usd = Some(1.5);
            });
            let message = None;
            story.ended(
                "a b.md",
                match reason.is_verdict() {
                    true => Verdict::Failed { reason, message },
                    false => Verdict::Stopped { reason, message },
                },
            );
            story.happens(Event::OrchestrationEnded {
                orch: orch(),
                exit: 1,
            });
            let evidence = Evidence {
                outside: vec!["README.md".to_owned()],
                ..Evidence::default()
            };
            assert_eq!(typed(&story, &evidence), expected, "{reason}");
        }
    }

    #[test]
    fn people_approve_reject_complete_and_accept() {
        let none = Evidence::default();
        let mut story = Story::new(&[("a.md", &[])]);
        story.awaiting("a.md");
        assert_eq!(
            typed(&story, &none),
            [
                "runr tasks approve a.md",
                "runr tasks reject a.md --note 'what should be better'"
            ]
        );
        let mut story = Story::new(&[("a.md", &[])]);
        story.completed("a.md", print(9));
        story.happens(Event::OrchestrationEnded {
            orch: orch(),
            exit: 0,
        });
        assert_eq!(
            typed(&story, &none),
            [
                "runr run --task a.md --rerun-stale",
                "runr tasks complete a.md"
            ]
        );
        let mut story = Story::new(&[("p.md", &[]), ("a.md", &["p.md"])]);
        story.completed("p.md", print(0));
        story.failed("a.md");
        story.happens(Event::Reset {
            task: story.plan.task(TaskIx(0)).id.clone(),
            by: "ann".to_owned(),
            note: None,
        });
        assert_eq!(
            typed(&story, &none),
            ["runr why a.md", "runr tasks complete a.md"]
        );
    }
}
