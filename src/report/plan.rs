//! What an orchestration would do, as a table for people and as JSON for programs.
//!
//! Knows the plan, the forecast and where its durations come from. Does not know the clock or the time zone: when
//! everything would end is handed in.

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::model::{TaskId, TaskKind, Usd, show_duration};
use crate::plan::{Plan, TaskIx};
use crate::report::one_line;
use crate::sched::{Basis, Expected};
use crate::simulate::{Forecast, Stretch};

/// Which characters stand between the tasks of a path.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Arrows {
    Unicode,
    Ascii,
}

/// A forecast with everything that is needed to tell it.
#[derive(Debug)]
pub struct PlanReport<'a> {
    pub plan: &'a Plan,
    pub forecast: &'a Forecast,
    /// By task number.
    pub expected: &'a [Expected],
}

#[derive(Serialize)]
struct Json<'a> {
    schema_version: u32,
    jobs: u32,
    makespan_s: f64,
    lower_bound_s: f64,
    /// Of the tasks whose past runs told.
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<Usd>,
    critical_path: Vec<&'a TaskId>,
    tasks: Vec<JsonTask<'a>>,
    people: Vec<JsonPerson<'a>>,
    after_people: Vec<&'a TaskId>,
    blocked: Vec<&'a TaskId>,
}

#[derive(Serialize)]
struct JsonTask<'a> {
    task: &'a TaskId,
    start_s: f64,
    end_s: f64,
    slot: u32,
    estimate_s: f64,
    basis: Basis,
    wave: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    cost_usd: Option<Usd>,
}

#[derive(Serialize)]
struct JsonPerson<'a> {
    task: &'a TaskId,
    #[serde(rename = "type")]
    kind: TaskKind,
}

impl<'a> PlanReport<'a> {
    /// Writes one JSON object and a newline. Times are in seconds from the start; slots count from 0, waves from 1.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        let id = |ix: &TaskIx| &self.plan.task(*ix).id;
        let forecast = self.forecast;
        let json = Json {
            schema_version: 1,
            jobs: forecast.jobs,
            makespan_s: forecast.makespan.as_secs_f64(),
            lower_bound_s: forecast.lower_bound.as_secs_f64(),
            cost_usd: self.cost().map(|(cost, _)| cost),
            critical_path: forecast.critical_path.iter().map(id).collect(),
            tasks: forecast.attempts.iter().map(|a| self.json(a)).collect(),
            people: forecast
                .people
                .iter()
                .map(|ix| JsonPerson {
                    task: id(ix),
                    kind: self.plan.task(*ix).kind,
                })
                .collect(),
            after_people: forecast.after_people.iter().map(id).collect(),
            blocked: forecast.blocked.iter().map(id).collect(),
        };
        serde_json::to_writer_pretty(&mut *out, &json)?;
        writeln!(out)
    }

    fn json(&self, attempt: &Stretch) -> JsonTask<'a> {
        let expected = &self.expected[attempt.task.0 as usize];
        JsonTask {
            task: &self.plan.task(attempt.task).id,
            start_s: attempt.start.as_secs_f64(),
            end_s: attempt.end.as_secs_f64(),
            slot: attempt.slot,
            estimate_s: expected.duration.as_secs_f64(),
            basis: expected.basis,
            wave: attempt.wave,
            cost_usd: expected.cost,
        }
    }

    /// Writes the table in order of starts, the critical path, and what is left to people. `end` is the
    /// local time at which a run that starts now would end.
    ///
    /// # Errors
    /// When the writer fails.
    pub fn write_text(&self, out: &mut impl Write, end: &str, arrows: Arrows) -> io::Result<()> {
        let forecast = self.forecast;
        if forecast.attempts.is_empty() {
            writeln!(out, "No task would run now.")?;
        } else {
            self.write_table(out, end)?;
            let arrow = match arrows {
                Arrows::Unicode => " → ",
                Arrows::Ascii => " -> ",
            };
            let length = self.length(&forecast.critical_path);
            let path = self.names(&forecast.critical_path, arrow);
            writeln!(out, "\nCritical path ({}): {path}", show_duration(length))?;
        }
        let lists = [
            (&forecast.people, "Needs you"),
            (&forecast.after_people, "After that"),
            (
                &forecast.blocked,
                "Blocked, as what they need is not part of this",
            ),
        ];
        let mut first = true;
        for (tasks, title) in lists {
            if !tasks.is_empty() {
                let gap = if std::mem::take(&mut first) { "\n" } else { "" };
                writeln!(out, "{gap}{title}: {}", self.names(tasks, ", "))?;
            }
        }
        Ok(())
    }

    fn write_table(&self, out: &mut impl Write, end: &str) -> io::Result<()> {
        let forecast = self.forecast;
        let count = forecast.attempts.len();
        writeln!(
            out,
            "{count} {}, {} at once: {}, until about {end} (at best {})",
            if count == 1 { "task" } else { "tasks" },
            forecast.jobs,
            show_duration(forecast.makespan),
            show_duration(forecast.lower_bound),
        )?;
        let guesses = forecast
            .attempts
            .iter()
            .filter(|a| self.is_guess(a))
            .count();
        if guesses > 0 {
            let line = match guesses {
                1 => "1 of the durations is a guess, marked ~: that task has neither run before nor an `estimate`".to_owned(),
                n => format!("{n} of the durations are guesses, marked ~: they have neither run before nor an `estimate`"),
            };
            writeln!(out, "{line}")?;
        }
        if let Some((cost, unknown)) = self.cost() {
            let rest = match unknown {
                0 => String::new(),
                1 => ", without one task whose cost is not known".to_owned(),
                n => format!(", without {n} tasks whose cost is not known"),
            };
            writeln!(out, "about {cost} by past runs{rest}")?;
        }
        writeln!(out, "\n     start        end  takes      job  wave  task")?;
        let critical: BTreeSet<TaskIx> = forecast.critical_path.iter().copied().collect();
        for attempt in &forecast.attempts {
            let mut line = String::new();
            let takes = show_duration(attempt.end - attempt.start);
            let mark = if self.is_guess(attempt) { "~" } else { "" };
            // Writing to a `String` cannot fail.
            let _ = write!(
                line,
                "{:>10} {:>10}  {:<9} {:>4} {:>5}  {}",
                since(attempt.start),
                since(attempt.end),
                format!("{mark}{takes}"),
                attempt.slot + 1,
                attempt.wave,
                one_line(self.plan.task(attempt.task).id.as_str()),
            );
            if critical.contains(&attempt.task) {
                line.push_str("  *");
            }
            writeln!(out, "{line}")?;
        }
        Ok(())
    }

    /// What past runs say it costs, and how many agents' tasks have none. `None`: nothing is known of any.
    fn cost(&self) -> Option<(Usd, usize)> {
        let attempts = || self.forecast.attempts.iter().map(|a| a.task);
        let known = attempts().filter_map(|task| self.expected[task.0 as usize].cost);
        let sum = known.reduce(Usd::plus)?;
        let unknown = attempts().filter(|task| {
            let agent = self.plan.task(*task).agent.is_some();
            agent && self.expected[task.0 as usize].cost.is_none()
        });
        Some((sum, unknown.count()))
    }

    fn is_guess(&self, attempt: &Stretch) -> bool {
        self.expected[attempt.task.0 as usize].basis == Basis::Guess
    }

    fn length(&self, path: &[TaskIx]) -> Duration {
        let attempts = self.forecast.attempts.iter();
        let path: BTreeSet<TaskIx> = path.iter().copied().collect();
        let on_path = attempts.filter(|a| path.contains(&a.task));
        on_path.map(|a| a.end - a.start).sum()
    }

    fn names(&self, tasks: &[TaskIx], between: &str) -> String {
        let names = tasks.iter().map(|ix| {
            let task = self.plan.task(*ix);
            let kind = match task.kind {
                TaskKind::Automated => "",
                TaskKind::Manual => " (manual)",
                TaskKind::Hybrid => " (hybrid)",
            };
            format!("{}{kind}", one_line(task.id.as_str()))
        });
        names.collect::<Vec<_>>().join(between)
    }
}

