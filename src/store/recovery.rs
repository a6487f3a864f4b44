//! What becomes of an attempt that the journal holds open, when its orchestrator is gone.
//!
//! Pure: facts in, one action out. Gathering the facts is `facts.rs`; carrying the action out is the
//! driver's, which holds the orchestration's owner lock meanwhile.

use crate::model::{ProcessRef, RunState};
use crate::state::OpenRun;

/// The task's lock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TaskLock {
    Free,
    Held,
}

/// The process that `started` named.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Attempt {
    /// It lives: number, start time and boot are the same.
    Alive,
    /// Nobody has that number, or somebody else has.
    Gone,
    /// The machine was booted since.
    OfAnotherBoot,
}

/// What is so about an open run. [`crate::store::facts()`] finds out.
#[derive(Debug, Clone, PartialEq)]
pub struct Facts {
    /// The final state.json, if there is one.
    pub verdict: Option<RunState>,
    pub lock: TaskLock,
    /// `None`: the journal has no `started`.
    pub attempt: Option<Attempt>,
}

/// What to do with an open run.
#[derive(Debug, Clone, PartialEq)]
#[must_use]
pub enum Action {
    /// The attempt came to its end: journal what it says.
    JournalIt(Box<RunState>),
    /// Nothing says how it ended: end what its cookie finds, then journal it as lost (`orphaned`).
    Lost,
    /// It is at work: watch it as if this orchestrator had started it.
    Adopt(ProcessRef),
    /// Its worker never ran: journal it as void, it does not count.
    Void,
    /// The attempt's process is gone or on its way out, and something still holds the task's lock: end
    /// what its cookie finds, wait until the lock is free, and decide again.
    WaitForLock,
}

/// Decides.
///
/// A verdict on disk comes first: it is the attempt's last act, and whatever else is so came later.
/// Without `started` the worker never got its go byte, whoever holds the lock. After a boot nothing of
/// the run can be alive.
pub fn decide(open: &OpenRun, facts: Facts) -> Action {
    if let Some(verdict) = facts.verdict {
        return Action::JournalIt(Box::new(verdict));
    }
    match (facts.lock, facts.attempt, &open.process) {
        (_, Some(Attempt::OfAnotherBoot), _) => Action::Lost,
        (TaskLock::Free, None, _) => Action::Void,
        (TaskLock::Free, Some(_), _) => Action::Lost,
        (TaskLock::Held, Some(Attempt::Alive), Some(process)) => Action::Adopt(process.clone()),
        (TaskLock::Held, _, _) => Action::WaitForLock,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::{Outcome, Status, StopReason};
    use crate::store::Store;
    use crate::store::tests::{orch, process, reserved, run, started_orchestration, task};

    fn open(process: Option<ProcessRef>) -> OpenRun {
        let dir = tempfile::tempdir().unwrap();
        let mut store = Store::open(dir.path()).unwrap();
        let mut events = vec![started_orchestration(), reserved(1, "a.md")];
        if let Some(process) = process {
            events.push(crate::event::Event::Started {
                run: run(1),
                process,
            });
        }
        store.append(events).unwrap();
        assert_eq!(store.state().status(&task("a.md")), Status::InProgress);
        let open = store.state().open[&run(1)].clone();
        assert_eq!(open.orch, orch());
        open
    }

    fn verdict() -> RunState {
        let at = "2026-01-02T03:04:05Z".parse().unwrap();
        RunState {
            schema_version: 1,
            run: run(1),
            task: task("a.md"),
            outcome: Outcome::Ended(StopReason::Timeout),
            message: None,
            started_at: at,
            ended_at: at,
            took_ms: 5,
            exit_code: None,
            signal: Some(9),
            checks: Vec::new(),
            ended_strays: 0,
            agent: None,
            git: None,
        }
    }

    #[test]
    fn every_combination_of_facts_has_its_action() {
        use Attempt::{Alive, Gone, OfAnotherBoot};
        use TaskLock::{Free, Held};
        for (lock, attempt, expected) in [
            (Free, None, Action::Void),
            (Held, None, Action::WaitForLock),
            (Free, Some(Gone), Action::Lost),
            // Without its lock it is not the attempt any more, alive or not: the sweep will end it.
            (Free, Some(Alive), Action::Lost),
            (Free, Some(OfAnotherBoot), Action::Lost),
            (Held, Some(OfAnotherBoot), Action::Lost),
            (Held, Some(Alive), Action::Adopt(process())),
            (Held, Some(Gone), Action::WaitForLock),
        ] {
            let open = open(attempt.map(|_| process()));
            let facts = Facts {
                verdict: None,
                lock,
                attempt,
            };
            assert_eq!(decide(&open, facts.clone()), expected, "{facts:?}");
            let facts = Facts {
                verdict: Some(verdict()),
                ..facts
            };
            assert_eq!(
                decide(&open, facts.clone()),
                Action::JournalIt(Box::new(verdict())),
                "{facts:?}"
            );
        }
    }
}
