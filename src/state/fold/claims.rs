//! What a claim does to the state: a task taken by a person or a session outside, and given back.
//!
//! Knows the state. Whether a claim is legal is [`State::check`]'s matter.

use jiff::Timestamp;

use crate::event::{Event, Verdict};
use crate::model::{Source, Status};
use crate::state::known::{ClaimedRun, State};

/// What stands behind the end of a claim.
#[derive(Debug, Clone, Copy)]
pub(super) struct Proof<'a> {
    /// How many checks passed.
    pub(super) checks: u32,
    pub(super) note: Option<&'a str>,
}

impl State {
    /// `event` is a `claimed`; any other changes nothing.
    pub(super) fn claim(&mut self, event: &Event, at: Timestamp) {
        let Event::Claimed {
            run,
            task,
            attempt,
            who,
            holder,
            fingerprint,
            prerequisites,
            claims,
            pools,
        } = event
        else {
            return;
        };
        let before = Box::new(self.task(task));
        let state = self.touch(task, Status::InProgress, at);
        state.attempts = *attempt;
        state.last_run_id = Some(run.clone());
        // It is nobody's orchestration's any more.
        state.orch = None;
        state.counted_failures = 0;
        self.claimed.insert(
            run.clone(),
            ClaimedRun {
                task: task.clone(),
                attempt: *attempt,
                who: who.clone(),
                holder: holder.clone(),
                fingerprint: *fingerprint,
                prerequisites: prerequisites.clone(),
                claims: claims.clone(),
                pools: pools.clone(),
                claimed_at: at,
                before,
            },
        );
    }

