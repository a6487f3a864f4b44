//! Whether an attempt without success is followed by another, and when.
//!
//! Knows reasons and counters only; it is told nothing of cancellation.

use std::time::Duration;

use crate::model::{Backoff, RetryPolicy, StopReason};

/// How many attempts in a row may end without counting (lost, limited, void) before it is enough.
const UNCOUNTED_IN_A_ROW: u32 = 5;

/// What happened to a task's attempts so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Record {
    pub(crate) failures: u32,
    /// Uncounted ends since the last one that counted.
    pub(crate) uncounted: u32,
    pub(crate) voids: u32,
    pub(crate) conflicts: u32,
}

/// For the jitter: two tasks that failed together do not come back together, and the same
/// orchestration told the same comes to the same times.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Dice {
    pub(crate) seed: u64,
    pub(crate) task: u32,
}

/// What follows an attempt.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Next {
    Again { counted: bool, wait: Duration },
    Final,
}

impl Record {
    /// Notes an attempt that ended for `reason` and says what follows.
    pub(crate) fn unsuccessful(
        &mut self,
        reason: StopReason,
        policy: &RetryPolicy,
        dice: Dice,
    ) -> Next {
        self.voids = 0;
        match class(reason) {
            Class::Counted => self.count(self.failures < policy.max, policy, dice),
            Class::CountedOnce => {
                self.conflicts += 1;
                // Whatever the number of retries: nobody did anything wrong.
                let again = self.conflicts == 1;
                self.count(again, policy, dice)
            }
            Class::Uncounted => {
                if self.uncounted >= UNCOUNTED_IN_A_ROW {
                    return Next::Final;
                }
                self.uncounted += 1;
                let wait = wait(&policy.backoff, self.uncounted, dice);
                Next::Again {
                    counted: false,
                    wait,
                }
            }
            Class::Never => Next::Final,
        }
    }

    fn count(&mut self, again: bool, policy: &RetryPolicy, dice: Dice) -> Next {
        self.uncounted = 0;
        if !again {
            return Next::Final;
        }
        self.failures += 1;
        let wait = wait(&policy.backoff, self.failures, dice);
        Next::Again {
            counted: true,
            wait,
        }
    }

    /// Notes an attempt that never started its worker; may it be made again?
    pub(crate) fn void(&mut self) -> Next {
        self.voids += 1;
        if self.voids < UNCOUNTED_IN_A_ROW {
            Next::Again {
                counted: false,
                wait: Duration::ZERO,
            }
        } else {
            Next::Final
        }
    }
}

enum Class {
    Counted,
    CountedOnce,
    Uncounted,
    Never,
}

fn class(reason: StopReason) -> Class {
    match reason {
        StopReason::WorkerFailed
        | StopReason::VerificationFailed
        | StopReason::Timeout
        | StopReason::IdleTimeout
        | StopReason::StartupTimeout => Class::Counted,
        StopReason::MergeConflict => Class::CountedOnce,
        StopReason::UsageLimit | StopReason::WorktreeMissing | StopReason::Orphaned => {
            Class::Uncounted
        }
        StopReason::ScopeViolation
        | StopReason::NoChanges
        | StopReason::BudgetExceeded
        | StopReason::AuthRequired
        | StopReason::WorkerMissing
        | StopReason::Cancelled
        | StopReason::CheckpointMissing
        | StopReason::TaskChanged
        | StopReason::InternalError => Class::Never,
    }
}

/// The wait before retry `n`, which counts from 1: `base × 2^(n-1)`, at most `max`, and up to a
/// quarter more by jitter.
fn wait(backoff: &Backoff, n: u32, dice: Dice) -> Duration {
    let doubled = 2_u32.saturating_pow(n.saturating_sub(1));
    let wait = backoff.base.saturating_mul(doubled).min(backoff.max);
    let roll = mix(dice.seed ^ mix((u64::from(dice.task) << 32) | u64::from(n)));
    let share = u32::try_from(roll % 1001).unwrap_or(0);
    wait.saturating_add((wait / 4000).saturating_mul(share))
}

