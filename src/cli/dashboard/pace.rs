//! How often the pages are told: at once after a quiet time, more and more seldom while much happens.
//!
//! Knows when there was news and when it was told. Drawing costs a browser more than everything else here costs,
//! and the browser draws on the processors that the run needs.

use std::time::{Duration, Instant};

/// Between two tellings when little happens.
const LEAST: Duration = Duration::from_millis(40);
/// Between two tellings, however much happens.
const MOST: Duration = Duration::from_millis(800);
/// So much longer for each piece of news a second: fifteen are followed one by one, a hundred cannot be.
const FOR_EACH: Duration = Duration::from_millis(6);
/// How much happens is told by at least so long a time: one command writes a few things at once.
const WINDOW: Duration = Duration::from_millis(250);
/// Without news for so long, it is over for now: then nothing waits.
const QUIET: Duration = Duration::from_millis(50);

/// When to tell next.
#[derive(Debug)]
pub struct Pace {
    told: Instant,
    heard: Instant,
    /// Pieces of news that are not told yet.
    news: u32,
}

impl Pace {
    /// Everything has just been told.
    #[must_use]
    pub const fn new(now: Instant) -> Self {
        Self {
            told: now,
            heard: now,
            news: 0,
        }
    }

    /// Something has happened.
    pub const fn heard(&mut self, now: Instant) {
        self.heard = now;
        self.news = self.news.saturating_add(1);
    }

    /// How long to wait before telling; `None`: there is nothing to tell. More news may make it longer.
    #[must_use]
    pub fn wait(&self, now: Instant) -> Option<Duration> {
        let since = now.saturating_duration_since(self.told).max(WINDOW);
        let a_second = f64::from(self.news) / since.as_secs_f64();
        let busy = self.told + FOR_EACH.mul_f64(a_second).clamp(LEAST, MOST);
        let quiet = (self.heard + QUIET).max(self.told + LEAST);
        (self.news > 0).then(|| busy.min(quiet).saturating_duration_since(now))
    }

    /// Everything is told.
    pub const fn told(&mut self, now: Instant) {
        (self.told, self.news) = (now, 0);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// When things that happen at these milliseconds are told.
    fn told(at: impl IntoIterator<Item = u64>) -> Vec<u64> {
        let began = Instant::now();
        let moment = |ms: u64| began + Duration::from_millis(ms);
        let mut pace = Pace::new(began);
        let mut all = Vec::new();
        let mut happening = at.into_iter().peekable();
        for ms in 0..20_000 {
            while happening.next_if(|at| *at <= ms).is_some() {
                pace.heard(moment(ms));
            }
            if pace.wait(moment(ms)) == Some(Duration::ZERO) {
                pace.told(moment(ms));
                all.push(ms);
            }
        }
        assert_eq!(pace.wait(moment(20_000)), None, "nothing stays untold");
        all
    }

    #[test]
    fn what_happens_after_a_quiet_time_is_told_at_once() {
        assert_eq!(told([1000]), [1000]);
        assert_eq!(told([1000, 5000]), [1000, 5000]);
    }

    #[test]
    fn a_few_tasks_a_second_are_followed() {
        // Each ends, and the next one starts a little later.
        let all = told((1..20).flat_map(|n| [n * 200, n * 200 + 4, n * 200 + 9]));
        for n in 1..20 {
            let near = |ms: &u64| (n * 200..=n * 200 + 90).contains(ms);
            assert!(all.iter().any(near), "{n}: {all:?}");
        }
    }

    #[test]
    fn much_is_told_together_and_the_last_of_it_always() {
        assert_eq!(told((200..2_001).step_by(2)), [200, 1000, 1800, 2050]);
    }

    #[test]
    fn it_is_quick_again_after_a_pause() {
        let all = told((200..1_000).step_by(2).chain([3_000, 3_150]));
        assert_eq!(all, [200, 1000, 3000, 3150]);
    }
}