/// A time since the start.
fn since(time: Duration) -> String {
    if time.is_zero() {
        "0s".to_owned()
    } else {
        show_duration(time)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Collision;
    use crate::plan::sample;
    use crate::sched::{Options, Resume, Setup, build, expected};
    use crate::simulate::simulate;
    use crate::state::State;

    fn sample_plan() -> Plan {
        let small = sample(&[
            ("a.md", &[]),
            ("b.md", &["a.md"]),
            ("c.md", &[]),
            ("d.md", &["c.md"]),
        ]);
        let mut tasks = small.tasks().to_vec();
        tasks[0].estimate = Some(Duration::from_secs(90));
        tasks[1].estimate = Some(Duration::from_secs(30));
        tasks[2].kind = TaskKind::Manual;
        Plan::assemble(tasks, Vec::new(), &small.graph().edges()).unwrap()
    }

    fn written(plan: &Plan, write: impl Fn(&PlanReport<'_>, &mut Vec<u8>)) -> String {
        let state = State::default();
        let expected = expected(plan, &state);
        let durations: Vec<Duration> = expected.iter().map(|e| e.duration).collect();
        let problem = build(Setup {
            plan,
            state: &state,
            selected: &plan.numbers().collect::<Vec<_>>(),
            again: &[],
            orch: None,
            resume: Resume::KeepFailed,
            collision: Collision::Serialize,
            options: Options {
                jobs: 2,
                fail_fast: false,
                wait: false,
                seed: 0,
            },
        });
        let report = PlanReport {
            plan,
            forecast: &simulate(problem, &durations),
            expected: &expected,
        };
        let mut out = Vec::new();
        write(&report, &mut out);
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn for_people() {
        let text = written(&sample_plan(), |report, out| {
            report.write_text(out, "15:04", Arrows::Ascii).unwrap();
        });
        let expected = "\
2 tasks, 2 at once: 2m 0s, until about 15:04 (at best 2m 0s)

     start        end  takes      job  wave  task
        0s     1m 30s  1m 30s       1     1  a.md  *
    1m 30s      2m 0s  30s          1     2  b.md  *

Critical path (2m 0s): a.md -> b.md

Needs you: c.md (manual)
After that: d.md
";
        assert_eq!(text, expected);
    }

    #[test]
    fn nothing_to_run() {
        let text = written(&sample(&[]), |report, out| {
            report.write_text(out, "15:04", Arrows::Ascii).unwrap();
        });
        assert_eq!(text, "No task would run now.\n");
    }

    #[test]
    fn for_programs() {
        let text = written(&sample_plan(), |report, out| {
            report.write_json(out).unwrap()
        });
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(
            json,
            serde_json::json!({
                "schema_version": 1, "jobs": 2, "makespan_s": 120.0, "lower_bound_s": 120.0,
                "critical_path": ["a.md", "b.md"],
                "tasks": [
                    {"task": "a.md", "start_s": 0.0, "end_s": 90.0, "slot": 0, "estimate_s": 90.0,
                     "basis": "estimate", "wave": 1},
                    {"task": "b.md", "start_s": 90.0, "end_s": 120.0, "slot": 0, "estimate_s": 30.0,
                     "basis": "estimate", "wave": 2},
                ],
                "people": [{"task": "c.md", "type": "manual"}],
                "after_people": ["d.md"],
                "blocked": [],
            })
        );
    }
}