/// A bijection that scatters its input (the finaliser of splitmix64).
fn mix(x: u64) -> u64 {
    let x = x.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DICE: Dice = Dice { seed: 7, task: 3 };

    fn policy(max: u32) -> RetryPolicy {
        RetryPolicy {
            max,
            backoff: Backoff {
                base: Duration::from_secs(1),
                max: Duration::from_secs(10),
            },
        }
    }

    /// How many attempts follow when every attempt ends for `reason`.
    fn retries(reason: StopReason, max: u32) -> (u32, u32) {
        let mut record = Record::default();
        let (mut counted_ones, mut others) = (0, 0);
        while let Next::Again { counted, .. } = record.unsuccessful(reason, &policy(max), DICE) {
            *(if counted {
                &mut counted_ones
            } else {
                &mut others
            }) += 1;
            assert!(counted_ones + others < 100, "{reason} is retried for ever");
        }
        (counted_ones, others)
    }

    #[test]
    fn every_reason_has_its_class() {
        use StopReason as R;
        for reason in [
            R::WorkerFailed,
            R::VerificationFailed,
            R::Timeout,
            R::IdleTimeout,
            R::StartupTimeout,
        ] {
            assert_eq!(retries(reason, 3), (3, 0), "{reason}");
            assert_eq!(retries(reason, 0), (0, 0), "{reason}");
        }
        assert_eq!(retries(R::MergeConflict, 3), (1, 0));
        assert_eq!(retries(R::MergeConflict, 0), (1, 0));
        for reason in [R::UsageLimit, R::WorktreeMissing, R::Orphaned] {
            assert_eq!(retries(reason, 0), (0, 5), "{reason}");
        }
        for reason in [
            R::ScopeViolation,
            R::NoChanges,
            R::BudgetExceeded,
            R::AuthRequired,
            R::WorkerMissing,
            R::Cancelled,
            R::CheckpointMissing,
            R::TaskChanged,
            R::InternalError,
        ] {
            assert_eq!(retries(reason, 3), (0, 0), "{reason}");
        }
    }

    #[test]
    fn a_counted_failure_ends_a_row_of_lost_attempts() {
        let mut record = Record {
            uncounted: 5,
            ..Record::default()
        };
        assert_eq!(
            record.unsuccessful(StopReason::Orphaned, &policy(1), DICE),
            Next::Final
        );
        let counted = record.unsuccessful(StopReason::Timeout, &policy(1), DICE);
        assert!(matches!(counted, Next::Again { counted: true, .. }));
        let lost = record.unsuccessful(StopReason::Orphaned, &policy(1), DICE);
        assert!(matches!(lost, Next::Again { counted: false, .. }));
    }

    #[test]
    fn the_fifth_void_is_the_last() {
        let mut record = Record::default();
        for _ in 0..4 {
            assert!(matches!(record.void(), Next::Again { .. }));
        }
        assert_eq!(record.void(), Next::Final);
    }

    #[test]
    fn waits_double_up_to_the_cap_and_jitter_is_a_quarter_at_most() {
        let policy = policy(9);
        let mut seen = std::collections::BTreeSet::new();
        for task in 0..200 {
            for (n, seconds) in [(1, 1), (2, 2), (3, 4), (4, 8), (5, 10), (40, 10)] {
                let dice = Dice { seed: 1, task };
                let least = Duration::from_secs(seconds);
                let got = wait(&policy.backoff, n, dice);
                assert!(
                    got >= least && got <= least * 5 / 4,
                    "{got:?} for retry {n}"
                );
                assert_eq!(got, wait(&policy.backoff, n, dice));
                seen.insert(got.as_nanos() * 1000 / least.as_nanos());
            }
        }
        let spread = (seen.first().copied(), seen.last().copied());
        assert!(spread.0 < Some(1020) && spread.1 > Some(1230), "{spread:?}");
    }
}
