//! Many rounds of one experiment, each with a seed of its own, some at once.

use std::io::Write as _;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Rounds that run at once: their processes disturb each other's timing.
const AT_ONCE: usize = 3;

/// Makes the rounds of one experiment, or as many as the environment asks for, and holds that none failed.
pub fn all(name: &str, everyday: u64, round: impl Fn(u64) -> Tally + Sync) -> Tally {
    let number = |name| {
        std::env::var(name)
            .ok()
            .and_then(|text: String| text.parse::<u64>().ok())
    };
    let rounds = number("RUNR_LONG_CRASH").unwrap_or(everyday);
    let first = number("RUNR_CRASH_SEED").unwrap_or_else(|| u64::from(getrandom::u32().unwrap()));
    let began = Instant::now();
    let next = AtomicU64::new(0);
    let total = Mutex::new(Tally::default());
    let failed = Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for _ in 0..AT_ONCE {
            scope.spawn(|| {
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= rounds {
                        return;
                    }
                    let seed = first + number;
                    // A failed round is reported with its seed and does not end the others.
                    match catch_unwind(AssertUnwindSafe(|| round(seed))) {
                        Ok(tally) => total.lock().unwrap().add(&tally),
                        Err(_) => failed.lock().unwrap().push(seed),
                    }
                }
            });
        }
    });
    let total = total.into_inner().unwrap();
    let failed = failed.into_inner().unwrap();
    if rounds > everyday {
        // The test's outcome does not hang on being heard.
        let _ = writeln!(
            std::io::stderr(),
            "crash driver, {name}: {rounds} rounds from seed {first}: {total:?}, {} failed, {:?}",
            failed.len(),
            began.elapsed()
        );
    }
    assert!(
        failed.is_empty(),
        "rounds failed; see above and try RUNR_CRASH_SEED={}",
        failed[0]
    );
    total
}

/// What was done to a project.
#[derive(Debug, Default)]
pub struct Tally {
    pub runr: u32,
    pub attempts: u32,
    pub workers: u32,
    pub gits: u32,
    /// Starts of the command.
    pub commands: u32,
    /// Runs that were lost or void, and runs that a kill made fail.
    pub lost: u32,
    pub failed: u32,
}

impl Tally {
    fn add(&mut self, other: &Self) {
        self.runr += other.runr;
        self.attempts += other.attempts;
        self.workers += other.workers;
        self.gits += other.gits;
        self.commands += other.commands;
        self.lost += other.lost;
        self.failed += other.failed;
    }
}

/// SplitMix64: the same seed makes the same decisions.
pub struct Dice(pub u64);

impl Dice {
    pub fn below(&mut self, n: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % n
    }
}