    /// Without a verdict the task is again what it was before the claim.
    pub(super) fn end_claim(
        &mut self,
        claim: ClaimedRun,
        verdict: Option<&Verdict>,
        proof: Proof<'_>,
        at: Timestamp,
    ) {
        let Some(verdict) = verdict else {
            *self.touch(&claim.task, Status::Pending, at) = *claim.before;
            return;
        };
        let state = self.touch(&claim.task, Status::Pending, at);
        match verdict {
            Verdict::Completed { sha } | Verdict::AwaitingApproval { sha } => {
                let completed = matches!(verdict, Verdict::Completed { .. });
                state.status = match completed {
                    true => Status::Completed,
                    false => Status::AwaitingApproval,
                };
                // Without a check it is somebody's word, and is shown as that.
                state.source = Some(match proof.checks {
                    0 => Source::Manual,
                    _ => Source::Run,
                });
                state.fingerprint = Some(claim.fingerprint);
                state.prerequisites = claim.prerequisites;
                state.checkpoint_sha.clone_from(sha);
                state.completed_at = completed.then_some(at);
                state.lost_in_a_row = 0;
            }
            Verdict::Retry { reason, .. } => state.stop_reason = Some(*reason),
            Verdict::Failed { reason, .. } | Verdict::Stopped { reason, .. } => {
                state.status = match reason.is_verdict() {
                    true => Status::Failed,
                    false => Status::Stopped,
                };
                state.stop_reason = Some(*reason);
            }
        }
        state.message = proof.note.map(ToOwned::to_owned);
        match state.status {
            Status::Completed => state.remarks.clear(),
            _ => state.completed_at = None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::event::Recorded;
    use crate::model::{
        Fingerprint, OrchId, PoolTake, ProcessRef, Provenance, RunId, TaskId, Through,
    };
    use crate::state::Illegal;

    fn who() -> Provenance {
        Provenance {
            by: "ada".to_owned(),
            through: Through::Mcp,
            session: Some("s-1".to_owned()),
        }
    }

    fn task(name: &str) -> TaskId {
        TaskId::parse(name).unwrap()
    }

    fn run(n: u32) -> RunId {
        RunId::new(Timestamp::UNIX_EPOCH, n)
    }

    fn claim(n: u32, name: &str) -> Event {
        Event::Claimed {
            run: run(n),
            task: task(name),
            attempt: 1,
            who: who(),
            holder: None,
            fingerprint: Fingerprint::new([1; 16]),
            prerequisites: Vec::new(),
            claims: vec!["src/net/**".to_owned()],
            pools: vec![PoolTake {
                pool: "db".into(),
                take: 1,
                of: 1,
            }],
        }
    }

    fn end(n: u32, verdict: Option<Verdict>, checks: u32) -> Event {
        Event::ClaimEnded {
            run: run(n),
            who: who(),
            verdict,
            checks,
            took_ms: 5,
            note: None,
        }
    }

    fn reserve(name: &str, claims: &[&str], pools: Vec<PoolTake>) -> Event {
        Event::Reserved {
            orch: orch(),
            run: run(99),
            task: task(name),
            attempt: 1,
            fingerprint: Fingerprint::new([1; 16]),
            prerequisites: Vec::new(),
            claims: claims.iter().map(|c| (*c).to_owned()).collect(),
            pools,
            again: false,
        }
    }

    fn orch() -> OrchId {
        OrchId::parse("orch-20260102-030405-aaaa").unwrap()
    }

    fn tell(state: &mut State, event: Event) {
        assert_eq!(state.check(&event), Ok(()), "{event:?}");
        let seq = state.seq + 1;
        state.apply(&Recorded {
            seq,
            at: Timestamp::UNIX_EPOCH,
            event,
        });
    }

    fn begun() -> State {
        let mut state = State::default();
        tell(
            &mut state,
            Event::OrchestrationStarted {
                orch: orch(),
                owner: ProcessRef {
                    pid: 1,
                    start_ticks: 1,
                    boot_id: "b".to_owned(),
                },
                command: "runr run".to_owned(),
                tasks: 1,
                jobs: 1,
                home: None,
            },
        );
        tell(&mut state, claim(1, "a.md"));
        state
    }

    #[test]
    fn a_claim_is_in_progress_and_keeps_others_away() {
        let state = begun();
        let now = state.task(&task("a.md"));
        assert_eq!((now.status, now.attempts), (Status::InProgress, 1));
        let running = Illegal::TaskRunning {
            task: task("a.md"),
            run: run(1),
        };
        assert_eq!(
            state.check(&reserve("a.md", &[], Vec::new())),
            Err(running.clone())
        );
        assert_eq!(state.check(&claim(2, "a.md")), Err(running.clone()));
        let by_hand = Event::CompletedByHand {
            task: task("a.md"),
            by: "eva".to_owned(),
            note: None,
            fingerprint: Fingerprint::new([1; 16]),
            sha: None,
            checks: Vec::new(),
        };
        assert_eq!(state.check(&by_hand), Err(running));
        assert!(matches!(
            state.check(&reserve("b.md", &["src/net/a.rs"], Vec::new())),
            Err(Illegal::Claimed { task: held, .. }) if held == task("a.md")
        ));
        let pool = PoolTake {
            pool: "db".into(),
            take: 1,
            of: 1,
        };
        assert!(matches!(
            state.check(&reserve("b.md", &[], vec![pool])),
            Err(Illegal::PoolFull { .. })
        ));
        assert_eq!(
            state.check(&reserve("b.md", &["src/ui/**"], Vec::new())),
            Ok(())
        );
    }

    #[test]
    fn a_released_claim_leaves_no_trace_in_the_state() {
        let mut state = State::default();
        tell(&mut state, claim(1, "a.md"));
        tell(&mut state, end(1, None, 0));
        assert_eq!(
            state.task(&task("a.md")),
            State::default().task(&task("a.md"))
        );
        assert!(state.claimed.is_empty());
        assert_eq!(
            state.check(&end(1, None, 0)),
            Err(Illegal::RunNotOpen { run: run(1) })
        );
    }

    #[test]
    fn without_a_check_a_completion_is_somebodys_word() {
        for (checks, source) in [(0, Source::Manual), (2, Source::Run)] {
            let mut state = begun();
            tell(
                &mut state,
                end(1, Some(Verdict::Completed { sha: None }), checks),
            );
            let now = state.task(&task("a.md"));
            assert_eq!((now.status, now.source), (Status::Completed, Some(source)));
            assert_eq!(now.last_run_id, Some(run(1)));
            assert!(state.claimed.is_empty());
            assert!(matches!(
                state.check(&claim(2, "a.md")),
                Err(Illegal::AlreadyCompleted { .. })
            ));
        }
    }

    #[test]
    fn resetting_takes_the_task_from_its_owner() {
        let mut state = begun();
        tell(
            &mut state,
            Event::Reset {
                task: task("a.md"),
                by: "eva".to_owned(),
                note: None,
            },
        );
        assert!(state.claimed.is_empty());
        assert_eq!(state.status(&task("a.md")), Status::Pending);
        assert_eq!(state.check(&reserve("a.md", &[], Vec::new())), Ok(()));
    }
}
